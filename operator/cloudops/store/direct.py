"""The first run of a listing: what is new is copied straight into the tables.

No stage, no comparison, and a transaction for each page. It goes on as long as
nothing that the listing shows is known yet; the page that shows anything else
is left for the stage, with nothing of it written.
"""

from collections.abc import Iterator, Sequence

import orjson
from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, text

from cloudops.domain.ledger import Lease
from cloudops.domain.resource import Facet, Observation, ResourceHead, TagSource
from cloudops.store import copying, edges, leases
from cloudops.store.merge import Target

# Asked whether there is any, the planner might read the whole table: see `scopes`, `loader`.
_KNOWN = text("""
SELECT coalesce((SELECT f.scope_id FROM facet f WHERE f.scope_id >= :scope_id
                 ORDER BY f.scope_id LIMIT 1) = :scope_id, false)
    OR EXISTS (SELECT FROM unnest(CAST(:uids AS uuid[])) AS shown, LATERAL (
        SELECT FROM facet WHERE facet.uid = shown AND facet.facet = 'listed' OFFSET 0) AS known)
""")
# A page that a crash loses is listed again: only the run's own commit waits for the disk.
# Another load that shows the same may take as long as the merge of a large listing.
_SETTINGS = text("""
SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '110s', true)
""")
_CREATED = text("""
INSERT INTO change (at, uid, facet, operation, scope_id)
SELECT clock_timestamp(), uid, 'listed', 'created', :scope_id
FROM unnest(CAST(:uids AS uuid[])) AS uid
""")
_RECALL = text("""
INSERT INTO stage_seen SELECT uid FROM facet WHERE scope_id = :scope_id AND facet = 'listed'
""")
_FACET_COLUMNS = "facet, scope_id, uid, digest, document, volatile, truncated"
_RESOURCE_COLUMNS = (
    "cloud, account_pk, scope_id, uid, canonical_id, id_synthetic, region, service, type, kind,"
    " name, state, created_at, tag_source, tags"
)


class DirectLoad:
    """Takes pages until one shows something that is known.

    Args:
        lease: Held by the caller.
        target: Nothing is stored of its scope, and only the lease's holder adds any.
    """

    def __init__(self, lease: Lease, target: Target) -> None:
        self._lease = lease
        self._target = target
        self._began = False

    def insert(self, connection: Connection, observations: Sequence[Observation]) -> bool:
        """Insert a page; False if something of it is known, and nothing was written.

        Args:
            connection: Without a transaction; this is one.
            observations: Of one page.

        Raises:
            LeaseLostError: Another worker has the lease; nothing was written.
        """
        if not observations:
            return True
        if not _have_own_tags(self._target, observations):
            return False
        # Loads that show the same items wait for each other in the same order: see `merge`.
        items = sorted(observations, key=lambda item: item.uid.int)
        try:
            with connection.begin():
                leases.guard(connection, self._lease)
                return self._insert(connection, items)
        except UniqueViolation:
            return False

    def recall(self, connection: Connection) -> None:
        """Note in `stage_seen` what was inserted: it is all that the scope has."""
        if self._began:
            connection.execute(_RECALL, self._target.parameters())

    def _insert(self, connection: Connection, items: Sequence[Observation]) -> bool:
        # Once: where the first page is new, the others are nearly always, and else the keys tell.
        if not self._began and self._is_known(connection, items):
            return False
        self._began = True
        connection.execute(_SETTINGS)
        # What comes next is framed while the server is busy.
        resources = _resources(self._target, items)
        with copying.copy(connection, "resource", _RESOURCE_COLUMNS, resources):
            facets = list(_facets(self._target, items))
        with copying.copy(connection, "facet", _FACET_COLUMNS, facets):
            uids = copying.uuid_array(item.uid for item in items)
            named = edges.framed(items)
        edges.insert(connection, named)
        connection.execute(_CREATED, {**self._target.parameters(), "uids": uids})
        return True

    def _is_known(self, connection: Connection, items: Sequence[Observation]) -> bool:
        uids = copying.uuid_array(item.uid for item in items)
        found = connection.scalar(_KNOWN, {**self._target.parameters(), "uids": uids})
        return bool(found)


def _have_own_tags(target: Target, items: Sequence[Observation]) -> bool:
    """Those of the tagging listing have to be joined in."""
    return target.facet is Facet.LISTED and all(
        item.head and item.head.tag_source is not TagSource.TAGGING for item in items
    )


def _facets(target: Target, items: Sequence[Observation]) -> Iterator[bytes]:
    start = copying.row_head(7) + copying.words("listed") + copying.integer(target.scope_id)
    for item in items:
        yield b"".join(
            (
                start,
                copying.identity(item.uid),
                copying.raw(item.digest),
                copying.document(item.document),
                copying.document(None if item.volatile == b"{}" else item.volatile),
                copying.boolean(item.truncated),
            )
        )


def _resources(target: Target, items: Sequence[Observation]) -> Iterator[bytes]:
    start = (
        copying.row_head(15)
        + copying.words(target.cloud)
        + copying.integer(target.account_pk)
        + copying.integer(target.scope_id)
    )
    for item in items:
        if item.head is not None:
            yield start + copying.identity(item.uid) + _head(item.head)


def _head(head: ResourceHead) -> bytes:
    return b"".join(
        (
            copying.words(head.canonical_id),
            copying.boolean(head.id_synthetic),
            copying.recurring(head.region),
            copying.recurring(head.service),
            copying.recurring(head.type),
            copying.recurring(head.kind),
            copying.words(head.name),
            copying.recurring(head.state),
            copying.moment(head.created_at),
            copying.recurring(head.tag_source.value),
            copying.document(None if head.tags is None else orjson.dumps(dict(head.tags))),
        )
    )
