"""The ledger: due scopes, and what each attempt left behind."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import CONSEQUENCES, Lease, Scope, ScopeStatus
from cloudops.domain.reasons import CRASHED
from cloudops.domain.schedule import (
    BACKOFF_SECONDS,
    DAY_SECONDS,
    EMPTY_PASSES_BEFORE_SLOWING,
    ScopeOutcome,
)
from cloudops.store.entering import KEPT_OUT
from cloudops.store.leases import WAKE_THEIR_LEASES
from cloudops.store.words import storable

POSTPONE_SECONDS = 300

# A scope that is nearly due goes with its lease, which saves taking it twice;
# a changed spec and a request make all of them due. The first facet at or after the
# scope is found by the index; asked whether any is its own, the planner reads them all.
_DUE = text("""
SELECT s.id, s.listing, a.account_id, s.region, s.status, s.last_complete_at,
       s.consecutive_failures, s.empty_streak, s.item_count, s.period_seconds, s.account_pk,
       s.types, s.crashed,
       coalesce(s.last_attempt_at > coalesce(l.finished_at, '-infinity'), false) AS read_again,
       coalesce((SELECT f.scope_id FROM facet f WHERE f.scope_id >= s.id
                 ORDER BY f.scope_id LIMIT 1) = s.id, false) AS has_rows
FROM scope s JOIN account a ON a.id = s.account_pk JOIN provider p ON p.id = a.provider_id
    JOIN lease l ON l.id = s.lease_id
WHERE s.lease_id = :lease_id AND s.retired_at IS NULL
  AND (s.next_due_at <= now() + make_interval(secs => s.period_seconds * 0.05)
       OR coalesce(s.last_attempt_at, '-infinity')
          < greatest(p.requested_at, p.spec_changed_at))
ORDER BY s.last_attempt_at NULLS FIRST, s.listing
""")

# What became due during the attempt (somebody saw an item in the meantime) stays due. What is
# not there has no rows that anybody could let go; a sweep counts them anew if it comes back.
_RECORD = text(f"""
UPDATE scope SET
    status = o.status,
    status_since = CASE WHEN scope.status = o.status AND scope.error_code = o.error_code
        THEN scope.status_since ELSE clock_timestamp() END,
    error_class = o.error_class, error_code = o.error_code, error_message = o.error_message,
    error_permission = o.error_permission,
    last_attempt_at = least(o.started_at, clock_timestamp()),
    last_complete_at = CASE WHEN o.complete THEN least(o.started_at, clock_timestamp())
        ELSE scope.last_complete_at END,
    last_complete_end_at = CASE WHEN o.complete THEN clock_timestamp()
        ELSE scope.last_complete_end_at END,
    item_count = coalesce(o.item_count, scope.item_count),
    malformed_count = o.malformed_count, crashed = false,
    held_count = CASE WHEN o.status = 'unsupported' THEN 0 ELSE scope.held_count END,
    consecutive_failures = CASE WHEN o.complete THEN 0
        ELSE least(scope.consecutive_failures + 1, 1000) END,
    empty_streak = least(o.empty_streak, 1000),
    next_due_at = CASE WHEN scope.empty_streak >= {EMPTY_PASSES_BEFORE_SLOWING}
            AND scope.next_due_at BETWEEN o.started_at AND clock_timestamp()
        THEN scope.next_due_at
        ELSE clock_timestamp() + make_interval(secs => o.due_in_seconds) END
FROM unnest(CAST(:ids AS integer[]), CAST(:statuses AS text[]), CAST(:classes AS text[]),
            CAST(:codes AS text[]), CAST(:messages AS text[]), CAST(:permissions AS text[]),
            CAST(:starts AS timestamptz[]), CAST(:completes AS boolean[]),
            CAST(:counts AS integer[]), CAST(:malformed AS integer[]),
            CAST(:streaks AS integer[]), CAST(:waits AS double precision[]))
     AS o(id, status, error_class, error_code, error_message, error_permission, started_at,
          complete, item_count, malformed_count, empty_streak, due_in_seconds)
WHERE scope.id = o.id
""")  # noqa: S608  constants only

# Under new credentials, or at another endpoint, nothing may be swept until two
# complete listings agree; what the old ones missed proves nothing. Locked as by loads and
# sweeps of other regions: resources before facets, each by its id, and scopes last. What a
# sweep deletes at this moment is waited for and keeps its mark, or it would never revive.
_FINGERPRINT = text("""
UPDATE account SET fingerprint = :fingerprint, fingerprint_since = clock_timestamp()
FROM account old
WHERE old.id = account.id AND account.id = :account_pk
  AND account.fingerprint IS DISTINCT FROM :fingerprint
