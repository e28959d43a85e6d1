"""Rate limits over real HTTP: who shares them, what throttling does, and how a wait ends."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.hooks import MAX_ATTEMPTS_IF_THROTTLED
from cloudops.collectors.limits import DeclaredLimit, Limits
from cloudops.collectors.vocabulary import (
    Access,
    AccountSession,
    Listing,
    Progress,
    unobserved,
)
from cloudops.domain.errors import AccessError, LeaseLostError, ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import AwsAccounts, RateLimit, RoleHop
from tests.fakes.aws.builders import instance, volume
from tests.fakes.aws.calls import Call
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.server import FakeAws
from tests.integration.collectors.conftest import KEY, SECRET

pytestmark = [pytest.mark.integration, pytest.mark.aws]

ACCOUNT, MEMBER = "111122223333", "444455556666"
REGION, OTHER_REGION = "eu-west-1", "us-east-1"
INSTANCES = next(listing for listing in LISTINGS if listing.name == "aws.ec2.instances")
VOLUMES = next(listing for listing in LISTINGS if listing.name == "aws.ec2.volumes")
PAGES = 6

Opened = Callable[..., AccountSession]


@pytest.fixture
def aws(fake_aws: FakeAws) -> FakeAws:
    """An account with so many pages of instances and of volumes in each of two regions."""
    fake_aws.page_size("*", 1)
    account = fake_aws.account(ACCOUNT, access_key=KEY, secret_key=SECRET)
    for region in (REGION, OTHER_REGION):
        account.put(*(instance(f"i-{region}-{n}", region=region) for n in range(PAGES)))
        account.put(*(volume(f"vol-{region}-{n}", region=region) for n in range(PAGES)))
    return fake_aws


def a_cloud(
    per_second: str = "10000", burst: int = 10_000, *, patience_seconds: float = 600
) -> AwsCloud:
    """One whose every call is under one limit, which allows very much unless said otherwise."""
    row = DeclaredLimit(limit=RateLimit("only", per_second=per_second, burst=burst))
    limits = Limits("aws", (), row, patience_seconds=patience_seconds)
    return AwsCloud(redaction_key=b"a key for tests only", pool_size=8, limits=limits)


@pytest.fixture
def opened(aws: FakeAws, access: Callable[..., Access]) -> Iterator[Opened]:
    """Enters an account of the fake; `own` is what `spec.rateLimits` says."""
    sessions: list[AccountSession] = []

    def opened(
        cloud: AwsCloud,
        *own: RateLimit,
        account: str = ACCOUNT,
        roles: tuple[RoleHop, ...] = (),
        progress: Progress = unobserved,
    ) -> AccountSession:
        way = access(aws.url, accounts=AwsAccounts(ids=(ACCOUNT, MEMBER)), roles=roles)
        way = replace(way, spec=replace(way.spec, rate_limits=own))
        sessions.append(cloud.open(way, account, progress))
        return sessions[-1]

    yield opened
    for session in sessions:
        session.close()


def read(session: AccountSession, region: str = REGION, listing: Listing = INSTANCES) -> int:
    """How many items a listing shows."""
    return sum(len(page.observations) for page in session.pages(listing, region))


def instances(aws: FakeAws, region: str = "*", account: str = "*") -> list[Call]:
    return aws.calls("ec2", "DescribeInstances", account, region)


def seconds_since(began: float, calls: list[Call]) -> float:
    """Until the last of the calls came in; a slow machine makes it longer, never shorter."""
    return max(call.at for call in calls) - began


class TestAStormOfThrottling:
    def test_that_ends_soon_costs_the_listing_nothing(self, aws, opened):
        """Fails without `_again`: the SDK gives up after two attempts, and page one is lost."""
        aws.inject(Fault.throttle(), operation="DescribeInstances", times=4)

        assert read(opened(a_cloud("160", 160))) == PAGES

    def test_slows_down_all_that_share_the_limit(self, aws, opened):
        """Fails without `throttled`: the volumes, which nobody throttles, come at once."""
        session = opened(a_cloud("32", 32))
        aws.inject(Fault.throttle(), operation="DescribeInstances", times=4)
        next(session.pages(INSTANCES, REGION))
        read(session, REGION, VOLUMES)

        # A sixteenth of 32 calls a second, and half a call a second more each second.
        last = max(call.at for call in instances(aws) if call.status != 200)
        later = [call for call in aws.calls("ec2") if call.at > last]
        assert len(later) == 1 + PAGES
        assert seconds_since(last, later) >= 2.4

    def test_that_does_not_end_is_what_the_listing_says(self, aws, opened):
        rule = aws.inject(Fault.throttle(), operation="DescribeInstances")

        with pytest.raises(ListingError) as caught:
            read(opened(a_cloud()))

        assert caught.value.error_class is ErrorClass.THROTTLED
        assert aws.hits(rule) <= MAX_ATTEMPTS_IF_THROTTLED

    def test_at_the_slowest_rate_makes_no_more_attempts_than_the_sdk(self, aws, opened):
        session = opened(a_cloud())
        rule = aws.inject(Fault.throttle(), operation="DescribeInstances")
        for _ in range(2):
            with pytest.raises(ListingError):
                read(session)
        before = aws.hits(rule)

        with pytest.raises(ListingError):
            read(session)

        assert aws.hits(rule) - before == 2

    def test_is_over_and_the_rate_rises_again(self, aws, opened):
        """Fails without `succeeded`: it stays at a sixteenth for ever."""
        cloud = a_cloud("1600", 1600)
        session = opened(cloud)
        aws.inject(Fault.throttle(), operation="DescribeInstances", times=4)
        read(session)
        (low,) = {state.rate for state in cloud._limits.states() if state.rate < 1600}

        time.sleep(0.2)  # the rate rises with the time in which calls succeed
        read(session)

        (higher,) = {state.rate for state in cloud._limits.states() if state.rate < 1600}
        assert 100 <= low < higher

    def test_with_a_retry_after_waits_for_as_long(self, aws, opened):
        """Fails without `_retry_after`: a full bucket would let the next attempt go at once."""
        aws.inject(Fault.throttle(retry_after=2), operation="DescribeInstances", times=1)

        read(opened(a_cloud()))

        first, second, *_ = instances(aws)
        assert second.at - first.at >= 2

    def test_is_a_metric(self, aws, opened):
        labels = {"cloud": "aws", "service": "*", "limit": "only"}
        name = "cloudops_rate_limit_throttles_total"
        before = REGISTRY.get_sample_value(name, labels) or 0
        aws.inject(Fault.throttle(), operation="DescribeInstances", times=3)

        read(opened(a_cloud()))

        assert REGISTRY.get_sample_value(name, labels) == before + 3


class TestASharedLimit:
    """Of 10 calls a second, of which one may come at once; the way in has its own services."""

    OWN = RateLimit("slow", "ec2", "Describe*", "10", 1)

    def test_of_the_spec_takes_the_place_of_the_built_in_one(self, aws, opened):
        """Fails without `named` in `_find_rows`: 10,000 a second are allowed."""
        began = aws.now()
        read(opened(a_cloud(), self.OWN))

        assert seconds_since(began, instances(aws)) >= (PAGES - 1) / 10

    def test_holds_for_all_listings_of_an_account_and_region_together(self, aws, opened):
        """Fails with a `Limits` for each session: each would go at ten calls a second."""
        cloud, began = a_cloud(), aws.now()
        with ThreadPoolExecutor(4) as pool:
            runs = [pool.submit(read, opened(cloud, self.OWN)) for _ in range(2)]
            runs += [pool.submit(read, opened(cloud, self.OWN), REGION, VOLUMES)]
            assert [run.result(60) for run in runs] == [PAGES] * 3

        calls = [*instances(aws), *aws.calls("ec2", "DescribeVolumes")]
        assert len(calls) == 3 * PAGES
        assert seconds_since(began, calls) >= (len(calls) - 1) / 10

    def test_counts_each_attempt(self, aws, opened):
        """Fails if `Door.call` queued for a call as a whole: its repetition would be free."""
        aws.inject(Fault.server_error(), operation="DescribeInstances", times=1)

        began = aws.now()
        read(opened(a_cloud(), self.OWN))

        assert len(instances(aws)) == PAGES + 1
        assert seconds_since(began, instances(aws)) >= PAGES / 10

    def test_of_one_region_holds_nobody_up_in_another(self, aws, opened):
        """One call an hour: the second call would never come."""
        cloud, own = a_cloud(patience_seconds=5), RateLimit("hourly", "ec2", "*", "0.00027", 1)
        session = opened(cloud, own)
        for region in (REGION, OTHER_REGION):
            next(session.pages(INSTANCES, region))
            with pytest.raises(ListingError, match="hourly"):
                next(session.pages(INSTANCES, region))

    def test_of_one_account_holds_nobody_up_in_another(self, aws, opened):
        member = aws.account(MEMBER)
        member.role("cloudops-read", listed=False)
        cloud, own = a_cloud(patience_seconds=5), RateLimit("hourly", "ec2", "*", "0.00027", 1)

        for account in (ACCOUNT, MEMBER):
            next(opened(cloud, own, account=account).pages(INSTANCES, REGION))

        assert [call.account for call in instances(aws)] == [ACCOUNT, MEMBER]

    def test_survives_the_lease(self, aws, opened):
        cloud, own = a_cloud(patience_seconds=5), RateLimit("hourly", "ec2", "*", "0.00027", 1)
        first = opened(cloud, own)
        next(first.pages(INSTANCES, REGION))
        first.close()

        with pytest.raises(ListingError, match="hourly"):
            next(opened(cloud, own).pages(INSTANCES, REGION))

    def test_of_calls_under_way_is_never_exceeded(self, aws, opened):
        """Fails without `give_back` (nothing ends) or `max_concurrent` (all come at once)."""
        aws.inject(Fault.latency(0.2), operation="DescribeInstances")
        session = opened(a_cloud(), RateLimit("two", max_concurrent=2))
        with ThreadPoolExecutor(6) as pool:
            runs = [pool.submit(next, session.pages(INSTANCES, REGION)) for _ in range(6)]
            for run in runs:
                run.result(60)

        starts = sorted(call.at for call in instances(aws))
        # The third begins when the first has ended, the fifth when the third has.
        assert starts[2] - starts[0] >= 0.19
        assert starts[4] - starts[2] >= 0.19

    def test_frees_its_place_when_an_answer_is_no_answer(self, aws, opened):
        """Fails without `attempts.end()` at the end of a call: the place is lost for ever."""
        session = opened(a_cloud(patience_seconds=5), RateLimit("one", max_concurrent=1))
        for fault in (Fault.broken_page(), Fault.reset(), Fault.deny()):
            rule = aws.inject(fault, operation="DescribeInstances")
            with pytest.raises(ListingError):
                read(session)
            aws.clear_faults(rule)

        with ThreadPoolExecutor(1) as another_thread:
            assert another_thread.submit(read, session).result(60) == PAGES


class TestAWait:
    HOURLY = RateLimit("hourly", "ec2", "DescribeInstances", "0.00027", 1)

    def test_that_is_too_long_says_which_limit_it_is_and_what_to_edit(self, aws, opened):
        session = opened(a_cloud(), self.HOURLY)
        next(session.pages(INSTANCES, REGION))

        with pytest.raises(ListingError) as caught:
            next(session.pages(INSTANCES, REGION))

        assert (caught.value.error_class, caught.value.code) == (ErrorClass.THROTTLED, "RateLimit")
        assert "hourly" in str(caught.value)
        assert "spec.rateLimits" in str(caught.value)

    def test_of_the_way_in_is_told_as_throttling(self, aws, opened):
        cloud, own = a_cloud(patience_seconds=5), RateLimit("door", "sts", "*", "0.00027", 1)
        opened(cloud, own)

        with pytest.raises(AccessError) as caught:
            opened(cloud, own, account=MEMBER)

        assert caught.value.reason == "Throttled"
        assert "door" in str(caught.value)

    def test_ends_when_the_lease_is_gone(self, aws, opened):
        """Fails if `progress` is not asked while a call waits: it would last for 100 seconds."""
        slow = RateLimit("slow", "ec2", "DescribeInstances", "0.01", 1)
        beats = 0

        def progress() -> None:
            nonlocal beats
            beats += 1
            if beats > 2:
                raise LeaseLostError("the lease is gone")

        session = opened(a_cloud(), slow, progress=progress)
        began = time.monotonic()
        with pytest.raises(LeaseLostError):
            read(session)

        assert time.monotonic() - began < 60
        assert len(instances(aws)) == 1

    def test_does_not_let_a_signature_grow_old(self, aws, opened):
        """Fails if an attempt queued after it was signed: AWS takes none that is 5 minutes old."""
        session = opened(a_cloud(), RateLimit("slow", "ec2", "*", "0.5", 1))
        pages = session.pages(INSTANCES, REGION)
        next(pages)
        signed: list[float] = []
        client = session._door._client("ec2", REGION)
        client.meta.events.register(
            "before-sign.*.*", lambda **_event: signed.append(time.monotonic())
        )
        began = time.monotonic()
        next(pages)

        assert signed[0] - began >= 1.5


def test_a_role_is_assumed_anew_within_a_call_that_holds_the_only_place(aws, opened):
    """Fails without `takes_places`: the call within would wait for the one that it is within."""
    account = aws.account(ACCOUNT)
    names = ("entry", "reader")
    chain = [account.role(name, listed=False, session_seconds=300) for name in names]
    one = RateLimit("one", max_concurrent=1)
    roles = tuple(RoleHop(arn) for arn in chain)
    session = opened(a_cloud(patience_seconds=10), one, roles=roles)

    # STS is asked in the same account and region; what ends within minutes is refreshed at once.
    assert read(session, OTHER_REGION) == PAGES
    assert aws.call_count("sts", "AssumeRole") >= 2


def test_a_role_in_a_chain_counts_against_the_account_that_it_is_of(aws, opened):
    hop = RoleHop(f"arn:aws:iam::{MEMBER}:role/cloudops-read")
    aws.account(MEMBER).role("cloudops-read", listed=False)
    door = opened(a_cloud())._door

    behind = door.behind(hop)

    assert door._turnstile.account == f"{ACCOUNT} at {aws.url}"
    assert behind._turnstile.account == f"{MEMBER} at {aws.url}"
