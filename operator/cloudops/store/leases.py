"""Leases: which worker may talk to which quota domain, by the database's clock alone."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from cloudops.domain.errors import LeaseLostError, StoreUnavailableError
from cloudops.domain.ledger import Lease, LeaseKind

# A domain whose worker died this often is taken up again only after a pause
# that doubles each time: something in it kills workers. Sixteen leases' time at
# most, or a cured one would lie about for hours.
CRASHES_BEFORE_BACKOFF = 3
_DOUBLINGS = 4
_MOST_ATTEMPTS = 1000  # what the column can't hold would keep anybody from taking anything

# Behind a part `woken`, which made scopes due: their leases, held or not (see `finish`).
WAKE_THEIR_LEASES = """
UPDATE lease SET next_due_at = least(next_due_at, clock_timestamp()) WHERE id IN (
    SELECT id FROM lease WHERE id IN (SELECT lease_id FROM woken) ORDER BY id FOR NO KEY UPDATE)
"""

_COLUMNS = """
    l.id, l.kind, l.domain, l.holder, l.fence, l.attempts, l.region,
    l.started_at, l.expires_at,
    p.id AS provider_id, p.cloud, coalesce(a.account_id, '') AS account_id,
    pg_postmaster_start_time() AS server_started_at
"""
_OWNER = """
    LEFT JOIN account a ON a.id = l.account_pk
    JOIN provider p ON p.id = coalesce(l.provider_id, a.provider_id)
"""

# A lease that ran out counts as one crash, whatever its holder had finished before.
_ACQUIRE = text(f"""
WITH due AS (
    SELECT l.id FROM lease l {_OWNER}
    WHERE l.next_due_at <= now()
      AND (l.expires_at IS NULL OR l.expires_at + make_interval(secs =>
           CASE WHEN l.attempts < :crashes THEN 0
                ELSE :seconds * power(2, least(l.attempts - :crashes, {_DOUBLINGS})) END) < now())
      AND (l.attempts >= :crashes) = :suspected
      AND p.runnable AND NOT p.suspended AND p.vanished_at IS NULL
      AND (p.id = :provider_id OR CAST(:provider_id AS integer) IS NULL AND p.origin = 'cluster')
    ORDER BY l.next_due_at LIMIT :limit FOR UPDATE OF l SKIP LOCKED
), taken AS (
    UPDATE lease SET holder = :holder, fence = fence + 1,
        attempts = least(greatest(attempts, (expires_at IS NOT NULL)::int) + 1, {_MOST_ATTEMPTS}),
        started_at = clock_timestamp(),
        expires_at = clock_timestamp() + make_interval(secs => :seconds)
    FROM due WHERE lease.id = due.id RETURNING lease.*
)
SELECT {_COLUMNS} FROM taken l {_OWNER} ORDER BY l.next_due_at
""")  # noqa: S608  constants only

_RENEW = text("""
UPDATE lease SET expires_at = clock_timestamp() + make_interval(secs => :seconds)
WHERE id IN (
    SELECT l.id FROM lease l
    JOIN unnest(CAST(:ids AS integer[]), CAST(:fences AS bigint[])) AS held(id, fence)
      ON l.id = held.id AND l.fence = held.fence AND l.holder = :holder
    FOR NO KEY UPDATE OF l SKIP LOCKED
)
""")

_HELD = text("""
SELECT l.id FROM lease l
JOIN unnest(CAST(:ids AS integer[]), CAST(:fences AS bigint[])) AS held(id, fence)
  ON l.id = held.id AND l.fence = held.fence AND l.holder = :holder
