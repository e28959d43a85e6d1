"""Which provider names which account, and who of them reads it.

An account that the provider's own spec no longer names is given up at once, and retired.
One that came from an organization waits for more than one listing, see `departing`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from cloudops.store.departing import MAY_OWN, AccountListing, Departures, depart

# Any constant will do, so long as nothing else in the database locks it.
_OWNERS_LOCK = 7_203_518_223

_CLAIM = text("""
INSERT INTO claim AS c (provider_id, account_pk, organization)
SELECT :provider_id, id, :organization FROM account a
WHERE cloud = :cloud AND account_id = ANY(:account_ids) AND NOT EXISTS (
    SELECT FROM claim known WHERE known.provider_id = :provider_id AND known.account_pk = a.id
      AND known.organization = :organization AND known.missing_since IS NULL)
ON CONFLICT (provider_id, account_pk) DO UPDATE
SET organization = excluded.organization, missing_since = NULL, held_count = 0
WHERE c.organization <> excluded.organization OR c.missing_since IS NOT NULL
""")

# What came from this organization and is not in its listing waits for the next one.
_UNCLAIM = text("""
DELETE FROM claim USING account a
WHERE a.id = claim.account_pk AND claim.provider_id = :provider_id
  AND NOT (a.cloud = :cloud AND a.account_id = ANY(:account_ids))
  AND (claim.organization = '' OR claim.organization <> :organization
       OR a.account_id = ANY(:not_selected))
""")

# What an attempt says that failed by itself is nothing; what was known stays.
_ENTERS = text("""
UPDATE claim SET enters = d.enters
FROM unnest(CAST(:tried AS text[]), CAST(:enters AS boolean[])) AS d(account_id, enters)
JOIN account a ON a.cloud = :cloud AND a.account_id = d.account_id
WHERE claim.provider_id = :provider_id AND claim.account_pk = a.id
  AND claim.enters <> d.enters
""")

# The oldest provider that names an account reads it; one of the command line
# stands behind those of the cluster, and takes nothing over from them once it is at rest. Nor
# does anybody who can't enter: whoever may write a CloudProvider could name any account, and
# have what another one reads in it retired. A new owner plans it in a discovery of its own,
# since its regions and types may be others. Answers the accounts that nobody names any more.
_SETTLE_OWNERS = text(f"""
WITH best AS (
    SELECT DISTINCT ON (c.account_pk) c.account_pk, c.provider_id
    FROM claim c JOIN provider p ON p.id = c.provider_id JOIN account a ON a.id = c.account_pk
    WHERE {MAY_OWN}
    ORDER BY c.account_pk, NOT c.enters AND c.provider_id IS DISTINCT FROM a.provider_id,
        p.origin = 'cli', p.created_at, p.uid
), moved AS (
    UPDATE account SET provider_id = best.provider_id, derived_from = NULL,
        last_provider_id = coalesce(best.provider_id, account.provider_id)
    FROM account a LEFT JOIN best ON best.account_pk = a.id
    WHERE a.id = account.id AND account.provider_id IS DISTINCT FROM best.provider_id
    RETURNING account.id, account.provider_id
), woken AS (
    UPDATE lease SET next_due_at = clock_timestamp() FROM moved, provider p
    WHERE lease.provider_id = moved.provider_id AND lease.kind = 'discovery'
      AND p.id = moved.provider_id AND p.runnable AND NOT p.suspended
      AND p.id IS DISTINCT FROM CAST(:discovering AS integer)
)
SELECT id FROM moved WHERE provider_id IS NULL
""")  # noqa: S608  constants only

_RETIRE_UNOWNED = text("""
UPDATE scope SET retired_at = now(), retired_reason = 'AccountUnclaimed'
WHERE account_pk = ANY(:account_pks) AND retired_at IS NULL
""")


def settle_claims(
    connection: Connection,
    keys: dict[str, Any],
    account_ids: Sequence[str],
    listing: AccountListing | None,
    enters: Mapping[str, bool],
) -> Departures:
    """The provider names these accounts, and gives up all others.

    Args:
        connection: Of the discovery's transaction, which locked no account yet.
        keys: `provider_id` and `cloud`.
        account_ids: Every account that the provider asks for; their rows exist.
        listing: Where they come from, if that is an organization.
        enters: Of those that were tried, whether the provider gets in.
    """
    lock_owners(connection)
    values = {
        **keys,
        "account_ids": list(account_ids),
        "organization": listing.organization if listing else "",
        "not_selected": list(listing.not_selected) if listing else [],
    }
    connection.execute(_CLAIM, values)
    connection.execute(_UNCLAIM, values)
    tried = {"tried": list(enters), "enters": list(enters.values())}
    connection.execute(_ENTERS, {**keys, **tried})
    departures = depart(connection, values, listing) if listing else Departures()
    _settle(connection, discovering=keys["provider_id"])
    return departures


def lock_owners(connection: Connection) -> None:
    """One transaction at a time settles whose accounts are whose.

    Two that lock many accounts in different orders would wait for each other.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _OWNERS_LOCK})


def settle_owners(connection: Connection) -> None:
    """Give every account to the oldest provider that names it, retire those nobody names."""
    lock_owners(connection)
    _settle(connection)


def claimed_accounts(connection: Connection, provider_id: int) -> list[str]:
    """The ids of the accounts that the provider's last discovery named."""
    return list(
        connection.scalars(
            text(
                "SELECT a.account_id FROM claim c JOIN account a ON a.id = c.account_pk "
                "WHERE c.provider_id = :id ORDER BY 1"
            ),
            {"id": provider_id},
        )
    )


def claimed_organizations(connection: Connection, provider_id: int) -> list[str]:
    """The ids of the organizations that the provider's accounts were listed in."""
    return list(
        connection.scalars(
            text(
                "SELECT DISTINCT organization FROM claim "
                "WHERE provider_id = :id AND organization <> '' ORDER BY 1"
            ),
            {"id": provider_id},
        )
    )


def _settle(connection: Connection, discovering: int | None = None) -> None:
    """What came to the provider that is `discovering` is planned by that very discovery."""
    unowned = list(connection.scalars(_SETTLE_OWNERS, {"discovering": discovering}))
    if unowned:
        connection.execute(_RETIRE_UNOWNED, {"account_pks": unowned})
