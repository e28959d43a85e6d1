"""Accounts that complete listings of their organization lack: marked, then deleted.

As with a sweep of resources two listings have to agree, and a brake may hold it all: an
organization that lacks many of its accounts at once looks like an outage, not like work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from cloudops.domain.provider import DeletionBrake

# So many accounts with resources going at once look like an outage, whatever they hold.
LEAVING_ACCOUNTS_HELD = 3

# Of a provider `p` that names an account `a`. A sync of the command line that is over reads
# nothing any more: what the cluster read after it would be shown for ever.
MAY_OWN = """
p.vanished_at IS NULL AND (p.origin = 'cluster' OR p.runnable OR NOT EXISTS (
    SELECT FROM provider last WHERE last.id = a.last_provider_id AND last.origin = 'cluster'))
"""

_MISS = text("""
UPDATE claim SET missing_since = clock_timestamp() FROM account a
WHERE a.id = claim.account_pk AND claim.provider_id = :provider_id
  AND NOT (a.cloud = :cloud AND a.account_id = ANY(:account_ids))
  AND claim.missing_since IS NULL
RETURNING a.account_id
""")

# What was missed before, some time before this listing began. Who is named by another
# provider is handed on and loses nothing.
_LEAVING = text(f"""
SELECT a.id AS account_pk, a.account_id, EXISTS (
    SELECT FROM claim other JOIN provider p ON p.id = other.provider_id
    WHERE other.account_pk = a.id AND other.provider_id <> c.provider_id AND {MAY_OWN}
    ) AS handed_on
FROM claim c JOIN account a ON a.id = c.account_pk
WHERE c.provider_id = :provider_id
  AND NOT (a.cloud = :cloud AND a.account_id = ANY(:account_ids))
  AND c.missing_since
      <= CAST(:began_at AS timestamptz) - make_interval(secs => :confirm_seconds)
ORDER BY a.account_id
""")  # noqa: S608  constants only

_LIVE = text("""
SELECT s.account_pk, count(*) AS live
FROM account a JOIN scope s ON s.account_pk = a.id JOIN resource r ON r.scope_id = s.id
WHERE a.provider_id = :provider_id AND r.deleted_at IS NULL AND s.retired_at IS NULL
  AND s.status <> 'unsupported' AND selects(s.types, r.type)
GROUP BY s.account_pk
""")

_HOLD = text("""
UPDATE claim SET held_count = h.live
FROM unnest(CAST(:account_pks AS integer[]), CAST(:live AS integer[])) AS h(account_pk, live)
WHERE claim.provider_id = :provider_id AND claim.account_pk = h.account_pk
  AND claim.held_count <> h.live
