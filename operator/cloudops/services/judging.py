"""What the ledger is told of an attempt."""

from datetime import datetime
from hashlib import blake2b

from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import NOT_THERE, ErrorClass, Scope
from cloudops.domain.schedule import Failure, ScopeOutcome, judge_attempt


def judge(
    scope: Scope,
    started_at: datetime,
    failure: Failure | None,
    item_count: int = 0,
    malformed_count: int = 0,
) -> ScopeOutcome:
    """See `judge_attempt`; all scopes of a lease are spread alike."""
    return judge_attempt(
        scope,
        started_at=started_at,
        failure=failure,
        item_count=item_count,
        malformed_count=malformed_count,
        period_seconds=scope.period_seconds,
        spread=_spread(scope),
    )


def _spread(scope: Scope) -> float:
    """0 to 1, the same for all scopes of a lease, so that it need not be taken for each."""
    place = f"{scope.account_id}/{scope.region}".encode()
    return int.from_bytes(blake2b(place, digest_size=4).digest()) / 2**32


def failure_of(error: ListingError, *, begun: bool = False) -> Failure:
    """What a call that failed says of the attempt.

    Args:
        error: What was raised.
        begun: Something was listed before; that there is nothing to list can't be true then.
    """
    untrue = begun and error.error_class in NOT_THERE
    error_class = ErrorClass.INCOMPLETE if untrue else error.error_class
    return Failure(error_class, error.code, str(error), error.permission)


def malformed(count: int, first: str) -> Failure:
    """So many items could not be understood."""
    return Failure(
        ErrorClass.MALFORMED_ITEM,
        "MalformedItem",
        f"{count} item(s) could not be understood and were left out; first: {first}",
    )
