"""Listings against the scriptable fake: complete, or broken off with the right word."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import orjson
import pytest
from prometheus_client import REGISTRY

from cloudops import __version__
from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.paging import MAX_EMPTY_PAGES
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.vocabulary import Access, Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import Facet, Observation, Page, resource_uid
from cloudops.services.selection import narrowed
from tests.fakes.aws.builders import (
    bucket,
    group,
    instance,
    policy,
    role,
    security_group,
    table,
    user,
    volume,
)
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.rows import LISTED, SERVED
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.integration.collectors.conftest import KEY, SECRET

pytestmark = [pytest.mark.integration, pytest.mark.aws]

REGIONS = ("us-east-1", "eu-west-1", "eu-central-1")
BY_NAME = {listing.name: listing for listing in LISTINGS}
INSTANCES = BY_NAME["aws.ec2.instances"]
# An account says something of itself even where there is nothing.
STATEMENTS = {row.name for row in LISTINGS if any(emits.single for emits in row.emits)}
EVERY_LISTING = [
    pytest.param(
        listing,
        "eu-west-1" if listing.region_rule is RegionRule.REGIONAL else "global",
        id=listing.name,
    )
    for listing in SERVED
]


@pytest.fixture
def account(fake_aws: FakeAws) -> AccountScript:
    """25 instances in one region, and one or more of everything."""
    account = fake_aws.account("111122223333", access_key=KEY, secret_key=SECRET)
    account.put(
        [instance(f"i-{n:017x}", region="eu-west-1", tags={"Name": f"web-{n}"}) for n in range(25)],
        instance("i-other", region="us-east-1"),
        volume("vol-1", region="eu-west-1", tags={"Team": "shop"}),
        security_group("sg-1", region="eu-west-1"),
        table("orders", region="eu-west-1"),
        bucket("tagged", region="eu-west-1", tags={"Team": "shop"}),
        bucket("untagged", region="eu-central-1"),
        user("ada", tags={"Team": "shop"}),
        role("reader"),
        group("operators"),
        policy("boundary"),
    )
    return account


def places(listing: Listing) -> tuple[str, ...]:
    return REGIONS if listing.region_rule is RegionRule.REGIONAL else ("global",)


def read(session: AwsAccountSession, listing: Listing, region: str) -> list[Observation]:
    return [o for page in session.pages(listing, region) for o in page.observations]


def read_until_it_breaks(
    session: AwsAccountSession, listing: Listing, region: str
) -> tuple[list[Page], ListingError]:
    pages: list[Page] = []
    with pytest.raises(ListingError) as caught:
        pages.extend(session.pages(listing, region))  # keeps the pages before the error
    return pages, caught.value


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_all_listings_together_show_exactly_the_truth(
    fake_aws: FakeAws, account: AccountScript, session: AwsAccountSession, size: int
):
    fake_aws.page_size("*", size)

    seen = [
        observation.head.canonical_id
        for listing in LISTINGS
        if listing.facet is Facet.LISTED and listing.name not in STATEMENTS
        for region in places(listing)
        for observation in read(session, listing, region)
        if observation.head is not None
    ]

    assert set(seen) == account.truth()
    assert len(seen) == len(set(seen))


def test_the_tagging_pass_brings_the_tags_of_buckets(session: AwsAccountSession):
    [tagged] = read(session, BY_NAME["aws.tagging.resources"], "eu-west-1")

    assert tagged.uid == resource_uid("aws", "arn:aws:s3:::tagged")
    assert orjson.loads(tagged.document) == {"Team": "shop"}


def test_the_tagging_pass_brings_tags_of_the_wanted_types_alone(
    fake_aws: FakeAws, account: AccountScript, session: AwsAccountSession
):
    """Fails if transforms are kept by the listing's name: all would share the first's types."""
    account.put(table("tagged", region="eu-west-1", tags={"Team": "shop"}))
    pass_over = BY_NAME["aws.tagging.resources"]

    everything = read(session, pass_over, "eu-west-1")
    [one] = read(session, narrowed(pass_over, ["AWS::DynamoDB::Table"]), "eu-west-1")

    assert one.owner_listing == "aws.dynamodb.tables"
    assert len(everything) == 2
    assert read(session, pass_over, "eu-west-1") == everything


def test_the_tagging_pass_does_without_services_that_a_region_does_not_know(
    fake_aws: FakeAws, session: AwsAccountSession
):
    """Fails if the whole pass ends with it: no tag in that region would be known."""
    for service in ("dax", "aoss"):
        words = f"Unsupported service={service} in ResourceTypeFilter - {service}"
        fault = Fault.error("InvalidParameterException", words)
        fake_aws.inject(fault, operation="GetResources", times=1)

    [tagged] = read(session, BY_NAME["aws.tagging.resources"], "eu-west-1")

    assert tagged.uid == resource_uid("aws", "arn:aws:s3:::tagged")
    *_, last = (call for call in fake_aws.calls() if call.operation == "GetResources")
    asked = set(BY_NAME["aws.tagging.resources"].parameters["ResourceTypeFilters"])
    assert set(last.parameters["ResourceTypeFilters"]) == asked - {"dax", "aoss"}


def test_another_invalid_parameter_of_the_tagging_pass_is_an_error(
    fake_aws: FakeAws, session: AwsAccountSession
):
    """Fails if it is asked again and again."""
    words = "Unsupported service=nobody in ResourceTypeFilter - nobody"
    fake_aws.inject(Fault.error("InvalidParameterException", words), operation="GetResources")

    with pytest.raises(ListingError, match="nobody"):
        read(session, BY_NAME["aws.tagging.resources"], "eu-west-1")


def test_pages_with_nothing_but_other_types_are_no_empty_ones(
    fake_aws: FakeAws, account: AccountScript, session: AwsAccountSession
):
    """Fails if a page counts by what is wanted of it: the pass would be given up as endless."""
    account.put(
        bucket(f"b-{n}", region="eu-west-1", tags={"Team": "shop"}) for n in range(MAX_EMPTY_PAGES)
    )
    fake_aws.page_size("*", 1)
    pass_over = BY_NAME["aws.tagging.resources"]

    assert read(session, narrowed(pass_over, ["AWS::DynamoDB::Table"]), "eu-west-1") == []


def test_buckets_know_their_region(session: AwsAccountSession):
    buckets = read(session, BY_NAME["aws.s3.buckets"], "global")

    assert {b.head.name: b.head.region for b in buckets if b.head} == {
        "tagged": "eu-west-1",
        "untagged": "eu-central-1",
    }


def test_pages_are_as_large_as_the_api_allows(fake_aws: FakeAws, session: AwsAccountSession):
    read(session, INSTANCES, "eu-west-1")

    assert fake_aws.call_count(operation="DescribeInstances") == 1


def test_an_unchanged_item_has_an_unchanged_digest(session: AwsAccountSession):
    first, second = (
        {o.uid: o.digest for o in read(session, INSTANCES, "eu-west-1")} for _ in range(2)
    )

    assert first == second


@pytest.mark.parametrize(("listing", "region"), EVERY_LISTING)
@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        pytest.param(Fault.deny(), ErrorClass.IAM_DENY, id="denied"),
        pytest.param(Fault.deny("explicit"), ErrorClass.IAM_DENY, id="explicitly-denied"),
        pytest.param(Fault.deny("boundary"), ErrorClass.IAM_DENY, id="denied-by-a-boundary"),
        pytest.param(Fault.deny("scp"), ErrorClass.SCP_DENY, id="denied-by-the-organization"),
        pytest.param(Fault.opt_in(), ErrorClass.OPT_IN, id="not-opted-in"),
        pytest.param(Fault.opt_in("auth"), ErrorClass.CREDENTIALS, id="credentials-unknown-there"),
        pytest.param(Fault.expired(), ErrorClass.CREDENTIALS, id="expired"),
        pytest.param(Fault.throttle(), ErrorClass.THROTTLED, id="throttled"),
        pytest.param(Fault.server_error(500), ErrorClass.TRANSIENT, id="500"),
        pytest.param(Fault.server_error(503), ErrorClass.TRANSIENT, id="503"),
        pytest.param(Fault.reset(), ErrorClass.TRANSIENT, id="connection-reset"),
        pytest.param(Fault.broken_page(), ErrorClass.TRANSIENT, id="broken-page"),
        pytest.param(Fault.cut_page(), ErrorClass.TRANSIENT, id="cut-page"),
        pytest.param(Fault.repeat_token(), ErrorClass.INCOMPLETE, id="repeated-token"),
        pytest.param(Fault.empty_page(), ErrorClass.INCOMPLETE, id="empty-pages-without-end"),
    ],
)
def test_a_fault_ends_the_listing_with_its_class(
    fake_aws: FakeAws,
    session: AwsAccountSession,
    listing: Listing,
    region: str,
    fault: Fault,
    error_class: ErrorClass,
):
    fake_aws.inject(fault, service=listing.service)

    _, error = read_until_it_breaks(session, listing, region)
    assert error.error_class is error_class
    assert SECRET not in str(error)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.broken_page(),
        Fault.deny(),
        Fault.server_error(),
        Fault.expired(),
        Fault.repeat_token(),
    ],
    ids=lambda fault: fault.kind,
)
def test_pages_before_the_fault_stay_valid(
    fake_aws: FakeAws, session: AwsAccountSession, fault: Fault
):
    fake_aws.page_size("*", 10)
    fake_aws.inject(fault, operation="DescribeInstances", page=1)

    pages, _ = read_until_it_breaks(session, INSTANCES, "eu-west-1")
    assert len(pages[0].observations) == 10


def test_a_denied_region_does_not_touch_the_others(fake_aws: FakeAws, session: AwsAccountSession):
    fake_aws.inject(Fault.deny(), service="ec2", region="eu-west-1")

    _, error = read_until_it_breaks(session, INSTANCES, "eu-west-1")
    assert error.permission == "ec2:DescribeInstances"
    assert len(read(session, INSTANCES, "us-east-1")) == 1


def test_a_denial_is_not_retried_and_a_throttle_while_that_slows_it_down(
    fake_aws: FakeAws, session: AwsAccountSession
):
    rule = fake_aws.inject(Fault.deny(), region="eu-west-1")
    read_until_it_breaks(session, INSTANCES, "eu-west-1")
    assert fake_aws.hits(rule) == 1

    rule = fake_aws.inject(Fault.throttle(), region="us-east-1")
    read_until_it_breaks(session, INSTANCES, "us-east-1")
    assert 5 <= fake_aws.hits(rule) <= 8  # four halvings, and what came back meanwhile


def test_one_hiccup_is_survived(fake_aws: FakeAws, session: AwsAccountSession):
    fake_aws.inject(Fault.server_error(), times=1)

    assert len(read(session, INSTANCES, "eu-west-1")) == 25


def test_an_empty_page_with_a_token_is_not_the_end(fake_aws: FakeAws, session: AwsAccountSession):
    fake_aws.page_size("*", 10)
    fake_aws.inject(Fault.empty_page(), times=MAX_EMPTY_PAGES - 1)

    assert len(read(session, INSTANCES, "eu-west-1")) == 25


def test_an_expired_page_token_breaks_the_listing_off(
    fake_aws: FakeAws, session: AwsAccountSession
):
    fake_aws.page_size("*", 10)
    pages = session.pages(INSTANCES, "eu-west-1")
    next(pages)
    fake_aws.expire_tokens()

    with pytest.raises(ListingError):
        list(pages)


def test_a_region_that_hangs_is_given_up(
    fake_aws: FakeAws, account: AccountScript, access: Callable[..., Access]
):
    impatient = AwsCloud(redaction_key=b"k" * 16, read_timeout_seconds=0.2)
    session = impatient.open(access(fake_aws.url), account.id)
    fake_aws.inject(Fault.hang(), operation="DescribeInstances")

    _, error = read_until_it_breaks(session, INSTANCES, "eu-west-1")
    assert (error.error_class, error.code) == (ErrorClass.TRANSIENT, "ReadTimeout")


@pytest.mark.parametrize(("listing", "region"), EVERY_LISTING)
@pytest.mark.parametrize("how", ["missing-id", "empty-id"])
def test_an_item_without_an_id_is_quarantined_alone(
    fake_aws: FakeAws, session: AwsAccountSession, listing: Listing, region: str, how: str
):
    whole = len(read(session, listing, region))
    fake_aws.inject(Fault.malformed(how), service=listing.service)

    pages = list(session.pages(listing, region))
    malformed = [item for page in pages for item in page.malformed]
    assert sum(len(page.observations) for page in pages) == whole - 1
    assert [item.uid for item in malformed] == [None]


def test_an_item_with_a_broken_time_counts_as_seen(fake_aws: FakeAws, session: AwsAccountSession):
    buckets = BY_NAME["aws.s3.buckets"]
    uids = {o.uid for o in read(session, buckets, "global")}
    fake_aws.inject(Fault.malformed("wrong-type"), service="s3")

    [page] = session.pages(buckets, "global")
    assert {o.uid for o in page.observations} | {m.uid for m in page.malformed} == uids
    assert len(page.malformed) == 1


@pytest.mark.parametrize(("listing", "region"), EVERY_LISTING)
@pytest.mark.parametrize("how", ["nul", "surrogate", "unicode", "tag-without-value"])
def test_odd_characters_cost_nothing(
    fake_aws: FakeAws, session: AwsAccountSession, listing: Listing, region: str, how: str
):
    whole = {o.uid for o in read(session, listing, region)}
    fake_aws.inject(Fault.malformed(how), service=listing.service)

    pages = list(session.pages(listing, region))
    assert {o.uid for page in pages for o in page.observations} == whole
    assert not [item for page in pages for item in page.malformed]
    for page in pages:
        assert all(b"\\u0000" not in o.document for o in page.observations)


def test_duplicates_in_a_page_are_one_observation(fake_aws: FakeAws, session: AwsAccountSession):
    fake_aws.inject(Fault.duplicates(3), service="ec2")

    assert len(read(session, INSTANCES, "eu-west-1")) == 25


def test_an_answer_that_ends_at_the_page_limit_is_incomplete(
    fake_aws: FakeAws, session: AwsAccountSession
):
    fake_aws.page_size("*", 10)
    run = replace(session.run(INSTANCES, "eu-west-1"), max_pages=2)

    with pytest.raises(ListingError) as caught:
        list(run.pages())
    assert (caught.value.error_class, caught.value.code) == (ErrorClass.INCOMPLETE, "PageLimit")


def test_every_request_is_counted_once(fake_aws: FakeAws, session: AwsAccountSession):
    labels = {"cloud": "aws", "service": "ec2", "operation": "DescribeInstances"}

    def counted(status: str) -> float:
        name = "cloudops_provider_api_calls_total"
        return REGISTRY.get_sample_value(name, labels | {"status": status}) or 0.0

    ok, throttled, calls = counted("ok"), counted("throttled"), session.calls
    fake_aws.inject(Fault.throttle(), times=1)
    fake_aws.page_size("*", 10)
    read(session, INSTANCES, "eu-west-1")

    assert (counted("ok") - ok, counted("throttled") - throttled) == (3, 1)
    assert session.calls - calls == fake_aws.call_count() == 4


def test_threads_share_a_session(fake_aws: FakeAws, session: AwsAccountSession):
    fake_aws.page_size("*", 3)
    work = [(listing, region) for listing in LISTED for region in places(listing)] * 3

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda item: len(read(session, *item)), work))

    third = len(work) // 3
    assert counts[:third] == counts[third : 2 * third] == counts[2 * third :]
    assert session.calls - fake_aws.call_count() == 1  # GetCallerIdentity came before


def test_requests_name_the_operator(fake_aws: FakeAws, session: AwsAccountSession):
    read(session, INSTANCES, "eu-west-1")

    assert all(f"cloudops-central/{__version__}" in agent for agent in fake_aws.user_agents())
