"""Details of single resources: which are wanted, and what became of asking for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass, Scope
from cloudops.domain.resource import ListedItem, Observation
from cloudops.store import copying, merge, staging
from cloudops.store.words import storable

# The code of an attempt that found the resource gone: its list will say so, too.
GONE: Final = "NotFound"

# What a listing `o` shows.
_SHOWN = """
FROM scope o JOIN resource r ON r.scope_id = o.id
    JOIN facet f ON f.uid = r.uid AND f.facet = 'listed'
"""
_LIVE = """
o.account_pk = :account_pk AND o.region = :region AND o.listing = :owner
AND o.retired_at IS NULL AND r.deleted_at IS NULL AND f.missing_since IS NULL
AND selects(CAST(:types AS text[]), r.type)
"""

# Wanted are details that were never asked for, then those of another document of the list,
# then the oldest. What could not be read is wanted in every pass: how soon that comes, the
# error has decided. What changed lately is likely to change again: the time until the next
# look doubles, from a period up to the TTL. Half a million that are due at once would be due
# at once for ever; so each has a TTL of its own, up to a quarter shorter.
_WANTED = text(f"""
SELECT r.uid, r.region
{_SHOWN}
    LEFT JOIN detail d ON d.uid = r.uid
    LEFT JOIN facet k ON k.uid = r.uid AND k.facet = 'detail'
WHERE {_LIVE}
  AND (d.uid IS NULL OR d.of_digest <> f.digest OR d.scope_id <> :scope_id
       OR d.error_code <> '' OR k.uid IS NULL
       OR d.tried_at <= now() - make_interval(secs => least(
            :ttl * (1 - get_byte(uuid_send(r.uid), 0) / 1020.0),
            greatest(:period, extract(epoch FROM d.read_at - k.changed_at)))))
ORDER BY d.uid IS NOT NULL, d.of_digest = f.digest, d.tried_at, r.uid
LIMIT :most
""")  # noqa: S608  constants only

# One of those that the ledger tells of already, where there is one.
_UNREAD = text(f"""
SELECT d.error_code AS code, s.error_class, s.error_message, s.error_permission,
       s.error_code = d.error_code AS is_told
{_SHOWN}
    JOIN detail d ON d.uid = r.uid AND d.scope_id = :scope_id
    JOIN scope s ON s.id = d.scope_id
WHERE {_LIVE} AND d.error_code NOT IN ('', '{GONE}')
ORDER BY is_told DESC, r.uid
LIMIT 1
""")

_ANSWERED = text(f"""
SELECT EXISTS (
    SELECT {_SHOWN}
        JOIN detail d ON d.uid = r.uid AND d.scope_id = :scope_id
    WHERE {_LIVE} AND o.status <> 'unsupported' AND d.error_code = ''
)
""")

_ITEMS = text("""
SELECT r.uid, r.canonical_id, r.region, f.document, f.digest
FROM unnest(CAST(:uids AS uuid[])) WITH ORDINALITY AS w(uid, place)
JOIN resource r ON r.uid = w.uid JOIN facet f ON f.uid = w.uid AND f.facet = 'listed'
WHERE r.deleted_at IS NULL
ORDER BY w.place
""")

_KNOWN = text("""
SELECT uid, digest FROM facet WHERE facet = 'detail' AND uid = ANY(CAST(:uids AS uuid[]))
    AND scope_id = :scope_id
""")

# The clock may have been put back since the first of them was asked about.
_ATTEMPTS = text("""
INSERT INTO detail (uid, scope_id, of_digest, tried_at, read_at, error_code)
SELECT a.uid, :scope_id, a.of_digest, n.at, CASE WHEN a.code = '' THEN n.at END, a.code
FROM unnest(CAST(:uids AS uuid[]), CAST(:digests AS bytea[]), CAST(:codes AS text[]))
    AS a(uid, of_digest, code),
    (SELECT least(CAST(:at AS timestamptz), clock_timestamp())) AS n(at)
ORDER BY a.uid
ON CONFLICT (uid) DO UPDATE SET
    scope_id = excluded.scope_id, of_digest = excluded.of_digest, tried_at = excluded.tried_at,
    read_at = coalesce(excluded.read_at, detail.read_at), error_code = excluded.error_code
