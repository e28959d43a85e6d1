"""Deleting what complete listings no longer show, unless a brake holds it.

Listings only mark; this is the one place that soft-deletes. It runs once a
lease, after all its listings, so that the brakes see them together; only those
that killed workers are swept apart, since a lease may not survive them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from cloudops.domain.ledger import Consistency, Lease
from cloudops.domain.provider import DeletionBrake
from cloudops.domain.resource import Facet
from cloudops.store import leases

# So many scopes losing their last row at once look like an outage, not like work.
EMPTIED_SCOPES_HELD = 3


@dataclass(frozen=True, slots=True)
class Swept:
    """A scope that this lease read to its end.

    Attributes:
        shows_permitted: What the caller may not see is left out without a word.
    """

    scope_id: int
    facet: Facet
    consistency: Consistency
    shows_permitted: bool = False


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many rows were deleted, and how many deletions wait for a person."""

    deleted: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one scope would lose."""

    scope_id: int
    missing: int
    live: int
    on_probation: bool = False
    shows_permitted: bool = False

    @property
    def is_emptied(self) -> bool:
        return self.missing >= self.live

    def is_held(self, brake: DeletionBrake) -> bool:
        """Whether a person has to consent, whatever else the lease deletes."""
        if self.shows_permitted and self.is_emptied and not brake.released:
            return True
        return brake.holds(candidates=self.missing, live=self.live, on_probation=self.on_probation)


# A strong listing may delete at once, on probation only what an earlier
# complete listing had missed too; an eventual one wants some time in between.
_ELIGIBLE = """
s.id = f.scope_id AND f.facet = :facet AND f.missing_since IS NOT NULL
AND (s.id = ANY(CAST(:strong AS integer[]))
        AND (s.probation = 0 OR f.missing_since <= s.last_complete_at)
     OR f.missing_since <= s.last_complete_at - make_interval(secs => :confirm_seconds))
"""

# Materialised: joined at once, tables that were never analysed make the planner
# look through all that is missing once for every row.
_GONE = f"""
gone AS MATERIALIZED (
    SELECT f.uid, s.id AS scope_id, s.types FROM scope s JOIN facet f ON {_ELIGIBLE}
    WHERE s.id = ANY(CAST(:scope_ids AS integer[]))
)
"""  # noqa: S608  constants only

_CANDIDATES = text(f"""
WITH {_GONE}, counted AS (
    SELECT gone.scope_id, count(*) AS missing FROM gone
    JOIN resource r ON r.uid = gone.uid AND r.scope_id = gone.scope_id
        AND r.deleted_at IS NULL AND selects(gone.types, r.type)
    GROUP BY gone.scope_id
)
SELECT s.id AS scope_id, counted.missing, s.probation > 0 AS on_probation,
       s.id = ANY(CAST(:shows_permitted AS integer[])) AS shows_permitted,
       (SELECT count(*) FROM resource l WHERE l.scope_id = s.id AND l.deleted_at IS NULL
        AND selects(s.types, l.type)) AS live
FROM counted JOIN scope s ON s.id = counted.scope_id
""")  # noqa: S608  constants only

_ACCOUNT_LIVE = text("""
SELECT count(*) FROM resource r JOIN scope s ON s.id = r.scope_id
WHERE r.deleted_at IS NULL AND s.retired_at IS NULL AND s.status <> 'unsupported'
  AND selects(s.types, r.type)
  AND s.account_pk = (SELECT account_pk FROM scope WHERE id = :scope_id)
""")

# Marks are looked at once more under lock: other credentials that were entered meanwhile have
# taken them back. So what is deleted is always marked, by which a listing finds it again.
_DELETE = text(f"""
WITH {_GONE}, locked AS MATERIALIZED (  -- each by its id, as by a load: see `merge`
    SELECT r.uid FROM resource r JOIN gone ON gone.uid = r.uid AND gone.scope_id = r.scope_id
    WHERE r.deleted_at IS NULL AND selects(gone.types, r.type)
    ORDER BY r.uid FOR NO KEY UPDATE OF r
), marked AS MATERIALIZED (
    SELECT f.uid FROM facet f JOIN locked ON locked.uid = f.uid
    WHERE f.facet = :facet AND f.missing_since IS NOT NULL
    ORDER BY f.uid FOR NO KEY UPDATE OF f
), deleted AS (
    UPDATE resource r SET deleted_at = clock_timestamp(), deleted_reason = 'swept',
        changed_at = clock_timestamp()
    FROM marked WHERE r.uid = marked.uid
    RETURNING r.uid, r.scope_id
)
INSERT INTO change (at, uid, facet, operation, old, scope_id)
SELECT clock_timestamp(), deleted.uid, :facet, 'deleted', f.document, deleted.scope_id
FROM deleted JOIN facet f ON f.uid = deleted.uid AND f.facet = :facet
""")  # noqa: S608  constants only

# A facet that is no longer shown is not known any more; its resource lives on. It stays
# with one whose type is not selected: both come back together.
_DROPPED = f"""
{_ELIGIBLE} AND s.id = ANY(CAST(:scope_ids AS integer[]))
AND NOT EXISTS (SELECT FROM resource r WHERE r.uid = f.uid AND NOT selects(s.types, r.type))
"""
# Loads and the purge lock resources before facets, each by its id: see `merge`.
_LOCK_DROPPED = text(f"""
SELECT FROM resource WHERE uid IN (SELECT f.uid FROM facet f, scope s WHERE {_DROPPED})
ORDER BY uid FOR NO KEY UPDATE
""")  # noqa: S608  constants only
_DROP_FACETS = text(f"""
WITH gone AS (
    DELETE FROM facet f USING scope s WHERE {_DROPPED}
    RETURNING f.uid, f.scope_id, f.document
), unlinked AS (
    DELETE FROM edge USING gone WHERE edge.uid = gone.uid AND edge.facet = :facet
), untagged AS (
    UPDATE resource SET tags = NULL, changed_at = clock_timestamp()
    FROM gone WHERE resource.uid = gone.uid AND :facet = 'tags'
      AND resource.tag_source = 'tagging'
)
INSERT INTO change (at, uid, facet, operation, old, scope_id)
SELECT clock_timestamp(), uid, :facet, 'dropped', document, scope_id FROM gone
""")  # noqa: S608  constants only

# A scope leaves its probation step by step, with each complete listing under
# the new credentials that misses nothing: what is marked is still in question.
_HOLD = text("""
UPDATE scope SET held_count = h.held, probation = CASE
    WHEN scope.last_complete_at < a.fingerprint_since OR EXISTS (
        SELECT FROM facet f LEFT JOIN resource r ON r.uid = f.uid
        WHERE f.scope_id = scope.id AND f.missing_since IS NOT NULL
          AND (f.facet <> 'listed' OR r.deleted_at IS NULL)
          AND (r.uid IS NULL OR selects(scope.types, r.type)))
    THEN scope.probation ELSE greatest(scope.probation - 1, 0) END
