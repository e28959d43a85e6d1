"""Reading what the ledger knows of one provider, in one transaction."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, text

from cloudops.domain.ledger import ScopeStatus
from cloudops.domain.provider import Identity
from cloudops.domain.reasons import CLAIMED, CRASHED, REGION_DENIED
from cloudops.domain.resource import GLOBAL_REGION
from cloudops.domain.schedule import DAY_SECONDS, EMPTY_PASSES_BEFORE_SLOWING
from cloudops.domain.snapshot import (
    AccountCounts,
    Entry,
    EntryState,
    HeldScope,
    Problem,
    ProviderSnapshot,
    ScopeCounts,
)
from cloudops.domain.synced import ScopeGroup, unsynced_reasons
from cloudops.store.entering import ACCOUNT_IS_TOLD, ENTRY_IS_TOLD
from cloudops.store.leases import CRASHES_BEFORE_BACKOFF

PROBLEMS_SHOWN = 20
HELD_SHOWN = 20
OVERDUE_PERIODS = 3
REGION_LISTINGS = 10  # fewer that are denied are named one by one

# What the provider's own row says of it.
OWN_COLUMNS = """
id, generation, discovered_generation, handled_token, entry_state, entry_reason, entry_message,
entry_permission, entry_error_class, entry_since, identity, spec_changed_at,
credentials_changed_at, now() AS taken_at
"""
# Whether the plan stops at the provider itself: it was never discovered, and nothing went wrong.
BARE = """
((entry_state = 'untried' OR entry_state = 'accepted' AND entry_reason = '')
 AND NOT EXISTS (SELECT FROM account a WHERE a.provider_id = provider.id)
 AND NOT EXISTS (SELECT FROM claim c WHERE c.provider_id = provider.id)
 AND NOT EXISTS (SELECT FROM lease l WHERE l.provider_id = provider.id AND l.attempts > 0))
"""
_PROVIDER = text(f"""
SELECT {OWN_COLUMNS}
FROM provider WHERE namespace = :namespace AND name = :name AND vanished_at IS NULL
""")  # noqa: S608  constants only

# An account that nothing was derived for yet has no scopes that could be untried.
_ACCOUNTS = text("""
SELECT count(*) AS total,
       count(*) FILTER (WHERE reachable = false OR untried = 0 AND reachable
                        AND derived_at IS NOT NULL) AS tried,
       count(*) FILTER (WHERE reachable) AS reachable,
       count(*) FILTER (WHERE reachable = false) AS unreachable
FROM (SELECT a.id, a.reachable, a.derived_at,
             (SELECT count(*) FROM scope s WHERE s.account_pk = a.id AND s.retired_at IS NULL
              AND s.tier < 2 AND s.status = 'planned') AS untried
      FROM account a WHERE a.provider_id = :id) AS accounts
""")

# Where a cloud does not offer a service, there is no row of the ledger: nothing will ever be
# tried there. Readers count and show it all the same, as what it is.
NOT_OFFERED = "NotOffered"
IS_NOT_OFFERED = f"""
n.provider_id = a.provider_id AND n.region = ANY(array_prepend('{GLOBAL_REGION}', a.regions))
AND a.derived_at IS NOT NULL
"""

# As `schedule.judge_attempt` slows down what was empty again and again.
_OWN_PERIOD = f"""
greatest(s.period_seconds, least({DAY_SECONDS}, s.period_seconds
    * power(2, least(20, greatest(0, s.empty_streak - {EMPTY_PASSES_BEFORE_SLOWING - 1})))))
"""
_SCOPES = f"""
SELECT s.*, a.account_id, a.reachable,
    coalesce(s.last_complete_at, s.planned_at)
        < now() - make_interval(secs => {OVERDUE_PERIODS} * {_OWN_PERIOD}) AS late
FROM scope s JOIN account a ON a.id = s.account_pk
WHERE a.provider_id = :id AND s.retired_at IS NULL
"""  # noqa: S608  constants only

_GROUPS = text(f"""
SELECT status, error_class, error_code, late, reachable,
       error_class = 'scp_deny' AND (tier = 2 OR EXISTS (  -- details: of rows that there are
            SELECT FROM resource r WHERE r.scope_id = scopes.id AND r.deleted_at IS NULL)
       ) AS has_rows,
       count(*) AS scopes,
       min(last_complete_at) FILTER (WHERE tier < 2) AS oldest_complete
FROM ({_SCOPES}) AS scopes GROUP BY 1, 2, 3, 4, 5, 6
UNION ALL
SELECT 'unsupported', 'unsupported', '{NOT_OFFERED}', false, a.reachable, false, count(*), NULL
FROM account a JOIN not_offered n ON {IS_NOT_OFFERED} WHERE a.provider_id = :id GROUP BY a.reachable
""")  # noqa: S608  constants only

_RESOURCES = text("""
SELECT count(*) FILTER (WHERE r.deleted_at IS NULL AND s.retired_at IS NULL
                        AND s.status <> 'unsupported') AS live,
       count(*) FILTER (WHERE r.deleted_at > now() - interval '24 hours') AS deleted,
       max(r.changed_at) AS last_change
