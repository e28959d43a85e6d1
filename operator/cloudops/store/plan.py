"""The plan below a provider: accounts, leases and scopes, written by its discovery."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text

from cloudops.domain.resource import GLOBAL_REGION
from cloudops.store.claims import AccountListing, Departures, settle_claims
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
    door: Door = Door.OPEN


@dataclass(frozen=True, slots=True)
class PlannedListing:
    """One selected row of the catalogue."""

    name: str
    is_global: bool
    period_seconds: int
    types: tuple[str, ...] = ()  # of several types those that are asked for; empty = all


_ACCOUNTS = text("""
INSERT INTO account (cloud, account_id, partition)
SELECT :cloud, a.account_id, a.partition
FROM unnest(CAST(:account_ids AS text[]), CAST(:partitions AS text[])) AS a(account_id, partition)
ON CONFLICT (cloud, account_id) DO NOTHING
""")

# What was denied only because the account was shut is read as soon as it opens,
# however long the listing's own period is.
_REOPEN = text("""
UPDATE scope SET next_due_at = now()
FROM account a JOIN unnest(CAST(:account_ids AS text[]), CAST(:doors AS text[]))
     AS d(account_id, door) ON d.account_id = a.account_id AND d.door = 'open'
WHERE a.id = scope.account_pk AND a.cloud = :cloud AND a.provider_id = :provider_id
  AND a.reachable = false AND scope.error_code = a.error_reason AND scope.retired_at IS NULL
""")

# What passes by itself is told only of an account of which nothing is known yet;
# regions that were read once stay where they can't be read any more.
_DETAILS = text("""
UPDATE account SET name = d.name, partition = d.partition,
    regions = coalesce(string_to_array(d.regions, ','), account.regions),
    reachable = CASE d.door WHEN 'open' THEN true WHEN 'shut' THEN false
        WHEN 'closed' THEN false
        ELSE account.reachable END,
    error_since = CASE WHEN d.reason = account.error_reason THEN account.error_since
                       WHEN d.reason = '' THEN NULL ELSE clock_timestamp() END,
    error_reason = d.reason, error_message = d.message, error_permission = d.permission
FROM unnest(CAST(:account_ids AS text[]), CAST(:names AS text[]), CAST(:partitions AS text[]),
            CAST(:regions AS text[]), CAST(:reasons AS text[]), CAST(:messages AS text[]),
            CAST(:permissions AS text[]), CAST(:doors AS text[]))
     AS d(account_id, name, partition, regions, reason, message, permission, door)
WHERE account.cloud = :cloud AND account.account_id = d.account_id
  AND account.provider_id = :provider_id
  AND (d.door <> 'unknown' OR account.regions IS NULL AND account.reachable IS NOT false)
""")

# Where regions are not known, what is global can be read all the same; where nobody can
# enter, nothing is planned, and what was planned before stays as it is.
_DESIRED = """
desired AS (
    SELECT a.id AS account_pk, a.account_id, r.region, l.listing, l.period,
           string_to_array(l.types, ',') AS types
    FROM account a
    CROSS JOIN unnest(CAST(:listings AS text[]), CAST(:globals AS boolean[]),
                      CAST(:periods AS integer[]), CAST(:types AS text[]))
        AS l(listing, is_global, period, types)
    CROSS JOIN LATERAL (
        SELECT :global AS region WHERE l.is_global
        UNION ALL SELECT unnest(a.regions) WHERE NOT l.is_global
    ) r
    WHERE a.provider_id = :provider_id AND a.account_id <> ALL(CAST(:closed AS text[]))
)
"""

_LEASES = text(f"""
WITH {_DESIRED}
INSERT INTO lease (kind, domain, account_pk, region, next_due_at)
SELECT DISTINCT 'inventory', :cloud || '/' || account_id || '/' || region, account_pk, region,
       now()
FROM desired ON CONFLICT (domain) DO NOTHING
""")  # noqa: S608  constants only

# A lease's rows are written together for ever after: on neighbouring pages, or each
# brings an image of a page of its own into the WAL after a checkpoint.
_SCOPES = text(f"""
WITH {_DESIRED}
INSERT INTO scope (account_pk, region, listing, lease_id, period_seconds, types)
SELECT d.account_pk, d.region, d.listing, l.id, d.period, d.types
FROM desired d JOIN lease l ON l.domain = :cloud || '/' || d.account_id || '/' || d.region
ORDER BY l.id
ON CONFLICT (account_pk, region, listing) DO UPDATE SET
    period_seconds = excluded.period_seconds, retired_at = NULL, retired_reason = '',
    types = excluded.types,
    types_changed_at = CASE WHEN scope.types = excluded.types
        THEN scope.types_changed_at ELSE now() END,
    planned_at = CASE WHEN scope.retired_at IS NULL THEN scope.planned_at ELSE now() END,
    next_due_at = CASE WHEN scope.retired_at IS NULL AND scope.types = excluded.types
        THEN least(scope.next_due_at, now() + make_interval(secs => excluded.period_seconds))
        ELSE now() END
