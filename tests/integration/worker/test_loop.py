"""The lease loop with real threads, a real database and a cloud in memory."""

import threading
import time

import pytest

from cloudops.domain.errors import CloudOpsError
from cloudops.services.leasing import LeasingService
from cloudops.store.leases import CRASHES_BEFORE_BACKOFF
from tests.fakes.cloud import DISKS, MACHINES, ROLES, spec_of
from tests.fixtures.waiting import eventually
from tests.integration.store.seeding import ACCOUNT, denial, execute, steal
from tests.integration.worker.running import Running

pytestmark = [pytest.mark.integration, pytest.mark.database]

OTHER = "444455556666"
DUE = "SELECT count(*) FROM scope WHERE next_due_at <= now() AND retired_at IS NULL"


def read(rig):
    """Whether every scope was read, and there are some."""
    statuses = rig.statuses()
    return statuses and set(statuses.values()) == {"complete"}


def held(rig):
    return rig.value("SELECT count(*) FROM lease WHERE holder <> ''")


@pytest.fixture
def filled(rig):
    rig.account.put(MACHINES, *(f"m{number}" for number in range(7)))
    rig.account.put(ROLES, "r", region="global")
    rig.plan()
    return rig


def test_discovery_and_inventory_follow_each_other(filled):
    with Running(filled):
        eventually(lambda: read(filled))
        eventually(lambda: held(filled) == 0)

    assert len(filled.live()) == 8


def test_what_becomes_due_later_is_taken_up(filled):
    with Running(filled):
        eventually(lambda: read(filled))
        filled.account.remove(MACHINES, "m0")
        filled.age(100_000)

        eventually(lambda: "m0" not in filled.live())


def test_two_workers_share_the_work(filled):
    for number in range(6):
        filled.cloud.account(f"{number:012}")
    filled.plan(spec_of(ACCOUNT, *(f"{number:012}" for number in range(6))), generation=2)

    with Running(filled), Running(filled):
        eventually(lambda: filled.snapshot().accounts.tried == 7)

    assert filled.value("SELECT max(attempts) FROM lease") == 0


def test_a_listing_with_a_bug_stops_neither_its_own_lease_nor_others(filled):
    filled.account.fail(MACHINES, ValueError("a bug in a parser"))

    with Running(filled):
        eventually(lambda: filled.snapshot().accounts.tried == 1)
        eventually(lambda: held(filled) == 0)

    row = filled.scopes()["fake.machines"]
    assert (row.status, row.error_code) == ("failed", "InternalError")
    assert "ValueError" in row.error_message
    assert "a bug in a parser" not in row.error_message
    others = {name: state for name, state in filled.statuses().items() if name != "fake.machines"}
    assert set(others.values()) == {"complete"}
    assert filled.value("SELECT max(attempts) FROM lease") == 0


def test_a_document_that_the_database_refuses_fails_its_own_scope(filled):
    filled.account.put(DISKS, "d", document={"text": "a\u0000b"})

    with Running(filled):
        eventually(lambda: filled.snapshot().accounts.tried == 1)

    assert filled.scopes()["fake.disks"].error_code == "InternalError"
    assert filled.statuses()["fake.machines"] == "complete"


def breaking(cloud, error):
    """The door of the first account is broken; what is set back opens it."""
    opening = cloud.open

    def broken(access, account_id, progress):
        if account_id == ACCOUNT:
            raise error
        return opening(access, account_id, progress)

    cloud.open = broken
    return opening


def test_a_lease_that_breaks_off_does_not_stop_others(filled):
    """What no service expects ends the run of one lease; it is given back and taken up again."""
    filled.cloud.account(OTHER).put(MACHINES, "other")
    filled.plan(spec_of(ACCOUNT, OTHER), generation=2)
    opening = breaking(filled.cloud, ValueError("a bug at the door"))

    with Running(filled):
        eventually(lambda: "other" in filled.live())
        filled.cloud.open = opening
        eventually(lambda: len(filled.live()) == 9)


@pytest.mark.parametrize("error", [ValueError("a bug"), CloudOpsError("nobody's affair")])
def test_a_lease_that_breaks_off_is_no_death_and_comes_again(filled, error):
    """Fails if only what the database broke off is given back (`_let_down`)."""
    seconds = 0.5
    filled.work()
    filled.age(100_000)
    opening = breaking(filled.cloud, error)
    before = filled.value("SELECT min(fence) FROM lease WHERE kind = 'inventory'")

    with Running(filled, worker_lease_seconds=seconds) as running:
        taken = "SELECT min(fence) FROM lease WHERE kind = 'inventory'"
        eventually(lambda: filled.value(taken) > before + CRASHES_BEFORE_BACKOFF)

        assert running.worker.trouble() == ""  # of the database
        assert filled.value("SELECT max(attempts) FROM lease") <= 1
        assert filled.snapshot().problems == ()
        filled.cloud.open = opening
        eventually(lambda: held(filled) == 0 and filled.value(DUE) == 0)

    assert read(filled)


def test_a_long_listing_keeps_its_lease_while_pages_come(filled):
    filled.cloud.page_size = 1
    filled.cloud.on_page = lambda listing, *_: time.sleep(0.6 if listing == "fake.machines" else 0)

    with Running(filled, worker_lease_seconds=1.0):
        eventually(lambda: read(filled))

    assert filled.value("SELECT max(fence) FROM lease WHERE kind = 'inventory'") == 1


class CountingLeasing(LeasingService):
    looks = 0

    def watch(self):
        self.looks += 1
        super().watch()


