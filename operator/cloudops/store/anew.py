"""Resources that began another life under the same id: what only details told of the last one.

Not when they are deleted, but when they are back: who reads a deleted one sees all that was
known of it, and what a load that was under way told of it too late goes as well.
"""

from sqlalchemy import Connection, text

# Behind a materialized part `anew`, whose resources are locked: see `merge`.
FORGOTTEN = """
detailed AS MATERIALIZED (
    SELECT f.uid FROM anew JOIN facet f ON f.uid = anew.uid AND f.facet = 'detail'
    ORDER BY f.uid FOR UPDATE OF f
), forgotten AS (
    DELETE FROM facet USING detailed WHERE facet.uid = detailed.uid AND facet.facet = 'detail'
    RETURNING facet.uid, facet.document, facet.scope_id
), unlinked AS (
    DELETE FROM edge USING detailed WHERE edge.uid = detailed.uid AND edge.facet = 'detail'
), unasked AS (
    DELETE FROM detail USING anew WHERE detail.uid = anew.uid
)
"""

# What the list tells of them is written already. Which of state and time it told of the last
# life nobody knows; what details told is unknown until they tell it again.
_FORGET = text(f"""
WITH anew AS MATERIALIZED (
    SELECT uid, state, created_at, tag_source FROM stage_row WHERE anew ORDER BY uid
), {FORGOTTEN}, untold AS (
    UPDATE resource r SET state = anew.state,
        created_at = CASE WHEN detailed.uid IS NULL THEN r.created_at ELSE anew.created_at END,
        tags = CASE WHEN anew.tag_source = 'details' THEN NULL ELSE r.tags END
    FROM anew LEFT JOIN detailed ON detailed.uid = anew.uid
    WHERE r.uid = anew.uid AND (detailed.uid IS NOT NULL OR anew.tag_source = 'details')
)
INSERT INTO change (at, uid, facet, operation, old, scope_id)
SELECT clock_timestamp(), uid, 'detail', 'dropped', document, scope_id FROM forgotten
""")  # noqa: S608  constants only


def forget(connection: Connection) -> None:
    """Forget the details of those in `stage_row` that are `anew`; they are written and locked."""
    connection.execute(_FORGET)