RETURNING old.fingerprint IS NOT NULL AS is_another
""")
_FORGET_MARKS = text("""
WITH live AS MATERIALIZED (
    SELECT r.uid FROM resource r
    WHERE r.deleted_at IS NULL AND r.uid IN (
        SELECT f.uid FROM scope s JOIN facet f ON f.scope_id = s.id
        WHERE s.account_pk = :account_pk AND f.missing_since IS NOT NULL)
    ORDER BY r.uid FOR NO KEY UPDATE OF r
), marked AS MATERIALIZED (
    SELECT f.uid, f.facet FROM live JOIN facet f ON f.uid = live.uid
        JOIN scope s ON s.id = f.scope_id AND s.account_pk = :account_pk
    WHERE f.missing_since IS NOT NULL
    ORDER BY f.uid, f.facet FOR NO KEY UPDATE OF f
)
UPDATE facet SET missing_since = NULL FROM marked
WHERE facet.uid = marked.uid AND facet.facet = marked.facet
""")
_PROBATION = text("""
UPDATE scope SET probation = 2, held_count = 0 WHERE account_pk = :account_pk
""")


def _but_unsupported(**values: str) -> str:
    """What a fault at the door changes; what is not there stays out of the view all the same."""
    kept = "CASE WHEN status = 'unsupported' THEN {0} ELSE {1} END"
    return ", ".join(f"{name} = {kept.format(name, value)}" for name, value in values.items())


_TOLD = _but_unsupported(
    status=":status",
    status_since="CASE WHEN status = :status AND error_code = :code THEN status_since"
    " ELSE now() END",
    error_class=":class",
    error_code=":code",
    error_message=":message",
    error_permission=":permission",
)
_DENY = text(f"""
UPDATE scope SET {_TOLD}, last_attempt_at = now(),
    consecutive_failures = least(consecutive_failures + 1, 1000),
    next_due_at = now() + make_interval(secs => CASE :retry
        WHEN 'backoff' THEN least(period_seconds,
                                  :backoff_seconds * power(2, least(consecutive_failures, 10)))
        WHEN 'daily' THEN greatest(period_seconds, :day_seconds)
        ELSE period_seconds END)
WHERE lease_id = :lease_id AND retired_at IS NULL
  AND (CAST(:only AS integer[]) IS NULL OR id = ANY(CAST(:only AS integer[])))
""")  # noqa: S608  constants only

# Apart from the code, which a fault at the door overwrites: who forgets which listing kills
# workers loses a few more, and all its neighbours meanwhile.
_SUSPECT = text("""
UPDATE scope SET status = 'failed', error_class = 'transient', error_code = :code,
    error_message = 'a worker died while reading this; it is retried alone, with growing pauses',
    error_permission = '', last_attempt_at = clock_timestamp(), crashed = true,
    status_since = CASE WHEN error_code = :code THEN status_since ELSE clock_timestamp() END,
    consecutive_failures = least(consecutive_failures + 1, 1000),
    next_due_at = clock_timestamp() + make_interval(secs => least(
        period_seconds, :backoff_seconds * power(2, least(consecutive_failures, 10))))
WHERE id = :id
""")

# As a plan does: accounts before leases.
_LOCK_ACCOUNT = text("""
SELECT FROM account WHERE id = (SELECT account_pk FROM lease WHERE id = :lease_id)
FOR NO KEY UPDATE
""")

# What was denied only because the account was shut is read as soon as one of
# its leases gets in, however long the listing's own period is.
_REOPEN = text(f"""
WITH woken AS (
    UPDATE scope SET next_due_at = now() FROM account a JOIN lease own ON own.account_pk = a.id
    WHERE own.id = :lease_id AND scope.account_pk = a.id AND a.reachable = false
      AND {KEPT_OUT} AND scope.retired_at IS NULL
    RETURNING scope.lease_id
)
{WAKE_THEIR_LEASES}
""")  # noqa: S608  constants only


def due_scopes(connection: Connection, lease: Lease) -> list[Scope]:
    """What the lease's holder has to read now, longest untried first."""
    rows = connection.execute(_DUE, {"lease_id": lease.id}).mappings()
    return [
        Scope(**{**row, "status": ScopeStatus(row["status"]), "types": tuple(row["types"])})
        for row in rows
    ]


