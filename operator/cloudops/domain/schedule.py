"""When a scope is due again, and what its ledger row says after an attempt. Pure."""

from dataclasses import dataclass
from datetime import datetime

from cloudops.domain.ledger import CONSEQUENCES, ErrorClass, Retry, Scope, ScopeStatus

DAY_SECONDS = 86_400
BACKOFF_SECONDS = 30
EMPTY_PASSES_BEFORE_SLOWING = 3
JITTER = 0.05
# Of its period a scope that was just planned waits at least so much after its first listing.
FIRST_WAIT = 0.5


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt was not complete."""

    error_class: ErrorClass
    code: str
    message: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class ScopeOutcome:
    """One attempt at a scope, as the ledger records it.

    Attributes:
        started_at: Database clock, before the first call.
        failure: None for a complete listing.
        item_count: Distinct items of a complete listing; None keeps the last count.
        due_in_seconds: From the end of the attempt.
    """

    scope: Scope
    started_at: datetime
    failure: Failure | None
    item_count: int | None
    malformed_count: int
    empty_streak: int
    due_in_seconds: float

    @property
    def status(self) -> ScopeStatus:
        if self.failure is None:
            return ScopeStatus.COMPLETE
        return CONSEQUENCES[self.failure.error_class].status


def judge_attempt(  # noqa: PLR0913  one attempt's facts, all by name
    scope: Scope,
    *,
    started_at: datetime,
    failure: Failure | None,
    item_count: int,
    malformed_count: int = 0,
    period_seconds: int,
    spread: float,
) -> ScopeOutcome:
    """What one attempt means for the ledger.

    Args:
        scope: The row before the attempt.
        started_at: Database clock.
        failure: None for a complete listing.
        item_count: Distinct items that were read.
        malformed_count: Items that could not be understood.
        period_seconds: The scope's own period.
        spread: 0 to 1, always the same for scopes that are read together and evenly
            distributed over all others. It moves due times by ±5 %. What is planned
            together is read together once; so after its first listing a scope waits
            between half of its period and all of it.
    """
    empty_streak = scope.empty_streak
    if failure is None:
        empty_streak = scope.empty_streak + 1 if item_count == 0 else 0
    wait = _wait_seconds(scope, failure, period_seconds, empty_streak)
    factor = 1 + JITTER * (2 * spread - 1)
    if failure is None and scope.last_complete_at is None:
        factor = FIRST_WAIT + (1 - FIRST_WAIT) * spread
    return ScopeOutcome(
        scope=scope,
        started_at=started_at,
        failure=failure,
        item_count=item_count if failure is None else None,
        malformed_count=malformed_count,
        empty_streak=empty_streak,
        due_in_seconds=wait * factor,
    )


def _wait_seconds(
    scope: Scope, failure: Failure | None, period_seconds: int, empty_streak: int
) -> float:
    if failure is None:
        return _complete_wait(period_seconds, empty_streak)
    retry = CONSEQUENCES[failure.error_class].retry
    if retry is Retry.DAILY:
        return max(period_seconds, DAY_SECONDS)
    if retry is Retry.BACKOFF:
        return min(period_seconds, BACKOFF_SECONDS * 2.0 ** min(scope.consecutive_failures, 10))
    return period_seconds


def _complete_wait(period_seconds: int, empty_streak: int) -> float:
    """A scope empty three times in a row doubles its period, up to a day."""
    doublings = max(0, empty_streak - EMPTY_PASSES_BEFORE_SLOWING + 1)
    slowed = period_seconds * 2.0 ** min(doublings, 20)
    return max(period_seconds, min(slowed, DAY_SECONDS))
