"""What goes wrong while accounts are discovered, and what it must not do to the others."""

import pytest

from cloudops.domain.errors import AccessError, LeaseLostError, WorkerStoppingError
from cloudops.domain.ledger import ErrorClass, LeaseKind
from cloudops.domain.snapshot import EntryState
from cloudops.services.pulse import Pulse
from tests.fakes.cloud import LISTINGS, MACHINES, ROLES, spec_of
from tests.integration.services.rig import CountingPulse
from tests.integration.store.seeding import ACCOUNT, one

pytestmark = [pytest.mark.integration, pytest.mark.database]

OTHER = "444455556666"
PASSING = [ErrorClass.TRANSIENT, ErrorClass.THROTTLED]


def passing(error_class=ErrorClass.THROTTLED):
    return AccessError("slow down", reason="Throttled", error_class=error_class)


def regions_denied():
    return AccessError("no", reason="AccessDenied", permission="ec2:DescribeRegions")


def due_in(rig):
    return rig.value(
        "SELECT extract(epoch FROM next_due_at - now()) FROM lease WHERE kind = 'discovery'"
    )


def discover(rig, seconds=1000):
    rig.age(seconds)
    (lease,) = rig.acquire(LeaseKind.DISCOVERY)
    rig.run(lease)


@pytest.fixture
def planned(rig):
    """Everything was read once."""
    rig.account.put(MACHINES, "m")
    rig.account.put(ROLES, "r", region="global")
    rig.plan(spec_of(ACCOUNT))
    rig.work()
    assert set(rig.statuses().values()) == {"complete"}
    return rig


class TestProgress:
    """A thousand accounts are no hang."""

    def test_each_account_is_a_sign_of_life(self, rig):
        ids = [f"{number:012}" for number in range(5)]
        for id_ in ids:
            rig.cloud.account(id_)
        rig.plan(spec_of(*ids))
        (lease,) = rig.acquire(LeaseKind.DISCOVERY)
        pulse = CountingPulse(lease.domain)

        rig.discovery.run(lease, pulse)

        assert pulse.beats >= len(ids)

    @pytest.mark.parametrize(
        ("tell", "raised"),
        [
            pytest.param(Pulse.stop, WorkerStoppingError, id="stopping"),
            pytest.param(Pulse.lose, LeaseLostError, id="lost"),
        ],
    )
    def test_what_the_pulse_was_told_ends_it_at_the_next_account(self, rig, tell, raised):
        rig.cloud.account(OTHER)
        rig.plan(spec_of(ACCOUNT, OTHER))
        (lease,) = rig.acquire(LeaseKind.DISCOVERY)
        pulse, looked = Pulse(lease.domain), []

        def first(account_id):
            looked.append(account_id)
            tell(pulse)

        rig.cloud.on_account = first

        with pytest.raises(raised):
            rig.discovery.run(lease, pulse)

        assert looked == [ACCOUNT]
        assert rig.scopes() == {}


class TestWhatPassesByItself:
    @pytest.mark.parametrize("error_class", PASSING)
    @pytest.mark.parametrize("where", ["error", "regions_error"])
    def test_it_denies_no_scope_and_is_tried_again_soon(self, planned, error_class, where):
        setattr(planned.account, where, passing(error_class))

        discover(planned)

        assert set(planned.statuses().values()) == {"complete"}
        assert planned.snapshot().accounts.reachable == 1
        assert planned.snapshot().problems == ()
        assert due_in(planned) <= 60

    def test_one_account_of_many_is_enough_to_ask_again(self, planned):
        planned.cloud.account(OTHER).error = passing()
        planned.plan(spec_of(ACCOUNT, OTHER), generation=2)

        discover(planned)

        assert due_in(planned) <= 60
        assert planned.snapshot().accounts.unreachable == 0

    def test_a_new_account_is_planned_once_it_answers(self, planned):
        planned.cloud.account(OTHER).error = passing()
        planned.plan(spec_of(ACCOUNT, OTHER), generation=2)
        discover(planned)
        assert [problem.reason for problem in planned.snapshot().problems] == ["Throttled"]
        planned.cloud.accounts[OTHER].heal()

        planned.period()

        assert planned.snapshot().problems == ()
        assert planned.snapshot().accounts.tried == 2