""")

_PACE = text("""
SELECT o.empty_streak FROM scope o
WHERE o.account_pk = :account_pk AND o.region = :region AND o.listing = :owner
""")
_COUNT = text("""
SELECT count(*) FROM detail d JOIN resource r ON r.uid = d.uid
WHERE d.scope_id = :scope_id AND d.read_at IS NOT NULL AND r.deleted_at IS NULL
""")


class Due(NamedTuple):
    """A resource whose details are wanted, and where it is."""

    uid: UUID
    region: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of asking for the details of one resource.

    Attributes:
        of_digest: Of the document that its list showed.
        error_code: Why they are not known; "" where they are.
    """

    uid: UUID
    of_digest: bytes
    error_code: str = ""


def wanted(
    connection: Connection, scope: Scope, owner: str, *, ttl_seconds: float, most: int
) -> list[Due]:
    """The resources whose details have to be read, the most wanted first.

    Args:
        connection: In a transaction.
        scope: Of the details.
        owner: The listing that shows the resources.
        ttl_seconds: After so long details are read again in any case.
        most: No more than so many.
    """
    asked = {
        **_of(scope, owner),
        "period": scope.period_seconds,
        "ttl": ttl_seconds,
        "most": most,
    }
    return [Due(row.uid, row.region) for row in connection.execute(_WANTED, asked)]


def items(connection: Connection, uids: Sequence[UUID]) -> list[ListedItem]:
    """What is known of them by their list, in this order; without those that are gone."""
    rows = connection.execute(_ITEMS, {"uids": copying.uuid_array(uids)}).mappings()
    return [ListedItem(**{**row, "digest": bytes(row["digest"])}) for row in rows]


def store(
    connection: Connection,
    target: merge.Target,
    observations: Sequence[Observation],
    attempts: Sequence[Attempt],
    *,
    at: datetime,
) -> None:
    """Write what was read where it differs, and that all of it was asked for.

    Args:
        connection: Of a transaction that holds the lease.
        target: Scope of the details.
        observations: Of facet `detail`.
        attempts: One for each resource that was asked about.
        at: Database clock, before the first of them was.
    """
    key = {"scope_id": target.scope_id, "uids": copying.uuid_array(o.uid for o in observations)}
    known = {row.uid: bytes(row.digest) for row in connection.execute(_KNOWN, key)}
    different = [item for item in observations if known.get(item.uid) != item.digest]
    if different:
        staging.prepare(connection)
        staging.stage_rows(connection, enumerate(different))
        merge.merge_stage(connection, target)
    asked = {
        "scope_id": target.scope_id,
        "at": at,
        "uids": copying.uuid_array(attempt.uid for attempt in attempts),
        "digests": copying.bytea_array(attempt.of_digest for attempt in attempts),
        "codes": [storable(attempt.error_code) for attempt in attempts],
    }
    connection.execute(_ATTEMPTS, asked)


def known(connection: Connection, scope: Scope) -> int:
    """Of how many resources the scope's details are known."""
    return int(connection.scalar(_COUNT, {"scope_id": scope.id}) or 0)


def unread(connection: Connection, scope: Scope, owner: str) -> ListingError | None:
    """Why the details of a resource that its list shows could not be read when they were asked for.

    A resource knows its error's code alone; the rest is the scope's, if that tells of the same.
    """
    row = connection.execute(_UNREAD, _of(scope, owner)).one_or_none()
    if row is None:
        return None
    if row.is_told:
        return ListingError(
            row.error_message,
            error_class=ErrorClass(row.error_class),
            code=row.code,
            permission=row.error_permission,
        )
    message = f"details could not be read, and were not asked for again: {row.code}"
    return ListingError(message, error_class=ErrorClass.INCOMPLETE, code=row.code)


def answered(connection: Connection, scope: Scope, owner: str) -> bool:
    """Whether the last answer about a resource, which its list shows, told its details."""
    return bool(connection.scalar(_ANSWERED, _of(scope, owner)))


def empty_streak(connection: Connection, scope: Scope, owner: str) -> int:
    """How often in a row the listing that shows the resources showed none."""
    return int(connection.scalar(_PACE, _of(scope, owner)) or 0)


def _of(scope: Scope, owner: str) -> dict[str, object]:
    return {
        "scope_id": scope.id,
        "account_pk": scope.account_pk,
        "region": scope.region,
        "owner": owner,
        "types": list(scope.types),
    }
