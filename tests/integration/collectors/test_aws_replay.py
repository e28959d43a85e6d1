"""Every row of the catalogue, read over HTTP from answers that were recorded.

The recorded answers of `tests/data` are served in each service's own protocol; the engine
reads them with the SDK, page by page, and what it makes of them is what the file expects.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.detailing import words_of
from cloudops.collectors.vocabulary import Access, Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import Observation, Page
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.replay_items import list_paths
from tests.fakes.aws.rows import DETAILED, LISTED
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.integration.collectors.conftest import SECRET
from tests.integration.collectors.reading import items_of
from tests.unit.collectors.detail_rows import answered, meets_error, seen
from tests.unit.collectors.rows import answers_of, context_of, differences, recorded

pytestmark = [pytest.mark.integration, pytest.mark.aws]

HOME, REGION = "us-east-1", "eu-west-1"
EVERY_ROW = [pytest.param(listing, id=listing.name) for listing in LISTED]
BY_NAME = {listing.name: listing for listing in LISTINGS}
Enter = Callable[..., tuple[AccountScript, AwsAccountSession]]


@pytest.fixture(scope="module")
def stage() -> Iterator[FakeAws]:
    with FakeAws() as aws:
        yield aws


@pytest.fixture(scope="module")
def doors() -> Iterator[dict[str, AwsAccountSession]]:
    """Sessions stay open from one row to the next: opening one takes longer than a listing."""
    sessions: dict[str, AwsAccountSession] = {}
    yield sessions
    for session in sessions.values():
        session.close()


@pytest.fixture
def enter(
    stage: FakeAws,
    cloud: AwsCloud,
    access: Callable[..., Access],
    doors: dict[str, AwsAccountSession],
) -> Enter:
    """An account without anything, and the session in it."""

    def enter(account_id: str, *regions: str) -> tuple[AccountScript, AwsAccountSession]:
        key = f"AKIA{account_id}0000"
        known = sorted({HOME, REGION, *regions})
        account = stage.account(account_id, regions=known, access_key=key, secret_key=SECRET)
        if account_id not in doors:
            doors[account_id] = cloud.open(access(stage.url, key=key), account_id)
        return account, doors[account_id]

    stage.forget_replays()
    stage.clear_faults()
    stage.page_size("*", 1000)
    return enter


def show(
    account: AccountScript, listing: Listing, record: dict[str, Any], region: str, **options: Any
) -> None:
    """Serve what was recorded for a row."""
    place = HOME if listing.region_rule is RegionRule.GLOBAL else region
    if listing.parents:
        parents = [record["parents"]]
        account.replay(listing.service, listing.parents.operation, parents, region=place)
    for of, answer in answers_of(record).items():
        account.replay(listing.service, listing.operation, [answer], region=place, of=of, **options)
    if listing.describe:
        told = record["described"]
        account.replay(listing.service, listing.describe.operation, told, region=place, **options)


def read(session: AwsAccountSession, listing: Listing, region: str) -> Page:
    """All pages as one."""
    region = "global" if listing.region_rule is RegionRule.GLOBAL else region
    pages = list(session.pages(listing, region))
    return Page(
        tuple(one for page in pages for one in page.observations),
        tuple(one for page in pages for one in page.malformed),
    )


@pytest.mark.parametrize("listing", EVERY_ROW)
@pytest.mark.parametrize("size", [1, 1000], ids=["an-item-a-page", "one-page"])
def test_a_recorded_answer_says_the_same_over_the_wire(listing: Listing, size: int, stage, enter):
    record = recorded(listing)
    context = context_of(record)
    account, session = enter(context.account, context.region)
    show(account, listing, record, context.region)
    stage.page_size("*", size)

    page = read(session, listing, context.region)

    expected = record["expected"]
    if listing.region_rule is RegionRule.GLOBAL:
        expected = [
            one | {"region": "global"} if one.get("region") == context.region else one
            for one in expected
        ]
    assert not list(differences(listing, page, expected))


@pytest.mark.parametrize("row", DETAILED, ids=lambda row: row.name)
def test_recorded_details_say_the_same_over_the_wire(row: Listing, enter):
    """Each item is told apart by whom the call names; where nothing in an answer does, in turn."""
    record = recorded(row)
    assert row.details_of is not None
    context = context_of(recorded(row.details_of))
    account, session = enter(context.account, context.region, "eu-central-1")
    show(account, row.details_of, recorded(row.details_of), context.region)
    for operation, answers in answered(words_of(row).calls, record["asked"]).items():
        for place in {HOME, context.region, "eu-central-1"}:
            account.replay(row.service, operation, answers, region=place)
    expected = {one["id"]: one for one in record["expected"]}
    whole = {one["id"] for one in record["asked"] if not meets_error(one)}
    region = "global" if row.region_rule is RegionRule.GLOBAL else context.region

    asked = [one for one in items_of(session, row, region) if one.canonical_id in whole]
    told = {one.canonical_id: session.detail(row, region, one) for one in asked}

    assert told.keys() == whole
    for id_, found in told.items():
        assert isinstance(found, Observation)
        for field, value in seen(found, expected[id_]).items():
            assert expected[id_].get(field) == value, (id_, field)


def tells_items_apart(listing: Listing) -> bool:
    """Not so a statement about the account, of which there is one however long its list is."""
    ids = [id_ for emits in listing.emits for id_ in emits.ids]
    return any("{" not in id_ or re.search(r"{(?!partition|account|region)", id_) for id_ in ids)


LISTS = [
    pytest.param(one, id=one.name)
    for one in LISTED
    if list_paths(one.service, one.operation) and tells_items_apart(one)
]


@pytest.mark.parametrize("listing", LISTS)
def test_a_recorded_answer_can_be_any_number_of_times_as_long(listing: Listing, stage, enter):
    """Copies are things of their own, in whichever lists and second calls they are named."""
    record = recorded(listing)
    context = context_of(record)
    account, session = enter(context.account, context.region)
    stage.page_size("*", 5)
    show(account, listing, record, context.region)
    once = read(session, listing, context.region)

    show(account, listing, record, context.region, copies=3)
    page = read(session, listing, context.region)

    assert not page.malformed
    assert len({one.uid for one in page.observations}) == 3 * len(
        {o.uid for o in once.observations}
    )


@pytest.mark.parametrize("size", [1, 3])
def test_pages_of_one_operation_are_cut_at_any_size(size: int, stage, enter):
    """Fails if only what the fake lists itself can be cut, and not what is replayed."""
    listing = BY_NAME["aws.rds.instances"]
    account, session = enter("111122223333", REGION)
    show(account, listing, recorded(listing), REGION, copies=5, move=True)
    whole = len(read(session, listing, REGION).observations)

    stage.page_size(listing.operation, size)
    pages = [len(page.observations) for page in session.pages(listing, REGION)]

    assert listing.operation == "DescribeDBInstances"
    assert pages == [size] * (whole // size) + [whole % size] * bool(whole % size)


def test_pages_of_what_nobody_calls_can_not_be_cut(stage):
    with pytest.raises(KeyError, match="DescribeNothing"):
        stage.page_size("DescribeNothing", 3)


def test_an_answer_recorded_elsewhere_is_served_as_if_it_were_from_here(stage, enter):
    listing, region = BY_NAME["aws.elbv2.load-balancers"], "ap-south-1"
    account, session = enter("444455556666", region)
    show(account, listing, recorded(listing), region, move=True)

    page = read(session, listing, region)

    ids = [one.head.canonical_id for one in page.observations if one.head]
    assert ids
    assert all(":ap-south-1:444455556666:" in arn for arn in ids)


PROTOCOLS = {
    "ec2": "aws.ec2.vpcs",
    "query": "aws.elb.load-balancers",
    "json": "aws.acm.certificates",
    "rest-json": "aws.lambda.functions",
    "rest-xml": "aws.route53.health-checks",
}


@pytest.mark.parametrize("name", PROTOCOLS.values(), ids=PROTOCOLS)
class TestFaults:
    """The rules of the fake hold for recorded answers, too, in every protocol."""

    @pytest.fixture
    def listing(self, name) -> Listing:
        return BY_NAME[name]

    @pytest.fixture
    def shown(self, listing, enter, stage) -> Callable[[str], Page]:
        """Reads six times what was recorded, in whichever region it is asked for."""
        stage.page_size("*", 2)
        account, session = enter("111122223333", REGION)
        for region in (HOME, REGION):
            show(account, listing, recorded(listing), region, copies=6, move=True)
        return lambda region: read(session, listing, region)

    def test_strike_one_operation_in_one_region(self, listing, shown, stage):
        stage.inject(
            Fault.deny(), service=listing.service, operation=listing.operation, region=HOME
        )
        with pytest.raises(ListingError) as told:
            shown(HOME)
        assert told.value.error_class is ErrorClass.IAM_DENY
        if listing.region_rule is RegionRule.REGIONAL:
            assert shown(REGION).observations

    def test_strike_one_page(self, listing, shown, stage):
        rule = stage.inject(Fault.broken_page(), operation=listing.operation, page=1)
        with pytest.raises(ListingError):
            shown(HOME)
        assert stage.hits(rule) > 0
        assert stage.calls(operation=listing.operation)[-1].page == 1

    def test_tokens_are_good_for_their_own_listing_only(self, listing, shown, stage):
        stage.inject(Fault.latency(0.0), operation=listing.operation)
        shown(HOME)
        stage.expire_tokens()
        assert shown(HOME).observations  # begins anew, with new tokens
        pages = [call.page for call in stage.calls(operation=listing.operation)]
        assert max(pages) > 1

    def test_spoil_an_item_and_leave_the_others(self, listing, shown, stage):
        whole = shown(HOME)
        stage.inject(Fault.malformed(), operation=listing.operation, page=0)
        page = shown(HOME)
        assert len(page.malformed) == 1
        assert len(page.observations) == len(whole.observations) - 1