class TestRegionsThatMayNotBeRead:
    def test_they_are_one_problem_and_everything_known_is_read_on(self, planned):
        planned.account.regions_error = regions_denied()
        planned.account.put(MACHINES, "new")

        planned.period()

        found = planned.snapshot()
        assert (found.accounts.reachable, found.accounts.unreachable) == (1, 0)
        assert [(p.reason, p.permission) for p in found.problems] == [
            ("AccessDenied", "ec2:DescribeRegions")
        ]
        assert set(planned.statuses().values()) == {"complete"}
        assert planned.live() == {"m", "new", "r"}

    def test_those_that_are_not_asked_for_any_more_are_left_all_the_same(self, rig):
        """Fails without `_narrow`: what the spec gave up would be read until the grant comes."""
        regions = rig.account.regions = ("eu-west-1", "us-east-1")
        for region in regions:
            rig.account.put(MACHINES, region, region=region)
        rig.plan(spec_of(ACCOUNT))
        rig.work()
        assert rig.inventory_view() == set(regions)
        rig.account.regions_error = regions_denied()
        asked = set()
        rig.cloud.on_page = lambda _listing, region, _number: asked.add(region)

        rig.plan(spec_of(ACCOUNT, regions=["eu-*"]), generation=2)
        rig.period()

        assert asked == {"global", "eu-west-1"}
        assert rig.inventory_view() == {"eu-west-1"}
        assert rig.live() == set(regions)

    def test_the_leases_that_get_in_do_not_take_the_problem_back(self, planned):
        planned.account.regions_error = regions_denied()

        for _ in range(3):
            planned.period()
            assert [p.reason for p in planned.snapshot().problems] == ["AccessDenied"]

    def test_discovery_and_leases_do_not_wake_each_other(self, planned):
        planned.account.regions_error = regions_denied()
        planned.period()

        planned.age(950)

        # One discovery, the region and, its own period being longer, no global lease.
        assert planned.work() == 2

    def test_a_new_account_is_read_where_no_region_is_needed(self, rig):
        rig.account.regions_error = regions_denied()
        rig.account.put(ROLES, "r", region="global")
        rig.plan(spec_of(ACCOUNT))

        rig.work()

        assert rig.live() == {"r"}
        assert [p.permission for p in rig.snapshot().problems] == ["ec2:DescribeRegions"]


class TestSecretThatGoesMissing:
    def leases_only(self, rig):
        """The leases of the account come before its discovery."""
        rig.age(100_000)
        rig.value(
            "UPDATE lease SET next_due_at = now() + interval '15 min'"
            " WHERE kind = 'discovery' RETURNING 1"
        )
        for lease in rig.acquire(LeaseKind.INVENTORY):
            rig.run(lease)

    def test_the_lease_that_finds_out_has_the_provider_say_so(self, planned):
        planned.secrets.data = {}

        self.leases_only(planned)
        planned.work()

        entry = planned.snapshot().entry
        assert (entry.state, entry.reason) == (EntryState.DEPENDENCY_MISSING, "SecretNotFound")
        assert planned.inventory_view() == {"m", "r"}

    def test_a_key_that_is_not_accepted_any_more_likewise(self, planned):
        planned.cloud.keys.clear()

        self.leases_only(planned)
        planned.work()

        entry = planned.snapshot().entry
        assert (entry.state, entry.reason) == (EntryState.REJECTED, "CredentialsRejected")

    def test_it_is_looked_at_once_and_not_for_each_lease(self, planned):
        planned.secrets.data = {}
        self.leases_only(planned)

        assert planned.work() == 1

    @pytest.mark.parametrize(
        "error",
        [
            pytest.param(AccessError("shut", reason="RoleNotAssumable"), id="one-account"),
            pytest.param(passing(), id="passing"),
        ],
    )
    def test_one_accounts_own_trouble_is_no_reason_to_look(self, planned, error):
        planned.account.error = error

        self.leases_only(planned)

        assert due_in(planned) > 800

    def test_once_the_secret_is_back_everything_is_read_within_a_minute(self, planned):
        before = dict(planned.secrets.data)
        planned.secrets.data = {}
        self.leases_only(planned)
        planned.work()
        planned.secrets.data = before
        planned.age(64)

        planned.work()

        assert planned.snapshot().entry.state is EntryState.ACCEPTED
        assert set(planned.statuses().values()) == {"complete"}
        assert len(planned.statuses()) == len(LISTINGS)
        assert one(planned.engine, "SELECT error_reason FROM account") == ""
