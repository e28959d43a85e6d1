"""The inventory and the ledger as readers see them, in pages, in a stable order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, TextClause, text

from cloudops.domain.globs import is_plain
from cloudops.domain.reading import (
    AccountRow,
    Coverage,
    ResourceFilter,
    ResourceRow,
    ScopeRow,
    Since,
)
from cloudops.store import single
from cloudops.store.globs import regular_expression
from cloudops.store.snapshot import IS_NOT_OFFERED, NOT_OFFERED

PAGE: Final = 1_000

# The view, and what it leaves out because it was deleted: that is shown as it was known last.
_WITH_DELETED = f"""(
    SELECT r.canonical_id, r.type, r.kind, a.account_id, r.region, r.name, r.state,
           {single.TAGS_AS_KNOWN} AS tags,
           r.created_at, r.changed_at, s.last_complete_at AS as_of, s.status AS listing_status,
           r.deleted_at
    FROM resource r JOIN scope s ON s.id = r.scope_id JOIN account a ON a.id = r.account_pk
        LEFT JOIN details d ON d.uid = r.uid
    WHERE r.deleted_at IS NOT NULL
       OR s.retired_at IS NULL AND s.status <> 'unsupported' AND selects(s.types, r.type)
) AS everything"""  # noqa: S608  constants only
# The view may know less than is stored, but never other tags: the index finds those few.
_BY_TAGS = """
uid IN (SELECT r.uid FROM resource r WHERE r.tags @> CAST(:tags AS jsonb) AND r.deleted_at IS NULL)
"""
_GLOBBED: Final = {
    "type": ("type", "kind"),
    "kind": ("kind",),
    "region": ("region",),
    "name": ("name",),
    "state": ("state",),
}

_NOT_OFFERED_MESSAGE = "the cloud's SDK knows no endpoint of the service there; nothing was called"
_SCOPES = text(f"""
SELECT a.account_id, s.region, s.listing, s.status, s.item_count, s.last_complete_at,
       s.next_due_at, s.held_count, s.error_code, s.error_permission, s.error_message
FROM scope s JOIN account a ON a.id = s.account_pk
WHERE s.retired_at IS NULL AND (:status = '' OR s.status = :status)
  AND a.id = ANY(:account_pks)
UNION ALL
SELECT a.account_id, n.region, n.listing, 'unsupported', 0, NULL, NULL, 0, '{NOT_OFFERED}', '',
       :not_offered
FROM account a JOIN not_offered n ON {IS_NOT_OFFERED}
WHERE :status IN ('', 'unsupported') AND a.id = ANY(:account_pks)
ORDER BY 1, 2, 3
""")  # noqa: S608  constants only

# Where nothing is called since nothing is there, nothing is unread either.
_COVERAGE = text(f"""
WITH wanted AS (
    SELECT * FROM unnest(CAST(:listings AS text[]), CAST(:types AS text[])) AS w (listing, type)
)
SELECT s.status, count(*) FILTER (
    WHERE s.last_complete_at IS NULL AND s.status <> 'unsupported'
) AS unread
FROM scope s JOIN account a ON a.id = s.account_pk
WHERE s.retired_at IS NULL AND s.listing = ANY(CAST(:listings AS text[]))
  AND EXISTS (SELECT FROM wanted w WHERE w.listing = s.listing AND selects(s.types, w.type))
  AND (:account = '' OR a.account_id = :account) AND s.region ~ :region
GROUP BY 1
UNION ALL
SELECT 'unsupported', 0
FROM account a JOIN not_offered n ON {IS_NOT_OFFERED}
WHERE n.listing = ANY(CAST(:listings AS text[]))
  AND (:account = '' OR a.account_id = :account) AND n.region ~ :region
ORDER BY 1
""")  # noqa: S608  constants only

_ACCOUNT_PKS = text("""
SELECT id FROM account
WHERE (:account = '' OR account_id = :account)
  AND (CAST(:provider_id AS integer) IS NULL OR provider_id = :provider_id)
