"""What people read: resources as they are, with their details, and who names whom."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# `selects(types, type)`: whether a scope's selection of types covers one of them.
# What runs now, for people who read with SQL. A row is as old as `as_of` says. Of a
# relation whose target is not known, or is gone, only the source and the words are there.
# Tags that only details tell are unknown where nobody reads details any more.
# `detail_level`: 0 what a list happens to tell, 1 what describes a resource, 2 its details too.
_VIEWS = """
CREATE FUNCTION selects(types text[], type text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT types = '{}' OR type = ANY (types) $$;
CREATE VIEW details AS
SELECT f.uid, f.document, f.volatile, f.truncated, d.read_at, d.error_code
FROM facet f JOIN detail d ON d.uid = f.uid
JOIN scope s ON s.id = d.scope_id AND s.retired_at IS NULL
WHERE f.facet = 'detail';
CREATE VIEW inventory AS
SELECT r.uid, r.cloud, a.account_id, a.name AS account_name, r.region, r.service, r.type, r.kind,
       r.canonical_id, r.name, r.state, t.tags, t.tags IS NOT NULL AS tags_known, r.created_at,
       r.first_seen_at, r.changed_at, s.listing, s.status AS listing_status,
       s.last_complete_at AS as_of, f.missing_since,
       CASE WHEN d.uid IS NULL THEN f.document ELSE d.document || f.document END AS document,
       CASE WHEN d.uid IS NULL THEN f.volatile
            ELSE nullif(coalesce(d.volatile, '{}') || coalesce(f.volatile, '{}'), '{}') END
           AS volatile,
       f.truncated OR coalesce(d.truncated, false) AS truncated,
       CASE WHEN d.uid IS NULL THEN s.tier ELSE 2 END AS detail_level, d.read_at AS details_as_of
FROM resource r
JOIN scope s ON s.id = r.scope_id
JOIN account a ON a.id = r.account_pk
LEFT JOIN facet f ON f.uid = r.uid AND f.facet = 'listed'
LEFT JOIN details d ON d.uid = r.uid
CROSS JOIN LATERAL (
    SELECT CASE WHEN r.tag_source <> 'details' OR d.uid IS NOT NULL THEN r.tags END AS tags
) AS t
WHERE r.deleted_at IS NULL AND s.retired_at IS NULL AND s.status <> 'unsupported'
  AND selects(s.types, r.type);
CREATE VIEW relation AS
SELECT s.uid AS source_uid, s.canonical_id AS source_id, s.type AS source_type, e.facet,
       e.relation, e.target, t.uid AS target_uid, t.canonical_id AS target_id,
       t.type AS target_type
FROM edge e
JOIN inventory s ON s.uid = e.uid
LEFT JOIN inventory t ON t.uid = e.target_uid;
"""


def upgrade() -> None:
    op.execute(_VIEWS)


def downgrade() -> None:
    op.execute("DROP VIEW relation, inventory, details; DROP FUNCTION selects;")