class TestHungListing:
    @pytest.fixture
    def hanging(self, filled):
        """The machine listing hangs until it is let go."""
        go, arrived = threading.Event(), threading.Event()

        def hang(listing, _region, number):
            if listing == "fake.machines" and number == 1:
                arrived.set()
                go.wait(60)

        filled.cloud.on_page = hang
        filled.arrived, filled.go = arrived, go
        yield filled
        go.set()

    def test_its_lease_goes_to_another_worker_and_it_writes_nothing(self, hanging):
        with Running(hanging, listing_deadline_seconds=0.5, worker_lease_seconds=1.0):
            assert hanging.arrived.wait(60)
            # Nobody else works here: the row of the lease shows that it has run out.
            eventually(
                lambda: hanging.value(
                    "SELECT count(*) FROM lease WHERE holder <> '' AND expires_at < now()"
                )
            )
            hanging.cloud.on_page = lambda *_: None
            with Running(hanging):
                eventually(lambda: read(hanging))
            fences = hanging.value("SELECT max(fence) FROM lease")
            changed = hanging.value("SELECT max(changed_at) FROM resource")
            hanging.go.set()

        assert hanging.value("SELECT max(changed_at) FROM resource") == changed
        assert hanging.value("SELECT max(fence) FROM lease") == fences >= 2

    def test_the_databases_clock_is_watched_meanwhile(self, hanging, engine):
        """Fails if a worker looks only while it has threads to spare: it may have none for long."""
        leasing = CountingLeasing(engine, lease_seconds=60)
        with Running(hanging, leasing, worker_threads=1):
            assert hanging.arrived.wait(60)
            before = leasing.looks

            eventually(lambda: leasing.looks > before + 3, timeout=20)
            hanging.go.set()

    def test_stopping_hands_its_lease_back_in_time(self, hanging):
        running = Running(hanging, worker_stop_seconds=3.0)
        with running:
            assert hanging.arrived.wait(60)

            took = running.stop()

            assert took < 4.5
            assert held(hanging) == 0
            assert hanging.value(
                "SELECT next_due_at <= now() FROM lease WHERE region = 'eu-west-1'"
            )
            hanging.go.set()

    def test_other_leases_go_on(self, hanging):
        hanging.cloud.account(OTHER).put(MACHINES, "other")
        hanging.plan(spec_of(ACCOUNT, OTHER), generation=2)
        hang = hanging.cloud.on_page
        first: list[str] = []

        def once(listing, region, number):
            if listing == "fake.machines" and not first:
                first.append(listing)
                hang(listing, region, 1)

        hanging.cloud.on_page = once

        with Running(hanging):
            assert hanging.arrived.wait(60)
            eventually(lambda: hanging.statuses().get("fake.roles") == "complete")
            hanging.go.set()


class TestStopping:
    def test_work_that_pages_stops_at_the_next_page_and_is_handed_back(self, filled):
        filled.cloud.page_size = 1
        started = threading.Event()

        def slow(listing, *_):
            if listing == "fake.machines":
                started.set()
                time.sleep(0.3)

        filled.cloud.on_page = slow
        running = Running(filled)
        with running:
            assert started.wait(60)
            took = running.stop()

        assert took < 5
        assert held(filled) == 0
        assert filled.statuses()["fake.machines"] == "planned"
        # No crash: another worker may start at once.
        assert filled.value("SELECT attempts FROM lease WHERE region = 'eu-west-1'") == 0

    def test_an_idle_worker_leaves_at_once(self, rig):
        running = Running(rig, worker_poll_seconds=30.0)
        with running:
            eventually(lambda: running.worker.quiet_seconds() < 30)

            assert running.stop() < 5


class TestLostLease:
    def test_a_lease_that_is_stolen_mid_load_writes_nothing_for_its_loser(self, filled):
        stolen = threading.Event()

        def steal_once(listing, _region, number):
            if listing == "fake.machines" and number == 1 and not stolen.is_set():
                stolen.set()
                for lease in running.worker.heartbeat.held():
                    steal(filled.engine, lease)

        filled.cloud.on_page = steal_once
        running = Running(filled)
        with running:
            assert stolen.wait(60)
            eventually(lambda: not running.worker.heartbeat.held())

        assert not {name for name in filled.live() if name.startswith("m")}
        assert filled.statuses()["fake.machines"] == "planned"


class TestDatabaseAway:
    def test_the_worker_waits_and_goes_on(self, filled, postgres):
        with Running(filled):
            eventually(lambda: read(filled))
            postgres.stop("immediate")
            time.sleep(1)  # let it meet the closed door
            postgres.start()
            filled.account.put(DISKS, "after")
            filled.age(100_000)

            eventually(lambda: "after" in filled.live())

    def test_nothing_is_deleted_by_it(self, filled, postgres):
        filled.cloud.page_size = 1
        filled.work()
        before = filled.live()
        filled.cloud.on_page = lambda listing, *_: time.sleep(0.1)
        filled.age(100_000)
        with Running(filled):
            eventually(lambda: held(filled))
            postgres.restart("immediate")
            # In the order in which the worker gives its leases back, or both wait for ever.
            execute(
                filled.engine,
                "UPDATE lease SET expires_at = now() - interval '1 h'"
                " WHERE id IN (SELECT id FROM lease ORDER BY id FOR UPDATE)",
            )
            filled.age(100_000)
            eventually(lambda: held(filled) == 0 and read(filled))

        assert filled.live() == before


def test_a_denied_listing_is_no_reason_to_give_up_the_lease(filled):
    filled.account.fail(MACHINES, denial())

    with Running(filled):
        eventually(lambda: filled.statuses().get("fake.machines") == "denied")
        eventually(lambda: held(filled) == 0)

    assert filled.value("SELECT max(attempts) FROM lease") == 0
