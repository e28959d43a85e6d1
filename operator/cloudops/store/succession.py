"""Types that another listing shows than before: the plan itself hands their rows over.

The new listing may be denied for as long as nobody grants its call. Until then its rows have to
be shown, as old as they are, and the old listing does not read them any more.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from cloudops.domain.resource import GLOBAL_REGION
from cloudops.store.plan import ProviderPlan


class Moved(NamedTuple):
    """A type that one listing showed `before`, and another one shows now."""

    before: str
    type: str
    listing: str
    is_global: bool


_SHOWN = """
unnest(CAST(:types AS text[]), CAST(:listings AS text[]), CAST(:globals AS boolean[]))
    AS s(type, listing, is_global)
"""

# Never forgotten: an account may be closed, or another provider's, when its listings change.
_NOTE = text(f"""
INSERT INTO shown_by (cloud, type, listing)
SELECT :cloud, s.type, s.listing FROM {_SHOWN}
WHERE NOT EXISTS (SELECT FROM shown_by k
                  WHERE k.cloud = :cloud AND k.type = s.type AND k.listing = s.listing)
ON CONFLICT DO NOTHING
""")  # noqa: S608  constants only
_MOVED = text(f"""
SELECT k.listing AS before, s.type, s.listing, s.is_global FROM {_SHOWN}
JOIN shown_by k ON k.cloud = :cloud AND k.type = s.type AND k.listing <> s.listing
ORDER BY 1, 2
""")  # noqa: S608  constants only

# What the region or the account does not have stays out of the view.
_LEFT = """
moved AS MATERIALIZED (
    SELECT * FROM unnest(CAST(:befores AS text[]), CAST(:types AS text[]),
                         CAST(:listings AS text[]), CAST(:globals AS boolean[]))
        AS m(before, type, listing, is_global)
), left_behind AS MATERIALIZED (
    SELECT s.id, s.account_pk, s.region, s.lease_id, s.last_complete_at, m.type, m.listing,
           m.is_global
    FROM scope s JOIN moved m ON m.before = s.listing
    WHERE s.account_pk = ANY(CAST(:account_pks AS integer[])) AND s.status <> 'unsupported'
)
"""

# A worker that reads the old listing at this moment would take its rows back: its load is
# waited for, and the next one finds the fence. Before any account is locked, since workers
# lock accounts after their lease. OFFSET 0 as in `loader`: the index of the scope finds its
# rows, whatever the planner knows.
_WAIT_FOR_WORKERS = text(f"""
WITH {_LEFT}
SELECT id FROM lease WHERE id IN (
    SELECT b.lease_id FROM left_behind b WHERE EXISTS (
        SELECT FROM (SELECT type, deleted_at FROM resource WHERE scope_id = b.id OFFSET 0) r
        WHERE r.type = b.type AND r.deleted_at IS NULL))
ORDER BY id FOR UPDATE
""")  # noqa: S608  constants only
_FENCE_WORKERS = text("""
UPDATE lease SET fence = fence + 1, holder = '', expires_at = NULL,
    attempts = CASE WHEN holder = '' THEN attempts ELSE greatest(attempts - 1, 0) END
WHERE id = ANY(CAST(:ids AS integer[]))
""")

# Resources before facets, each by its id: see `merge`. What a listing missed is no matter of
# the next one's. Where one of the two listings is global, rows go from one region to another.
_HAND_OVER = text(f"""
WITH {_LEFT}, heir AS MATERIALIZED (
    SELECT r.uid, new.id AS scope_id, b.last_complete_at
    FROM left_behind b CROSS JOIN LATERAL (
        SELECT uid, region, type FROM resource WHERE resource.scope_id = b.id OFFSET 0
    ) r JOIN scope new ON new.account_pk = b.account_pk AND new.listing = b.listing
        AND new.region = CASE WHEN b.is_global THEN :global
            WHEN b.region = :global THEN r.region ELSE b.region END
    WHERE r.type = b.type AND new.retired_at IS NULL
), going AS MATERIALIZED (
    SELECT r.uid, heir.scope_id, heir.last_complete_at FROM heir JOIN resource r ON r.uid = heir.uid
    WHERE r.deleted_at IS NULL ORDER BY r.uid FOR NO KEY UPDATE OF r
), resources AS (
    UPDATE resource SET scope_id = going.scope_id FROM going WHERE resource.uid = going.uid
), facets AS (
    UPDATE facet SET scope_id = going.scope_id, missing_since = NULL FROM going
    WHERE facet.uid = going.uid AND facet.facet = 'listed'
)
UPDATE scope SET last_complete_at = least(scope.last_complete_at, oldest.at)
FROM (SELECT scope_id, min(last_complete_at) AS at FROM going GROUP BY scope_id) oldest
WHERE scope.id = oldest.scope_id
""")  # noqa: S608  constants only


def moved_types(connection: Connection, plan: ProviderPlan) -> list[Moved]:
    """Note who shows what, and tell what others have shown before."""
    shown = [(type_, one.name, one.is_global) for one in plan.listings for type_ in one.shows]
    keys = {
        "cloud": plan.cloud,
        "types": [type_ for type_, _, _ in shown],
        "listings": [listing for _, listing, _ in shown],
        "globals": [is_global for _, _, is_global in shown],
    }
    connection.execute(_NOTE, keys)
    return [Moved(*row) for row in connection.execute(_MOVED, keys)]


def take_from_workers(
    connection: Connection, account_pks: Sequence[int], moved: Sequence[Moved]
) -> None:
    """Have nobody read an old listing whose rows are about to go over.

    Args:
        connection: Of a transaction that locked no account yet.
        account_pks: Whose scopes are derived.
        moved: Of `moved_types`.
    """
    if not moved:
        return
    values = {**_columns(moved), "account_pks": list(account_pks)}
    if ids := list(connection.scalars(_WAIT_FOR_WORKERS, values)):
        connection.execute(_FENCE_WORKERS, {"ids": ids})


def hand_over(connection: Connection, account_pks: Sequence[int], moved: Sequence[Moved]) -> None:
    """Give the rows to the scopes of the listings that show their types now.

    Account by account, since one statement for many large ones would take too long.

    Args:
        connection: Of the transaction that made these scopes.
        account_pks: Whose.
        moved: Of `moved_types`.
    """
    if not moved:
        return
    values = {**_columns(moved), "global": GLOBAL_REGION}
    for account_pk in account_pks:
        connection.execute(_HAND_OVER, {**values, "account_pks": [account_pk]})


def _columns(moved: Sequence[Moved]) -> dict[str, list[str] | list[bool]]:
    return {
        "befores": [one.before for one in moved],
        "types": [one.type for one in moved],
        "listings": [one.listing for one in moved],
        "globals": [one.is_global for one in moved],
    }
