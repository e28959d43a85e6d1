"""What a discovery found: the provider's accounts, and what is read in them and where.

Leases and scopes follow from that account by account, see `deriving`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text

from cloudops.domain.provider import Globs
from cloudops.domain.resource import GLOBAL_REGION
from cloudops.store.claims import settle_claims
from cloudops.store.departing import AccountListing, Departures
from cloudops.store.entering import KEPT_OUT, PASSING_CLASSES
from cloudops.store.words import storable


class Door(StrEnum):
    """What a discovery learned of the way into an account."""

    OPEN = "open"  # perhaps without its regions
    SHUT = "shut"
    CLOSED = "closed"  # to everybody, says the cloud: nobody tries
    UNKNOWN = "unknown"  # the attempt failed by itself: what was known stays


@dataclass(frozen=True, slots=True)
class PlannedAccount:
    """One account of a discovery; `regions` is None where they could not be read."""

    account_id: str
    name: str
    partition: str
    regions: tuple[str, ...] | None
    error_reason: str = ""
    error_message: str = ""
    error_permission: str = ""
    error_class: str = ""
    door: Door = Door.OPEN


@dataclass(frozen=True, slots=True)
class PlannedListing:
    """One selected row of the catalogue."""

    name: str
    is_global: bool
    period_seconds: int
    types: tuple[str, ...] = ()  # of several types those that are asked for; empty = all
    absent: tuple[str, ...] = ()  # regions, or `global`, that its service is not offered in
    tier: int = 1  # how much it tells of an item
    shows: tuple[str, ...] = ()  # all types that are asked for, of tags and details none


@dataclass(frozen=True, slots=True)
class ProviderPlan:
    """What a complete discovery found, and what the provider asks for.

    Attributes:
        organization: Where the accounts come from, if that is one.
        regions: Which are asked for, of whatever an account has.
    """

    provider_id: int
    cloud: str
    accounts: Sequence[PlannedAccount]
    listings: Sequence[PlannedListing]
    organization: AccountListing | None = None
    regions: Globs = field(default_factory=Globs)

    @property
    def keys(self) -> dict[str, Any]:
        """Parameters of every statement about it."""
        return {"provider_id": self.provider_id, "cloud": self.cloud, "global": GLOBAL_REGION}

    @property
    def enters(self) -> dict[str, bool]:
        """Of the accounts that were tried, whether somebody got in."""
        tried = (account for account in self.accounts if account.door is not Door.UNKNOWN)
        return {account.account_id: account.door is Door.OPEN for account in tried}

    def ids(self, *doors: Door) -> list[str]:
        """The accounts whose door was found so."""
        return [account.account_id for account in self.accounts if account.door in doors]


_ACCOUNTS = text("""
INSERT INTO account (cloud, account_id, partition)
SELECT :cloud, f.account_id, f.partition
FROM unnest(CAST(:account_ids AS text[]), CAST(:partitions AS text[])) AS f(account_id, partition)
WHERE NOT EXISTS (SELECT FROM account a WHERE a.cloud = :cloud AND a.account_id = f.account_id)
ON CONFLICT (cloud, account_id) DO NOTHING
""")

# What was denied only because the account was shut is read as soon as it opens,
# however long the listing's own period is.
_OPENED = text("""
SELECT a.id FROM account a
JOIN unnest(CAST(:account_ids AS text[]), CAST(:doors AS text[])) AS d(account_id, door)
    ON d.account_id = a.account_id AND d.door = 'open'
WHERE a.cloud = :cloud AND a.provider_id = :provider_id AND a.reachable = false
""")
# Whoever was still reading when the account closed may have said otherwise of its scopes.
_CONTRADICTED = text("""
UPDATE account SET derived_from = NULL
WHERE cloud = :cloud AND provider_id = :provider_id AND derived_from IS NOT NULL
  AND account_id = ANY(CAST(:closed AS text[])) AND EXISTS (
    SELECT FROM scope s WHERE s.account_pk = account.id AND s.retired_at IS NULL
      AND s.error_code <> account.error_reason
      AND (s.status <> 'unsupported' OR s.error_class = 'opt_in'))
""")
_REOPEN = text(f"""
UPDATE scope SET next_due_at = now() FROM account a
WHERE a.id = scope.account_pk AND a.id = ANY(CAST(:account_pks AS integer[]))
  AND {KEPT_OUT} AND scope.retired_at IS NULL
""")  # noqa: S608  constants only

# What passes by itself changes nothing that is known, and hides no cause that has a cure;
# regions that were read once stay where they can't be read any more.
_DETAILS = text(f"""
WITH found AS (
    SELECT a.id, d.name, d.partition, coalesce(string_to_array(d.regions, ','), a.regions)
               AS regions,
           CASE d.door WHEN 'open' THEN true WHEN 'shut' THEN false WHEN 'closed' THEN false
               ELSE a.reachable END AS reachable,
           d.reason, d.message, d.permission, d.class
    FROM account a JOIN unnest(
            CAST(:account_ids AS text[]), CAST(:names AS text[]), CAST(:partitions AS text[]),
            CAST(:regions AS text[]), CAST(:reasons AS text[]), CAST(:messages AS text[]),
            CAST(:permissions AS text[]), CAST(:classes AS text[]), CAST(:doors AS text[]))
        AS d(account_id, name, partition, regions, reason, message, permission, class, door)
        ON d.account_id = a.account_id
    WHERE a.cloud = :cloud AND a.provider_id = :provider_id
      AND (d.door <> 'unknown' OR a.reachable IS NOT false
           AND (a.error_reason = '' OR a.error_class = ANY({PASSING_CLASSES})))
)
UPDATE account SET name = f.name, partition = f.partition, regions = f.regions,
    reachable = f.reachable,
    error_since = CASE WHEN f.reason = account.error_reason THEN account.error_since
                       WHEN f.reason = '' THEN NULL ELSE clock_timestamp() END,
    error_reason = f.reason, error_message = f.message, error_permission = f.permission,
    error_class = f.class
