"""Listings that need a second call: over HTTP to the fake, and to moto, which others wrote."""

from collections.abc import Callable, Iterator

import boto3
import orjson
import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.describing import MAX_DENIALS, PART
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.vocabulary import Access, Listing
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import Facet, Observation, Page
from tests.fakes.aws.builders import table
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.aws_estate import NAME, TAGS, seed
from tests.fixtures.aws_estate_apps import SECRET as PLANTED
from tests.integration.collectors.conftest import KEY, SECRET

pytestmark = [pytest.mark.integration, pytest.mark.aws]

REGION = "eu-west-1"
BY_NAME = {listing.name: listing for listing in LISTINGS}
TABLES, QUEUES = BY_NAME["aws.dynamodb.tables"], BY_NAME["aws.sqs.queues"]
DESCRIBE = "DescribeTable"
OWN = "123456789012"


@pytest.fixture
def account(fake_aws: FakeAws) -> AccountScript:
    """Nine tables."""
    account = fake_aws.account("111122223333", access_key=KEY, secret_key=SECRET)
    account.put([table(f"orders-{n}", region=REGION) for n in range(9)])
    return account


def read(
    session: AwsAccountSession, listing: Listing = TABLES
) -> tuple[list[Page], ListingError | None]:
    """The pages, and why there are no more of them."""
    pages: list[Page] = []
    try:
        pages.extend(session.pages(listing, REGION))  # keeps the pages before the error
    except ListingError as error:
        return pages, error
    return pages, None


def names(pages: list[Page]) -> list[str | None]:
    return [o.head.name for page in pages for o in page.observations if o.head]


def test_the_second_call_tells_what_the_list_does_not(
    fake_aws: FakeAws, account: AccountScript, session: AwsAccountSession
):
    fake_aws.page_size("*", 4)

    pages, error = read(session)

    assert error is None
    heads = [o.head for page in pages for o in page.observations]
    assert {head.canonical_id for head in heads if head} == account.truth()
    assert {head.state for head in heads if head} == {"ACTIVE"}
    assert fake_aws.call_count(operation="ListTables") == 3
    assert fake_aws.call_count(operation=DESCRIBE) == session.calls - 1 - 3 == 9


def test_a_long_list_comes_in_parts(
    fake_aws: FakeAws, account: AccountScript, session: AwsAccountSession
):
    account.put([table(f"parts-{n:03}", region=REGION) for n in range(91)])

    pages = session.pages(TABLES, REGION)

    assert len(next(pages).observations) == PART
    assert fake_aws.call_count(operation=DESCRIBE) == PART
    assert [len(page.observations) for page in pages] == [100 - PART]


def test_one_table_that_may_not_be_read_hides_no_other(
    fake_aws: FakeAws, session: AwsAccountSession
):
    """Fails if its denial breaks the listing off, and if it is forgotten at the end."""
    fake_aws.inject(Fault.deny(), operation=DESCRIBE, skip=4, times=1)

    pages, error = read(session)

    assert names(pages) == [f"orders-{n}" for n in range(9) if n != 4]
    assert error is not None
    assert (error.error_class, error.permission) == (ErrorClass.IAM_DENY, "dynamodb:DescribeTable")


def test_a_call_that_is_not_granted_is_not_made_for_every_table(
    fake_aws: FakeAws, session: AwsAccountSession
):
    """Fails without the limit: nine denials, and as many alarms in the account's own logs."""
    fake_aws.inject(Fault.deny(), operation=DESCRIBE)

    pages, error = read(session)

    assert names(pages) == []
    assert error is not None
    assert (error.error_class, error.permission) == (ErrorClass.IAM_DENY, "dynamodb:DescribeTable")
    assert fake_aws.call_count(operation=DESCRIBE) == MAX_DENIALS


def test_the_first_call_names_its_own_permission(fake_aws: FakeAws, session: AwsAccountSession):
    fake_aws.inject(Fault.deny(""), operation="ListTables")

    _, error = read(session)

    assert error is not None
    assert error.permission == "dynamodb:ListTables"


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        pytest.param(Fault.throttle(), ErrorClass.THROTTLED, id="throttled"),
        pytest.param(Fault.server_error(), ErrorClass.TRANSIENT, id="500"),
        pytest.param(Fault.deny("scp"), ErrorClass.SCP_DENY, id="denied-by-the-organization"),
        pytest.param(Fault.expired(), ErrorClass.IAM_DENY, id="expired"),
        pytest.param(Fault.broken_page(), ErrorClass.TRANSIENT, id="broken-page"),
        pytest.param(Fault.foreign_page(), ErrorClass.TRANSIENT, id="foreign-page"),
        pytest.param(Fault.empty_body(), ErrorClass.TRANSIENT, id="empty-body"),
    ],
)
def test_a_fault_in_the_middle_breaks_off_and_keeps_what_was_read(
    fake_aws: FakeAws, session: AwsAccountSession, fault: Fault, error_class: ErrorClass
):
    """Fails if a part is given out only once it is whole: four true rows would be thrown away."""
    fake_aws.inject(fault, operation=DESCRIBE, skip=4)

    pages, error = read(session)

    assert names(pages) == [f"orders-{n}" for n in range(4)]
    assert error is not None
    assert error.error_class is error_class


