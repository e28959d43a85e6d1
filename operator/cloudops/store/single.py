"""One resource: which one an id means, all that is stored of it, and its history.

Everything is found by key. Only an id that is not complete has to be looked for,
in the index of the ids, which is a fraction of the table.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from cloudops.domain.reading import (
    ChangeRow,
    EdgeFrom,
    EdgeTo,
    FacetRow,
    ResourceDetail,
    ResourceMatch,
    possible_uids,
)

# An entry holds up to two documents of 256 KiB.
HISTORY_PAGE: Final = 200
# A network may be named by very many.
EDGES_FROM: Final = 1_000

_BY_KEY = text("""
SELECT uid, canonical_id, deleted_at IS NOT NULL AS deleted FROM resource
WHERE uid = ANY(CAST(:uids AS uuid[]))
""")

# What was dropped after its deletion may have a history still.
_PAST = text("""
SELECT u.uid FROM unnest(CAST(:uids AS uuid[])) AS u(uid), LATERAL (
    SELECT FROM change WHERE change.uid = u.uid LIMIT 1) AS past
""")

# The ids alone, in their order, so that the index answers and the table is not read;
# OFFSET 0 as in `loader`: the key finds the few rows, whatever the planner knows.
_BY_ENDING = text("""
WITH fits AS MATERIALIZED (
    SELECT DISTINCT canonical_id FROM resource
    WHERE right(canonical_id, :length) = ANY(CAST(:endings AS text[]))
    ORDER BY canonical_id LIMIT :limit
)
SELECT r.uid, r.canonical_id, r.deleted FROM fits, LATERAL (
    SELECT uid, canonical_id, deleted_at IS NOT NULL AS deleted FROM resource
    WHERE resource.canonical_id = fits.canonical_id OFFSET 0
) AS r ORDER BY r.canonical_id
""")

# Of a resource `r` with its details `d`, as the view has it; what was deleted is shown as it was
# known last.
TAGS_AS_KNOWN: Final = """
CASE WHEN r.deleted_at IS NOT NULL OR r.tag_source <> 'details' OR d.uid IS NOT NULL
    THEN r.tags END
"""
_DETAIL = text(f"""
SELECT r.canonical_id, r.uid, r.cloud, a.account_id, a.name AS account_name, r.region, r.service,
       r.type, r.kind, r.name, r.state,
       CASE WHEN r.deleted_at IS NOT NULL THEN 'deleted'
            WHEN s.retired_at IS NOT NULL OR s.status = 'unsupported'
                 OR NOT selects(s.types, r.type) THEN 'retired' ELSE 'live' END AS presence,
       CASE WHEN r.deleted_at IS NOT NULL THEN r.deleted_reason
            WHEN s.retired_at IS NOT NULL THEN s.retired_reason
            WHEN s.status = 'unsupported' THEN 'Unsupported'
            WHEN NOT selects(s.types, r.type) THEN 'TypeNotSelected' ELSE '' END AS absent_reason,
       r.created_at, r.first_seen_at, r.changed_at, r.deleted_at, s.listing,
       s.status AS listing_status, s.last_complete_at AS as_of, r.tag_source,
       {TAGS_AS_KNOWN} AS tags
FROM resource r JOIN scope s ON s.id = r.scope_id JOIN account a ON a.id = r.account_pk
    LEFT JOIN details d ON d.uid = r.uid
WHERE r.uid = :uid
""")  # noqa: S608  constants only

_FACETS = text("""
SELECT f.facet, s.listing, s.status AS listing_status,
       coalesce(d.read_at, s.last_complete_at) AS as_of, f.changed_at, f.missing_since,
       f.truncated, f.document, f.volatile
FROM facet f JOIN scope s ON s.id = f.scope_id
    LEFT JOIN detail d ON d.uid = f.uid AND f.facet = 'detail'
WHERE f.uid = :uid ORDER BY f.facet
""")

_EDGES_TO = text("""
SELECT e.relation, e.target, t.canonical_id, t.type
FROM (SELECT relation, target, target_uid FROM edge WHERE uid = :uid OFFSET 0) e
LEFT JOIN LATERAL (SELECT canonical_id, type FROM inventory
                   WHERE inventory.uid = e.target_uid OFFSET 0) t ON true
