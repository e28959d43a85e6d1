"""A keyed work queue, as client-go's: level-triggered, deduplicated, with delays.

A key is in at most one hand at a time. A key that is added while it is being
worked on is handed out once more afterwards, so no change is lost; adding it
ten times is the same as adding it once.
"""

import heapq
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from cloudops.metrics import (
    QUEUE_ADDS,
    QUEUE_DEPTH,
    QUEUE_LONGEST,
    QUEUE_RETRIES,
    QUEUE_SECONDS,
    QUEUE_UNFINISHED,
    WORK_SECONDS,
)

FIRST_BACKOFF_SECONDS: Final = 0.5
LONGEST_BACKOFF_SECONDS: Final = 300.0
SPREAD: Final = 0.05  # requeue times are spread by ±5 %, so that keys drift apart

K = TypeVar("K", bound=Hashable)


class WorkQueue(Generic[K]):
    """Thread-safe.

    Args:
        name: Label of the metrics.
        clock: Seconds that never jump.
        rng: Source of jitter.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._name = name
        self._clock = clock
        self._rng = rng or random.Random()  # noqa: S311  jitter, no secret
        self._changed = threading.Condition()
        self._ready: deque[K] = deque()
        self._dirty: dict[K, float] = {}  # to be handed out; since when
        self._working: dict[K, float] = {}  # in somebody's hand; since when
        self._due: dict[K, float] = {}  # to be added later; when
        self._timers: list[tuple[float, int, K]] = []  # a heap; entries that `_due` denies are void
        self._timer_count = 0
        self._failures: dict[K, int] = {}
        self._closed = False
        QUEUE_UNFINISHED.labels(name).set_function(self.unfinished_seconds)
        QUEUE_LONGEST.labels(name).set_function(self.longest_running_seconds)
        QUEUE_DEPTH.labels(name).set_function(self.depth)

    def add(self, key: K) -> None:
        """Hand out `key` as soon as a hand is free."""
        with self._changed:
            self._add(key)

    def add_after(self, key: K, seconds: float) -> None:
        """Hand out `key` in `seconds`, or earlier if it is added earlier."""
        with self._changed:
            self._add_after(key, seconds)

    def requeue(self, key: K, seconds: float) -> None:
        """Like `add_after`, ±5 %."""
        with self._changed:
            self._add_after(key, seconds * self._rng.uniform(1 - SPREAD, 1 + SPREAD))

    def retry(self, key: K, *, at_least: float = 0.0) -> float:
        """Hand out a failed `key` again, later each time; returns the seconds.

        Args:
            key: In hand still.
            at_least: Seconds that somebody asked for. Keys that were all told the same come
                back one by one all the same.
        """
        with self._changed:
            failures = self._failures.get(key, 0)
            self._failures[key] = failures + 1
            longest = min(FIRST_BACKOFF_SECONDS * 2.0 ** min(failures, 30), LONGEST_BACKOFF_SECONDS)
            part = self._rng.uniform(0.5, 1.0)
            seconds = max(longest * part, at_least * (part + 0.5))
            QUEUE_RETRIES.labels(self._name).inc()
            self._add_after(key, seconds)
            return seconds

    def forget(self, key: K) -> None:
        """`key` went well: its next failure is its first."""
        with self._changed:
            self._failures.pop(key, None)

    def get(self) -> K | None:
        """Take the next key, waiting for one; None once the queue is closed."""
        with self._changed:
            while True:
                key = self._take()
                if key is not None or self._closed:
                    return key
                self._changed.wait(self._seconds_to_next_timer())

    def try_get(self) -> K | None:
        """Take the next key if there is one now."""
        with self._changed:
            return self._take()

    def done(self, key: K) -> None:
        """Give a taken `key` back; if it was added meanwhile, it is handed out again."""
        with self._changed:
            WORK_SECONDS.labels(self._name).observe(self._clock() - self._working.pop(key))
            if key in self._dirty:
                self._ready.append(key)
            self._changed.notify_all()

    def close(self) -> None:
        """Hand out nothing more and wake everyone who waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def drain(self, seconds: float) -> bool:
        """Wait until nothing is in anybody's hand; False if that takes longer."""
        deadline = self._clock() + seconds
        with self._changed:
            while self._working:
                left = deadline - self._clock()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True

    def depth(self) -> int:
        """Keys that could be handed out now."""
        with self._changed:
            return len(self._ready)

    def unfinished_seconds(self) -> float:
        """Time spent so far on what is in hand, summed."""
        with self._changed:
            now = self._clock()
            return sum(now - since for since in self._working.values())

    def longest_running_seconds(self) -> float:
        """Age of what is longest in hand; 0 = nothing is."""
        with self._changed:
            return max((self._clock() - since for since in self._working.values()), default=0.0)

    def _add(self, key: K) -> None:
        if self._closed or key in self._dirty:
            return
        self._dirty[key] = self._clock()
        QUEUE_ADDS.labels(self._name).inc()
        if key not in self._working:
            self._ready.append(key)
            self._changed.notify()

    def _add_after(self, key: K, seconds: float) -> None:
        due = self._clock() + max(seconds, 0.0)
        if self._closed or self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        self._timer_count += 1
        heapq.heappush(self._timers, (due, self._timer_count, key))
        self._changed.notify()

    def _take(self) -> K | None:
        if self._closed:
            return None
        self._add_what_is_due()
        if not self._ready:
            return None
        key = self._ready.popleft()
        now = self._clock()
        QUEUE_SECONDS.labels(self._name).observe(now - self._dirty.pop(key))
        self._due.pop(key, None)  # whoever judges it now also decides when to look again
        self._working[key] = now
        return key

    def _add_what_is_due(self) -> None:
        now = self._clock()
        while self._timers and self._timers[0][0] <= now:
            due, _, key = heapq.heappop(self._timers)
            if self._due.get(key) == due:
                del self._due[key]
                self._add(key)

    def _seconds_to_next_timer(self) -> float | None:
        return max(self._timers[0][0] - self._clock(), 0.0) if self._timers else None
