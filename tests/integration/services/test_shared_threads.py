"""Many leases share a few listing threads: waiting is no hang, and progress counts at once."""

import threading
from typing import ClassVar

import pytest

from cloudops.domain.errors import WorkerStoppingError
from cloudops.domain.ledger import LeaseKind
from tests.fakes.cloud import DISKS, MACHINES, QUEUES, TAGGING, spec_of
from tests.fixtures.waiting import eventually
from tests.integration.services.rig import KEY, THREADS, CountingPulse
from tests.integration.store.seeding import ACCOUNT, execute

pytestmark = [pytest.mark.integration, pytest.mark.database]

OTHER = "444455556666"
REGIONAL = ("Fake::Machine", "Fake::Queue", "Fake::Disk")


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
    """Fills all threads that the account has the use of, as its other leases' listings do."""

    def __init__(self, rig):
        self.go = threading.Event()
        self.futures = [
            rig.threads.submit(ACCOUNT, lambda: self.go.wait(60)) for _ in range(THREADS)
        ]
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


class TestAnAccountThatWaits:
    """As for its rate limits, which may take minutes: each of its calls holds a thread."""

    PLACES: ClassVar = {ACCOUNT: ("a-1", "a-2"), OTHER: ("b-1",)}

    @pytest.fixture
    def leases(self, rig):
        """Region → lease, of two accounts in all of whose listings there is something."""
        for id_, regions in self.PLACES.items():
            account = rig.cloud.account(id_, regions=regions, key=KEY if id_ == ACCOUNT else "")
            for region in regions:
                account.put(MACHINES, f"m-{region}", region=region)
        rig.plan(spec_of(*self.PLACES, types=REGIONAL))
        rig.work()
        rig.age(100_000)
        return {lease.region: lease for lease in rig.acquire(LeaseKind.INVENTORY)}

    def test_leaves_some_threads_to_others(self, rig, leases):
        """Fails if `ListingThreads` lets an account have all of them.

        Two of its leases wait, with more listings than there are threads.
        """
        waiting, go = set(), threading.Event()

        def wait(listing, region, _number):
            if region in self.PLACES[ACCOUNT]:
                waiting.add((listing, region))
                go.wait(60)

        rig.cloud.on_page = wait
        held = [Running(rig, leases[region]) for region in self.PLACES[ACCOUNT]]
        try:
            eventually(lambda: len(waiting) >= THREADS)
            free = Running(rig, leases["b-1"])
            free.join()
            assert all(running.alive for running in held)
            assert len(waiting) == THREADS
        finally:
            go.set()
            for running in held:
                running.join()

        assert [running.raised for running in (*held, free)] == [None] * 3
        assert set(rig.statuses().values()) == {"complete"}


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
