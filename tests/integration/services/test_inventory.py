"""One lease's work, and what every way of failing leaves behind: never a false deletion."""

import threading
from datetime import timedelta

import pytest

from cloudops.domain.errors import (
    AccessError,
    LeaseLostError,
    StoreUnavailableError,
    WorkerStoppingError,
)
from cloudops.domain.ledger import ErrorClass, LeaseKind
from cloudops.domain.resource import TagSource
from cloudops.services.inventory import InventoryService
from cloudops.services.pulse import Pulse
from cloudops.store import leases, scopes
from cloudops.store.leases import CRASHES_BEFORE_BACKOFF
from tests.fakes.cloud import DISKS, MACHINES, QUEUES, ROLES, TAGGING, spec_of
from tests.fixtures.waiting import eventually
from tests.integration.store.seeding import ACCOUNT, denial, execute, rows, steal

pytestmark = [pytest.mark.integration, pytest.mark.database]

NO_ANSWER = AccessError("no answer", reason="SecretUnavailable", error_class=ErrorClass.TRANSIENT)
FAULTS_AT_THE_DOOR = [
    pytest.param(NO_ANSWER, id="that-passes"),
    pytest.param(AccessError("shut", reason="RoleNotAssumable"), id="that-stays"),
]


@pytest.fixture
def planned(rig):
    """Everything read once: two machines, a queue, a disk, a role."""
    rig.account.put(MACHINES, "m1", "m2")
    rig.account.put(QUEUES, "q1")
    rig.account.put(DISKS, "d1")
    rig.account.put(ROLES, "r1", region="global")
    rig.plan()
    rig.work()
    assert rig.live() == {"m1", "m2", "q1", "d1", "r1"}
    return rig


def regional(rig, seconds=100_000):
    """The lease of the account's region, due again after so many seconds."""
    rig.age(seconds)
    return next(le for le in rig.acquire(LeaseKind.INVENTORY) if le.region == "eu-west-1")


def tag(rig, name, listing):
    """The tagging pass shows a resource of `listing`."""
    rig.account.put(TAGGING, name, document={"team": "one"}, owner_listing=listing.name)


@pytest.fixture
def slowed(rig):
    """An account that was empty so often that its listings are read rarely."""
    rig.plan()
    for _ in range(5):
        rig.period()
    assert {row.empty_streak for row in rig.scopes().values()} == {5}
    return rig


class TestWhatWasEmptyForLong:
    @pytest.mark.parametrize(
        ("listing", "region"), [(DISKS, "eu-west-1"), (ROLES, "global")], ids=["same", "other"]
    )
    def test_is_due_as_soon_as_the_tagging_pass_shows_an_item(self, slowed, listing, region):
        tag(slowed, "new", listing)
        slowed.account.put(listing, "new", region=region, tag_source=TagSource.TAGGING)

        slowed.age(20_000)
        slowed.work()

        assert slowed.value("SELECT tags FROM resource WHERE canonical_id = 'new'") == {
            "team": "one"
        }

    def test_is_not_due_for_an_item_of_another_listing(self, slowed):
        before = slowed.scopes()["fake.roles"].empty_streak
        tag(slowed, "new", DISKS)

        slowed.age(20_000)
        slowed.work()

        assert slowed.scopes()["fake.disks"].empty_streak == before + 1
        assert slowed.scopes()["fake.roles"].empty_streak == before

    def test_is_due_again_if_it_was_read_empty_meanwhile(self, slowed):
        tag(slowed, "new", DISKS)
        slowed.run(regional(slowed))

        slowed.account.put(DISKS, "new")
        slowed.work()

        assert slowed.live() == {"new"}

    def test_is_made_due_once_and_not_at_every_pass(self, slowed):
        tag(slowed, "never listed", DISKS)
        slowed.age(20_000)
        slowed.work()
        before = slowed.scopes()["fake.disks"].empty_streak

        slowed.age(20_000)
        slowed.work()

        assert slowed.scopes()["fake.disks"].empty_streak == before

    def test_stays_at_rest_while_its_provider_does(self, slowed):
        tag(slowed, "new", ROLES)
        lease = regional(slowed, 20_000)
        slowed.plan(suspended=True)
        slowed.run(lease)

        assert not slowed.acquire()

        slowed.account.put(ROLES, "new", region="global")
        slowed.plan(suspended=False)
        slowed.work()
        assert slowed.live() == {"new"}


