"""What goes wrong while accounts are discovered, and what it must not do to the others."""

import pytest

from cloudops.collectors.vocabulary import Discovery
from cloudops.domain.errors import AccessError, LeaseLostError, WorkerStoppingError
from cloudops.domain.ledger import ErrorClass, LeaseKind
from cloudops.domain.provider import Identity
from cloudops.domain.snapshot import EntryState
from cloudops.services import discovery
from cloudops.services.pulse import Pulse
from tests.fakes.cloud import LISTINGS, MACHINES, ROLES, spec_of
from tests.integration.services.rig import CountingPulse
from tests.integration.store.seeding import ACCOUNT, one, provider_record

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

    @pytest.mark.parametrize("where", ["error", "regions_error"])
    def test_what_lasts_is_told_of_an_account_that_is_read_all_the_same(self, planned, where):
        """Fails if nothing is noted of it: nobody would know that its regions are old."""
        setattr(planned.account, where, passing())
        for _ in range(2):
            discover(planned)

        [problem] = planned.snapshot().problems
        assert (problem.reason, problem.example_account) == ("Throttled", ACCOUNT)
        assert planned.snapshot().accounts.reachable == 1
        assert set(planned.statuses().values()) == {"complete"}
        planned.account.heal()
        discover(planned)
        assert planned.snapshot().problems == ()

    def test_what_lasts_is_told_of_a_discovery_that_does_not_come_to_its_end(self, planned):
        """Fails if nothing is noted of it: nobody would know that accounts may be missing."""
        planned.secrets.error = passing()
        discover(planned)
        assert planned.snapshot().problems == ()

        discover(planned)

        [problem] = planned.snapshot().problems
        assert (problem.reason, problem.accounts, problem.listing) == ("Throttled", 1, "")
        assert planned.snapshot().entry.state is EntryState.ACCEPTED
        planned.secrets.error = None
        discover(planned)
        assert planned.snapshot().problems == ()

    @pytest.mark.parametrize("where", ["error", "regions_error"])
    def test_it_hides_no_cause_that_has_a_cure(self, planned, where):
        setattr(planned.account, where, regions_denied())
        discover(planned)
        setattr(planned.account, where, passing())

        for _ in range(2):
            discover(planned)

        assert [p.permission for p in planned.snapshot().problems] == ["ec2:DescribeRegions"]


SECRET_WORDS = "what an answer held"


class TestBugs:
    """An answer of a shape that nobody thought of, or worse."""

    def assert_told(self, problem):
        assert (problem.reason, problem.permission, problem.listing) == ("InternalError", "", "")
        assert "KeyError" in problem.message
        assert SECRET_WORDS not in problem.message

    def break_discovery(self, rig, monkeypatch):
        def broken(_access, _progress):
            raise KeyError(SECRET_WORDS)

        # A bug of our own can only be put in.
        monkeypatch.setattr(rig.cloud, "discover", broken)

    def test_one_at_the_very_first_is_told_and_tried_again_soon(self, rig, monkeypatch):
        """Fails without the boundary of `run`: the status would wait for a worker for ever."""
        self.break_discovery(rig, monkeypatch)
        rig.plan(spec_of(ACCOUNT))

        rig.work()

        entry = rig.snapshot().entry
        assert (entry.state, entry.reason) == (EntryState.UNREACHABLE, "InternalError")
        [problem] = rig.snapshot().problems
        self.assert_told(problem)
        assert due_in(rig) <= 60
        monkeypatch.undo()
        rig.age(64)
        rig.work()
        assert rig.snapshot().problems == ()
        assert set(rig.statuses().values()) == {"complete"}

    def test_a_later_one_is_told_at_once_and_everything_known_is_read_on(
        self, planned, monkeypatch
    ):
        """Fails if what passes leaves no trace once the credentials were accepted."""
        self.break_discovery(planned, monkeypatch)
        planned.account.put(MACHINES, "new")

        planned.period()

        [problem] = planned.snapshot().problems
        self.assert_told(problem)
        assert planned.snapshot().entry.state is EntryState.ACCEPTED
        assert planned.live() == {"m", "new", "r"}
        monkeypatch.undo()
        discover(planned)
        assert planned.snapshot().problems == ()

    def test_one_before_any_account_is_named_is_told_as_well(self, rig, monkeypatch):
        """Fails if such a provider counts as bare."""
        nobody = Discovery(Identity("user/me", ACCOUNT), ())
        rig.cloud.discover = lambda _access, _progress: nobody
        record = provider_record(spec=spec_of(ACCOUNT))
        rig.planning.sync_provider(rig.epoch, record)
        rig.work()
        self.break_discovery(rig, monkeypatch)

        discover(rig)

        found = rig.planning.sync_provider(rig.epoch, record)
        assert found is not None
        [problem] = found.problems
        self.assert_told(problem)

    def test_one_while_the_plan_is_written_is_told_as_well(self, planned, monkeypatch):
        def broken(*_):
            raise KeyError(SECRET_WORDS)

        # Likewise, where no cloud is asked any more.
        monkeypatch.setattr(discovery, "write_plan", broken)

        discover(planned)

        self.assert_told(planned.snapshot().problems[0])
        assert planned.inventory_view() == {"m", "r"}

    def test_one_of_an_account_is_told_at_once_and_it_is_read_on(self, planned):
        planned.account.error = AccessError(
            "a bug (KeyError)", reason="InternalError", error_class=ErrorClass.TRANSIENT
        )

        discover(planned)

        [problem] = planned.snapshot().problems
        self.assert_told(problem)
        assert planned.snapshot().accounts.reachable == 1
        assert set(planned.statuses().values()) == {"complete"}
        planned.account.heal()
        discover(planned)
        assert planned.snapshot().problems == ()


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
