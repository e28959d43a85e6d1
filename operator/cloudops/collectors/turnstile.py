"""The gate to one account: each attempt of each call goes through it, when its limits let it."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import structlog

from cloudops.collectors.limits import OWN_LIMITS, Account, BucketKey, DeclaredLimit, Limits
from cloudops.collectors.vocabulary import Progress, unobserved
from cloudops.domain.provider import RateLimit
from cloudops.domain.rate_limits import Place
from cloudops.metrics import RATE_LIMIT_THROTTLES, RATE_LIMIT_WAIT_SECONDS

BEAT_SECONDS: Final = 1.0
"""A call that waits shows this often that it lives, and sees this soon that it is to stop."""

LONG_SECONDS: Final = 60.0
"""A wait of this length is worth a line in the log."""

_log = structlog.get_logger(__name__)


class TooSlowError(Exception):
    """A limit of ours holds a call back for longer than anybody waits."""


class Turnstile:
    """The gate to one account for one lease. Thread-safe.

    Args:
        limits: Shared by all leases of the process.
        account: Whose quota the calls count against, e.g. an account's id.
        own: The limits that the provider's spec names.
        progress: Told about once a second while a call waits; what it raises ends the wait.
    """

    def __init__(
        self,
        limits: Limits,
        account: str,
        own: tuple[RateLimit, ...] = (),
        progress: Progress = unobserved,
    ) -> None:
        self.account = account
        self._limits = limits
        self._own = own
        self._progress = progress

    def of(self, account: str) -> "Turnstile":
        """The gate to another account, for the same lease."""
        return Turnstile(self._limits, account, self._own, self._progress)

    @contextmanager
    def call(self, service: str, region: str, action: str) -> Iterator["Attempts"]:
        """Queue for one call; at the end it gives back what it holds."""
        keys = self._limits.keys(self._own, service, region, action)
        with self._limits.account(self.account) as account:
            told = {"account": self.account, "region": region, "call": f"{service}:{action}"}
            attempts = Attempts(self._limits, account, keys, self._progress, told)
            try:
                yield attempts
            finally:
                attempts.end()


class Attempts:
    """The attempts of one call, one after the other, all in one thread."""

    def __init__(
        self,
        limits: Limits,
        account: Account,
        keys: tuple[BucketKey, ...],
        progress: Progress,
        told: dict[str, str],
    ) -> None:
        self._limits = limits
        self._account = account
        self._keys = keys
        self._progress = progress
        self._told = told
        self._place: Place | None = None

    def begin(self) -> None:
        """Wait until one more attempt may go.

        A call that is made within another one, for new credentials, waits for its rates but
        for no place: those whom it would wait for may wait for it.

        Raises:
            TooSlowError: That would take too long.
        """
        self.end()
        account, limits = self._account, self._limits
        with account.turn:
            buckets = account.buckets_of(self._keys, limits.clock())
            place = account.line.join(buckets, takes_places=not limits.calls_here())
        try:
            self._wait(place)
        except BaseException:
            self._leave(place)
            raise
        self._place = place
        limits.calls_here(+1)

    def end(self) -> None:
        """The attempt is over, however it went."""
        if self._place is not None:
            place, self._place = self._place, None
            self._limits.calls_here(-1)
            self._leave(place)

    def succeeded(self) -> None:
        """The service answered, and did not ask to slow down."""
        if self._place is not None:
            with self._account.turn:
                self._place.succeeded(self._limits.clock())

    def throttled(self, retry_after: float = 0.0) -> bool:
        """The service asked to slow down; whether calls go slower now, so that one may try again.

        Args:
            retry_after: Seconds that it asked to wait.
        """
        if self._place is None:
            return False
        with self._account.turn:
            slower = self._place.throttled(self._limits.clock(), retry_after)
            pairs = zip(self._keys, self._place.buckets, strict=True)
            rates = [(key.row.limit, bucket.rate) for key, bucket in pairs if bucket in slower]
        for key in self._keys:
            RATE_LIMIT_THROTTLES.labels(self._limits.cloud, *key.labels).inc()
        for limit, rate in rates:
            facts = {"limit": limit.name, "rate": round(rate, 3), "declared": limit.per_second}
            _log.warning("rate halved", **facts, **self._told)
        return bool(rates)

    def _wait(self, place: Place) -> None:
        limits, began, told = self._limits, self._limits.clock(), False
        first = obstacle = self._look(place, 0.0)
        while obstacle is not None:
            waited = limits.clock() - began
            expected = 0.0 if math.isinf(obstacle.seconds) else obstacle.seconds
            if waited + expected > limits.patience_seconds:
                raise TooSlowError(_too_slow(obstacle.key.row, limits.patience_seconds))
            if waited > LONG_SECONDS and not told:
                told = True
                _log.warning("call waits", limit=obstacle.key.row.limit.name, **self._told)
            self._progress()
            obstacle = self._look(place, min(obstacle.seconds, BEAT_SECONDS))
        if first is not None:
            waits = RATE_LIMIT_WAIT_SECONDS.labels(limits.cloud, *first.key.labels)
            waits.observe(limits.clock() - began)

    def _look(self, place: Place, seconds: float) -> "_Obstacle | None":
        """Wait so long for a change, and see what is in the way then; None if it may go."""
        account, clock = self._account, self._limits.clock
        with account.turn:
            if seconds and not place.may_go:
                account.turn.wait(seconds)
            now = clock()
            if account.line.admit(now):
                account.turn.notify_all()
            if place.may_go:
                return None
            waits = [
                _Obstacle(key, bucket.ready_in(now, needs_place=place.takes_places))
                for key, bucket in zip(self._keys, place.buckets, strict=True)
            ]
        return max(waits, key=lambda obstacle: obstacle.seconds)

    def _leave(self, place: Place) -> None:
        with self._account.turn:
            self._account.line.leave(place)
            self._account.turn.notify_all()


class _Obstacle(NamedTuple):
    """What a call waits for; infinity where it depends on calls that are under way."""

    key: BucketKey
    seconds: float


def _too_slow(row: DeclaredLimit, patience: float) -> str:
    limit = row.limit
    allows = f"{limit.per_second} calls a second" if limit.per_second else "few calls at a time"
    cure = "another limit there may be wrong for this account"
    if row.shown == OWN_LIMITS:
        cure = "raise it there"
    return (
        f"the rate limit {limit.name} ({allows}) lets no call through within {patience:.0f} s;"
        f" see {OWN_LIMITS}: {cure}"
    )