class TestReading:
    def test_everything_is_read_and_told(self, planned):
        assert set(planned.statuses().values()) == {"complete"}
        assert planned.snapshot().resources == 5
        assert planned.snapshot().accounts.tried == 1

    def test_what_is_gone_is_deleted_by_strong_listings_at_once(self, planned):
        planned.account.remove(MACHINES, "m1")

        planned.period()

        assert planned.live() == {"m2", "q1", "d1", "r1"}

    def test_and_by_eventual_ones_the_second_time(self, planned):
        planned.account.remove(QUEUES, "q1")

        planned.period()
        assert "q1" in planned.live()
        planned.period()

        assert "q1" not in planned.live()

    def test_listings_longer_than_a_page_are_read_to_their_end(self, planned):
        names = {f"m{number}" for number in range(20)}
        planned.account.put(MACHINES, *names)

        planned.period()

        assert names <= planned.live()
        assert planned.scopes()["fake.machines"].item_count == 20

    def test_tags_come_with_their_own_pass(self, planned):
        planned.account.put(MACHINES, "m1", tag_source=TagSource.TAGGING)
        planned.account.put(TAGGING, "m1", document={"team": "one"})

        planned.period()

        assert planned.value("SELECT tags FROM resource WHERE canonical_id = 'm1'") == {
            "team": "one"
        }

    def test_an_unchanged_period_touches_no_row_of_the_inventory(self, planned):
        planned.period()
        query = "SELECT xmin, ctid FROM resource UNION ALL SELECT xmin, ctid FROM facet"
        before = rows(planned.engine, query)

        planned.period()

        assert rows(planned.engine, query) == before

    def test_what_is_not_due_is_not_read(self, planned):
        lease = regional(planned, 950)
        before = planned.scopes()["fake.disks"].last_attempt_at

        planned.run(lease)

        after = planned.scopes()
        assert after["fake.disks"].last_attempt_at == before
        assert after["fake.machines"].last_attempt_at > before

    def test_every_session_is_closed(self, planned):
        planned.account.fail(MACHINES, denial())
        planned.period()

        assert planned.cloud.opened == planned.cloud.closed > 0


class TestFailures:
    @pytest.mark.parametrize(
        ("error_class", "status"),
        [
            (ErrorClass.IAM_DENY, "denied"),
            (ErrorClass.SCP_DENY, "denied"),
            (ErrorClass.OPT_IN, "unsupported"),
            (ErrorClass.UNSUPPORTED, "unsupported"),
            (ErrorClass.THROTTLED, "throttled"),
            (ErrorClass.TRANSIENT, "failed"),
            (ErrorClass.INCOMPLETE, "partial"),
        ],
    )
    def test_each_class_is_told_and_deletes_nothing(self, planned, error_class, status):
        planned.account.remove(MACHINES, "m1")
        planned.account.fail(MACHINES, denial(error_class=error_class, permission="fake:List"))

        planned.period()
        planned.period()

        row = planned.scopes()["fake.machines"]
        assert (row.status, row.error_class, row.error_permission) == (
            status,
            error_class.value,
            "fake:List",
        )
        assert {"m1", "m2"} <= planned.live()

    def test_a_page_that_fails_in_the_middle_keeps_what_came_before_it(self, planned):
        planned.account.put(MACHINES, *(f"n{number}" for number in range(7)))
        planned.account.remove(MACHINES, "m1")
        planned.account.fail(MACHINES, denial(error_class=ErrorClass.TRANSIENT), after=2)

        planned.period()

        assert {"m1", "m2", "n0", "n4"} <= planned.live()
        assert "n6" not in planned.live()
        assert planned.statuses()["fake.machines"] == "failed"

    def test_an_item_that_nobody_understands_is_quarantined_and_counted(self, planned):
        planned.account.damage(MACHINES, "m1")
        planned.account.remove(MACHINES, "m2")
        planned.account.put(MACHINES, "m3")

        planned.period()

        row = planned.scopes()["fake.machines"]
        assert (row.status, row.error_code, row.malformed_count) == ("partial", "MalformedItem", 1)
        assert {"m1", "m2", "m3"} <= planned.live()

    def test_one_denied_listing_does_not_stop_its_neighbours(self, planned):
        planned.account.fail(MACHINES, denial())
        planned.account.put(DISKS, "d2")

        planned.period()

        assert "d2" in planned.live()
        assert planned.statuses()["fake.disks"] == "complete"

    def test_after_the_fault_the_truth_is_back(self, planned):
        planned.account.fail(MACHINES, denial())
        planned.account.remove(MACHINES, "m1")
        planned.period()
        planned.account.heal()

        planned.period()

        assert planned.live() == {"m2", "q1", "d1", "r1"}
        assert planned.snapshot().unsynced == {}

    def test_a_message_that_no_column_takes_does_not_stop_the_lease(self, planned):
        planned.account.fail(MACHINES, denial(message="a\0b" + "x" * 5000))

        planned.period()

        row = planned.scopes()["fake.machines"]
        assert row.error_message.startswith("a\ufffdb")
        assert len(row.error_message) == 1024


