"""The database's clock, checked against those of this machine."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cloudops.domain.ledger import Lease
from cloudops.store.machine import Machine

# Less is slow networks, busy machines and what NTP puts right.
JUMP_SECONDS = 10.0
# How often a machine tells those that start later what it sees, and how quick a look must be.
KEEP_SECONDS = 300.0
_QUICK_SECONDS = 1.0


class DatabaseClock:
    """So that ages never depend on how right a worker's own clock is.

    It goes on from the lease's start: whatever jumps afterwards makes nothing look later than
    what was marked before.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def now(self) -> datetime:
        held = timedelta(seconds=time.monotonic() - self._lease.taken_at)
        return self._lease.started_at + held


class Sighting(NamedTuple):
    """What a machine saw of the database's clock, kept for processes that start later.

    Attributes:
        machine: Its `Machine.name`.
        shown_at: By the database's clock.
        ran_seconds: How long the machine had run by then.
        machine_at: What the machine's own clock said.
    """

    machine: str
    shown_at: datetime
    ran_seconds: float
    machine_at: datetime


class _Span(NamedTuple):
    before: float
    after: float


class _Look(NamedTuple):
    """What the database's clock showed, some time between two moments of ours."""

    shown: datetime
    ran: _Span
    now: _Span


class ClockWatch:
    """Notices that the database's clock went on by more, or by less, than time did.

    It was set, or another server with another clock answers now. A process that has
    just started compares with what another one saw on this machine, by the time that
    the machine has run since: nobody can set that. On a machine that has seen nothing
    yet, it compares with the last that any machine saw, by its own clock; if that is
    wrong, it looks like a jump, which at worst puts deletions off.
    """

    def __init__(self, machine: Machine | None = None) -> None:
        self.machine = machine or Machine()
        self._last: _Look | None = None
        self._kept_at = -math.inf

    def look(self, read: Callable[[], datetime], kept: Callable[[], Sighting | None]) -> "Jump":
        """Compare with the last look that was accepted.

        Args:
            read: Answers what the database's clock shows.
            kept: Answers what to compare the first look with; None = nobody ever looked.
        """
        ran, now = self.machine.ran_seconds(), self.machine.now()
        shown = read()
        look = _Look(shown, _Span(ran, self.machine.ran_seconds()), _Span(now, self.machine.now()))
        seconds = self._jumped(look, kept)
        return Jump(seconds if abs(seconds) > JUMP_SECONDS else 0.0, look)

    def accept(self, jump: "Jump") -> Sighting | None:
        """What followed from it is done; compare with this look from now on.

        Returns:
            What is worth keeping of it, if it is.
        """
        self._last = jump.look
        if jump.seconds:
            self._kept_at = -math.inf
        shown, ran, now = jump.look
        if ran.before < self._kept_at + KEEP_SECONDS or ran.after > ran.before + _QUICK_SECONDS:
            return None
        self._kept_at = ran.before
        machine_at = datetime.fromtimestamp(now.before, UTC)
        return Sighting(self.machine.name, shown, ran.before, machine_at)

    def _jumped(self, look: _Look, kept: Callable[[], Sighting | None]) -> float:
        if self._last is not None:
            return _difference(self._last.shown, look.shown, self._last.ran, look.ran)
        found = kept()
        if found is None:
            return 0.0
        if found.machine and found.machine == self.machine.name:
            self._kept_at = found.ran_seconds
            ran = _Span(found.ran_seconds, found.ran_seconds)
            return _difference(found.shown_at, look.shown, ran, look.ran)
        now = found.machine_at.timestamp()
        return _difference(found.shown_at, look.shown, _Span(now, now), look.now)


class Jump(NamedTuple):
    """By how much the clock has jumped, backwards if negative; 0 = it did not."""

    seconds: float
    look: _Look


def _difference(since: datetime, until: datetime, then: _Span, now: _Span) -> float:
    """What the database's clock went on beyond what passed from `then` to `now`."""
    passed = (until - since).total_seconds()
    most, least = now.after - then.before, now.before - then.after
    return max(passed - most, 0.0) + min(passed - least, 0.0)
