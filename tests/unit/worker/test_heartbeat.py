"""Which leases are prolonged, and when their work is told that they are gone."""

import threading
from datetime import UTC, datetime

import pytest

from cloudops.domain.errors import LeaseLostError, StoreUnavailableError, WorkerStoppingError
from cloudops.domain.ledger import Lease, LeaseKind
from cloudops.metrics import LEASES_LOST
from cloudops.worker.heartbeat import Heartbeat
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.unit


def lease(number=1, fence=1):
    return Lease(
        id=number,
        kind=LeaseKind.INVENTORY,
        domain=f"aws/{number}/eu",
        fence=fence,
        attempts=1,
        provider_id=1,
        cloud="aws",
        account_id=str(number),
        region="eu",
        started_at=datetime(2024, 12, 31, tzinfo=UTC),
        expires_at=datetime(2025, 1, 1, tzinfo=UTC),
        taken_at=0.0,
    )


class Renewals:
    """Stands for the database: who was asked for, and who is still ours."""

    def __init__(self):
        self.asked = []
        self.taken = set()
        self.error = None
        self.during = lambda: None

    def __call__(self, held):
        self.asked.append([one.id for one in held])
        self.during()
        if self.error is not None:
            raise self.error
        return {one.id for one in held} - self.taken


@pytest.fixture
def renewals():
    return Renewals()


def heartbeat(renewals, *, lease_seconds=60.0, deadline_seconds=120.0):
    return Heartbeat(renewals, lease_seconds=lease_seconds, deadline_seconds=deadline_seconds)


def is_lost(pulse):
    try:
        pulse.beat()
    except LeaseLostError:
        return True
    return False


def lost_so_far():
    return LEASES_LOST._value.get()


def test_what_is_held_is_prolonged(renewals):
    beating = heartbeat(renewals)
    one, two = beating.hold(lease(1)), beating.hold(lease(2))

    beating.beat()

    assert renewals.asked == [[1, 2]]
    assert not is_lost(one)
    assert not is_lost(two)


def test_nothing_held_asks_nobody(renewals):
    heartbeat(renewals).beat()

    assert renewals.asked == []


def test_what_was_dropped_is_not_prolonged(renewals):
    beating = heartbeat(renewals)
    beating.hold(lease(1))
    beating.drop(lease(1))

    beating.beat()

    assert renewals.asked == []
    assert beating.held() == []


def test_work_that_is_quiet_for_too_long_is_not_prolonged_and_not_told_either(renewals):
    """It hangs; should it come back before anybody took the lease, it may go on."""
    beating = heartbeat(renewals, deadline_seconds=0)
    pulse = beating.hold(lease(1))

    beating.beat()

    assert renewals.asked == []
    assert not is_lost(pulse)


def test_what_another_worker_took_is_lost_and_only_that(renewals):
    beating = heartbeat(renewals)
    one, two = beating.hold(lease(1)), beating.hold(lease(2))
    renewals.taken = {1}
    before = lost_so_far()

    for _ in range(3):
        beating.beat()

    assert is_lost(one)
    assert not is_lost(two)
    assert lost_so_far() == before + 1


def test_what_was_finished_while_the_database_answered_is_not_lost(renewals):
    beating = heartbeat(renewals)
    pulse = beating.hold(lease(1))
    renewals.taken = {1}
    renewals.during = lambda: beating.drop(lease(1))
    before = lost_so_far()

    beating.beat()

    assert not is_lost(pulse)
    assert lost_so_far() == before


def test_what_was_given_back_and_is_not_dropped_yet_is_not_lost(renewals):
    """Between the commit and `drop` the lease is nobody's, or another's already."""
    beating = heartbeat(renewals)
    pulse = beating.hold(lease(1))
    renewals.taken = {1}
    before = lost_so_far()

    pulse.give_back()
    beating.beat()
    beating.hold(lease(1, fence=2))

    assert not is_lost(pulse)
    assert lost_so_far() == before


def test_a_database_that_is_away_for_a_moment_loses_nothing(renewals):
    beating = heartbeat(renewals, lease_seconds=60)
    pulse = beating.hold(lease(1))
    renewals.error = StoreUnavailableError("away")

    beating.beat()

    assert not is_lost(pulse)


def test_away_for_longer_than_a_lease_lasts_everything_is_lost(renewals):
    beating = heartbeat(renewals, lease_seconds=0.01, deadline_seconds=60)
    pulse = beating.hold(lease(1))
    renewals.error = StoreUnavailableError("away")

    def told():
        beating.beat()
        return is_lost(pulse)

    eventually(told, timeout=30, every=0.02)


def test_the_same_lease_taken_anew_survives_the_end_of_the_run_that_hung(renewals):
    beating = heartbeat(renewals)
    hung = beating.hold(lease(1, fence=1))
    fresh = beating.hold(lease(1, fence=2))

    assert is_lost(hung)
    beating.drop(lease(1, fence=1))

    assert beating.held() == [lease(1, fence=2)]
    beating.beat()
    assert renewals.asked == [[1]]
    assert not is_lost(fresh)


def test_an_interruption_reaches_all_work(renewals):
    beating = heartbeat(renewals)
    pulses = [beating.hold(lease(number)) for number in range(3)]

    beating.interrupt()

    for pulse in pulses:
        with pytest.raises(WorkerStoppingError):
            pulse.beat()


def test_the_thread_renews_several_times_in_a_leases_life_until_it_is_stopped(renewals):
    beating = heartbeat(renewals, lease_seconds=0.2)
    beating.hold(lease(1))
    beating.start()
    try:
        eventually(lambda: len(renewals.asked) >= 3, timeout=30)
    finally:
        beating.stop()
    count = len(renewals.asked)

    assert threading.active_count() >= 1
    assert len(renewals.asked) == count


def test_an_error_that_nobody_expects_does_not_end_the_thread(renewals):
    beating = heartbeat(renewals, lease_seconds=0.1)
    pulse = beating.hold(lease(1))
    renewals.error = ValueError("a bug")
    beating.start()
    try:
        eventually(lambda: len(renewals.asked) >= 2, timeout=30)
        renewals.error = None
        renewals.taken = {1}
        eventually(lambda: is_lost(pulse), timeout=30)
    finally:
        beating.stop()