def shut_out_twice(rig):
    """The Secret is missing for one lease, and lacks a key for the other, a little later."""
    rig.age(100_000)
    leases = {lease.region: lease for lease in rig.acquire(LeaseKind.INVENTORY)}
    rig.secrets.error = AccessError("no Secret", reason="SecretNotFound")
    rig.run(leases["global"])
    rig.secrets.error = AccessError("no key", reason="SecretKeyMissing")
    rig.run(leases["eu-west-1"])
    rig.work()
    assert rig.scopes()["fake.roles"].error_code == "SecretNotFound"
    assert rig.scopes()["fake.machines"].error_code == "SecretKeyMissing"
    rig.age(950)  # the role listing of the one lease is due in a day


def due_times(rig, listing):
    found = rows(rig.engine, "SELECT next_due_at FROM scope WHERE listing = :name", name=listing)
    return [row.next_due_at for row in found]


class TestClosedDoor:
    def test_every_scope_of_the_lease_says_so_and_rows_stay(self, planned):
        lease = regional(planned)
        planned.account.error = AccessError(
            "shut", reason="RoleNotAssumable", permission="sts:AssumeRole"
        )

        planned.run(lease)

        states = {
            (row.status, row.error_code, row.error_permission)
            for row in planned.scopes().values()
            if row.region == "eu-west-1"
        }
        assert states == {("denied", "RoleNotAssumable", "sts:AssumeRole")}
        assert planned.snapshot().accounts.unreachable == 1
        assert planned.snapshot().resources == 5

    def test_another_accounts_identity_is_a_closed_door(self, planned):
        lease = regional(planned)
        planned.cloud.account("999900001111", key="AKIAELSE").put(MACHINES, "theirs")
        planned.secrets.data["AWS_ACCESS_KEY_ID"] = "AKIAELSE"

        planned.run(lease)

        assert planned.scopes()["fake.machines"].error_code == "IdentityMismatch"
        assert planned.live() == {"m1", "m2", "q1", "d1", "r1"}
        assert planned.cloud.opened == planned.cloud.closed

    def test_what_passes_by_itself_is_tried_again_soon_and_shuts_no_account(self, planned):
        lease = regional(planned, 1000)
        planned.secrets.error = NO_ANSWER

        planned.run(lease)

        assert planned.snapshot().accounts.unreachable == 0
        assert planned.statuses()["fake.machines"] == "failed"
        wait = planned.value(
            "SELECT extract(epoch FROM next_due_at - now()) FROM scope"
            " WHERE listing = 'fake.machines'"
        )
        assert wait <= 30
        assert planned.snapshot().unsynced == {}

    def test_what_passes_by_itself_leaves_alone_what_was_not_due(self, planned):
        """Fails without `only`: each hiccup would have listings read that are read once a day."""
        lease = regional(planned, 1000)
        before = planned.scopes()["fake.disks"]
        planned.secrets.error = NO_ANSWER

        planned.run(lease)

        assert planned.scopes()["fake.disks"] == before

    def test_what_does_not_pass_by_itself_is_told_of_all_of_them(self, planned):
        lease = regional(planned, 1000)
        planned.account.error = AccessError("shut", reason="RoleNotAssumable")

        planned.run(lease)

        assert planned.statuses()["fake.disks"] == "denied"

    def test_when_one_lease_gets_in_again_what_the_door_denied_is_read_at_once(self, planned):
        planned.account.error = AccessError("shut", reason="RoleNotAssumable")
        planned.age(100_000)
        for lease in planned.acquire(LeaseKind.INVENTORY):
            planned.run(lease)
        assert planned.statuses()["fake.roles"] == "denied"
        planned.account.heal()
        planned.age(950)  # the role listing of the other lease is due in a day

        for _ in range(3):
            for lease in planned.acquire(LeaseKind.INVENTORY):
                planned.run(lease)

        assert set(planned.statuses().values()) == {"complete"}
        assert planned.snapshot().accounts.unreachable == 0

    def test_two_causes_in_a_row_are_both_over_once_a_lease_gets_in(self, planned):
        """Fails without `KEPT_OUT`: what the first cause denied would wait for a day.

        Each lease tells its own scopes only, and the account knows the last cause alone.
        """
        shut_out_twice(planned)
        planned.secrets.error = None
        (lease,) = (le for le in planned.acquire(LeaseKind.INVENTORY) if le.region == "eu-west-1")

        planned.run(lease)
        for lease in planned.acquire(LeaseKind.INVENTORY):
            planned.run(lease)

        assert set(planned.statuses().values()) == {"complete"}
        assert planned.snapshot().unsynced == {}

    def test_two_causes_in_a_row_are_both_over_once_a_discovery_gets_in(self, planned):
        """Fails without `KEPT_OUT`: what the first cause denied would wait for a day."""
        shut_out_twice(planned)
        planned.secrets.error = None

        planned.run(*planned.acquire(LeaseKind.DISCOVERY))
        for lease in planned.acquire(LeaseKind.INVENTORY):
            planned.run(lease)

        assert set(planned.statuses().values()) == {"complete"}
        assert planned.snapshot().unsynced == {}

    def test_what_a_listing_was_denied_is_not_asked_again_with_the_door(self, planned):
        """Fails if all that was denied is reopened: a denial by policy is asked once a day."""
        planned.account.fail(MACHINES, denial(error_class=ErrorClass.SCP_DENY))
        planned.period()
        (before,) = due_times(planned, "fake.machines")
        execute(planned.engine, "UPDATE account SET reachable = false, error_reason = 'Shut'")
        planned.age(950)

        planned.work()

        assert planned.snapshot().accounts.unreachable == 0
        assert due_times(planned, "fake.machines") == [before - timedelta(seconds=950)]

    @pytest.mark.parametrize("fault", FAULTS_AT_THE_DOOR)
    def test_what_is_not_there_stays_out_of_the_view_and_is_asked_once_it_opens(
        self, planned, fault
    ):
        """Fails without `_but_unsupported` in `_DENY`, and without it in `_DENY_SHUT`.

        Its rows would be shown again, and kept for another month.
        """
        planned.account.fail(DISKS, denial("OptInRequired", error_class=ErrorClass.OPT_IN))
        planned.period()
        planned.account.heal()
        planned.account.error = fault
        for _ in range(2):
            planned.period()

        told = planned.scopes()["fake.disks"]
        assert (told.status, told.error_code) == ("unsupported", "OptInRequired")
        assert planned.inventory_view() == {"m1", "m2", "q1", "r1"}
        assert planned.value("SELECT now() - :at > interval '2 days'", at=told.status_since)

        planned.account.heal()
        planned.age(950)  # it is due in an hour, as long as nobody knows that the door is open
        planned.work()
        assert planned.inventory_view() == {"m1", "m2", "q1", "d1", "r1"}

    def test_a_lost_lease_denies_nothing(self, planned):
        lease = regional(planned)
        planned.account.error = AccessError("shut", reason="RoleNotAssumable")
        steal(planned.engine, lease)

        with pytest.raises(LeaseLostError):
            planned.run(lease)

        assert set(planned.statuses().values()) == {"complete"}


