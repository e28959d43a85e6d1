"""The first run of a short listing: its page is copied straight into the tables.

As in `direct`, but in the transaction of the load itself. A stage would cost the server
more than all rows of most listings.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from cloudops.domain.resource import Facet, Observation
from cloudops.store import copying, direct
from cloudops.store.merge import TAGS_LOCK, Target

_SETTINGS = text("SELECT set_config('lock_timeout', '110s', true), now() AS at")
# Until the end of the transaction no tags are merged: see `merge`.
_KEEP_APART = text("SELECT pg_advisory_xact_lock_shared(:lock, :account_pk)")
_TAGS = text("""
SELECT uid, document FROM facet
WHERE uid = ANY(CAST(:uids AS uuid[])) AND facet = 'tags'
""")


def insert(connection: Connection, target: Target, items: Sequence[Observation]) -> bool:
    """Store items of which none is known; joins the transaction.

    Returns:
        False if one is known, or if they are no resources; then nothing was written.

    Raises:
        UniqueViolation: One became known meanwhile; the transaction can only be rolled back.
    """
    if target.facet is not Facet.LISTED or not items or any(item.head is None for item in items):
        return False
    # Loads that show the same items wait for each other in the same order: see `merge`.
    ordered = sorted(items, key=lambda item: item.uid.int)
    at = connection.execute(_SETTINGS).one().at
    with_tags = _with_tags(connection, target, ordered)
    if direct.is_known(connection, target, ordered):
        return False
    direct.copy_items(connection, target, with_tags, at)
    return True


def _with_tags(
    connection: Connection, target: Target, items: Sequence[Observation]
) -> list[Observation]:
    """The items, with what the tagging listing has found before them."""
    waiting = [item.uid for item in items if not direct.brings_tags(item)]
    if not waiting:
        return list(items)
    connection.execute(_KEEP_APART, {"lock": TAGS_LOCK, "account_pk": target.account_pk})
    rows = connection.execute(_TAGS, {"uids": copying.uuid_array(waiting)})
    tags: dict[UUID, Any] = {row.uid: row.document for row in rows}
    return [_tagged(item, tags[item.uid]) if item.uid in tags else item for item in items]


def _tagged(item: Observation, tags: Any) -> Observation:
    head = item.head
    return item if head is None else replace(item, head=replace(head, tags=tags))
