"""Details of tables, from the wire to the ledger."""

import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from tests.fakes.aws.builders import table
from tests.fakes.aws.faults import Fault
from tests.integration.services.aws_rig import REGIONS, aws_cloud
from tests.integration.store.seeding import rows

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

TABLES, DETAILS = "aws.dynamodb.tables", "aws.dynamodb.tables.details"
SERVED = [row for row in LISTINGS if row.name in (TABLES, DETAILS)]
REGION = "eu-west-1"
NAME = f"orders-{REGION}-2"
DESCRIBE = {"operation": "DescribeTable", "region": REGION}


@pytest.fixture(scope="module")
def cloud():
    """It keeps the service models."""
    return aws_cloud(SERVED)


@pytest.fixture
def aws(worker, cloud):
    rig = worker(cloud)
    rig.account.put(
        [table(f"orders-{place}-{n}", region=place) for place in REGIONS for n in range(5)]
    )
    rig.aws.page_size("*", 2)
    rig.plan()
    rig.work()
    assert rig.live() == rig.account.truth()
    return rig


def described(aws):
    """Name → state and level of detail of the tables of the region."""
    found = rows(
        aws.engine,
        "SELECT name, state, detail_level FROM inventory"
        " WHERE type = 'AWS::DynamoDB::Table' AND region = :region",
        region=REGION,
    )
    return {row.name: (row.state, row.detail_level) for row in found}


def test_the_list_names_tables_and_details_tell_the_rest(aws):
    """Fails if details wait for another pass, and if they are asked for again at once."""
    assert described(aws) == {f"orders-{REGION}-{n}": ("ACTIVE", 2) for n in range(5)}
    assert aws.scope(DETAILS, REGION).item_count == 5
    assert aws.aws.call_count(**DESCRIBE) == 5
    aws.aws.reset_calls()

    aws.work()

    assert aws.aws.call_count(**DESCRIBE) == 0


@pytest.mark.parametrize(
    ("fault", "skip", "status", "error_class"),
    [
        pytest.param(Fault.deny(), 0, "denied", "iam_deny", id="never-granted"),
        pytest.param(Fault.deny(), 2, "denied", "iam_deny", id="denied-for-some"),
        pytest.param(Fault.throttle(), 2, "throttled", "throttled", id="throttled"),
        pytest.param(Fault.broken_page(), 2, "failed", "transient", id="broken-page"),
        pytest.param(
            Fault.malformed("wrong-type"), 2, "partial", "malformed_item", id="not-understood"
        ),
    ],
)
def test_a_fault_keeps_what_is_known_names_itself_and_heals(aws, fault, skip, status, error_class):
    """One table goes meanwhile: what lists them is complete, and notices it.

    Fails if a pass whose details fail counts as complete, or if the list does not.
    """
    aws.account.delete(f"orders-{REGION}-0")
    for _ in range(2):
        aws.aws.clear_faults()
        aws.aws.inject(fault, skip=skip, **DESCRIBE)
        aws.period()

    row = aws.scope(DETAILS, REGION)
    assert (row.status, row.error_class) == (status, error_class)
    assert row.error_permission == ("dynamodb:DescribeTable" if status == "denied" else "")
    assert aws.scope(TABLES, REGION).status == "complete"
    assert aws.scope(DETAILS, "us-east-1").status == "complete"
    assert described(aws) == {f"orders-{REGION}-{n}": ("ACTIVE", 2) for n in range(1, 5)}

    aws.aws.clear_faults()
    aws.period()
    assert aws.scope(DETAILS, REGION).status == "complete"
    assert aws.live() == aws.account.truth()


def test_denied_details_keep_what_is_known_and_heal(aws):
    """Fails if a resource whose details are denied counts as one without any."""
    aws.account.put(table(NAME, region=REGION, TableStatus="UPDATING"))
    aws.aws.inject(Fault.deny(), **DESCRIBE)

    aws.age(100_000)
    aws.work()

    row = aws.scope(DETAILS, REGION)
    assert (row.status, row.error_permission) == ("denied", "dynamodb:DescribeTable")
    assert described(aws)[NAME] == ("ACTIVE", 2)
    assert aws.aws.call_count(**DESCRIBE) >= 5

    aws.aws.clear_faults()
    aws.period()
    assert described(aws)[NAME] == ("UPDATING", 2)


def test_a_table_that_goes_between_the_calls_is_no_fault(aws):
    gone = Fault.error("ResourceNotFoundException", "Requested resource not found")
    aws.aws.inject(gone, skip=1, times=1, **DESCRIBE)

    aws.age(100_000)
    aws.work()

    assert aws.scope(DETAILS, REGION).status == "complete"


def test_tables_cost_a_call_for_a_page_and_one_for_each_whose_details_are_due(aws):
    aws.aws.reset_calls()
    aws.age(100_000)
    aws.work()

    assert aws.aws.call_count(operation="ListTables", region=REGION) == 3
    assert aws.aws.call_count(**DESCRIBE) == 5
