"""From stage to inventory: the statements of a load transaction, set-based."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from cloudops.domain.resource import Facet
from cloudops.domain.schedule import EMPTY_PASSES_BEFORE_SLOWING
from cloudops.store import anew, edges
from cloudops.store.leases import WAKE_THEIR_LEASES

# The last word may be what is stored already, which nobody sends.
_DEDUPLICATE = text("""
DELETE FROM stage_row USING (
    SELECT uid, max(position) AS position FROM stage_seen GROUP BY uid HAVING count(*) > 1
) AS last WHERE stage_row.uid = last.uid AND stage_row.position < last.position
""")

# Tags and the listing that waits for them are merged one after the other: at
# once, neither would see what the other is about to write, and since neither
# changes afterwards, nothing would ever bring them together. The wait may be
# as long as the merge of a large listing.
TAGS_LOCK = 7_203_519
_KEEP_APART = {
    Facet.TAGS: text("SELECT pg_advisory_xact_lock(:lock, :account_pk)"),
    Facet.LISTED: text("""
        SELECT pg_advisory_xact_lock_shared(:lock, :account_pk)
        WHERE EXISTS (SELECT FROM stage_row WHERE tag_source = 'tagging')
    """),
}
_WAIT_FOR_MERGE = text("SELECT set_config('lock_timeout', '110s', true)")

# What its list shows of another life is marked as that.
_CHANGES = text("""
WITH told AS (
INSERT INTO change (at, uid, facet, operation, old, new, scope_id)
SELECT clock_timestamp(), i.uid, :facet,
    CASE WHEN f.uid IS NULL THEN 'created'
         WHEN r.deleted_at IS NOT NULL AND :facet = 'listed' THEN 'revived'
         WHEN i.created_at <> r.created_at THEN 'replaced' ELSE 'updated' END,
    CASE WHEN f.uid IS NOT NULL THEN changed_keys(f.document, i.document) END,
    CASE WHEN f.uid IS NOT NULL THEN changed_keys(i.document, f.document) END, :scope_id
FROM stage_row i
LEFT JOIN facet f ON f.uid = i.uid AND f.facet = :facet
LEFT JOIN resource r ON r.uid = i.uid
WHERE f.uid IS NULL OR r.deleted_at IS NOT NULL AND :facet = 'listed' OR f.document <> i.document
   OR i.created_at <> r.created_at
RETURNING uid, operation
), another AS MATERIALIZED (
    SELECT uid FROM told WHERE operation IN ('revived', 'replaced') AND :facet = 'listed'
)
UPDATE stage_row SET anew = true FROM another WHERE stage_row.uid = another.uid
""")

# Loads that show the same items wait for each other in the same order: first resources, then
# facets, each by its id. In any other, two of them could wait for each other.
# A terminated instance does not tell any more when it was made.
# The same id with another creation time is another thing: it is seen first now.
# State and tags that only details tell are none of the list's.
_RESOURCES = text("""
INSERT INTO resource AS r (uid, cloud, canonical_id, id_synthetic, account_pk, scope_id, region,
    service, type, kind, name, state, created_at, tag_source, tags)
SELECT i.uid, :cloud, i.canonical_id, i.id_synthetic, :account_pk, :scope_id, i.region, i.service,
    i.type, i.kind, i.name, i.state, i.created_at, i.tag_source,
    CASE WHEN i.tag_source = 'tagging' THEN t.document ELSE i.tags END
FROM stage_row i LEFT JOIN facet t ON t.uid = i.uid AND t.facet = 'tags'
ORDER BY i.uid
ON CONFLICT (uid) DO UPDATE SET
    account_pk = excluded.account_pk, scope_id = excluded.scope_id, region = excluded.region,
    service = excluded.service, type = excluded.type, kind = excluded.kind, name = excluded.name,
    state = coalesce(excluded.state, (SELECT r.state FROM facet d
        WHERE d.uid = r.uid AND d.facet = 'detail')),
    tag_source = excluded.tag_source,
    tags = CASE WHEN excluded.tag_source = 'details' THEN r.tags ELSE excluded.tags END,
    first_seen_at = CASE WHEN excluded.created_at <> r.created_at
        THEN clock_timestamp() ELSE r.first_seen_at END,
    created_at = coalesce(excluded.created_at, r.created_at), changed_at = clock_timestamp(),
    deleted_at = NULL, deleted_reason = ''
