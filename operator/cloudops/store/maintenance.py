"""What has to be forgotten, and how long each provider wants it kept."""

from datetime import date

from sqlalchemy import Connection, TextClause, text

# Only one process at a time; any constant will do.
_LOCK = 7_203_518_222

# `spec.inventory` decides; rows of accounts that nobody reads any more follow
# the last provider that read them.
_DEFAULT_RETAIN_DAYS = 30
_DEFAULT_HISTORY_DAYS = 180

_OWNER = """
JOIN account a ON a.id = s.account_pk
LEFT JOIN provider p ON p.id = coalesce(a.provider_id, a.last_provider_id)
"""
_KEPT_SINCE = """
now() - make_interval(days =>
    coalesce(CAST(p.spec #>> '{inventory,retainDeletedDays}' AS integer), :days))
"""
# Of a provider whose object was deleted nothing is kept for longer than its rows were.
_PROVIDER_GONE = f"p.vanished_at < {_KEPT_SINCE}"
_LEFT_AT = "s.retired_at, CASE WHEN s.status = 'unsupported' THEN s.status_since END"

# The lock makes a row that is shown again meanwhile be looked at once more, and kept.
_PURGE = text(f"""
WITH old AS (
    SELECT r.uid FROM resource r
    JOIN scope s ON s.id = r.scope_id
    {_OWNER}
    WHERE least(r.deleted_at, {_LEFT_AT},
                CASE WHEN NOT selects(s.types, r.type) THEN s.types_changed_at END)
        < {_KEPT_SINCE}
    LIMIT :limit FOR UPDATE OF r SKIP LOCKED
), facets AS (
    DELETE FROM facet USING old WHERE facet.uid = old.uid
), edges AS (
    DELETE FROM edge USING old WHERE edge.uid = old.uid
), details AS (
    DELETE FROM detail USING old WHERE detail.uid = old.uid
)
DELETE FROM resource USING old WHERE resource.uid = old.uid
""")  # noqa: S608  constants only

# Tags of what no listing has shown wait for it, out of every view. They go when two complete
# passes lack them; where their scope is not read any more there is no pass. Details that
# nobody reads any more go, whoever they are of.
_PURGE_LONE_FACETS = text(f"""
WITH old AS (
    SELECT f.uid, f.facet FROM scope s
    {_OWNER}
    JOIN facet f ON f.scope_id = s.id
    WHERE least({_LEFT_AT}) < {_KEPT_SINCE}
      AND (f.facet = 'detail' OR NOT EXISTS (SELECT FROM resource r WHERE r.uid = f.uid))
    LIMIT :limit FOR UPDATE OF f SKIP LOCKED
), edges AS (
    DELETE FROM edge USING old WHERE edge.uid = old.uid AND edge.facet = old.facet
), details AS (
    DELETE FROM detail USING old WHERE detail.uid = old.uid AND old.facet = 'detail'
)
DELETE FROM facet USING old WHERE facet.uid = old.uid AND facet.facet = old.facet
""")  # noqa: S608  constants only

_RELEASE_ACCOUNTS = text(f"""
UPDATE account SET last_provider_id = NULL WHERE id IN (
    SELECT a.id FROM account a JOIN provider p ON p.id = a.last_provider_id
    WHERE {_PROVIDER_GONE} AND a.provider_id IS DISTINCT FROM p.id
    LIMIT :limit FOR NO KEY UPDATE OF a SKIP LOCKED)
""")  # noqa: S608  constants only

# What a discovery that was under way left to it goes along.
_PURGE_PROVIDERS = text(f"""
WITH old AS (
    SELECT p.id FROM provider p
    WHERE {_PROVIDER_GONE}
      AND NOT EXISTS (SELECT FROM account a WHERE a.provider_id = p.id)
      AND NOT EXISTS (SELECT FROM account a WHERE a.last_provider_id = p.id)
      AND NOT EXISTS (SELECT FROM lease l WHERE l.provider_id = p.id AND l.expires_at > now())
    LIMIT :limit FOR UPDATE OF p SKIP LOCKED
)
DELETE FROM provider USING old WHERE provider.id = old.id
""")  # noqa: S608  constants only


def try_lock(connection: Connection) -> bool:
    """Whether this transaction is the only one doing maintenance."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}))


def purge_resources(connection: Connection, *, limit: int) -> int:
    """Drop up to `limit` rows that left the view long enough ago; returns how many."""
    return _change(connection, _PURGE, limit)


def purge_lone_facets(connection: Connection, *, limit: int) -> int:
    """Likewise facets without a resource; returns how many."""
    return _change(connection, _PURGE_LONE_FACETS, limit)


def release_accounts(connection: Connection, *, limit: int) -> int:
    """Let up to `limit` accounts forget a provider that is gone for good; returns how many."""
    return _change(connection, _RELEASE_ACCOUNTS, limit)


def purge_providers(connection: Connection, *, limit: int) -> int:
    """Drop up to `limit` providers that are gone for good and that no account names any more."""
    return _change(connection, _PURGE_PROVIDERS, limit)


def oldest_history(connection: Connection) -> date:
    """The first day of history that any provider still wants."""
    oldest: date = connection.execute(
        text(
            "SELECT (now() - make_interval(days => coalesce(max(coalesce(CAST(p.spec #>> "  # noqa: S608  constants only
            "'{inventory,historyDays}' AS integer), :history_days)), :history_days)))::date "
            f"FROM provider p WHERE ({_PROVIDER_GONE}) IS NOT TRUE"
        ),
        {"days": _DEFAULT_RETAIN_DAYS, "history_days": _DEFAULT_HISTORY_DAYS},
    ).scalar_one()
    return oldest


def _change(connection: Connection, statement: TextClause, limit: int) -> int:
    return connection.execute(statement, {"days": _DEFAULT_RETAIN_DAYS, "limit": limit}).rowcount