class TestLostLease:
    def test_lost_in_the_middle_of_a_listing_nothing_is_written(self, planned):
        lease = regional(planned)
        planned.account.put(MACHINES, *(f"n{number}" for number in range(9)))
        planned.account.remove(DISKS, "d1")
        planned.cloud.on_page = lambda *_: steal(planned.engine, lease)
        before = rows(planned.engine, "SELECT * FROM scope ORDER BY id")

        with pytest.raises(LeaseLostError):
            planned.run(lease)

        assert planned.live() == {"m1", "m2", "q1", "d1", "r1"}
        assert rows(planned.engine, "SELECT * FROM scope ORDER BY id") == before

    def test_lost_after_all_listings_nothing_is_recorded_or_swept(self, planned):
        """Unchanged listings are recorded all at once at the end."""
        lease = regional(planned)
        seen = []

        def last(listing, _region, _number):
            seen.append(listing)
            if len(seen) == 4:
                steal(planned.engine, lease)

        planned.cloud.on_page = last
        before = rows(planned.engine, "SELECT * FROM scope ORDER BY id")

        with pytest.raises(LeaseLostError):
            planned.run(lease)

        assert rows(planned.engine, "SELECT * FROM scope ORDER BY id") == before

    def test_a_pulse_that_was_told_so_stops_the_listing(self, planned):
        lease = regional(planned)
        pulse = Pulse(lease.domain)
        planned.cloud.on_page = lambda *_: pulse.lose()

        with pytest.raises(LeaseLostError):
            planned.inventory.run(lease, pulse)

    def test_a_worker_that_stops_hands_back_unfinished_work(self, planned):
        lease = regional(planned)
        pulse = Pulse(lease.domain)
        planned.cloud.on_page = lambda *_: pulse.stop()

        with pytest.raises(WorkerStoppingError):
            planned.inventory.run(lease, pulse)

        assert planned.cloud.opened == planned.cloud.closed