""")

_FACETS = text("""
INSERT INTO facet (uid, facet, scope_id, digest, document, volatile, truncated)
SELECT i.uid, :facet, :scope_id, i.digest, i.document, nullif(i.volatile, '{}'), i.truncated
FROM stage_row i ORDER BY i.uid
ON CONFLICT (uid, facet) DO UPDATE SET
    scope_id = excluded.scope_id, digest = excluded.digest, document = excluded.document,
    volatile = excluded.volatile, truncated = excluded.truncated, changed_at = clock_timestamp(),
    missing_since = NULL
""")

# What the list leaves empty details tell; of the same id another creation time, see above.
# A resource has changed with its details, whether or not they tell any of this.
_FACTS = text("""
WITH told AS MATERIALIZED (
    SELECT r.uid, i.state, i.created_at, i.tags FROM stage_row i JOIN resource r ON r.uid = i.uid
        LEFT JOIN facet f ON f.uid = i.uid AND f.facet = 'detail'
    WHERE f.document IS DISTINCT FROM i.document
       OR coalesce(i.state, r.state) IS DISTINCT FROM r.state
       OR coalesce(i.created_at, r.created_at) IS DISTINCT FROM r.created_at
       OR coalesce(i.tags, r.tags) IS DISTINCT FROM r.tags
    ORDER BY r.uid FOR UPDATE OF r
)
UPDATE resource r SET state = coalesce(told.state, r.state),
    first_seen_at = CASE WHEN told.created_at <> r.created_at
        THEN clock_timestamp() ELSE r.first_seen_at END,
    created_at = coalesce(told.created_at, r.created_at), tags = coalesce(told.tags, r.tags),
    changed_at = clock_timestamp()
FROM told WHERE r.uid = told.uid
""")

_TAGS = text("""
UPDATE resource SET tags = i.document, changed_at = clock_timestamp()
FROM stage_row i WHERE resource.uid = i.uid AND resource.tag_source = 'tagging'
""")

# A listing that was empty again and again is looked at rarely. What another one
# shows of its resources is news to it, wherever in the account it runs.
_WAKE = text(f"""
WITH woken AS (
    UPDATE scope SET next_due_at = clock_timestamp() FROM (
        SELECT DISTINCT i.owner_listing FROM stage_row i
        WHERE NOT EXISTS (SELECT FROM resource r WHERE r.uid = i.uid AND r.deleted_at IS NULL)
    ) AS news
    WHERE scope.account_pk = :account_pk AND scope.listing = news.owner_listing
      AND scope.empty_streak >= {EMPTY_PASSES_BEFORE_SLOWING} AND scope.retired_at IS NULL
    RETURNING scope.lease_id
)
{WAKE_THEIR_LEASES} AND next_due_at < 'infinity'
""")  # noqa: S608  constants only

# What a facet writes of its resource, before its own rows.
_BESIDE = {
    Facet.LISTED: (_RESOURCES,),
    Facet.TAGS: (_WAKE, _TAGS),
    Facet.DETAIL: (_FACTS,),
}

# What to mark or to unmark. Set operations, and materialised: joined with what it updates,
# facets that were never analysed, or many marks where statistics know of few, make the
# planner look through the whole stage once for every row.
_LISTED_UIDS = "SELECT unnest(CAST(:uids AS uuid[])) AS uid"
_MARKED_AND_SEEN = """
SELECT uid FROM facet WHERE scope_id = :scope_id AND facet = :facet AND missing_since IS NOT NULL
INTERSECT SELECT uid FROM stage_seen
"""
_UNMARKED_AND_UNSEEN = """
SELECT uid FROM facet WHERE scope_id = :scope_id AND facet = :facet AND missing_since IS NULL
EXCEPT SELECT uid FROM stage_seen
"""
# `+ 0`: the key finds these rows, not the index of the scope.
_OF_THE_SCOPE = "facet.uid = chosen.uid AND facet.facet = :facet AND facet.scope_id + 0 = :scope_id"

# Resources before facets, as above: the second update waits for what the first returns.
# What was deleted is staged where it is shown again; what is left was shown, but nobody
# understood it. What is known of it may be another's: with no digest it is written anew as
# soon as it can be read.
_UNMARK = f"""
WITH chosen AS MATERIALIZED ({{chosen}}), marked AS MATERIALIZED (
    SELECT facet.uid FROM facet JOIN chosen ON {_OF_THE_SCOPE} WHERE missing_since IS NOT NULL
), anew AS MATERIALIZED (
    SELECT r.uid FROM resource r JOIN marked ON marked.uid = r.uid
    WHERE r.deleted_at IS NOT NULL AND :facet = 'listed' ORDER BY r.uid FOR UPDATE OF r
), {anew.FORGOTTEN}, revived AS (
    UPDATE resource r SET deleted_at = NULL, deleted_reason = '', changed_at = clock_timestamp(),
        state = CASE WHEN detailed.uid IS NULL THEN r.state END,
        created_at = CASE WHEN detailed.uid IS NULL THEN r.created_at END,
        tags = CASE WHEN r.tag_source = 'details' THEN NULL ELSE r.tags END
    FROM anew LEFT JOIN detailed ON detailed.uid = anew.uid WHERE r.uid = anew.uid
    RETURNING r.uid
), back AS (
    UPDATE facet SET missing_since = NULL,
        digest = CASE WHEN revived.uid IS NULL THEN digest ELSE '' END
    FROM marked AS chosen LEFT JOIN revived ON revived.uid = chosen.uid
    WHERE {_OF_THE_SCOPE} AND missing_since IS NOT NULL
)
INSERT INTO change (at, uid, facet, operation, old, scope_id)
SELECT clock_timestamp(), uid, :facet, 'revived', NULL, :scope_id FROM revived
UNION ALL SELECT clock_timestamp(), uid, 'detail', 'dropped', document, scope_id FROM forgotten
"""  # noqa: S608  constants only

_MARK = f"""
WITH chosen AS MATERIALIZED ({{chosen}})
UPDATE facet SET missing_since = clock_timestamp() FROM chosen
WHERE {_OF_THE_SCOPE} AND missing_since IS NULL
  AND (CAST(:types AS text[]) = '{{{{}}}}' OR NOT EXISTS (
       SELECT FROM resource r WHERE r.uid = facet.uid AND r.type <> ALL(:types)))
