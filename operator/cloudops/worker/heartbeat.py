"""Prolongs the leases of a worker for as long as their work makes progress."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from cloudops.domain.errors import StoreUnavailableError
from cloudops.domain.ledger import Lease
from cloudops.metrics import LEASES_HELD, LEASES_LOST
from cloudops.services.pulse import Pulse

# Renew this many times within a lease's life.
RENEWALS = 4

Renew = Callable[[list[Lease]], set[int]]
_log = structlog.get_logger(__name__)


class _Held(NamedTuple):
    lease: Lease
    pulse: Pulse


class Heartbeat:
    """Keeps the leases in hand; thread-safe.

    Args:
        renew: Prolongs leases in the database; answers the ids that are still ours.
        lease_seconds: How long a lease lasts without renewal.
        deadline_seconds: Work that is quiet for longer is not prolonged any more.
    """

    def __init__(self, renew: Renew, *, lease_seconds: float, deadline_seconds: float) -> None:
        self._renew = renew
        self._lease_seconds = lease_seconds
        self._deadline_seconds = deadline_seconds
        self._held: dict[int, _Held] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._last_success = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def hold(self, lease: Lease) -> Pulse:
        """Start prolonging a lease that was just taken.

        It may have run out under a thread of this process that hangs: that one is told.
        """
        pulse = Pulse(lease.domain)
        with self._lock:
            hung = self._held.get(lease.id)
            self._held[lease.id] = _Held(lease, pulse)
            LEASES_HELD.set(len(self._held))
        if hung is not None:
            self._lose([hung])
        return pulse

    def drop(self, lease: Lease) -> None:
        """The lease's work is over; the same lease taken anew is another one."""
        with self._lock:
            held = self._held.get(lease.id)
            if held is not None and held.lease.fence == lease.fence:
                del self._held[lease.id]
            LEASES_HELD.set(len(self._held))

    def held(self) -> list[Lease]:
        with self._lock:
            return [held.lease for held in self._held.values()]

    def interrupt(self) -> None:
        """Ask all work to stop at its next sign of life."""
        with self._lock:
            for held in self._held.values():
                held.pulse.stop()

    def _run(self) -> None:
        while not self._stop.wait(self._lease_seconds / RENEWALS):
            try:
                self.beat()
            except Exception:  # noqa: BLE001  the thread's outermost boundary: without it every lease runs out
                _log.exception("heartbeat failed")

    def beat(self) -> None:
        """Prolong what lives, and tell those whose lease is gone."""
        with self._lock:
            held = list(self._held.values())
        alive = [h for h in held if h.pulse.quiet_seconds() < self._deadline_seconds]
        try:
            ours = self._renew([h.lease for h in alive]) if alive else set()
        except StoreUnavailableError as error:
            _log.warning("heartbeat failed", error=str(error))
            if time.monotonic() - self._last_success > self._lease_seconds:
                self._lose(held)
            return
        self._last_success = time.monotonic()
        with self._lock:  # what was finished meanwhile is not lost
            lost = [h for h in alive if h.lease.id not in ours and h in self._held.values()]
        self._lose(lost)

    def _lose(self, lost: list[_Held]) -> None:
        for held in lost:
            # What was given back has another holder, or none, by right.
            if not held.pulse.is_given_back and held.pulse.lose():
                LEASES_LOST.inc()
                _log.warning("lease lost", domain=held.lease.domain)
