"""How fast calls may go, and who goes next. Pure: whoever asks says what time it is.

Times are seconds of a monotonic clock. Nothing here is thread-safe.
"""

import math
from typing import Final

SLOWEST_SHARE: Final = 1 / 16
"""However often it is halved, a rate keeps this share of what was declared."""

SLOWEST_PER_SECOND: Final = 0.1
"""Nor does it fall below this, unless less was declared: a call is not to wait for minutes."""

RECOVERY_SECONDS: Final = 60.0
"""Calls that succeed for so long bring a rate from nothing to what was declared."""

LONGEST_STEP_SECONDS: Final = 10.0
"""A pause proves nothing: one success restores no more than this much time of calls would."""

LONGEST_PAUSE_SECONDS: Final = 300.0
"""A service is not believed that asks to wait for longer: a gateway in between may ask for a
day, which would stop all calls under the limit. If it means it, it says so again."""

FORGOTTEN_AFTER_SECONDS: Final = 3600.0
"""What was learned of a rate is kept over the pause between two passes, and not for ever: the
account may be another worker's by now, or nobody's. No call waits for so long."""

_WHOLE: Final = 1 - 1e-6  # of a token; what floating point makes of 1


class Bucket:
    """One limit in one quota domain: tokens that come at a rate, and places for calls under way.

    Attributes:
        per_second: The declared rate; 0 = any.
        burst: Most tokens that it holds, and what it begins with.
        max_concurrent: Most calls under way; 0 = any number.
        rate: The rate at present, at most `per_second`.
        under_way: Calls that hold a place.
        halvings: How often the service asked to slow down.
        asked_at: When a call last came to go by it.
    """

    def __init__(
        self, now: float, *, per_second: float = 0, burst: int = 1, max_concurrent: int = 0
    ) -> None:
        self.per_second = per_second
        self.burst = burst
        self.max_concurrent = max_concurrent
        self.rate = per_second
        self.under_way = 0
        self.halvings = 0
        self.asked_at = now
        self._slowest = min(per_second, max(per_second * SLOWEST_SHARE, SLOWEST_PER_SECOND))
        self._tokens = float(burst)
        self._at = now  # as of when; in the future after "come again later"
        self._adjusted_at = now

    def tokens(self, now: float) -> float:
        """Calls that might go at once, as far as the rate is concerned."""
        if now > self._at:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
            self._at = now
        return self._tokens

    def ready_in(self, now: float, *, needs_place: bool = True) -> float:
        """Seconds until one more call may go; infinity where another one has to end first."""
        if needs_place and 0 < self.max_concurrent <= self.under_way:
            return math.inf
        if not self.per_second:
            return 0.0
        tokens = self.tokens(now)
        if tokens >= _WHOLE:
            return 0.0
        return self._at - now + (1 - tokens) / self.rate

    def take(self, now: float, *, takes_place: bool = True) -> None:
        """Let one call go."""
        self.under_way += takes_place
        if self.per_second:
            self._tokens = self.tokens(now) - 1

    def give_back(self) -> None:
        """A call that took a place is over."""
        self.under_way -= 1

    def throttled(self, now: float, seen: int, retry_after: float = 0.0) -> bool:
        """The service asked to slow down; whether the rate fell.

        Calls that were under way together tell of one and the same jam, so that only the
        first of them halves the rate.

        Args:
            now: The time.
            seen: `halvings` when the call went.
            retry_after: Seconds that the service asked to wait; no longer than
                `LONGEST_PAUSE_SECONDS` is waited.
        """
        if not self.per_second:
            return False
        self._tokens = min(self.tokens(now), 0.0)
        self._at = max(self._at, now + min(retry_after, LONGEST_PAUSE_SECONDS))
        if seen != self.halvings:
            return False
        before, self.rate = self.rate, max(self.rate / 2, self._slowest)
        self.halvings += 1
        self._adjusted_at = now
        return self.rate < before

    def succeeded(self, now: float, seen: int) -> None:
        """A call went through at the present rate: it may rise a little."""
        if self.rate >= self.per_second or seen != self.halvings:
            return
        seconds = min(now - self._adjusted_at, LONGEST_STEP_SECONDS)
        self.tokens(now)  # what came until now came at the old rate
        self.rate = min(self.per_second, self.rate + self.per_second * seconds / RECOVERY_SECONDS)
        self._adjusted_at = now

    def is_as_new(self, now: float) -> bool:
        """Whether it could be forgotten and made anew, and nobody would notice."""
        rested = self.rate >= self.per_second and self.tokens(now) >= self.burst
        return rested and not self.under_way

    def is_forgotten(self, now: float) -> bool:
        """Whether what it learned is too old to count: it is to be made anew."""
        return now - self.asked_at >= FORGOTTEN_AFTER_SECONDS and not self.under_way


class Place:
    """One call's place in the line, and what it was given once it may go.

    Attributes:
        buckets: Every limit that applies; all of them let it go, or none does.
        takes_places: It counts among the calls under way.
        may_go: It holds a token, and a place, of each.
    """

    def __init__(self, buckets: tuple[Bucket, ...], *, takes_places: bool) -> None:
        self.buckets = buckets
        self.takes_places = takes_places
        self.may_go = False
        self._seen: tuple[int, ...] = ()

    def waits_for(self, now: float) -> list[Bucket]:
        """What is not ready for it."""
        return [b for b in self.buckets if b.ready_in(now, needs_place=self.takes_places) > 0]

    def go(self, now: float) -> None:
        for bucket in self.buckets:
            bucket.take(now, takes_place=self.takes_places)
        self._seen = tuple(bucket.halvings for bucket in self.buckets)
        self.may_go = True

    def leave(self) -> None:
        """The call is over."""
        if self.takes_places:
            for bucket in self.buckets:
                bucket.give_back()

    def throttled(self, now: float, retry_after: float = 0.0) -> list[Bucket]:
        """The service asked the call to slow down; the buckets whose rate fell."""
        return [
            bucket
            for bucket, seen in zip(self.buckets, self._seen, strict=True)
            if bucket.throttled(now, seen, retry_after)
        ]

    def succeeded(self, now: float) -> None:
        for bucket, seen in zip(self.buckets, self._seen, strict=True):
            bucket.succeeded(now, seen)


class Line:
    """Calls that wait, in the order in which they came.

    What comes free goes to the first who then lacks nothing else: a call that waits for a slow
    service holds up none to a quick one.
    """

    def __init__(self) -> None:
        self._waiting: list[Place] = []

    def join(self, buckets: tuple[Bucket, ...], *, takes_places: bool = True) -> Place:
        """Queue up behind all others."""
        place = Place(buckets, takes_places=takes_places)
        self._waiting.append(place)
        return place

    def admit(self, now: float) -> bool:
        """Let all go that may; whether there was one."""
        waiting: list[Place] = []
        for place in self._waiting:
            if place.waits_for(now):
                waiting.append(place)
            else:
                place.go(now)
        some = len(waiting) < len(self._waiting)
        self._waiting = waiting
        return some

    def leave(self, place: Place) -> None:
        """Its call is over, or gives up."""
        if place.may_go:
            place.leave()
        else:
            self._waiting.remove(place)