FROM found f
WHERE account.id = f.id AND (account.name, account.partition, account.regions,
        account.reachable, account.error_reason, account.error_message, account.error_permission,
        account.error_class)
    IS DISTINCT FROM (f.name, f.partition, f.regions, f.reachable, f.reason, f.message,
        f.permission, f.class)
""")  # noqa: S608  constants only

_KNOWN_REGIONS = text("""
SELECT id, regions FROM account
WHERE cloud = :cloud AND provider_id = :provider_id AND regions <> '{}'
  AND account_id = ANY(CAST(:account_ids AS text[]))
""")
_NARROW = text("""
UPDATE account SET regions = string_to_array(n.regions, ',')
FROM unnest(CAST(:account_pks AS integer[]), CAST(:regions AS text[])) AS n(id, regions)
WHERE account.id = n.id
""")

# Of all regions that a cloud has, only those matter that one of the accounts has enabled;
# what is global each of them has.
_OFFERED = """
absent AS (
    SELECT r.region, l.listing
    FROM unnest(CAST(:absent_regions AS text[]), CAST(:absent_listings AS text[]))
         AS l(region, listing)
    JOIN (SELECT DISTINCT unnest(array_prepend(:global, regions)) AS region FROM account
          WHERE provider_id = :provider_id) r ON r.region = l.region
)
"""
_FORGET_OFFERED = text(f"""
WITH {_OFFERED}
DELETE FROM not_offered n WHERE n.provider_id = :provider_id
  AND NOT EXISTS (SELECT FROM absent a WHERE a.region = n.region AND a.listing = n.listing)
""")  # noqa: S608  constants only
_NOTE_OFFERED = text(f"""
WITH {_OFFERED}
INSERT INTO not_offered (provider_id, region, listing)
SELECT :provider_id, region, listing FROM absent
EXCEPT SELECT provider_id, region, listing FROM not_offered WHERE provider_id = :provider_id
""")  # noqa: S608  constants only


def write_accounts(connection: Connection, plan: ProviderPlan) -> Departures:
    """Make the accounts say what a complete discovery found; set-based, repeatable.

    Scopes follow account by account, since those of thousands would be locked for too
    long at once. What is no longer named is retired, never deleted, but for an account
    that has left its organization.
    """
    columns = {**plan.keys, **_account_columns(plan.accounts)}
    connection.execute(_ACCOUNTS, columns)
    ids = [account.account_id for account in plan.accounts]
    departures = settle_claims(connection, plan.keys, ids, plan.organization, plan.enters)
    if opened := list(connection.scalars(_OPENED, columns)):
        connection.execute(_REOPEN, {"account_pks": opened})
    connection.execute(_DETAILS, columns)
    _narrow(connection, plan)
    connection.execute(_CONTRADICTED, {**plan.keys, "closed": plan.ids(Door.CLOSED)})
    pairs = [(region, one.name) for one in plan.listings for region in one.absent]
    absent = {
        **plan.keys,
        "absent_regions": [region for region, _ in pairs],
        "absent_listings": [name for _, name in pairs],
    }
    connection.execute(_FORGET_OFFERED, absent)
    connection.execute(_NOTE_OFFERED, absent)
    return departures


def _narrow(connection: Connection, plan: ProviderPlan) -> None:
    """Leave out what is not asked for any more, also where the cloud does not tell its regions."""
    unread = [account.account_id for account in plan.accounts if account.regions is None]
    known = connection.execute(_KNOWN_REGIONS, {**plan.keys, "account_ids": unread}).all()
    kept = {row.id: [name for name in row.regions if plan.regions.matches(name)] for row in known}
    fewer = [row.id for row in known if len(kept[row.id]) < len(row.regions)]
    if fewer:
        regions = [",".join(kept[account_pk]) for account_pk in fewer]
        connection.execute(_NARROW, {"account_pks": fewer, "regions": regions})


def mark_discovered(
    connection: Connection, provider_id: int, generation: int, identity_digest: bytes
) -> None:
    """The plan below the provider is that of `generation`, whose wishes made that digest."""
    connection.execute(
        text(
            "UPDATE provider SET discovered_generation = :generation, discovered_at = now(), "
            "discovered_for = :wishes WHERE id = :id"
        ),
        {"id": provider_id, "generation": generation, "wishes": identity_digest},
    )


def _account_columns(accounts: Sequence[PlannedAccount]) -> dict[str, list[Any]]:
    return {
        "account_ids": [account.account_id for account in accounts],
        "names": [storable(account.name) for account in accounts],
        "partitions": [account.partition for account in accounts],
        "regions": [
            None if account.regions is None else ",".join(account.regions) for account in accounts
        ],
        "reasons": [account.error_reason for account in accounts],
        "messages": [storable(account.error_message) for account in accounts],
        "permissions": [account.error_permission for account in accounts],
        "classes": [account.error_class for account in accounts],
        "doors": [account.door.value for account in accounts],
    }