UNREAD_NEIGHBOURS = """
SELECT count(*) FROM scope WHERE lease_id = :id AND listing <> 'fake.machines'
    AND last_attempt_at < now() - interval '1 hour'
"""


class Died(BaseException):
    """What ends a process ends its work; nothing is recorded or given back any more."""


def died_after_its_neighbours(rig, lease):
    """The machines end the worker once all that was due with them is in the ledger.

    At the first attempt nothing is, before all of them are over; and where listings are read
    one by one there is nothing to wait for.
    """

    def on_page(listing, _region, _number):
        if listing != "fake.machines":
            return
        if 1 < lease.attempts <= CRASHES_BEFORE_BACKOFF:
            eventually(lambda: rig.value(UNREAD_NEIGHBOURS, id=lease.id) == 0)
        raise Died

    return on_page


def run_out(engine):
    """The region's lease, which was not given back; the others are not what this is about."""
    execute(
        engine,
        "UPDATE lease SET expires_at = now() - interval '1 day' WHERE region = 'eu-west-1'",
    )
    execute(
        engine,
        "UPDATE lease SET expires_at = NULL, attempts = 0 WHERE region <> 'eu-west-1'",
    )


def suspected(rig, lease):
    with rig.engine.begin() as connection:
        due = scopes.due_scopes(connection, lease)
    return {scope.listing for scope in due if scope.crashed}


