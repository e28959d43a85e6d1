"""What has to be forgotten, and how long each provider wants it kept."""

from datetime import date

from sqlalchemy import Connection, text

# Only one process at a time; any constant will do.
_LOCK = 7_203_518_222

# `spec.inventory` decides; rows of accounts that nobody reads any more follow
# the last provider that read them.
_DEFAULT_RETAIN_DAYS = 30
_DEFAULT_HISTORY_DAYS = 180

# The lock makes a row that is shown again meanwhile be looked at once more, and kept.
_PURGE = text("""
WITH old AS (
    SELECT r.uid FROM resource r
    JOIN scope s ON s.id = r.scope_id
    JOIN account a ON a.id = s.account_pk
    LEFT JOIN provider p ON p.id = coalesce(a.provider_id, a.last_provider_id)
    WHERE least(r.deleted_at, s.retired_at,
                CASE WHEN s.status = 'unsupported' THEN s.status_since END,
                CASE WHEN NOT selects(s.types, r.type) THEN s.types_changed_at END)
        < now() - make_interval(days =>
            coalesce(CAST(p.spec #>> '{inventory,retainDeletedDays}' AS integer), :days))
    LIMIT :limit FOR UPDATE OF r SKIP LOCKED
), facets AS (
    DELETE FROM facet USING old WHERE facet.uid = old.uid
), edges AS (
    DELETE FROM edge USING old WHERE edge.uid = old.uid
)
DELETE FROM resource USING old WHERE resource.uid = old.uid
""")


def try_lock(connection: Connection) -> bool:
    """Whether this transaction is the only one doing maintenance."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}))


def purge_resources(connection: Connection, *, limit: int) -> int:
    """Drop up to `limit` rows that left the view long enough ago; returns how many."""
    return connection.execute(_PURGE, {"days": _DEFAULT_RETAIN_DAYS, "limit": limit}).rowcount


def oldest_history(connection: Connection) -> date:
    """The first day of history that any provider still wants."""
    oldest: date = connection.execute(
        text(
            "SELECT (now() - make_interval(days => coalesce(max(coalesce(CAST(spec #>> "
            "'{inventory,historyDays}' AS integer), :days)), :days)))::date FROM provider"
        ),
        {"days": _DEFAULT_HISTORY_DAYS},
    ).scalar_one()
    return oldest
