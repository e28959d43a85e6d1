"""Lists of names, and details of each: over HTTP to the fake, and to moto, which others wrote."""

from collections.abc import Callable, Iterator

import boto3
import orjson
import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.detailing import listed_item
from cloudops.collectors.vocabulary import Access, Listing
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import Facet, ListedItem, MalformedItem, Observation, Page
from tests.fakes.aws.builders import table
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.rows import DETAILED
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.aws_estate import NAME, TAGS, seed
from tests.fixtures.aws_estate_apps import SECRET as PLANTED
from tests.integration.collectors.conftest import KEY, SECRET
from tests.integration.collectors.moto_gaps import NOT_IN_MOTO

pytestmark = [pytest.mark.integration, pytest.mark.aws]

REGION = "eu-west-1"
BY_NAME = {listing.name: listing for listing in LISTINGS}
TABLES, QUEUES = BY_NAME["aws.dynamodb.tables"], BY_NAME["aws.sqs.queues"]
DETAILS = BY_NAME["aws.dynamodb.tables.details"]
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


def listed(session: AwsAccountSession, listing: Listing = TABLES) -> list[ListedItem]:
    pages, error = read(session, listing)
    assert error is None
    return [listed_item(o) for page in pages for o in page.observations if o.head]


def detail(session: AwsAccountSession, item: ListedItem) -> Observation | MalformedItem | None:
    return session.detail(DETAILS, REGION, item)


def test_details_tell_what_the_list_does_not(
    fake_aws: FakeAws, account: AccountScript, session: AwsAccountSession
):
    fake_aws.page_size("*", 4)
    items = listed(session)

    told = [detail(session, item) for item in items]

    assert {item.canonical_id for item in items} == account.truth()
    assert [o.facts.state for o in told if isinstance(o, Observation)] == ["ACTIVE"] * 9
    assert fake_aws.call_count(operation="ListTables") == 3
    assert fake_aws.call_count(operation=DESCRIBE) == session.calls - 1 - 3 == 9


def test_each_call_names_its_own_permission(fake_aws: FakeAws, session: AwsAccountSession):
    [item, *_] = listed(session)
    fake_aws.inject(Fault.deny(""), operation="ListTables")
    fake_aws.inject(Fault.deny(), operation=DESCRIBE)

    _, error = read(session)
    with pytest.raises(ListingError) as caught:
        detail(session, item)

    assert error is not None
    assert error.permission == "dynamodb:ListTables"
    assert caught.value.permission == "dynamodb:DescribeTable"


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        pytest.param(Fault.throttle(), ErrorClass.THROTTLED, id="throttled"),
        pytest.param(Fault.server_error(), ErrorClass.TRANSIENT, id="500"),
        pytest.param(Fault.deny("scp"), ErrorClass.SCP_DENY, id="denied-by-the-organization"),
        pytest.param(Fault.expired(), ErrorClass.CREDENTIALS, id="expired"),
        pytest.param(Fault.broken_page(), ErrorClass.TRANSIENT, id="broken-page"),
        pytest.param(Fault.foreign_page(), ErrorClass.TRANSIENT, id="foreign-page"),
        pytest.param(Fault.empty_body(), ErrorClass.TRANSIENT, id="empty-body"),
    ],
)
def test_a_fault_is_told_by_its_class(
    fake_aws: FakeAws, session: AwsAccountSession, fault: Fault, error_class: ErrorClass
):
    [item, *_] = listed(session)
    fake_aws.inject(fault, operation=DESCRIBE)

    with pytest.raises(ListingError) as caught:
        detail(session, item)

    assert caught.value.error_class is error_class


def test_a_table_that_is_deleted_meanwhile_has_no_details(
    fake_aws: FakeAws, session: AwsAccountSession
):
    [item, *_] = listed(session)
    gone = Fault.error("ResourceNotFoundException", "Requested resource not found")
    fake_aws.inject(gone, operation=DESCRIBE)

    assert detail(session, item) is None


def test_a_description_of_the_wrong_shape_is_reported(
    fake_aws: FakeAws, session: AwsAccountSession
):
    [item, *_] = listed(session)
    fake_aws.inject(Fault.malformed("wrong-type"), operation=DESCRIBE)

    told = detail(session, item)

    assert isinstance(told, MalformedItem)
    assert told.uid == item.uid


def test_no_queues_are_none(fake_aws: FakeAws, session: AwsAccountSession):
    """SQS leaves an empty list out."""
    pages, error = read(session, QUEUES)

    assert (names(pages), error) == ([], None)
    assert fake_aws.call_count(service="sqs") == 1


@pytest.mark.parametrize(
    "fault",
    [Fault.empty_body(), Fault.foreign_page(), Fault.broken_page(), Fault.nested_page()],
    ids=["empty-body", "foreign-page", "broken-page", "nested-page"],
)
def test_no_answer_is_not_no_queues(fake_aws: FakeAws, session: AwsAccountSession, fault: Fault):
    """Fails without `_refuse_all_but_an_object`: botocore reads most of these as `{}`."""
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
        elif row not in ("aws.ecr.repositories", "aws.eks.clusters"):
            assert TAGS in [dict(o.head.tags or {}) for o in found if o.head], row


def test_the_details_of_clusters_queues_topics_and_keys_are_read(estate: AwsAccountSession):
    for row in DETAILED:
        known = row.name not in NOT_IN_MOTO
        if known and row.service in ("eks", "sqs", "sns", "kms", "dynamodb"):
            assert row.details_of is not None
            items = listed(estate, row.details_of)
            told = [estate.detail(row, REGION, item) for item in items]
            assert told, row.name
            assert all(isinstance(one, Observation) for one in told), row.name


def test_the_tags_of_a_cluster_come_with_its_details(estate: AwsAccountSession):
    [cluster] = listed(estate, BY_NAME["aws.eks.clusters"])

    told = estate.detail(BY_NAME["aws.eks.clusters.details"], REGION, cluster)

    assert isinstance(told, Observation)
    assert dict(told.facts.tags or {}) == TAGS


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
    ours = [d for d in documents if d["Name"].startswith(NAME)]  # EventBridge keeps some, too
    assert {d["Name"]: "DeletedDate" in d for d in ours} == {
        NAME: False,
        f"{NAME}-going": True,
    }


def observed(page: Page) -> tuple[Observation, ...]:
    return page.observations