class TestCrashedWorkers:
    def test_a_domain_that_killed_workers_is_read_one_listing_at_a_time(self, planned):
        planned.age(100_000)
        execute(planned.engine, "UPDATE lease SET attempts = 4 WHERE region = 'eu-west-1'")
        lease = regional(planned)
        assert lease.attempts == 5
        running, most, lock = set(), [], threading.Lock()

        def watch(listing, _region, _number):
            with lock:
                running.add(listing)
                most.append(len(running))
            threading.Event().wait(0.05)  # time for a neighbour to show itself
            with lock:
                running.discard(listing)

        planned.cloud.on_page = watch
        planned.run(lease)

        assert max(most) == 1

    def test_the_first_finished_scope_clears_the_count(self, planned):
        execute(planned.engine, "UPDATE lease SET attempts = 4 WHERE region = 'eu-west-1'")
        lease = regional(planned)
        counts = []
        planned.cloud.on_page = lambda *_: counts.append(
            planned.value("SELECT attempts FROM lease WHERE id = :id", id=lease.id)
        )

        planned.run(lease)

        assert counts[0] == 5
        assert counts[-1] == 0

    def test_a_neighbour_clears_it_once_and_no_more_until_the_lease_is_finished(self, planned):
        """Fails if none of a turn clears the count before it is over: a worker that is killed

        in a long load would be blamed on its lease. Fails if each does, again and again: where
        neighbours are due each time, one that kills would never be found.
        """
        attempts = []
        for _ in range(5):
            lease = regional(planned)
            attempts.append(lease.attempts)
            planned.cloud.on_page = died_after_its_neighbours(planned, lease)
            with pytest.raises(Died):
                planned.run(lease)
            run_out(planned.engine)

        assert attempts == [1, 2, 2, 3, 4]
        assert planned.scopes()["fake.machines"].error_code == "WorkerCrashed"

    def test_once_it_is_known_it_stops_none_of_its_neighbours(self, planned):
        execute(planned.engine, "UPDATE lease SET attempts = 4 WHERE region = 'eu-west-1'")
        taken = []
        for _ in range(3):
            taken.append(regional(planned))
            planned.cloud.on_page = died_after_its_neighbours(planned, taken[-1])
            with pytest.raises(Died):
                planned.run(taken[-1])
            run_out(planned.engine)

        assert taken[-1].attempts == 2
        assert planned.scopes()["fake.machines"].error_code == "WorkerCrashed"
        assert planned.value(UNREAD_NEIGHBOURS, id=taken[-1].id) == 0

    @pytest.mark.parametrize("fault", FAULTS_AT_THE_DOOR)
    def test_a_fault_at_the_door_does_not_make_it_an_innocent_one(self, planned, fault):
        """Fails if the code alone says it, which `_DENY` and `_DENY_SHUT` overwrite.

        Its neighbours would die with it again, as often as before it was found.
        """
        lease = regional(planned)
        with planned.engine.begin() as connection:
            (machines,) = (
                scope
                for scope in scopes.due_scopes(connection, lease)
                if scope.listing == "fake.machines"
            )
            scopes.suspect(connection, machines)
            leases.finish(connection, lease)
        planned.account.error = fault
        planned.period()
        assert planned.scopes()["fake.machines"].error_code == fault.reason
        planned.account.heal()

        lease = regional(planned)
        assert suspected(planned, lease) == {"fake.machines"}
        planned.run(lease)

        assert suspected(planned, regional(planned)) == set()

    def test_it_keeps_none_of_its_neighbours_rows_alive(self, planned):
        """Fails without `swept_together`: no lease gets as far as the end of all turns.

        What is gone would be shown for as long as the listing kills, and by scopes that look
        fresh.
        """
        execute(
            planned.engine,
            "UPDATE scope SET error_code = 'WorkerCrashed', status = 'failed', crashed = true,"
            " error_class = 'transient' WHERE listing = 'fake.machines'",
        )
        planned.account.remove(DISKS, "d1")
        planned.account.remove(QUEUES, "q1")
        planned.account.remove(MACHINES, "m1")
        for _ in range(2):  # queues are listed eventually
            lease = regional(planned)
            planned.cloud.on_page = died_after_its_neighbours(planned, lease)
            with pytest.raises(Died):
                planned.run(lease)
            run_out(planned.engine)

        assert planned.live() == {"m1", "m2", "r1"}

        planned.cloud.on_page = lambda *_: None
        planned.period()
        assert planned.live() == {"m2", "r1"}


class TestOlderWorker:
    """During an upgrade a worker may meet scopes that it has no listing for."""

    def test_it_leaves_them_alone_and_does_not_spin(self, planned):
        execute(planned.engine, "UPDATE scope SET listing = 'fake.newer' WHERE region = 'global'")
        planned.age(100_000)
        (lease,) = (le for le in planned.acquire(LeaseKind.INVENTORY) if le.region == "global")
        opened = planned.cloud.opened

        planned.run(lease)

        assert planned.cloud.opened == opened
        assert planned.scopes()["fake.newer"].status == "complete"
        assert not planned.value(
            "SELECT next_due_at <= now() FROM lease WHERE id = :id", id=lease.id
        )


