"""Leases and scopes of an account, derived from what its discovery found.

Which scopes an account has follows from its regions, from whether anybody can enter it, and
from what its provider asks for. Over all of that the account keeps a digest: while it stays
the same, nobody looks at the scopes. Once a day they are compared whatever it says.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, text

from cloudops.domain.reasons import NOT_SUBSCRIBED
from cloudops.domain.schedule import DAY_SECONDS
from cloudops.store import succession
from cloudops.store.plan import Door, ProviderPlan
from cloudops.store.snapshot import NOT_OFFERED

# A transaction over so many takes some seconds, and locks the accounts meanwhile.
ACCOUNTS_AT_ONCE = 50
SCOPES_AT_ONCE = 250_000


class Outdated(NamedTuple):
    """An account whose scopes have to be derived.

    Attributes:
        account_pk: Its row.
        digest: Over what they follow from.
        found_at: When this was found: before any of them is due.
    """

    account_pk: int
    digest: bytes
    found_at: datetime


# Why it can't be entered matters, since its scopes say so.
_DIGEST = """
sha256(convert_to(jsonb_build_array(CAST(:inputs AS text), a.provider_id, a.partition, a.regions,
    a.account_id = ANY(CAST(:closed AS text[])), a.reachable, CASE WHEN a.reachable = false
        THEN jsonb_build_array(a.error_reason, a.error_message, a.error_permission) END
)::text, 'UTF8'))
"""
_OUTDATED = text(f"""
SELECT a.id AS account_pk, {_DIGEST} AS digest, now() AS found_at FROM account a
WHERE a.provider_id = :provider_id AND (a.derived_from IS DISTINCT FROM {_DIGEST}
    OR a.derived_at < now() - make_interval(secs => {DAY_SECONDS}))
ORDER BY a.id
""")  # noqa: S608  constants only

# Who gives an account away waits until its scopes are there to be retired.
_LOCK = text("""
SELECT id FROM account WHERE id = ANY(CAST(:account_pks AS integer[]))
ORDER BY id FOR NO KEY UPDATE
""")

# Not if another worker learned something else of the account meanwhile.
_DERIVED = text(f"""
UPDATE account SET derived_from = d.digest, derived_at = now()
FROM account a JOIN unnest(CAST(:account_pks AS integer[]), CAST(:digests AS bytea[]))
     AS d(id, digest) ON d.id = a.id
WHERE account.id = a.id AND a.provider_id = :provider_id AND d.digest = {_DIGEST}
""")  # noqa: S608  constants only

# Where regions are not known, what is global can be read all the same; where nobody can
# enter, nothing is planned, and what was planned before stays as it is.
_PLACES = """
planned AS MATERIALIZED (
    SELECT a.id, a.account_id, a.regions FROM account a
    WHERE a.id = ANY(CAST(:account_pks AS integer[])) AND a.provider_id = :provider_id
      AND a.account_id <> ALL(CAST(:closed AS text[]))
), place AS MATERIALIZED (
    SELECT a.id AS account_pk, r.region, :cloud || '/' || a.account_id || '/' || r.region AS domain,
           r.rank
    FROM planned a CROSS JOIN LATERAL unnest(array_prepend(:global, a.regions))
        WITH ORDINALITY AS r(region, rank)
), listed AS MATERIALIZED (
    SELECT l.listing, l.is_global, l.period, l.tier, string_to_array(l.types, ',') AS types
    FROM unnest(CAST(:listings AS text[]), CAST(:globals AS boolean[]),
                CAST(:periods AS integer[]), CAST(:tiers AS smallint[]), CAST(:types AS text[]))
        AS l(listing, is_global, period, tier, types)
), offered AS MATERIALIZED (
    SELECT r.region, l.listing, l.period, l.tier, l.types
    FROM (SELECT DISTINCT region FROM place) r
    JOIN listed l ON l.is_global = (r.region = :global)
    WHERE NOT EXISTS (SELECT FROM not_offered n WHERE n.provider_id = :provider_id
                      AND n.region = r.region AND n.listing = l.listing)
)
"""

# Each account is read in one region before any is read in a second one; all are due at once.
_LEASES = text(f"""
WITH {_PLACES}
INSERT INTO lease (kind, domain, account_pk, region, next_due_at)
SELECT 'inventory', p.domain, p.account_pk, p.region,
       CAST(:found_at AS timestamptz) + make_interval(secs => (p.rank - 1000) * 0.000001)
FROM place p
WHERE p.region IN (SELECT region FROM offered)
  AND NOT EXISTS (SELECT FROM lease l WHERE l.domain = p.domain)