FROM unnest(CAST(:scope_ids AS integer[]), CAST(:held AS integer[])) AS h(id, held), account a
WHERE scope.id = h.id AND a.id = scope.account_pk
  AND (scope.held_count <> h.held OR scope.probation > 0)
""")


def sweep(
    connection: Connection,
    lease: Lease,
    swept: Sequence[Swept],
    *,
    brake: DeletionBrake,
    confirm_seconds: float,
) -> SweepResult:
    """Delete what may be deleted in the scopes that were just read to their end.

    Args:
        connection: Of a transaction that does nothing else.
        lease: Held by the caller.
        swept: Complete scopes only.
        brake: The provider's.
        confirm_seconds: Least time between two listings that agree.

    Raises:
        LeaseLostError: Another worker has the lease; nothing was deleted.
    """
    leases.guard(connection, lease)
    result = SweepResult()
    for facet in Facet:
        part = [item for item in swept if item.facet is facet]
        if not part:
            continue
        keys = _keys(part, facet, confirm_seconds)
        if facet is Facet.LISTED:
            result = _sweep_resources(connection, keys, part, brake)
        else:
            connection.execute(_LOCK_DROPPED, keys)
            connection.execute(_DROP_FACETS, keys)
            _record(connection, part, {})
    return result


def held_candidates(
    candidates: Sequence[Candidate], account_live: int, brake: DeletionBrake
) -> set[int]:
    """The scopes whose deletions wait: their own brake holds, or the lease's does."""
    total = sum(candidate.missing for candidate in candidates)
    emptied = [candidate for candidate in candidates if candidate.is_emptied]
    on_probation = any(candidate.on_probation for candidate in candidates)
    lease_holds = brake.holds(candidates=total, live=account_live, on_probation=on_probation) or (
        len(emptied) >= EMPTIED_SCOPES_HELD and not brake.released
    )
    if lease_holds:
        return {candidate.scope_id for candidate in candidates}
    return {candidate.scope_id for candidate in candidates if candidate.is_held(brake)}


def _sweep_resources(
    connection: Connection,
    keys: dict[str, object],
    part: Sequence[Swept],
    brake: DeletionBrake,
) -> SweepResult:
    candidates = [Candidate(**row) for row in connection.execute(_CANDIDATES, keys).mappings()]
    held: set[int] = set()
    if candidates:
        live = connection.scalar(_ACCOUNT_LIVE, {"scope_id": candidates[0].scope_id}) or 0
        held = held_candidates(candidates, live, brake)
    free = [c.scope_id for c in candidates if c.scope_id not in held]
    deleted = connection.execute(_DELETE, {**keys, "scope_ids": free}).rowcount if free else 0
    waiting = {c.scope_id: c.missing for c in candidates if c.scope_id in held}
    _record(connection, part, waiting)
    return SweepResult(deleted=deleted, held=sum(waiting.values()))


def _record(connection: Connection, part: Sequence[Swept], waiting: Mapping[int, int]) -> None:
    """Last, since what a probation forbids is forbidden for this whole sweep."""
    ids = [item.scope_id for item in part]
    held = [waiting.get(scope_id, 0) for scope_id in ids]
    connection.execute(_HOLD, {"scope_ids": ids, "held": held})


def _keys(part: Sequence[Swept], facet: Facet, confirm_seconds: float) -> dict[str, object]:
    return {
        "facet": facet.value,
        "confirm_seconds": confirm_seconds,
        "scope_ids": [item.scope_id for item in part],
        "shows_permitted": [item.scope_id for item in part if item.shows_permitted],
        "strong": [item.scope_id for item in part if item.consistency is Consistency.STRONG],
    }
