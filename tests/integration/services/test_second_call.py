"""A fault in the second call of a listing, from the wire to the ledger."""

import pytest

from tests.fakes.aws.builders import table
from tests.fakes.aws.faults import Fault

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

TABLES = "aws.dynamodb.tables"
REGION = "eu-west-1"
NAME = f"orders-{REGION}-2"
DESCRIBE = {"operation": "DescribeTable", "region": REGION}


def named(rig):
    return sorted(arn for arn in rig.live() if f":dynamodb:{REGION}:" in arn)


@pytest.mark.parametrize(
    ("fault", "skip", "status", "error_class"),
    [
        pytest.param(Fault.deny(), 0, "denied", "iam_deny", id="never-granted"),
        pytest.param(Fault.deny(), 2, "denied", "iam_deny", id="denied-for-some"),
        pytest.param(Fault.throttle(), 2, "throttled", "throttled", id="throttled"),
        pytest.param(Fault.broken_page(), 2, "failed", "transient", id="broken-page"),
        pytest.param(
            Fault.malformed("missing-id"), 2, "partial", "malformed_item", id="without-an-id"
        ),
    ],
)
def test_a_fault_keeps_the_rows_names_itself_and_heals(aws, fault, skip, status, error_class):
    """One table goes meanwhile, and a broken pass must not be what says so.

    Fails without the raise in `Describer.settle` (denied-for-some) or in `_go_on_after`
    (throttled), and if an item without an id is skipped.
    """
    before = named(aws)
    aws.account.delete(f"orders-{REGION}-0")
    for _ in range(2):
        aws.aws.clear_faults()
        aws.aws.inject(fault, skip=skip, **DESCRIBE)
        aws.period()

    row = aws.scope(TABLES, REGION)
    assert (row.status, row.error_class) == (status, error_class)
    assert row.error_permission == ("dynamodb:DescribeTable" if status == "denied" else "")
    assert named(aws) == before
    assert aws.scope(TABLES, "us-east-1").status == "complete"

    aws.aws.clear_faults()
    aws.period()
    assert aws.scope(TABLES, REGION).status == "complete"
    aws.period()
    assert aws.live() == aws.account.truth()


def test_one_denied_table_keeps_its_row_while_the_others_are_read(aws):
    """Fails if a denied item counts as gone: its row would be marked, and then deleted."""
    aws.account.put(table(NAME, region=REGION, TableStatus="UPDATING"))
    aws.aws.inject(Fault.deny(), skip=1, times=1, **DESCRIBE)

    aws.age(100_000)
    aws.work()

    assert aws.scope(TABLES, REGION).status == "denied"
    assert len(named(aws)) == 5
    assert aws.value("SELECT state FROM resource WHERE name = :name", name=NAME) == "UPDATING"


def test_a_table_that_goes_between_the_calls_is_missing_but_no_fault(aws):
    gone = Fault.error("ResourceNotFoundException", "Requested resource not found")
    aws.aws.inject(gone, skip=1, times=1, **DESCRIBE)

    aws.age(100_000)
    aws.work()

    assert aws.scope(TABLES, REGION).status == "complete"
    assert aws.value("SELECT count(*) FROM facet WHERE missing_since IS NOT NULL") == 1
    aws.period()
    assert aws.value("SELECT count(*) FROM facet WHERE missing_since IS NOT NULL") == 0
    assert aws.live() == aws.account.truth()


def test_tables_cost_a_call_each_and_no_more(aws):
    aws.age(100_000)
    aws.work()

    assert aws.aws.call_count(operation="ListTables", region=REGION) == 3
    assert aws.aws.call_count(**DESCRIBE) == 5
