"""A fault in the cloud, from the wire to the ledger: rows stay, the ledger names it, it heals."""

from typing import NamedTuple

import pytest

from cloudops.domain.ledger import LeaseKind
from cloudops.store.leases import CRASHES_BEFORE_BACKOFF
from tests.fakes.aws.builders import instance
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.rows import SERVED
from tests.integration.services.aws_rig import InterruptedPulse, aws_spec
from tests.integration.store.seeding import ACCOUNT, execute, rows

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

DAY = 86_400
INSTANCES = "aws.ec2.instances"
REGION = "eu-west-1"


def due_in(rig, listing, region=REGION):
    """Seconds."""
    return rig.value(
        "SELECT extract(epoch FROM next_due_at - now()) FROM scope"
        " WHERE listing = :listing AND region = :region",
        listing=listing,
        region=region,
    )


def ledger(rig):
    return rows(rig.engine, "SELECT * FROM scope WHERE retired_at IS NULL ORDER BY id")


def facets(rig):
    """What is known of every facet, and whether it is in question."""
    found = rows(rig.engine, "SELECT uid, facet, digest, missing_since FROM facet")
    return {(row.uid, row.facet): (bytes(row.digest), row.missing_since) for row in found}


def lose_one_of_each(rig):
    """What each listing shows last: its first page would not miss it."""
    resources = rig.account.resources()
    for kind in {resource.kind for resource in resources.values()}:
        rig.account.delete(max(arn for arn, one in resources.items() if one.kind == kind))


def released(rig):
    """A spec by which a person consents to any deletion."""
    return aws_spec(rig.aws.url, brake={"percent": 100, "minimum": 20})


class Word(NamedTuple):
    """What a fault makes of a row of the ledger."""

    status: str
    error_class: str
    code: str = ""  # "" = each service has its own


FAULTS = {
    "denied": (Fault.deny(), Word("denied", "iam_deny")),
    "denied-by-a-boundary": (Fault.deny("boundary"), Word("denied", "iam_deny")),
    "throttled": (Fault.throttle(), Word("throttled", "throttled")),
    "expired": (Fault.expired(), Word("denied", "credentials")),
    "500": (Fault.server_error(), Word("failed", "transient")),
    "connection-reset": (Fault.reset(), Word("failed", "transient", "ConnectionClosed")),
    "cut-page": (Fault.cut_page(), Word("failed", "transient")),
    # Of S3 the SDK says 500 where it can't read an answer, else it is UnreadableAnswer.
    "broken-page": (Fault.broken_page(), Word("failed", "transient")),
    "foreign-page": (Fault.foreign_page(), Word("failed", "transient")),
    "nested-page": (Fault.nested_page(), Word("failed", "transient")),
    "repeated-token": (Fault.repeat_token(), Word("partial", "incomplete", "RepeatedToken")),
    "no-end": (Fault.empty_page(), Word("partial", "incomplete", "EmptyPages")),
}


@pytest.mark.parametrize(("fault", "word"), FAULTS.values(), ids=FAULTS)
def test_listings_that_break_off_keep_their_rows_name_the_fault_and_heal(aws, fault, word):
    """In every listing one thing is gone, and a broken pass must not be what says so.

    Fails without `complete=failure is None` in `ListingRun._load`: the first broken pass
    marks what it did not show.
    """
    before, shown = facets(aws), aws.inventory_view()
    lose_one_of_each(aws)
    # The first page comes; what has no end has none from the start.
    where = {} if word.code == "EmptyPages" else {"page": 1}
    for operation in {listing.operation for listing in SERVED}:
        aws.aws.inject(fault, operation=operation, **where)

    aws.period()
    aws.period()

    for row in ledger(aws):
        assert (row.status, row.error_class) == word[:2], row.listing
        assert row.error_code == word.code if word.code else row.error_code, row.listing
        assert row.consecutive_failures == 2
    assert facets(aws) == before
    assert aws.inventory_view() == shown

    aws.aws.clear_faults()
    aws.period()
    assert {row.status for row in ledger(aws)} == {"complete"}
    aws.period()
    assert aws.inventory_view() == aws.account.truth()
    assert aws.snapshot().unsynced == {}