def test_a_table_that_is_deleted_meanwhile_is_no_failure(
    fake_aws: FakeAws, session: AwsAccountSession
):
    gone = Fault.error("ResourceNotFoundException", "Requested resource not found")
    fake_aws.inject(gone, operation=DESCRIBE, skip=4, times=1)

    pages, error = read(session)

    assert error is None
    assert names(pages) == [f"orders-{n}" for n in range(9) if n != 4]


def test_a_description_without_an_id_is_reported(fake_aws: FakeAws, session: AwsAccountSession):
    fake_aws.inject(Fault.malformed("missing-id"), operation=DESCRIBE, skip=4, times=1)

    pages, error = read(session)

    assert error is None
    assert len(names(pages)) == 8
    assert [item.uid for page in pages for item in page.malformed] == [None]


def test_no_queues_are_none(fake_aws: FakeAws, session: AwsAccountSession):
    """SQS leaves an empty list out."""
    pages, error = read(session, QUEUES)

    assert (names(pages), error) == ([], None)
    assert fake_aws.call_count(service="sqs") == 1


@pytest.mark.parametrize("fault", [Fault.empty_body(), Fault.foreign_page(), Fault.broken_page()])
def test_no_answer_is_not_no_queues(fake_aws: FakeAws, session: AwsAccountSession, fault: Fault):
    """Fails without `_refuse_all_but_an_object`: botocore reads all of these as `{}`."""
    fake_aws.inject(fault, service="sqs")

    pages, error = read(session, QUEUES)

    assert names(pages) == []
    assert error is not None
    assert (error.error_class, error.code) == (ErrorClass.TRANSIENT, "UnreadableAnswer")


@pytest.fixture
def estate(
    moto_server: str, cloud: AwsCloud, access: Callable[..., Access]
) -> Iterator[AwsAccountSession]:
    """A session over moto, with the whole estate in it."""
    seed(boto3.Session("testing", "testing"), REGION, endpoint_url=moto_server)
    session = cloud.open(access(moto_server), OWN)
    yield session
    session.close()


def test_functions_tables_clusters_queues_topics_keys_and_secrets_are_read(
    estate: AwsAccountSession,
):
    """Fails for a row whose paths, ids or times are not those that the API sends."""
    tagging = [
        o for page in read(estate, BY_NAME["aws.tagging.resources"])[0] for o in observed(page)
    ]
    tags = {o.uid: orjson.loads(o.document) for o in tagging if o.facet is Facet.TAGS}
    for row, name, joins in (
        ("aws.lambda.functions", NAME, True),
        ("aws.dynamodb.tables", NAME, True),
        ("aws.eks.clusters", NAME, False),
        ("aws.ecs.clusters", NAME, False),
        ("aws.ecr.repositories", f"{NAME}/web", False),  # moto's tagging API has none of it
        ("aws.sqs.queues", NAME, True),
        ("aws.sns.topics", NAME, True),
        ("aws.kms.keys", None, True),
        ("aws.secretsmanager.secrets", NAME, False),
    ):
        pages, error = read(estate, BY_NAME[row])
        assert error is None, row
        assert not [item for page in pages for item in page.malformed], row
        found = [o for page in pages for o in observed(page) if o.head and o.head.name == name]
        assert found, row
        if joins:
            assert TAGS in [tags.get(o.uid) for o in found], row
        elif row != "aws.ecr.repositories":
            assert TAGS in [dict(o.head.tags or {}) for o in found if o.head], row


def test_no_secret_comes_along(estate: AwsAccountSession):
    for row in ("aws.lambda.functions", "aws.secretsmanager.secrets"):
        pages, _ = read(estate, BY_NAME[row])
        assert names(pages)
        for page in pages:
            for observation in page.observations:
                assert PLANTED.encode() not in observation.document + observation.volatile


def test_a_secret_that_is_to_be_deleted_is_still_there(estate: AwsAccountSession):
    pages, _ = read(estate, BY_NAME["aws.secretsmanager.secrets"])

    documents = [orjson.loads(o.document) for page in pages for o in page.observations]
    assert {d["Name"]: "DeletedDate" in d for d in documents} == {
        NAME: False,
        f"{NAME}-going": True,
    }


def observed(page: Page) -> tuple[Observation, ...]:
    return page.observations