WHERE scope.retired_at IS NOT NULL OR scope.period_seconds <> excluded.period_seconds
   OR scope.types <> excluded.types
""")  # noqa: S608  constants only

_RETIRE = text(f"""
WITH {_DESIRED}
UPDATE scope SET retired_at = now(), retired_reason =
    CASE WHEN scope.listing = ANY(:listings) THEN 'RegionNotSelected' ELSE 'TypeNotSelected' END
FROM account a
WHERE a.id = scope.account_pk AND a.provider_id = :provider_id AND scope.retired_at IS NULL
  AND a.account_id <> ALL(CAST(:closed AS text[]))
  AND NOT EXISTS (SELECT FROM desired d WHERE d.account_pk = scope.account_pk
                  AND d.region = scope.region AND d.listing = scope.listing)
""")  # noqa: S608  constants only

# A lease may rest, or wait for scopes that are due later than those that came.
_WAKE_LEASES = text("""
UPDATE lease SET next_due_at = due.at
FROM (SELECT s.lease_id, min(CASE
          WHEN coalesce(s.last_attempt_at, '-infinity')
               < greatest(p.requested_at, p.spec_changed_at) THEN now()
          ELSE s.next_due_at END) AS at
      FROM scope s JOIN account a ON a.id = s.account_pk JOIN provider p ON p.id = a.provider_id
      WHERE a.provider_id = :provider_id AND s.retired_at IS NULL GROUP BY 1) due
WHERE lease.id = due.lease_id AND lease.next_due_at > due.at
""")

# What can't be entered can't be read: its scopes say so, their rows stay.
_DENY_SHUT = text("""
UPDATE scope SET status = 'denied', error_class = 'iam_deny', error_code = a.error_reason,
    error_message = a.error_message, error_permission = a.error_permission,
    last_attempt_at = now(),
    status_since = CASE WHEN scope.status = 'denied' AND scope.error_code = a.error_reason
        THEN scope.status_since ELSE now() END
FROM account a
WHERE a.id = scope.account_pk AND a.provider_id = :provider_id AND scope.retired_at IS NULL
  AND a.cloud = :cloud AND a.account_id = ANY(:shut)
""")

# Where nobody can enter nobody tries, until a discovery finds the account open and its
# leases are woken again.
_REST_CLOSED = text("""
UPDATE lease SET next_due_at = 'infinity' FROM account a
WHERE a.id = lease.account_pk AND a.provider_id = :provider_id AND a.cloud = :cloud
  AND a.account_id = ANY(CAST(:closed AS text[])) AND lease.next_due_at < 'infinity'
""")


def write_plan(
    connection: Connection,
    *,
    provider_id: int,
    cloud: str,
    accounts: Sequence[PlannedAccount],
    listings: Sequence[PlannedListing],
    organization: AccountListing | None = None,
) -> Departures:
    """Make the plan say what a complete discovery found; set-based, repeatable.

    Scopes that are no longer asked for are retired, never deleted; they
    revive with their rows if they come back. So does an account that was deleted
    because it had left its organization.
    """
    keys = {"provider_id": provider_id, "cloud": cloud, "global": GLOBAL_REGION}
    columns = {**keys, **_account_columns(accounts)}
    connection.execute(_ACCOUNTS, columns)
    ids = [account.account_id for account in accounts]
    departures = settle_claims(connection, keys, ids, organization)
    connection.execute(_REOPEN, columns)
    connection.execute(_DETAILS, columns)
    closed = [account.account_id for account in accounts if account.door is Door.CLOSED]
    rows = {
        **keys,
        "closed": closed,
        "listings": [listing.name for listing in listings],
        "globals": [listing.is_global for listing in listings],
        "periods": [listing.period_seconds for listing in listings],
        "types": [",".join(listing.types) for listing in listings],
    }
    for statement in (_LEASES, _SCOPES, _RETIRE):
        connection.execute(statement, rows)
    shut = [account.account_id for account in accounts if account.door is Door.SHUT]
    connection.execute(_DENY_SHUT, {**keys, "shut": shut + closed})
    connection.execute(_WAKE_LEASES, keys)
    connection.execute(_REST_CLOSED, {**keys, "closed": closed})
    return departures


def mark_discovered(connection: Connection, provider_id: int, generation: int) -> None:
    """The plan below the provider is that of `generation`."""
    connection.execute(
        text(
            "UPDATE provider SET discovered_generation = :generation, discovered_at = now() "
            "WHERE id = :id"
        ),
        {"id": provider_id, "generation": generation},
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
        "doors": [account.door.value for account in accounts],
    }
