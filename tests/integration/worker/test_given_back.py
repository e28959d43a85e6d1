"""Leases that are given back are not lost, whenever the heartbeat comes."""

import threading

import pytest
from structlog.testing import capture_logs

from cloudops.domain.ledger import LeaseKind
from cloudops.metrics import LEASES_LOST
from cloudops.services.leasing import LeasingService
from cloudops.worker.heartbeat import Heartbeat
from tests.fakes.cloud import MACHINES
from tests.fixtures.waiting import eventually
from tests.integration.services.rig import HOLDER
from tests.integration.store.seeding import steal
from tests.integration.worker.running import Running

pytestmark = [pytest.mark.integration, pytest.mark.database]


def lost_so_far():
    return LEASES_LOST._value.get()


@pytest.fixture
def planned(rig):
    rig.account.put(MACHINES, "m1", "m2")
    rig.plan()
    return rig


@pytest.fixture
def heartbeat(planned):
    """Beats only when a test says so."""
    return Heartbeat(
        lambda held: planned.leasing.renew(held, HOLDER), lease_seconds=60, deadline_seconds=60
    )


@pytest.mark.parametrize("kind", [LeaseKind.DISCOVERY, LeaseKind.INVENTORY])
def test_a_heartbeat_between_the_end_of_a_lease_and_its_drop_counts_nothing(
    planned, heartbeat, kind
):
    """Fails without `give_back` before the lease is finished."""
    if kind is LeaseKind.INVENTORY:
        planned.run(*planned.acquire(LeaseKind.DISCOVERY))
    lease, *_ = planned.acquire(kind)
    pulse = heartbeat.hold(lease)
    service = planned.discovery if kind is LeaseKind.DISCOVERY else planned.inventory
    before = lost_so_far()

    with capture_logs() as logs:
        service.run(lease, pulse)
        heartbeat.beat()
        heartbeat.drop(lease)

    assert planned.value("SELECT holder FROM lease WHERE id = :id", id=lease.id) == ""
    assert lost_so_far() == before
    assert "lease lost" not in {line["event"] for line in logs}


def test_a_lease_that_another_worker_took_counts_once_however_it_is_noticed(planned):
    """Fails if what the fence refuses is not counted, or twice."""
    before = lost_so_far()
    running = Running(planned)

    def steal_what_is_held(listing, *_):
        if listing == "fake.machines" and lost_so_far() == before:
            for lease in running.worker.heartbeat.held():
                if lease.region == "eu-west-1":
                    steal(planned.engine, lease)

    planned.cloud.on_page = steal_what_is_held
    with running:
        eventually(lambda: lost_so_far() == before + 1)
        eventually(lambda: not running.worker.heartbeat.held())

    assert lost_so_far() == before + 1


class Beating(LeasingService):
    """The heart beats whenever a lease was just handed back."""

    beat = staticmethod(lambda: None)

    def hand_back(self, held):
        super().hand_back(held)
        self.beat()


@pytest.mark.parametrize("hangs", [False, True])
def test_what_a_stopping_worker_hands_back_is_not_lost(planned, engine, hangs):
    """Fails if leases are handed back before the heart forgets them."""
    go, arrived = threading.Event(), threading.Event()

    def wait(listing, *_):
        if listing == "fake.machines":
            arrived.set()
            go.wait(60)

    planned.cloud.on_page = wait
    leasing = Beating(engine, lease_seconds=60)
    running = Running(planned, leasing, worker_stop_seconds=2.0 if hangs else 30.0)
    leasing.beat = running.worker.heartbeat.beat
    before = lost_so_far()
    with running:
        assert arrived.wait(60)
        running.worker.stop()
        if not hangs:
            running.worker.heartbeat.interrupt()
            go.set()
        running.stop()
        go.set()

    assert planned.value("SELECT count(*) FROM lease WHERE holder <> ''") == 0
    assert lost_so_far() == before