FROM resource r JOIN scope s ON s.id = r.scope_id JOIN account a ON a.id = s.account_pk
WHERE a.provider_id = :id AND selects(s.types, r.type)
""")

# Where nobody knows the regions, nobody knows what is missing.
_UNKNOWN_REGIONS = text("""
SELECT CASE WHEN error_reason = 'AccessDenied' THEN 'AccessDenied' ELSE 'Failed' END AS reason,
       count(*) AS accounts
FROM account WHERE provider_id = :id AND reachable AND regions IS NULL GROUP BY 1
""")

# A region in which nothing may be read is one problem; a hundred listings that each say so
# would hide all others. The first that a grant helps is the example.
_DENIED_REGIONS = f"""
SELECT account_id, region, count(*) AS listings, min(status_since) AS since,
       bool_and(error_class = 'scp_deny') AS by_policy,
       (array_agg(error_permission ORDER BY error_permission = '', listing))[1] AS permission,
       (array_agg(error_message ORDER BY error_permission = '', listing))[1] AS message
FROM ({_SCOPES}) AS scopes
WHERE status = 'denied' AND reachable IS NOT false
GROUP BY account_pk, 1, 2 HAVING count(*) >= {REGION_LISTINGS} AND NOT EXISTS (
    SELECT FROM scope o WHERE o.account_pk = scopes.account_pk AND o.region = scopes.region
      AND o.tier < 2 AND o.retired_at IS NULL
      AND o.status NOT IN ('planned', 'unsupported', 'denied'))
"""  # noqa: S608  constants only

# Whose an account is that this provider names, too, and why nobody reads it, if so.
_OWNED = """
CASE WHEN owner.runnable AND NOT owner.suspended THEN 'read by ' ELSE 'belongs to ' END
|| 'CloudProvider ' || owner.namespace || '/' || owner.name || ', which is '
|| CASE WHEN owner.suspended THEN 'suspended' WHEN owner.runnable THEN 'older'
    WHEN owner.origin = 'cli' THEN 'at rest' ELSE 'stalled' END
"""

# One cause, however many scopes it stops, is one problem; what a policy above denies is another,
# since other people cure it. A way in that is shut concerns all accounts, whether they have noticed
# it or not; with none it stands alone. Of a denied region the permission is an example.
_PROBLEMS = f"""
WITH denied_regions AS ({_DENIED_REGIONS})
SELECT reason, listing, by_policy,
       (array_agg(permission ORDER BY account_id = '', account_id, region))[1] AS permission,
       count(DISTINCT account_id) FILTER (WHERE account_id <> '') AS accounts,
       count(DISTINCT region) FILTER (WHERE region <> '') AS regions,
       (array_agg(account_id ORDER BY account_id = '', account_id, region))[1] AS example_account,
       (array_agg(region ORDER BY account_id = '', account_id, region))[1] AS example_region,
       min(since) AS since,
       (array_agg(message ORDER BY account_id = '', account_id, region, message))[1] AS message
FROM (
    SELECT error_code AS reason, error_permission AS permission,
           listing, account_id, region, status_since AS since, error_message AS message,
           error_class = 'scp_deny' AS by_policy
    FROM ({_SCOPES}) AS scopes
    WHERE status NOT IN ('complete', 'planned', 'unsupported') AND reachable IS NOT false
      AND NOT EXISTS (SELECT FROM denied_regions d
                      WHERE d.account_id = scopes.account_id AND d.region = scopes.region)
    UNION ALL
    SELECT '{REGION_DENIED}', permission, '', account_id, region, since,
           'each of its ' || listings || ' listings is denied, the first with: ' || message,
           by_policy
    FROM denied_regions
    UNION ALL
    SELECT error_reason, error_permission, '', account_id, '', error_since, error_message,
           error_class = 'scp_deny'
    FROM account WHERE provider_id = :id AND {ACCOUNT_IS_TOLD}
    UNION ALL
    SELECT p.entry_reason, p.entry_permission, '', coalesce(a.account_id, ''), '',
           p.entry_since, p.entry_message, p.entry_error_class = 'scp_deny'
    FROM provider p LEFT JOIN account a ON a.provider_id = p.id
    WHERE p.id = :id AND {ENTRY_IS_TOLD}
    UNION ALL
    SELECT '{CRASHED}', '', '', coalesce(a.account_id, ''), l.region, l.started_at,
           'workers died while reading it; it is retried alone, with growing pauses', false
    FROM lease l LEFT JOIN account a ON a.id = l.account_pk
    WHERE coalesce(a.provider_id, l.provider_id) = :id AND l.attempts > {CRASHES_BEFORE_BACKOFF}
    UNION ALL
    SELECT '{CLAIMED}', '', '', a.account_id, '', c.claimed_at,
           {_OWNED} || '; remove the account from one of the two', false
    FROM claim c JOIN account a ON a.id = c.account_pk
    JOIN provider owner ON owner.id = a.provider_id
    WHERE c.provider_id = :id AND a.provider_id <> :id
) AS problems
GROUP BY reason, listing, by_policy, CASE reason WHEN '{REGION_DENIED}' THEN '' ELSE permission END
"""  # noqa: S608  constants only

_FIRST_PROBLEMS = text(
    f"SELECT *, count(*) OVER () AS total FROM ({_PROBLEMS}) AS problems "  # noqa: S608
    "ORDER BY accounts DESC, reason, permission, listing, by_policy LIMIT :limit"
)

_HELD = text(f"""
SELECT listing, account_id, region, held_count, count(*) OVER () AS scopes,
       sum(held_count) OVER () AS total