ORDER BY p.account_pk, p.rank
ON CONFLICT (domain) DO NOTHING
""")  # noqa: S608  constants only

# A lease's rows are written together for ever after: on neighbouring pages, or each
# brings an image of a page of its own into the WAL after a checkpoint. What exists
# already is not offered to the table, since each try would use up a number.
_SCOPES = text(f"""
WITH {_PLACES}, desired AS (
    SELECT p.account_pk, p.region, o.listing, l.id AS lease_id, o.period, o.tier, o.types
    FROM place p JOIN offered o ON o.region = p.region JOIN lease l ON l.domain = p.domain
), stored AS (
    SELECT s.id, s.account_pk, s.region, s.listing, s.period_seconds, s.tier, s.types, s.retired_at
    FROM scope s JOIN planned a ON a.id = s.account_pk
), different AS MATERIALIZED (
    SELECT s.id, d.lease_id, coalesce(d.account_pk, s.account_pk) AS account_pk,
           coalesce(d.region, s.region) AS region, coalesce(d.listing, s.listing) AS listing,
           d.period, d.tier, d.types
    FROM desired d FULL JOIN stored s
        ON s.account_pk = d.account_pk AND s.region = d.region AND s.listing = d.listing
    WHERE s.id IS NULL
       OR d.lease_id IS NULL AND s.retired_at IS NULL
       OR d.lease_id IS NOT NULL AND (s.retired_at IS NOT NULL OR s.period_seconds <> d.period
                                      OR s.types <> d.types OR s.tier <> d.tier)
), added AS (
    INSERT INTO scope (account_pk, region, listing, lease_id, period_seconds, tier, types)
    SELECT account_pk, region, listing, lease_id, period, tier, types
    FROM different WHERE id IS NULL ORDER BY lease_id
    ON CONFLICT (account_pk, region, listing) DO NOTHING
), retired AS (
    UPDATE scope SET retired_at = now(), retired_reason = CASE
        WHEN d.listing NOT IN (SELECT listing FROM listed) THEN 'TypeNotSelected'
        WHEN EXISTS (SELECT FROM not_offered n WHERE n.provider_id = :provider_id
                     AND n.region = d.region AND n.listing = d.listing) THEN '{NOT_OFFERED}'
        ELSE 'RegionNotSelected' END
    FROM different d WHERE scope.id = d.id AND d.lease_id IS NULL
)
UPDATE scope SET
    period_seconds = d.period, tier = d.tier, retired_at = NULL, retired_reason = '',
    types = d.types,
    types_changed_at = CASE WHEN scope.types = d.types
        THEN scope.types_changed_at ELSE now() END,
    planned_at = CASE WHEN scope.retired_at IS NULL THEN scope.planned_at ELSE now() END,
    next_due_at = CASE WHEN scope.retired_at IS NULL AND scope.types = d.types
        THEN least(scope.next_due_at, now() + make_interval(secs => d.period)) ELSE now() END
FROM different d WHERE scope.id = d.id AND d.lease_id IS NOT NULL
""")  # noqa: S608  constants only

# What can't be entered can't be read: its scopes say so, their rows stay. What is not there
# has none in the view, and would be shown again.
_DENY_SHUT = text("""
UPDATE scope SET status = 'denied', error_class = 'iam_deny', error_code = a.error_reason,
    error_message = a.error_message, error_permission = a.error_permission,
    last_attempt_at = now(),
    status_since = CASE WHEN scope.status = 'denied' AND scope.error_code = a.error_reason
        THEN scope.status_since ELSE now() END
FROM account a
WHERE a.id = scope.account_pk AND a.id = ANY(CAST(:account_pks AS integer[]))
  AND a.provider_id = :provider_id AND a.account_id = ANY(CAST(:shut AS text[]))
  AND scope.retired_at IS NULL
  AND (scope.status <> 'unsupported'  -- of an account that AWS forgot each listing says that
       OR a.error_reason = :not_subscribed AND scope.error_class = 'opt_in')
  AND (scope.status, scope.error_class, scope.error_code,
        scope.error_message, scope.error_permission)
    IS DISTINCT FROM ('denied', 'iam_deny', a.error_reason, a.error_message, a.error_permission)
