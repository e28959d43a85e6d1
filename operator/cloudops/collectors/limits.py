"""Declared limits of a cloud's API, and their state in this process."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, NamedTuple

from cloudops.domain.globs import is_plain
from cloudops.domain.provider import RateLimit
from cloudops.domain.rate_limits import Bucket, Line
from cloudops.metrics import RATE_LIMITS, RateLimitState

PATIENCE_SECONDS: Final = 600.0
"""A call that would wait for longer fails: its scope says why, and is due again later."""

OWN_LIMITS: Final = "spec.rateLimits"
"""Metrics show all limits of users under this name: their series must not grow with them."""

_ANY_SERVICE: Final = "*"

MAX_ACCOUNTS: Final = 256
MAX_BUCKETS: Final = 256  # an account


class Share(StrEnum):
    """Which of the calls that a limit names share a bucket."""

    ALL = "all"
    SERVICE = "service"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredLimit:
    """A limit as a row of data.

    Attributes:
        limit: Which calls, how fast, and how many at once.
        share: Which of them share a bucket.
        everywhere: So do those of all regions, because the service has one endpoint.
        source: Where the cloud publishes the figures; "" = it does not, and they are ours.
        shown: What metrics call it; its own name unless it is a user's.
    """

    limit: RateLimit
    share: Share = Share.ALL
    everywhere: bool = False
    source: str = ""
    shown: str = ""

    def names(self, service: str, action: str) -> bool:
        """Whether it is about such calls."""
        limit = self.limit
        return fnmatchcase(service, limit.service) and fnmatchcase(action, limit.action)

    def key(self, service: str, region: str, action: str) -> "BucketKey":
        """Which of its buckets a call is under."""
        parts = {Share.ALL: "", Share.SERVICE: service, Share.ACTION: f"{service}:{action}"}
        return BucketKey(self, "" if self.everywhere else region, parts[self.share])

    def bucket(self, now: float) -> Bucket:
        """A full one."""
        per_second = float(self.limit.per_second or 0)
        return Bucket(
            now,
            per_second=per_second,
            burst=self.limit.burst or max(1, math.ceil(per_second)),
            max_concurrent=self.limit.max_concurrent,
        )


class BucketKey(NamedTuple):
    """A bucket within an account; `part` says whose it is where each service has its own."""

    row: DeclaredLimit
    region: str
    part: str

    @property
    def labels(self) -> tuple[str, str]:
        """Service and limit, as metrics show them.

        Users' globs are as many as users care to write; services that are called are few.
        """
        service = self.part.partition(":")[0] or self.row.limit.service
        if not is_plain(service):
            service = _ANY_SERVICE
        return service, self.row.shown or self.row.limit.name


@dataclass(slots=True, eq=False)
class Account:
    """Those who wait for one account, and its buckets: all belongs to whoever holds `turn`."""

    turn: threading.Condition = field(default_factory=threading.Condition)
    line: Line = field(default_factory=Line)
    buckets: dict[BucketKey, Bucket] = field(default_factory=dict)
    calls: int = 0  # that wait or are under way

    def buckets_of(self, keys: Sequence[BucketKey], now: float) -> tuple[Bucket, ...]:
        """Those of a call, made where they are missing."""
        if len(self.buckets) > MAX_BUCKETS:
            # Nobody notices where one that is full and quick is made anew.
            self.buckets = {
                k: b
                for k, b in self.buckets.items()
                if not (b.is_as_new(now) or b.is_forgotten(now))
            }
        return tuple(self._bucket(key, now) for key in keys)

    def _bucket(self, key: BucketKey, now: float) -> Bucket:
        bucket = self.buckets.get(key)
        if bucket is None or bucket.is_forgotten(now):
            bucket = self.buckets[key] = key.row.bucket(now)
        bucket.asked_at = now
        return bucket


class Limits:
    """All limits of a cloud in this process: they outlive leases. Thread-safe."""

    def __init__(
        self,
        cloud: str,
        declared: Sequence[DeclaredLimit],
        rest: DeclaredLimit,
        *,
        clock: Callable[[], float] = time.monotonic,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Make no bucket yet.

        Args:
            cloud: `aws`.
            declared: The built-in rows; of those that name a call, all apply.
            rest: The row for calls that none of them names.
            clock: Monotonic seconds.
            patience_seconds: The longest that a call may wait.
        """
        self.cloud = cloud
        self.clock = clock
        self.patience_seconds = patience_seconds
        self._declared = tuple(declared)
        self._rest = rest
        self._rows = lru_cache(maxsize=4096)(self._find_rows)
        self._accounts: OrderedDict[str, Account] = OrderedDict()
        self._lock = threading.Lock()
        self._thread = threading.local()
        RATE_LIMITS.watch(self)

    def keys(
        self, own: tuple[RateLimit, ...], service: str, region: str, action: str
    ) -> tuple[BucketKey, ...]:
        """The buckets that a call is under, those of the user's limits `own` first."""
        return tuple(row.key(service, region, action) for row in self._rows(own, service, action))

    @contextmanager
    def account(self, name: str) -> Iterator[Account]:
        """The account's state, which is not forgotten while somebody is in here."""
        with self._lock:
            account = self._accounts.setdefault(name, Account())
            self._accounts.move_to_end(name)
            account.calls += 1
            idle = [other for other, known in self._accounts.items() if not known.calls]
            for other in idle[: max(0, len(self._accounts) - MAX_ACCOUNTS)]:
                del self._accounts[other]
        try:
            yield account
        finally:
            with self._lock:
                account.calls -= 1

    def calls_here(self, change: int = 0) -> int:
        """How many calls this thread is in the middle of, after a change."""
        calls: int = getattr(self._thread, "calls", 0) + change
        self._thread.calls = calls
        return calls

    def states(self) -> Iterator[RateLimitState]:
        """Every rate in every account and region that is called, for metrics."""
        with self._lock:
            accounts = list(self._accounts.values())
        for account in accounts:
            with account.turn:
                now = self.clock()
                states = [
                    RateLimitState(
                        self.cloud, *key.labels, bucket.rate, bucket.per_second, bucket.tokens(now)
                    )
                    for key, bucket in account.buckets.items()
                    if bucket.per_second and not bucket.is_forgotten(now)
                ]
            yield from states

    def _find_rows(
        self, own: tuple[RateLimit, ...], service: str, action: str
    ) -> tuple[DeclaredLimit, ...]:
        """A rate of the user's takes the place of the built-in ones; a cap comes on top."""
        wished = (DeclaredLimit(limit=limit, shown=OWN_LIMITS) for limit in own)
        named = tuple(row for row in wished if row.names(service, action))
        if any(row.limit.per_second for row in named):
            return named
        declared = tuple(row for row in self._declared if row.names(service, action))
        return named + (declared or (self._rest,))