FROM (
    SELECT listing, account_id, region, held_count FROM ({_SCOPES}) AS scopes WHERE held_count > 0
    UNION ALL
    SELECT '', a.account_id, '', c.held_count FROM claim c JOIN account a ON a.id = c.account_pk
    WHERE c.provider_id = :id AND c.held_count > 0
) AS held ORDER BY held_count DESC, account_id, region, listing LIMIT :limit
""")  # noqa: S608  constants only


def read_snapshot(connection: Connection, namespace: str, name: str) -> ProviderSnapshot | None:
    """Everything that the provider's status is judged on; None if it is not planned."""
    row = connection.execute(_PROVIDER, {"namespace": namespace, "name": name}).one_or_none()
    if row is None:
        return None
    return replace(own_snapshot(row), **_known(connection, {"id": row.id}))


def own_snapshot(row: Row[Any]) -> ProviderSnapshot:
    """What the provider's own row says, of `OWN_COLUMNS`."""
    return ProviderSnapshot(
        generation=row.generation,
        discovered_generation=row.discovered_generation,
        handled_request=row.handled_token,
        entry=Entry(
            EntryState(row.entry_state),
            row.entry_reason,
            row.entry_message,
            row.entry_since,
            row.entry_permission,
            row.entry_error_class,
        ),
        identity=None if row.identity is None else Identity(**row.identity),
        accounts=AccountCounts(),
        scopes=ScopeCounts(),
        resources=0,
        deleted_last_24h=0,
        oldest_complete=None,
        last_change=None,
        spec_changed_at=row.spec_changed_at,
        taken_at=row.taken_at,
        credentials_changed_at=row.credentials_changed_at,
    )


def _known(connection: Connection, key: dict[str, int]) -> dict[str, Any]:
    """What accounts, scopes and resources say, by the snapshot's attribute."""
    groups = [ScopeGroup(**group) for group in connection.execute(_GROUPS, key).mappings()]
    resources = connection.execute(_RESOURCES, key).one()
    problems = connection.execute(_FIRST_PROBLEMS, {**key, "limit": PROBLEMS_SHOWN}).all()
    held = connection.execute(_HELD, {**key, "limit": HELD_SHOWN}).all()
    ages = [
        group.oldest_complete
        for group in groups
        if group.oldest_complete is not None and group.status != ScopeStatus.UNSUPPORTED
    ]
    return {
        "accounts": AccountCounts(**connection.execute(_ACCOUNTS, key).mappings().one()),
        "scopes": _counts(groups),
        "resources": resources.live,
        "deleted_last_24h": resources.deleted,
        "oldest_complete": min(ages, default=None),
        "last_change": resources.last_change,
        "unsynced": _unsynced(connection, key, groups),
        "problems": tuple(_problem(problem) for problem in problems),
        "problems_total": problems[0].total if problems else 0,
        "held": tuple(
            HeldScope(scope.listing, scope.account_id, scope.region, scope.held_count)
            for scope in held
        ),
        "held_scopes": held[0].scopes if held else 0,
        "held_total": int(held[0].total) if held else 0,
    }


def _unsynced(
    connection: Connection, key: dict[str, int], groups: list[ScopeGroup]
) -> dict[str, int]:
    """Scopes by reason; an account of unknown regions counts as one."""
    counts = unsynced_reasons(groups)
    for row in connection.execute(_UNKNOWN_REGIONS, key):
        counts[row.reason] = counts.get(row.reason, 0) + row.accounts
    return counts


def _counts(groups: list[ScopeGroup]) -> ScopeCounts:
    by_status: dict[str, int] = {}
    for group in groups:
        by_status[group.status] = by_status.get(group.status, 0) + group.scopes
    return ScopeCounts(
        total=sum(by_status.values()),
        overdue=sum(group.scopes for group in groups if group.overdue),
        **by_status,
    )


def _problem(row: Row[Any]) -> Problem:
    return Problem(
        reason=row.reason,
        permission=row.permission,
        listing=row.listing,
        accounts=row.accounts,
        regions=row.regions,
        example_account=row.example_account,
        example_region=row.example_region,
        since=row.since,
        message=row.message,
        by_policy=row.by_policy,
    )
