"""How soon news of the ledger are read: often where that is cheap, seldom where it is not.

Workers tell of each finished lease, 19 a second for a provider of 1,000 accounts
with 17 regions, and reading what the ledger knows of so many takes long. News
within one pause are read together, and the pause grows with the time that the
last reading took.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from cloudops.controller.kube import Key

SHORTEST_SECONDS: Final = 1.0
SHARE: Final = 0.05  # of the time may be spent on reading one provider


class Pace:
    """Thread-safe.

    Args:
        longest_seconds: No news waits longer.
        clock: Seconds that never jump.
    """

    def __init__(
        self, longest_seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._longest = longest_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._next: dict[Key, float] = {}

    def now(self) -> float:
        return self._clock()

    def was_read(self, key: Key, *, since: float) -> None:
        """A reading has ended that began at `since`, which `now` had answered."""
        ended = self._clock()
        with self._lock:
            self._next[key] = ended + (ended - since) / SHARE

    def pause(self, key: Key) -> float:
        """Seconds that news of `key` shall wait."""
        with self._lock:
            left = self._next.get(key, 0.0) - self._clock()
        return min(max(left, SHORTEST_SECONDS), self._longest)

    def forget(self, key: Key) -> None:
        """The object is gone."""
        with self._lock:
            self._next.pop(key, None)