ORDER BY account_id, id
""")

_ACCOUNTS = text("""
SELECT account_id, name, reachable, error_reason, error_message
FROM account WHERE provider_id = :provider_id ORDER BY account_id
""")

_TYPES = text("""
SELECT i.type, count(*) AS resources FROM inventory i
JOIN account a ON a.cloud = i.cloud AND a.account_id = i.account_id
WHERE a.provider_id = :provider_id GROUP BY 1 ORDER BY 1
""")


def moment(connection: Connection, since: Since | None) -> datetime | None:
    """The moment that is meant, by the database's clock, with which changes are dated."""
    if not isinstance(since, timedelta):
        return since
    found: datetime = connection.execute(
        text("SELECT now() - make_interval(secs => :seconds)"), {"seconds": since.total_seconds()}
    ).scalar_one()
    return found


def resource_page(
    connection: Connection, wanted: ResourceFilter, *, after: str
) -> list[ResourceRow]:
    """The next resources by canonical id; fewer than `PAGE` are the last.

    Args:
        connection: In a transaction.
        wanted: With `changed_since` as a moment.
        after: The last canonical id of the page before; "" at first.
    """
    statement, parameters = resource_query(wanted, after=after)
    return [ResourceRow(**row) for row in connection.execute(statement, parameters).mappings()]


def resource_query(wanted: ResourceFilter, *, after: str) -> tuple[TextClause, dict[str, Any]]:
    """A statement of the conditions that are asked for, so that each can use its index."""
    conditions = ["canonical_id > :after"]
    parameters: dict[str, Any] = {"after": after, "limit": PAGE}
    for member, columns in _GLOBBED.items():
        glob = getattr(wanted, member)
        if glob:
            plain = is_plain(glob)
            operator = "=" if plain else "~"
            conditions.append(f"({' OR '.join(f'{c} {operator} :{member}' for c in columns)})")
            parameters[member] = glob if plain else regular_expression(glob)
    if wanted.account:
        conditions.append("account_id = :account")
        parameters["account"] = wanted.account
    if wanted.tags:
        conditions.append("tags @> CAST(:tags AS jsonb)")
        if not wanted.include_deleted:
            conditions.append(_BY_TAGS)
        parameters["tags"] = orjson.dumps(dict(wanted.tags)).decode()
    if wanted.changed_since is not None:
        conditions.append("changed_at >= :changed_since")
        parameters["changed_since"] = wanted.changed_since
    deleted_at = "deleted_at" if wanted.include_deleted else "CAST(NULL AS timestamptz)"
    statement = text(
        "SELECT canonical_id, type, kind, account_id, region, name, state, tags, created_at,"  # noqa: S608  constants only
        f" changed_at, as_of, listing_status, {deleted_at} AS deleted_at"
        f" FROM {_WITH_DELETED if wanted.include_deleted else 'inventory'}"
        f" WHERE {' AND '.join(conditions)} ORDER BY canonical_id LIMIT :limit"
    )
    return statement, parameters


def account_pks(
    connection: Connection, *, account: str = "", provider_id: int | None = None
) -> list[int]:
    """The keys of the accounts that are known, or of those asked for, by account id."""
    wanted = {"account": account, "provider_id": provider_id}
    return list(connection.scalars(_ACCOUNT_PKS, wanted))


def ledger(
    connection: Connection, account_pks: Sequence[int], *, status: str = ""
) -> list[ScopeRow]:
    """Scopes of these accounts, and those not offered, by account, region and listing."""
    parameters = {
        "status": status,
        "account_pks": list(account_pks),
        "not_offered": _NOT_OFFERED_MESSAGE,
    }
    return [ScopeRow(**row) for row in connection.execute(_SCOPES, parameters).mappings()]


def coverage(
    connection: Connection, pairs: Sequence[tuple[str, str]], *, account: str, region: str
) -> Coverage:
    """How far the listings of these pairs of listing and type were read."""
    parameters = {
        "listings": [listing for listing, _ in pairs],
        "types": [type_ for _, type_ in pairs],
        "account": account,
        "region": regular_expression(region or "*"),
    }
    found = connection.execute(_COVERAGE, parameters).all()
    return Coverage(bool(found), {row.status: row.unread for row in found if row.unread})


def accounts(connection: Connection, provider_id: int) -> list[AccountRow]:
    """The accounts that a provider reads."""
    rows = connection.execute(_ACCOUNTS, {"provider_id": provider_id}).mappings()
    return [AccountRow(**row) for row in rows]


def resources_by_type(connection: Connection, provider_id: int) -> dict[str, int]:
    """How many live resources of each type a provider has."""
    rows = connection.execute(_TYPES, {"provider_id": provider_id})
    return {row.type: row.resources for row in rows}
