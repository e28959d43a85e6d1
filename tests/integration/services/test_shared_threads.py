"""Many leases share a few listing threads: waiting is no hang, and progress counts at once."""

import threading

import pytest

from cloudops.domain.errors import WorkerStoppingError
from cloudops.domain.ledger import LeaseKind
from tests.fakes.cloud import DISKS, MACHINES, QUEUES, TAGGING, spec_of
from tests.fixtures.waiting import eventually
from tests.integration.services.rig import THREADS, CountingPulse
from tests.integration.store.seeding import ACCOUNT, execute

pytestmark = [pytest.mark.integration, pytest.mark.database]


@pytest.fixture
def planned(rig):
    rig.account.put(MACHINES, "m")
    rig.plan(spec_of(ACCOUNT))
    rig.work()
    return rig


@pytest.fixture
def lease(planned):
    execute(planned.engine, "UPDATE lease SET attempts = 1 WHERE region = 'eu-west-1'")
    planned.age(100_000)
    return next(le for le in planned.acquire(LeaseKind.INVENTORY) if le.region == "eu-west-1")


class Busy:
    """Fills all listing threads, as other leases' long listings do."""

    def __init__(self, rig):
        self.go = threading.Event()
        self.futures = [rig.executor.submit(self.go.wait, 60) for _ in range(THREADS)]
        eventually(lambda: all(future.running() for future in self.futures))


class Running:
    """A lease's run in a thread of its own."""

    def __init__(self, rig, lease):
        self.pulse = CountingPulse(lease.domain)
        self.raised = None
        self._thread = threading.Thread(target=self._run, args=(rig, lease))
        self._thread.start()

    def _run(self, rig, lease):
        try:
            rig.inventory.run(lease, self.pulse)
        except Exception as error:  # noqa: BLE001  the test looks at it
            self.raised = error

    @property
    def alive(self):
        return self._thread.is_alive()

    def join(self):
        self._thread.join(60)
        assert not self.alive


class TestQueuedListings:
    def test_a_lease_whose_listings_wait_for_others_gives_signs_of_life(self, planned, lease):
        busy = Busy(planned)
        running = Running(planned, lease)
        try:
            eventually(lambda: planned.cloud.opened > planned.cloud.closed)
            eventually(lambda: running.pulse.beats >= 3)
            assert all(future.running() for future in busy.futures)
        finally:
            busy.go.set()
            running.join()

        assert running.raised is None
        assert set(planned.statuses().values()) == {"complete"}

    def test_a_worker_that_stops_gets_them_back_at_once(self, planned, lease):
        busy = Busy(planned)
        running = Running(planned, lease)
        try:
            eventually(lambda: planned.cloud.opened > planned.cloud.closed)
            running.pulse.stop()
            running.join()
            assert all(future.running() for future in busy.futures)
        finally:
            busy.go.set()

        assert isinstance(running.raised, WorkerStoppingError)
        assert planned.cloud.opened == planned.cloud.closed

    def test_a_listing_that_hangs_is_silent_however_long_its_lease_waits(self, planned, lease):
        hanging, go = threading.Event(), threading.Event()

        def hang(listing, *_):
            if listing == MACHINES.name:
                hanging.set()
                go.wait(60)

        planned.cloud.on_page = hang
        running = Running(planned, lease)
        try:
            assert hanging.wait(60)
            # All its other listings come to an end meanwhile.
            eventually(lambda: running.pulse.quiet_seconds() > 1)
        finally:
            go.set()
            running.join()

        assert running.raised is None


class TestAttempts:
    def test_the_first_finished_listing_clears_them_while_others_go_on(self, planned, lease):
        assert lease.attempts == 2
        go = threading.Event()
        slow = {QUEUES.name, DISKS.name, TAGGING.name}
        planned.cloud.on_page = lambda listing, *_: listing in slow and go.wait(60)
        running = Running(planned, lease)
        try:
            eventually(
                lambda: planned.value("SELECT attempts FROM lease WHERE id = :id", id=lease.id) == 0
            )
            assert running.alive
        finally:
            go.set()
            running.join()

        assert running.raised is None