class TestDatabaseRestart:
    @pytest.mark.parametrize("mode", ["fast", "immediate"])
    def test_in_the_middle_of_a_long_listing_nothing_is_deleted_and_the_next_pass_completes(
        self, planned, postgres, mode
    ):
        names = {f"n{number}" for number in range(12)}
        planned.account.put(MACHINES, *names)
        planned.account.remove(MACHINES, "m1")
        lease = regional(planned)
        restarted: list[None] = []

        def restart(listing, _region, number):
            if listing == "fake.machines" and number == 2 and not restarted:
                restarted.append(postgres.restart(mode))

        planned.cloud.on_page = restart

        with pytest.raises(StoreUnavailableError):
            planned.run(lease)

        assert restarted
        assert planned.live() == {"m1", "m2", "q1", "d1", "r1"}
        execute(
            planned.engine,
            "UPDATE lease SET expires_at = now() - interval '1 s' WHERE holder <> ''",
        )
        planned.period()
        assert planned.live() == names | {"m2", "q1", "d1", "r1"}

    def test_a_database_that_is_away_when_the_run_ends_loses_nothing(self, planned, postgres):
        planned.account.put(MACHINES, "m3")
        lease = regional(planned)
        planned.cloud.on_page = lambda *_: postgres.stop("immediate")

        with pytest.raises(StoreUnavailableError):
            planned.run(lease)
        postgres.start()

        assert planned.live() == {"m1", "m2", "q1", "d1", "r1"}


def test_deletions_are_held_and_then_released(planned):
    """Fails if a brake never holds (`DeletionBrake.holds`): all twenty are deleted at once."""
    planned.plan(spec_of(brake={"percent": 30, "minimum": 1}), generation=2)
    planned.account.put(MACHINES, *(f"n{number}" for number in range(20)))
    planned.period()
    for number in range(20):
        planned.account.remove(MACHINES, f"n{number}")

    planned.period()
    (held,) = planned.snapshot().held
    assert (held.listing, held.account_id, held.count) == ("fake.machines", ACCOUNT, 20)
    planned.plan(spec_of(brake={"percent": 100, "minimum": 1}), generation=3)
    planned.period()

    assert planned.snapshot().held == ()
    assert planned.live() == {"m1", "m2", "q1", "d1", "r1"}


def test_nothing_is_held_of_what_is_not_there_any_more(planned):
    """Fails without `held_count` in `_RECORD`: nobody could ever release what no sweep reads."""
    planned.plan(spec_of(brake={"percent": 30, "minimum": 1}), generation=2)
    planned.account.remove(MACHINES, "m1", "m2")
    planned.period()
    assert planned.snapshot().held_total == 2

    planned.account.fail(MACHINES, denial("Gone", error_class=ErrorClass.UNSUPPORTED))
    planned.period()
    assert planned.snapshot().held_total == 0

    planned.account.heal()
    planned.period()
    assert planned.snapshot().held_total == 2
    assert planned.live() == {"m1", "m2", "q1", "d1", "r1"}


def test_the_controller_is_told_after_each_lease(planned):
    stop, heard = threading.Event(), []

    def listen():
        heard.extend(planned.planning.changes(stop))

    thread = threading.Thread(target=listen)
    thread.start()
    try:

        def told():
            planned.age(100_000)
            for lease in planned.acquire(LeaseKind.INVENTORY):
                planned.run(lease)
            return heard

        assert set(eventually(told)) == {("platform", "aws-prod")}
    finally:
        stop.set()
        thread.join(60)


def test_threads_are_shared_by_all_leases_of_a_worker(planned):
    assert isinstance(planned.inventory, InventoryService)
    planned.age(100_000)
    taken = planned.acquire(LeaseKind.INVENTORY)
    workers = [threading.Thread(target=planned.run, args=(lease,)) for lease in taken]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert set(planned.statuses().values()) == {"complete"}
