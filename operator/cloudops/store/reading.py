"""The inventory and the ledger as readers see them, in pages, in a stable order."""

from collections.abc import Iterator
from fnmatch import translate

import orjson
from sqlalchemy import Connection, text

from cloudops.domain.reading import AccountRow, ResourceFilter, ResourceRow, ScopeRow

PAGE = 1_000

_RESOURCES = text("""
SELECT canonical_id, type, kind, account_id, region, name, state, tags, created_at, changed_at,
       as_of, listing_status
FROM inventory
WHERE (:type = '' OR type ~ :type_pattern OR kind ~ :type_pattern)
  AND (:account = '' OR account_id = :account) AND (:region = '' OR region ~ :region_pattern)
  AND (CAST(:tags AS jsonb) = '{}' OR tags @> CAST(:tags AS jsonb))
  AND canonical_id > :after
ORDER BY canonical_id LIMIT :limit
""")

_SCOPES = text("""
SELECT a.account_id, s.region, s.listing, s.status, s.item_count, s.last_complete_at,
       s.next_due_at, s.held_count, s.error_code, s.error_permission, s.error_message
FROM scope s JOIN account a ON a.id = s.account_pk
WHERE s.retired_at IS NULL AND (:status = '' OR s.status = :status)
  AND (:account = '' OR a.account_id = :account)
  AND (CAST(:provider_id AS integer) IS NULL OR a.provider_id = :provider_id)
ORDER BY a.account_id, s.region, s.listing
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


def resources(connection: Connection, wanted: ResourceFilter) -> Iterator[ResourceRow]:
    """Live resources by canonical id, read page by page."""
    parameters = {
        "type": wanted.type,
        "type_pattern": _pattern(wanted.type),
        "account": wanted.account,
        "region": wanted.region,
        "region_pattern": _pattern(wanted.region),
        "tags": orjson.dumps(dict(wanted.tags)).decode(),
        "limit": PAGE,
    }
    after = ""
    while True:
        rows = [
            ResourceRow(**row)
            for row in connection.execute(_RESOURCES, {**parameters, "after": after}).mappings()
        ]
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1].canonical_id


def ledger(
    connection: Connection, *, status: str = "", account: str = "", provider_id: int | None = None
) -> list[ScopeRow]:
    """Planned scopes, by account, region and listing."""
    parameters = {"status": status, "account": account, "provider_id": provider_id}
    return [ScopeRow(**row) for row in connection.execute(_SCOPES, parameters).mappings()]


def accounts(connection: Connection, provider_id: int) -> list[AccountRow]:
    """The accounts that a provider reads."""
    rows = connection.execute(_ACCOUNTS, {"provider_id": provider_id}).mappings()
    return [AccountRow(**row) for row in rows]


def resources_by_type(connection: Connection, provider_id: int) -> dict[str, int]:
    """How many live resources of each type a provider has."""
    rows = connection.execute(_TYPES, {"provider_id": provider_id})
    return {row.type: row.resources for row in rows}


def _pattern(glob: str) -> str:
    """A glob as a PostgreSQL regular expression."""
    body = translate(glob).removeprefix("(?s:").removesuffix(r")\Z").removesuffix(r")\z")
    # Atomic groups only save Python time; PostgreSQL does not know them.
    return f"^(?:{body.replace('(?>', '(?:')})$"