""")

_SERVER = "SELECT fence, pg_postmaster_start_time() AS started FROM lease WHERE id = :id"
_GUARD = text(f"{_SERVER} FOR KEY SHARE")
_GUARD_ALONE = text(f"{_SERVER} FOR NO KEY UPDATE")

# Meanwhile a discovery may have taken the account from its provider: then it rests. Who wakes a
# discovery that is under way may know what it did not see.
_FINISH = text("""
UPDATE lease SET holder = '', expires_at = NULL, attempts = 0, finished_at = clock_timestamp(),
    finished_start_at = lease.started_at,
    next_due_at = CASE
        WHEN p.id IS NULL OR NOT p.runnable OR p.suspended OR p.vanished_at IS NOT NULL
            THEN 'infinity'
        WHEN greatest(p.requested_at, p.spec_changed_at) > lease.started_at THEN now()
        WHEN lease.kind = 'discovery' THEN CASE
            WHEN lease.next_due_at > lease.started_at AND lease.next_due_at <= clock_timestamp()
            THEN lease.next_due_at ELSE now() + make_interval(secs => :due_in_seconds) END
        ELSE coalesce((SELECT min(s.next_due_at) FROM scope s
                       WHERE s.lease_id = lease.id AND s.retired_at IS NULL), 'infinity')
    END
FROM lease l LEFT JOIN account a ON a.id = l.account_pk
    LEFT JOIN provider p ON p.id = coalesce(l.provider_id, a.provider_id)
WHERE l.id = lease.id AND lease.id = :id AND lease.fence = :fence
""")

# A run that was asked for is over once every lease of the provider has
# finished a run that began after the request.
_HANDLED = text("""
UPDATE provider p SET handled_token = requested_token
WHERE p.id = :provider_id AND p.handled_token <> p.requested_token
  AND p.runnable AND NOT p.suspended
  AND NOT EXISTS (
    SELECT FROM lease l LEFT JOIN account a ON a.id = l.account_pk
    WHERE coalesce(l.provider_id, a.provider_id) = p.id AND l.next_due_at < 'infinity'
      AND (l.finished_start_at IS NULL OR l.finished_start_at < p.requested_at))
""")

# Not "due or held": a pass that takes longer than its period would never end.
_UNFINISHED = text(f"""
SELECT count(*) FROM lease l {_OWNER}
WHERE p.id = :provider_id AND l.next_due_at < 'infinity'
  AND (l.finished_start_at IS NULL OR l.finished_start_at < p.requested_at)
""")  # noqa: S608  constants only

# Who holds the row, such as a load or a heartbeat, is not waited for: then the next
# turn that is over does it.
_CLEAR_ATTEMPTS = text("""
UPDATE lease SET attempts = 0 WHERE id IN (
    SELECT id FROM lease WHERE id = :id AND fence = :fence AND attempts > 0
    FOR UPDATE SKIP LOCKED)