""")

# Who holds one of these may give it back at this moment, and not see what became due: see
# `leases.finish`. All others are looked at below.
_LOCK_DUE_LEASES = text("""
SELECT id FROM lease
WHERE account_pk = ANY(CAST(:account_pks AS integer[])) AND next_due_at <= now()
ORDER BY id FOR NO KEY UPDATE
""")

# A lease may rest, or wait for scopes that are due later than those that came; one that lost
# all of its scopes has nothing to wait for, and whoever asked for a run waits for no such. What was
# asked for, or has scopes again, is looked for in all accounts: whoever asked may have found
# the lease locked.
_WAKE_LEASES = text("""
WITH asleep AS MATERIALIZED (
    SELECT l.id, coalesce(l.finished_start_at, '-infinity')
               < greatest(p.requested_at, p.spec_changed_at) AS asked_for
    FROM account a JOIN provider p ON p.id = a.provider_id JOIN lease l ON l.account_pk = a.id
    WHERE a.provider_id = :provider_id AND a.account_id <> ALL(CAST(:closed AS text[]))
      AND l.next_due_at > now()
      AND (l.next_due_at = 'infinity' OR a.id = ANY(CAST(:account_pks AS integer[]))
           OR coalesce(l.finished_start_at, '-infinity')
              < greatest(p.requested_at, p.spec_changed_at))
)
UPDATE lease SET next_due_at = coalesce(due.at, 'infinity')
FROM (SELECT l.id, CASE WHEN l.asked_for AND s.at > now() THEN now() ELSE s.at END AS at
      FROM asleep l CROSS JOIN LATERAL (SELECT min(s.next_due_at) AS at FROM scope s
                                        WHERE s.lease_id = l.id AND s.retired_at IS NULL) s) due
WHERE lease.id = due.id AND (lease.next_due_at > due.at
                             OR due.at IS NULL AND lease.next_due_at < 'infinity')
""")

# Where nobody can enter nobody tries, until a discovery finds the account open and its
# leases are woken again.
_REST_CLOSED = text("""
UPDATE lease SET next_due_at = 'infinity' FROM account a
WHERE a.id = lease.account_pk AND a.provider_id = :provider_id AND a.cloud = :cloud
  AND a.account_id = ANY(CAST(:closed AS text[])) AND lease.next_due_at < 'infinity'
""")


def outdated_accounts(connection: Connection, plan: ProviderPlan) -> list[Outdated]:
    """The provider's accounts whose scopes may differ from what they follow from."""
    return [Outdated(*row) for row in connection.execute(_OUTDATED, _inputs(plan))]


def batches(plan: ProviderPlan, outdated: Sequence[Outdated]) -> Iterator[Sequence[Outdated]]:
    """`outdated` in parts that one transaction can bear."""
    regions = max((len(account.regions or ()) for account in plan.accounts), default=0)
    scopes = max(1, len(plan.listings) * (regions + 1))
    size = min(ACCOUNTS_AT_ONCE, max(1, SCOPES_AT_ONCE // scopes))
    for first in range(0, len(outdated), size):
        yield outdated[first : first + size]


def derive_scopes(connection: Connection, plan: ProviderPlan, outdated: Sequence[Outdated]) -> None:
    """Bring leases and scopes of some accounts in line; set-based, repeatable.

    Scopes that are no longer asked for are retired, never deleted; they revive with
    their rows if they come back.

    Args:
        connection: Of a transaction of its own, which locks all that differs.
        plan: Whose accounts were written.
        outdated: One of `batches`.
    """
    if not outdated:
        return
    values = {
        **_inputs(plan),
        "account_pks": [one.account_pk for one in outdated],
        "digests": [one.digest for one in outdated],
        "found_at": outdated[0].found_at,
        "listings": [one.name for one in plan.listings],
        "globals": [one.is_global for one in plan.listings],
        "periods": [one.period_seconds for one in plan.listings],
        "tiers": [one.tier for one in plan.listings],
        "types": [",".join(one.types) for one in plan.listings],
        "shut": plan.ids(Door.SHUT, Door.CLOSED),
        "not_subscribed": NOT_SUBSCRIBED,
    }
    moved = succession.moved_types(connection, plan)
    succession.take_from_workers(connection, values["account_pks"], moved)
    for statement in (_LOCK, _LEASES, _SCOPES):
        connection.execute(statement, values)
    succession.hand_over(connection, values["account_pks"], moved)
    for statement in (_DENY_SHUT, _LOCK_DUE_LEASES, _WAKE_LEASES, _DERIVED):
        connection.execute(statement, values)


def settle_leases(connection: Connection, plan: ProviderPlan) -> None:
    """Wake leases that have something to read, and put those of closed accounts to rest."""
    values = {**plan.keys, "closed": plan.ids(Door.CLOSED), "account_pks": []}
    connection.execute(_WAKE_LEASES, values)
    connection.execute(_REST_CLOSED, values)


def _inputs(plan: ProviderPlan) -> dict[str, Any]:
    """What decides scopes beside the account's own row."""
    wishes = orjson.dumps(sorted(plan.listings, key=lambda one: one.name))
    return {
        **plan.keys,
        "closed": plan.ids(Door.CLOSED),
        "inputs": blake2b(wishes, digest_size=16).hexdigest(),
    }