""")

_GIVE_UP = text("""
DELETE FROM claim WHERE provider_id = :provider_id AND account_pk = ANY(:account_pks)
""")

# A worker that still reads there must not store anything behind the deletion: its load is
# waited for, and the next one finds the fence. Before any account is locked, since workers
# lock accounts after their lease.
_WAIT_FOR_WORKERS = text("""
SELECT id FROM lease WHERE account_pk = ANY(:account_pks) ORDER BY id FOR UPDATE
""")
_FENCE_WORKERS = text("""
UPDATE lease SET fence = fence + 1, holder = '', expires_at = NULL, next_due_at = 'infinity'
WHERE account_pk = ANY(:account_pks)
""")

# Marked as after a sweep: a listing that shows a row again revives it.
_DELETE_ROWS = text("""
WITH gone AS (
    UPDATE resource SET deleted_at = clock_timestamp(), deleted_reason = 'AccountLeft',
        changed_at = clock_timestamp()
    FROM scope s
    WHERE s.id = resource.scope_id AND s.account_pk = ANY(:account_pks)
      AND resource.deleted_at IS NULL
    RETURNING resource.uid, resource.scope_id
), marked AS (
    UPDATE facet SET missing_since = coalesce(facet.missing_since, clock_timestamp()) FROM gone
    WHERE facet.uid = gone.uid AND facet.facet = 'listed'
)
INSERT INTO change (at, uid, facet, operation, old, scope_id)
SELECT clock_timestamp(), gone.uid, f.facet, 'deleted', f.document, gone.scope_id
FROM gone JOIN facet f ON f.uid = gone.uid AND f.facet = 'listed'
""")

_RETIRE_LEFT = text("""
UPDATE scope SET retired_at = now(), retired_reason = 'AccountLeft'
WHERE account_pk = ANY(:account_pks) AND retired_at IS NULL
""")


@dataclass(frozen=True, slots=True)
class AccountListing:
    """A complete listing of the accounts of an organization.

    Attributes:
        organization: Its id.
        not_selected: Accounts of the organization that the provider does not ask for.
        began_at: When the listing began, or a little earlier, by the database's clock.
        confirm_seconds: Least time between the end of a listing that lacks an account and
            the begin of one that confirms it.
        brake: The provider's.
    """

    organization: str
    not_selected: tuple[str, ...]
    began_at: datetime
    confirm_seconds: float = 60
    brake: DeletionBrake = field(default_factory=DeletionBrake)


@dataclass(frozen=True, slots=True)
class Departures:
    """Accounts that a complete listing of their organization lacked.

    Attributes:
        missing: Ids of those that it lacked for the first time; they are kept.
        deleted: How many, missed again, were given up with all their rows.
        held: Ids of those that wait for a person, by the provider's brake.
    """

    missing: tuple[str, ...] = ()
    deleted: int = 0
    held: tuple[str, ...] = ()


class _Leaving(NamedTuple):
    """An account that two listings lacked."""

    account_pk: int
    account_id: str
    handed_on: bool


def depart(
    connection: Connection, values: Mapping[str, Any], listing: AccountListing
) -> Departures:
    """Mark what the listing lacks, and delete what an earlier one lacked, too.

    Args:
        connection: Of the discovery's transaction, which locked no account yet.
        values: `provider_id`, `cloud` and `account_ids`: those that the listing showed.
        listing: The organization's.
    """
    confirm = {"began_at": listing.began_at, "confirm_seconds": listing.confirm_seconds}
    leaving = [_Leaving(*row) for row in connection.execute(_LEAVING, {**values, **confirm})]
    held = _held(connection, values, leaving, listing.brake) if leaving else []
    missing = tuple(connection.scalars(_MISS, values))
    going = [account for account in leaving if account not in held]
    if going:
        _give_up(connection, values, going)
    deleted = sum(not account.handed_on for account in going)
    return Departures(missing, deleted, tuple(account.account_id for account in held))


def holds(brake: DeletionBrake, leaving: Sequence[int], live: int) -> bool:
    """Whether accounts with so many live rows each wait for a person's consent to go.

    Args:
        brake: The provider's.
        leaving: Of each account that would go.
        live: Live rows of all the provider's accounts, these among them.
    """
    many = sum(rows > 0 for rows in leaving) >= LEAVING_ACCOUNTS_HELD
    return brake.holds(candidates=sum(leaving), live=live) or (many and not brake.released)


def _held(
    connection: Connection,
    values: Mapping[str, Any],
    leaving: Sequence[_Leaving],
    brake: DeletionBrake,
) -> list[_Leaving]:
    """Those whose rows have to stay for now, noted with how many that are."""
    live = {row.account_pk: row.live for row in connection.execute(_LIVE, values)}
    losing = [one for one in leaving if not one.handed_on and live.get(one.account_pk)]
    counts = [live[one.account_pk] for one in losing]
    if not holds(brake, counts, sum(live.values())):
        return []
    pks = [one.account_pk for one in losing]
    connection.execute(_HOLD, {**values, "account_pks": pks, "live": counts})
    return losing


def _give_up(connection: Connection, values: Mapping[str, Any], going: Sequence[_Leaving]) -> None:
    pks = [account.account_pk for account in going]
    connection.execute(_GIVE_UP, {**values, "account_pks": pks})
    left = {"account_pks": [one.account_pk for one in going if not one.handed_on]}
    if left["account_pks"]:
        for statement in (_WAIT_FOR_WORKERS, _FENCE_WORKERS, _DELETE_ROWS, _RETIRE_LEFT):
            connection.execute(statement, left)