""")


def acquire(
    connection: Connection,
    *,
    holder: str,
    limit: int,
    seconds: float,
    provider_id: int | None = None,
    suspects: int = 1,
) -> list[Lease]:
    """Take up to `limit` due leases that nobody holds, most overdue first.

    Leases under which workers died come first, and few: in one process with one
    that kills it, the innocent would look guilty for ever.

    Args:
        connection: Of a transaction that the caller commits at once.
        holder: This worker's name, unique a process.
        limit: Most leases to take.
        seconds: How long they last without a heartbeat.
        provider_id: Only this provider's; None = any that came from the cluster.
        suspects: Most leases to take of those under which workers died.
    """
    wanted = {
        "holder": holder,
        "seconds": seconds,
        "crashes": CRASHES_BEFORE_BACKOFF,
        "provider_id": provider_id,
    }
    taken: list[Lease] = []
    for suspected, most in ((True, min(suspects, limit)), (False, limit)):
        if most <= len(taken):
            continue
        parameters = {**wanted, "suspected": suspected, "limit": most - len(taken)}
        taken += [_lease(row) for row in connection.execute(_ACQUIRE, parameters).mappings()]
    return taken


def renew(
    connection: Connection, leases: Sequence[Lease], *, holder: str, seconds: float
) -> set[int]:
    """Prolong `leases`; returns the ids of those that are still ours.

    A lease whose load transaction is under way is locked by it: nobody can
    take it, and the next heartbeat prolongs it.
    """
    keys = {
        "ids": [lease.id for lease in leases],
        "fences": [lease.fence for lease in leases],
        "holder": holder,
    }
    connection.execute(_RENEW, {**keys, "seconds": seconds})
    return set(connection.scalars(_HELD, keys))


def guard(connection: Connection, lease: Lease, *, alone: bool = False) -> None:
    """Keep the lease from being taken until this transaction ends.

    Taking it locks the row FOR UPDATE, which this lock keeps out, and skips
    what is locked. Heartbeats only update it, which this lock lets through: a
    long load does not let its own lease run out.

    A server that took another one's place may lack the last commits, the
    lease's own among them: it may have granted the same fence once more, and a
    sweep must not act on marks whose removal was lost. So a lease counts only
    on the server that granted it, until that is restarted.

    Args:
        connection: Of the caller's transaction.
        lease: As it was granted.
        alone: Nobody else may write it either. Statements behind this one see what those
            have committed who wrote it before.

    Raises:
        LeaseLostError: It was taken already.
        StoreUnavailableError: Another server answers now; take the lease anew.
    """
    statement = _GUARD_ALONE if alone else _GUARD
    found = connection.execute(statement, {"id": lease.id}).one_or_none()
    if found is None or found.fence != lease.fence:
        fence = found.fence if found else "none"
        raise LeaseLostError(f"lease {lease.domain}: fence {lease.fence} is over, now {fence}")
    if found.started != lease.server_started_at:
        raise StoreUnavailableError(
            f"database: restarted or failed over since lease {lease.domain} was taken"
        )


def clear_attempts(connection: Connection, lease: Lease) -> None:
    """Note that what was under way did not end this worker."""
    connection.execute(_CLEAR_ATTEMPTS, {"id": lease.id, "fence": lease.fence})


def finish(connection: Connection, lease: Lease, *, due_in_seconds: float = 0) -> None:
    """Give the lease back; due again with its first due scope, or after `due_in_seconds`.

    Who makes a scope due locks its lease, held or not: what one statement reads of scopes
    while it waits for that lock is as old as the statement.

    Raises:
        LeaseLostError: It was taken by another worker.
        StoreUnavailableError: Another server answers now; take the lease anew.
    """
    guard(connection, lease, alone=True)
    connection.execute(
        _FINISH, {"id": lease.id, "fence": lease.fence, "due_in_seconds": due_in_seconds}
    )


def settle_request(connection: Connection, provider_id: int) -> None:
    """Note that the run which was asked for is over, if it is.

    In a transaction of its own, after `finish` was committed: of two leases
    that finish at once one has to see the other.
    """
    connection.execute(_HANDLED, {"provider_id": provider_id})


def hand_back(connection: Connection, leases: Iterable[Lease], *, after_seconds: float = 0) -> None:
    """Free unfinished leases, so that any worker goes on; taking them counts as no crash.

    Args:
        connection: Of the caller's transaction.
        leases: Those that others have taken meanwhile are left alone.
        after_seconds: Due again after so long.
    """
    for lease in sorted(leases, key=lambda one: one.id):  # as others lock several, too
        connection.execute(
            text(
                "UPDATE lease SET holder = '', expires_at = NULL, "
                "attempts = greatest(attempts - 1, 0), "
                "next_due_at = now() + make_interval(secs => :seconds) "
                "WHERE id = :id AND fence = :fence AND holder = :holder"
            ),
            {
                "id": lease.id,
                "fence": lease.fence,
                # A server that took over may have granted the same fence once more.
                "holder": lease.holder,
                "seconds": after_seconds,
            },
        )


def unfinished(connection: Connection, provider_id: int) -> int:
    """How many leases of a provider have not finished a run since the last request."""
    return int(connection.execute(_UNFINISHED, {"provider_id": provider_id}).scalar_one())


def database_now(connection: Connection) -> datetime:
    """The only clock that leases, due times and ages are measured with."""
    now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now


def _lease(row: RowMapping) -> Lease:
    return Lease(**{**row, "kind": LeaseKind(row["kind"]), "taken_at": time.monotonic()})