def record_outcomes(connection: Connection, outcomes: Sequence[ScopeOutcome]) -> None:
    """Write any number of attempts into the ledger with one statement."""
    if outcomes:
        connection.execute(_RECORD, _columns(outcomes))


def deny_lease(
    connection: Connection,
    lease: Lease,
    error: AccessError,
    *,
    only: Sequence[Scope] | None = None,
) -> None:
    """The account could not be entered: the lease's scopes say so, rows are kept.

    Args:
        connection: Of the caller's transaction.
        lease: Held by the caller.
        error: Why.
        only: Whom it concerns; None = all of them, whether they were due or not.
    """
    connection.execute(
        _DENY,
        {
            "lease_id": lease.id,
            "only": None if only is None else [scope.id for scope in only],
            "status": CONSEQUENCES[error.error_class].status.value,
            "class": error.error_class.value,
            "code": error.reason,
            "message": storable(str(error)),
            "permission": error.permission,
            "retry": CONSEQUENCES[error.error_class].retry.value,
            "backoff_seconds": BACKOFF_SECONDS,
            "day_seconds": DAY_SECONDS,
        },
    )


def suspect(connection: Connection, scope: Scope) -> None:
    """Say already that a worker died of this scope, since one that dies can't say it.

    Whatever becomes of the attempt is written over it. Until then its lease's
    other listings go first, and this one is retried with growing pauses.
    """
    connection.execute(
        _SUSPECT, {"id": scope.id, "code": CRASHED, "backoff_seconds": BACKOFF_SECONDS}
    )


def postpone(connection: Connection, unknown: Sequence[Scope]) -> None:
    """Leave scopes that this worker is too old to read to a newer one for some minutes."""
    connection.execute(
        text(
            "UPDATE scope SET next_due_at = now() + make_interval(secs => "
            "least(period_seconds, :seconds)) WHERE id = ANY(:ids)"
        ),
        {"ids": [scope.id for scope in unknown], "seconds": POSTPONE_SECONDS},
    )


def record_account(connection: Connection, lease: Lease, error: AccessError | None) -> None:
    """Whether the account could be entered; `error_since` moves only with the reason.

    Its other leases' scopes do not know it yet, so that the next discovery looks at them.
    """
    if error is None:
        for statement in (_LOCK_ACCOUNT, _REOPEN):
            connection.execute(statement, {"lease_id": lease.id})
    connection.execute(
        text("""
            UPDATE account SET reachable = :reachable,
                error_since = CASE WHEN :reason = '' THEN NULL
                    WHEN error_reason = :reason THEN error_since ELSE now() END,
                error_reason = :reason, error_message = :message, error_permission = :permission,
                error_class = :class, derived_from = NULL
            FROM lease WHERE lease.id = :lease_id AND lease.account_pk = account.id
              AND (reachable, error_reason, error_message)
                  IS DISTINCT FROM (:reachable, :reason, :message)
        """),
        {
            "lease_id": lease.id,
            "reachable": error is None,
            "reason": "" if error is None else error.reason,
            "message": "" if error is None else storable(str(error)),
            "permission": "" if error is None else error.permission,
            "class": "" if error is None else error.error_class.value,
        },
    )


def enter_account(connection: Connection, account_pk: int, fingerprint: bytes) -> None:
    """Note with what the account is read from now on; a change means probation."""
    account = {"account_pk": account_pk}
    if connection.scalar(_FINGERPRINT, {**account, "fingerprint": fingerprint}):
        connection.execute(_FORGET_MARKS, account)
        connection.execute(_PROBATION, account)


def _columns(outcomes: Sequence[ScopeOutcome]) -> dict[str, list[Any]]:
    failures = [outcome.failure for outcome in outcomes]
    return {
        "ids": [outcome.scope.id for outcome in outcomes],
        "statuses": [outcome.status.value for outcome in outcomes],
        "classes": [failure.error_class.value if failure else "" for failure in failures],
        "codes": [storable(failure.code) if failure else "" for failure in failures],
        "messages": [storable(failure.message) if failure else "" for failure in failures],
        "permissions": [failure.permission if failure else "" for failure in failures],
        "starts": [outcome.started_at for outcome in outcomes],
        "completes": [failure is None for failure in failures],
        "counts": [outcome.item_count for outcome in outcomes],
        "malformed": [outcome.malformed_count for outcome in outcomes],
        "streaks": [outcome.empty_streak for outcome in outcomes],
        "waits": [outcome.due_in_seconds for outcome in outcomes],
    }