ORDER BY e.relation, e.target
""")

# Of one that is deleted too: who still names it is what people ask then.
_EDGES_FROM = text("""
SELECT e.relation, s.canonical_id, s.type, count(*) OVER () AS total
FROM (SELECT relation, uid FROM edge WHERE target_uid = :uid OFFSET 0) e,
    LATERAL (SELECT canonical_id, type FROM inventory WHERE inventory.uid = e.uid OFFSET 0) s
ORDER BY e.relation, s.canonical_id LIMIT :limit
""")

# With ties, the next page begins at another moment: no entry is lost, and none comes twice.
_HISTORY = """
SELECT c.at, c.operation, c.facet, coalesce(s.listing, '') AS listing, c.old, c.new FROM (
    SELECT at, operation, facet, scope_id, old, new FROM change
    WHERE uid = :uid AND at < CAST(:before AS timestamptz) {since}
    ORDER BY at DESC FETCH FIRST :limit ROWS WITH TIES
) AS c LEFT JOIN scope s ON s.id = c.scope_id
ORDER BY c.at DESC, c.facet, c.operation
"""
# With a beginning, older months are not even looked at.
_ALL_HISTORY = text(_HISTORY.format(since=""))
_HISTORY_SINCE = text(_HISTORY.format(since="AND at >= :since"))


def with_id(connection: Connection, canonical_id: str) -> list[ResourceMatch]:
    """The resource with this very id, if there is any trace of it."""
    uids = {"uids": possible_uids(canonical_id)}
    found = [ResourceMatch(**row) for row in connection.execute(_BY_KEY, uids).mappings()]
    if found:
        return found
    past = connection.scalars(_PAST, uids)
    return [ResourceMatch(uid, canonical_id, deleted=True, kept=False) for uid in past]


def with_ending(connection: Connection, ending: str, *, limit: int) -> list[ResourceMatch]:
    """Up to `limit` resources whose id ends with this part, behind a slash or colon."""
    rows = connection.execute(
        _BY_ENDING,
        {"length": len(ending) + 1, "endings": [f"/{ending}", f":{ending}"], "limit": limit},
    )
    return [ResourceMatch(**row) for row in rows.mappings()]


def detail(connection: Connection, uid: UUID) -> ResourceDetail | None:
    """All that is stored of one resource; None if its row is gone."""
    row = connection.execute(_DETAIL, {"uid": uid}).mappings().one_or_none()
    if row is None:
        return None
    facets = {}
    for facet in connection.execute(_FACETS, {"uid": uid}).mappings():
        columns = dict(facet)
        name = columns.pop("facet")
        facets[name] = FacetRow(**columns)
    return ResourceDetail(**row, facets=facets, **_edges(connection, uid))


def _edges(connection: Connection, uid: UUID) -> dict[str, Any]:
    named = connection.execute(_EDGES_TO, {"uid": uid}).mappings()
    naming = connection.execute(_EDGES_FROM, {"uid": uid, "limit": EDGES_FROM}).all()
    return {
        "edges_to": tuple(EdgeTo(**row) for row in named),
        "edges_from": tuple(EdgeFrom(row.relation, row.canonical_id, row.type) for row in naming),
        "edges_from_total": naming[0].total if naming else 0,
    }


def history_page(
    connection: Connection, uid: UUID, *, since: datetime | None, before: datetime | None
) -> list[ChangeRow]:
    """The next changes of one resource, newest first; fewer than `HISTORY_PAGE` are the last.

    Args:
        connection: In a transaction.
        uid: Its key; its row may be gone.
        since: Leaves out what is older.
        before: When the last change of the page before was; None at first.
    """
    statement, parameters = history_query(uid, since=since, before=before)
    return [
        ChangeRow(row.at, row.operation, row.facet, row.listing, _changed(row.old, row.new))
        for row in connection.execute(statement, parameters)
    ]


def history_query(
    uid: UUID, *, since: datetime | None, before: datetime | None
) -> tuple[TextClause, dict[str, Any]]:
    """See `history_page`."""
    parameters = {"uid": uid, "before": before or "infinity", "limit": HISTORY_PAGE}
    if since is None:
        return _ALL_HISTORY, parameters
    return _HISTORY_SINCE, {**parameters, "since": since}


def _changed(
    old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> dict[str, dict[str, Any]]:
    sides = {"old": old or {}, "new": new or {}}
    keys = sorted({key for side in sides.values() for key in side})
    return {key: {name: side[key] for name, side in sides.items() if key in side} for key in keys}
