"""Edges between resources: replaced with the document that names them.

Whether the other end is known is asked when an edge is read, not when it is
written: it may be listed later, or be deleted.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text

from cloudops.domain.resource import Edge, Facet, Observation
from cloudops.store import copying

_COLUMNS = "facet, uid, relation, target, target_uid"

# Of what changed, most names the same others as before: those rows stay as they are.
# Set operations, as in `merge`; OFFSET 0 as in `loader`: the key finds the rows.
_REPLACE = text("""
WITH shown AS MATERIALIZED (
    SELECT i.uid, e.relation, e.target, e.target_uid FROM stage_row i, jsonb_to_recordset(i.edges)
        AS e(relation text, target text, target_uid uuid)
), stored AS MATERIALIZED (
    SELECT e.* FROM stage_row i, LATERAL (
        SELECT uid, relation, target, target_uid FROM edge
        WHERE edge.uid = i.uid AND edge.facet = :facet OFFSET 0) AS e
), gone AS MATERIALIZED (
    SELECT * FROM stored EXCEPT SELECT * FROM shown
), deleted AS (
    DELETE FROM edge WHERE ctid = ANY (ARRAY(SELECT e.ctid FROM gone, LATERAL (
        SELECT ctid FROM edge
        WHERE edge.uid = gone.uid AND edge.facet = :facet AND edge.relation = gone.relation
          AND edge.target = gone.target AND edge.target_uid IS NOT DISTINCT FROM gone.target_uid
        OFFSET 0) AS e))
)
INSERT INTO edge (uid, facet, relation, target, target_uid)
SELECT uid, :facet, relation, target, target_uid
FROM (SELECT * FROM shown EXCEPT SELECT * FROM stored) AS fresh
""")


def replace_staged(connection: Connection, facet: Facet) -> None:
    """Give each resource in `stage_row` the edges that stand there.

    Its facets are written already, so that nobody else writes the edges of the same.
    """
    connection.execute(_REPLACE, {"facet": facet.value})


def staged(edges: Sequence[Edge]) -> list[dict[str, str | None]] | None:
    """As `stage_row` holds them; None where there are none."""
    rows = [
        {
            "relation": edge.relation,
            "target": edge.target,
            "target_uid": None if edge.target_uid is None else str(edge.target_uid),
        }
        for edge in edges
    ]
    return rows or None


def framed(items: Iterable[Observation]) -> list[bytes]:
    """The edges of resources that have none stored yet, for `insert`."""
    head = copying.row_head(5)
    return [
        b"".join(
            (
                head,
                copying.recurring(item.facet.value),
                copying.identity(item.uid),
                copying.recurring(edge.relation),
                copying.words(edge.target),
                copying.NULL if edge.target_uid is None else copying.identity(edge.target_uid),
            )
        )
        for item in items
        for edge in item.edges
    ]


def insert(connection: Connection, rows: Sequence[bytes]) -> None:
    """Copy what `framed` gave; asks nothing of the database where that is nothing."""
    if rows:
        copying.copy(connection, "edge", _COLUMNS, rows)