def test_what_a_broken_listing_did_show_is_known_at_once(aws):
    """Fails if a broken load drops its pages: `commit` that returns unless `complete`."""
    first, last = (f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{n}" for n in ("i-0", "i-z"))
    aws.account.put(instance("i-0", region=REGION), instance("i-z", region=REGION))
    aws.aws.inject(Fault.reset(), operation="DescribeInstances", page=2, region=REGION)

    aws.period()

    assert aws.scope(INSTANCES).status == "failed"
    assert aws.live() == aws.account.truth() - {last}
    assert first in aws.live()


class TestThrottling:
    def test_of_thirty_seconds_costs_no_period(self, aws):
        """Fails without `Retry.BACKOFF` for THROTTLED: the scope is due in a period only."""
        rule = aws.aws.inject(Fault.throttle(), operation="DescribeInstances", region=REGION)
        aws.age(950)
        complete = aws.scope(INSTANCES).last_complete_at

        aws.work()

        row = aws.scope(INSTANCES)
        assert (row.status, row.error_code) == ("throttled", "RequestLimitExceeded")
        assert row.last_complete_at == complete
        assert due_in(aws, INSTANCES) <= 31.5
        assert aws.snapshot().unsynced == {}
        # Each halves the rate until it is a sixteenth, and one more is made at that; what
        # came back in between is halved again.
        assert 5 <= aws.aws.hits(rule) <= 8

        aws.aws.clear_faults()
        aws.age(32)
        aws.work()

        row = aws.scope(INSTANCES)
        assert (row.status, row.consecutive_failures) == ("complete", 0)
        assert aws.live() == aws.account.truth()

    def test_that_goes_on_is_asked_ever_more_rarely(self, aws):
        """Fails without `2.0 ** consecutive_failures`: the fourth wait is as short as the first."""
        aws.aws.inject(Fault.throttle(), operation="DescribeInstances", region=REGION)
        aws.age(950)
        waits = []
        for _ in range(4):
            aws.work()
            waits.append(due_in(aws, INSTANCES))
            aws.age(waits[-1] + 1)

        assert [round(wait / 30 / 2**number) for number, wait in enumerate(waits)] == [1] * 4

    def test_touches_no_other_listing(self, aws):
        """Fails without one `ListingRun` a listing: an error that ends the whole lease."""
        aws.aws.inject(Fault.throttle(), operation="DescribeInstances", region=REGION)
        aws.period()

        throttled = {
            (row.listing, row.region)
            for row in rows(aws.engine, "SELECT * FROM scope WHERE status <> 'complete'")
        }
        assert throttled == {(INSTANCES, REGION)}


class TestDenialByTheOrganization:
    @pytest.fixture
    def denied(self, aws):
        aws.aws.inject(Fault.deny("scp"), operation="DescribeInstances", region=REGION)
        return aws

    def test_is_asked_again_only_once_a_day(self, denied):
        """Fails without `Retry.DAILY` for SCP_DENY: it is due again after a period."""
        denied.period()

        row = denied.scope(INSTANCES)
        assert (row.status, row.error_class) == ("denied", "scp_deny")
        assert row.error_permission == "ec2:DescribeInstances"
        assert due_in(denied, INSTANCES) > 0.9 * DAY
        # The neighbours go on as ever.
        assert due_in(denied, "aws.ec2.volumes") <= 950

    def test_counts_while_there_is_something_that_nobody_sees_any_more(self, denied):
        """Fails if it is excused for ever (`excused_periods` None): stale rows pass for synced."""
        denied.period()

        assert denied.snapshot().unsynced == {"AccessDenied": 1}
        assert denied.live() == denied.account.truth()

    def test_is_excused_where_there_never_was_anything(self, aws):
        """Fails without `only_with_live_rows`: a region closed on purpose would be a problem."""
        aws.account.clear("ec2:instance", REGION)
        aws.plan(released(aws), generation=2)
        aws.period()
        aws.period()
        aws.aws.inject(Fault.deny("scp"), operation="DescribeInstances", region=REGION)

        aws.period()

        assert aws.scope(INSTANCES).status == "denied"
        assert aws.snapshot().unsynced == {}

    def test_ends_by_itself_within_a_day(self, denied):
        """Fails without `next_due_at` for what is denied: nobody asks again."""
        denied.period()
        denied.aws.clear_faults()
        denied.age(1.06 * DAY)

        denied.work()

        assert denied.scope(INSTANCES).status == "complete"


class TestRegionThatIsNotOptedIn:
    def test_is_unsupported_and_hides_its_rows_without_deleting_them(self, aws):
        """Fails without `status <> 'unsupported'` in the view: rows nobody can read are shown."""
        truth = aws.account.truth()
        aws.aws.inject(Fault.opt_in(), service="ec2", region=REGION)
        aws.aws.inject(Fault.opt_in(), service="tagging", region=REGION)

        aws.period()

        row = aws.scope(INSTANCES)
        assert (row.status, row.error_class, row.error_code) == (
            "unsupported",
            "opt_in",
            "OptInRequired",
        )
        assert due_in(aws, INSTANCES) > 0.9 * DAY
        assert aws.live() == truth
        assert not [arn for arn in aws.inventory_view() if f"ec2:{REGION}" in arn]
        assert aws.snapshot().unsynced == {}

    def test_shows_them_again_once_it_is(self, aws):
        """Fails without a retry of what is unsupported: the rows stay hidden for ever."""
        aws.aws.inject(Fault.opt_in(), service="ec2", region=REGION)
        aws.period()
        aws.aws.clear_faults()

        aws.age(1.06 * DAY)
        aws.work()

        assert aws.inventory_view() == aws.account.truth()

    def test_the_same_words_from_a_revoked_key_hide_nothing(self, aws):
        """Fails with AuthFailure among `OPT_IN_CODES`: a revoked key would hide a region."""
        shown = aws.inventory_view()
        aws.aws.inject(Fault.opt_in("auth"), service="ec2", region=REGION)

        aws.period()

        assert aws.scope(INSTANCES).status == "denied"
        assert aws.inventory_view() == shown


def test_a_listing_that_says_in_its_middle_that_it_is_none_hides_nothing(aws):
    """Fails unless what was begun is incomplete: rows that were just shown leave the view."""
    shown = aws.inventory_view()
    aws.aws.inject(Fault.opt_in(), operation="DescribeInstances", page=1, region=REGION)

    aws.period()

    row = aws.scope(INSTANCES)
    words = (row.status, row.error_class, row.error_code)
    assert words == ("partial", "incomplete", "OptInRequired")
    assert aws.inventory_view() == shown
    assert aws.snapshot().unsynced == {"PartialListing": 1}


class TestAnAccountThatIsNotSignedUpAnyMore:
    """AWS says the same of it everywhere, as it does of a region that is not opted in."""

    def test_keeps_its_rows_says_so_and_is_left_alone(self, aws):
        """Fails unless DescribeRegions closes the account: each listing hides its rows."""
        shown = aws.inventory_view()
        aws.aws.inject(Fault.opt_in(), service="[!s]*")
        aws.aws.inject(Fault.opt_in(), service="s3*")

        aws.period()
        aws.aws.reset_calls()
        aws.period()

        assert aws.inventory_view() == shown
        words = {(row.status, row.error_class, row.error_code) for row in ledger(aws)}
        assert words == {("denied", "iam_deny", "AccountNotSubscribed")}
        assert set(aws.snapshot().unsynced) == {"CredentialsRejected"}
        [problem] = aws.snapshot().problems
        assert (problem.reason, problem.permission) == ("AccountNotSubscribed", "")
        assert aws.snapshot().accounts.unreachable == 1
        assert {call.operation for call in aws.aws.calls()} == {
            "GetCallerIdentity",
            "DescribeRegions",
        }

        aws.aws.clear_faults()
        aws.period()
        assert {row.status for row in ledger(aws)} == {"complete"}
        assert aws.snapshot().unsynced == {}
        assert aws.inventory_view() == shown

    def test_is_looked_at_as_soon_as_a_listing_says_so(self, aws):
        """Fails without `rediscover` behind a listing: rows are hidden until the next period."""
        shown = aws.inventory_view()
        aws.age(100_000)
        [discovery] = aws.acquire(LeaseKind.DISCOVERY)
        aws.run(discovery)
        aws.aws.inject(Fault.opt_in(), service="ec2")

        aws.work()

        assert aws.inventory_view() == shown
        assert aws.snapshot().accounts.unreachable == 1

    def test_is_not_called_open_by_who_was_still_reading(self, aws):
        """Fails without `_CONTRADICTED`: what is said behind the closing hides rows for a day."""
        shown = aws.inventory_view()
        lease = aws.lease()
        [discovery] = aws.acquire(LeaseKind.DISCOVERY)
        aws.aws.inject(Fault.opt_in(), service="ec2")
        pulse = InterruptedPulse(lease.domain, 1, lambda _: aws.run(discovery))

        aws.inventory.run(lease, pulse)
        assert aws.inventory_view() != shown

        aws.age(960)
        aws.work()

        assert aws.inventory_view() == shown


class TestCredentialsThatEnd:
    """In the middle of a listing, between two of its pages."""

    @pytest.fixture
    def entered(self, aws):
        """The account is read through a role, as those of an organization are."""
        role = aws.account.role("reader", listed=False)
        spec = released(aws)
        spec["aws"]["credentials"]["roleARN"] = role
        aws.plan(spec, generation=2)
        aws.period()
        aws.period()
        assert set(aws.statuses().values()) == {"complete"}
        return aws

    def run_until(self, rig, at, action):
        # One listing at a time, so that it is known whose pages come first.
        execute(
            rig.engine,
            "UPDATE lease SET attempts = :many WHERE region = :region",
            many=CRASHES_BEFORE_BACKOFF,
            region=REGION,
        )
        lease = rig.lease(REGION)
        rig.inventory.run(lease, InterruptedPulse(lease.domain, at, lambda _: action()))

    def test_every_listing_after_it_says_so_and_keeps_its_rows(self, entered):
        """Fails without `CREDENTIAL_CODES` in `CODES`: an expired token would be a hiccup."""
        truth = entered.account.truth()

        self.run_until(entered, 3, entered.aws.expire_sessions)

        words = {
            (row.status, row.error_class)
            for row in rows(
                entered.engine, "SELECT * FROM scope WHERE region = :region", region=REGION
            )
        }
        assert ("denied", "credentials") in words
        assert words <= {("denied", "credentials"), ("complete", "")}
        assert entered.live() == truth
        assert entered.inventory_view() == truth

    def test_the_next_pass_enters_anew_and_completes(self, entered):
        """Fails if a session outlives its lease: the old token would be used again."""
        self.run_until(entered, 3, entered.aws.expire_sessions)

        entered.period()

        assert set(entered.statuses().values()) == {"complete"}
        assert entered.inventory_view() == entered.account.truth()
        assert entered.snapshot().unsynced == {}

    def test_in_half_a_minute_even_what_is_read_once_a_day_is_read_again(self, entered):
        """Fails without `Retry.BACKOFF` for CREDENTIALS: a listing of once a day waits for a day.

        Whoever enters anew has new credentials, and the account was never shut.
        """
        self.run_until(entered, 1, entered.aws.expire_sessions)
        assert {row.status for row in ledger(entered) if row.region == REGION} == {"denied"}

        entered.age(31.5)
        entered.work()

        assert {row.status for row in ledger(entered) if row.region == REGION} == {"complete"}

    def test_a_page_token_that_expires_breaks_off_and_the_next_pass_begins_anew(self, aws):
        """Fails with `complete=True` for an unknown error code: the rest would be missing."""
        truth = aws.account.truth()

        self.run_until(aws, 3, aws.aws.expire_tokens)

        assert "failed" in {row.status for row in rows(aws.engine, "SELECT status FROM scope")}
        assert aws.live() == truth
        aws.period()
        assert set(aws.statuses().values()) == {"complete"}


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        pytest.param(
            Fault.opt_in(), Word("denied", "iam_deny", "AccountNotSubscribed"), id="not-signed-up"
        ),
        pytest.param(
            Fault.error("InvalidAction"), Word("failed", "transient", "Unreachable"), id="no-sts"
        ),
    ],
)
def test_a_door_that_says_it_is_none_hides_nothing(aws, fault, word):
    """A listing that is not there has no rows; an account that can't be entered keeps its own.

    Fails without `_AT_THE_DOOR`: every scope of the account is `unsupported`, and its rows
    leave the view.
    """
    shown = aws.inventory_view()
    aws.aws.inject(fault, operation="GetCallerIdentity")

    aws.period()
    aws.period()

    assert {(row.status, row.error_class, row.error_code) for row in ledger(aws)} == {word}
    assert aws.inventory_view() == shown

    aws.aws.clear_faults()
    aws.period()
    assert {row.status for row in ledger(aws)} == {"complete"}
    assert aws.snapshot().unsynced == {}