"""  # noqa: S608  constants only


@dataclass(frozen=True, slots=True)
class Target:
    """Where a listing's items go."""

    cloud: str
    account_pk: int
    scope_id: int
    facet: Facet
    types: tuple[str, ...] = ()  # what the scope selects of the listing's types; empty = all

    def parameters(self) -> dict[str, Any]:
        return {
            "cloud": self.cloud,
            "account_pk": self.account_pk,
            "scope_id": self.scope_id,
            "facet": self.facet.value,
            "types": list(self.types),
        }


def deduplicate(connection: Connection) -> None:
    """Of items that a listing showed twice, as when they move between its pages, keep the last."""
    connection.execute(_DEDUPLICATE)


def merge_stage(connection: Connection, target: Target) -> int:
    """Insert or update what `stage_row` holds, each item once; returns how many rows that was.

    The change history is written first, since it compares with what was.
    """
    parameters = target.parameters()
    if target.facet in _KEEP_APART:
        connection.execute(_WAIT_FOR_MERGE)
        connection.execute(_KEEP_APART[target.facet], {**parameters, "lock": TAGS_LOCK})
    others = connection.execute(_CHANGES, parameters).rowcount
    for statement in _BESIDE[target.facet]:
        connection.execute(statement, parameters)
    if others:
        anew.forget(connection)
    written = connection.execute(_FACETS, parameters).rowcount
    if target.facet is not Facet.TAGS:
        edges.replace_staged(connection, target.facet)
    return written


def unmark(connection: Connection, target: Target, uids: Sequence[UUID] | None) -> None:
    """Clear the mark of what was shown again, and revive what was deleted.

    Args:
        connection: Of the load transaction.
        target: Scope and facet.
        uids: What to clear; None = whatever is in `stage_seen`.
    """
    _change(connection, _UNMARK, _MARKED_AND_SEEN, target, uids)


def mark_missing(connection: Connection, target: Target, uids: Sequence[UUID] | None) -> None:
    """Mark what a complete listing did not show.

    Args:
        connection: Of the load transaction.
        target: Scope and facet.
        uids: What was missing; None = whatever is not in `stage_seen`.
    """
    _change(connection, _MARK, _UNMARKED_AND_UNSEEN, target, uids)


def _change(
    connection: Connection,
    statement: str,
    by_stage: str,
    target: Target,
    uids: Sequence[UUID] | None,
) -> None:
    parameters = target.parameters()
    if uids is None:
        connection.execute(text(statement.format(chosen=by_stage)), parameters)
    else:
        parameters["uids"] = list(uids)
        connection.execute(text(statement.format(chosen=_LISTED_UIDS)), parameters)
