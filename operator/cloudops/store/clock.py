"""The database's clock, checked against the monotonic clock of this process."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from cloudops.domain.ledger import Lease

# Less is slow networks, busy machines and what NTP puts right.
JUMP_SECONDS = 10.0


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


class _Look(NamedTuple):
    """What the database's clock showed, some time between two moments of ours."""

    shown: datetime
    before: float
    after: float


class ClockWatch:
    """Notices that the database's clock went on by more, or by less, than time did.

    It was set, or another server with another clock answers now. A machine that
    slept looks alike, and may be treated alike.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last: _Look | None = None

    def look(self, read: Callable[[], datetime]) -> "Jump":
        """Compare with the last look that was accepted.

        Args:
            read: Answers what the database's clock shows.
        """
        before = self._monotonic()
        look = _Look(read(), before, self._monotonic())
        if self._last is None:
            return Jump(0.0, look)
        passed = (look.shown - self._last.shown).total_seconds()
        most, least = look.after - self._last.before, look.before - self._last.after
        seconds = max(passed - most, 0.0) + min(passed - least, 0.0)
        return Jump(seconds if abs(seconds) > JUMP_SECONDS else 0.0, look)

    def accept(self, jump: "Jump") -> None:
        """What followed from it is done; compare with this look from now on."""
        self._last = jump.look


class Jump(NamedTuple):
    """By how much the clock has jumped, backwards if negative; 0 = it did not."""

    seconds: float
    look: _Look
