"""The first run of a listing: what is new is copied straight into the tables.

No stage, no comparison, and a transaction for some thousand items. It goes on as
long as nothing that the listing shows is known yet; what comes with anything else
is left for the stage, with nothing of it written.

A load that is alone stores over two connections at the same time: the server's work
for an item is three times that of this side, and one session of it uses one core. Where
a worker reads many large listings at once, these keep the server busy as they are: each
waits until its batch is stored, and they share the memory that one may have.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Final, NamedTuple

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, Engine, text

from cloudops.domain.ledger import Lease
from cloudops.domain.resource import Facet, Observation, Page, TagSource
from cloudops.store import copying, edges, leases, staging
from cloudops.store.merge import Target

# Each COPY sets up as many row buffers as it has rows, up to a thousand. Memory holds a batch
# for each connection, and one that fills; all loads of a process share that, but for the page
# that makes a batch full.
BATCH_ITEMS: Final = 4_000
BATCH_BYTES: Final = 4 * 1024 * 1024
CONNECTIONS: Final = 2
_RUNNING: Final = set["DirectLoad"]()
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
SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '110s', true),
       now() AS at
""")
_RECALL = text("""
INSERT INTO stage_seen (uid) SELECT uid FROM facet WHERE scope_id = :scope_id AND facet = 'listed'
""")
# What nobody understood may be known all the same.
_COUNT = text("""
SELECT (SELECT count(*) FROM facet WHERE scope_id = :scope_id AND facet = 'listed')
    + (SELECT count(DISTINCT uid) FROM stage_seen WHERE NOT EXISTS (
        SELECT FROM facet f WHERE f.uid = stage_seen.uid AND f.facet = 'listed'
            AND f.scope_id = :scope_id))
""")
_FACET_COLUMNS = "facet, scope_id, uid, digest, document, volatile, truncated"
_CHANGE_COLUMNS = "facet, operation, scope_id, at, uid"
_RESOURCE_COLUMNS = f"cloud, account_pk, scope_id, uid, {staging.HEAD_COLUMNS}"


def _share(whole: int) -> int:
    """What is left of it for each load of this process."""
    return whole // max(1, len(_RUNNING))


class _Batch:
    """Pages that one transaction stores."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.keys: set[int] = set()
        self._bytes = 0

    def add(self, page: Page) -> None:
        self.pages.append(page)
        self.keys.update(item.uid.int for item in page.observations)
        self._bytes += sum(len(item.document) for item in page.observations)

    def is_full(self) -> bool:
        items, size = _share(BATCH_ITEMS), _share(BATCH_BYTES)
        return len(self.keys) >= items or self._bytes >= size

    def items(self) -> list[Observation]:
        # Loads that show the same items wait for each other in the same order: see `merge`.
        items = [item for page in self.pages for item in page.observations]
        return sorted(items, key=lambda item: item.uid.int)


class _Running(NamedTuple):
    """A batch that a thread is storing; it answers whether all of it was new."""

    batch: _Batch
    connection: Connection
    stored: Future[bool]


class DirectLoad:
    """Takes pages until one shows something that is known.

    Args:
        engine: For a connection beside the caller's.
        connection: The caller's, with the tables of the stage; left alone until `finish`
            returns, or `add` with pages.
        lease: Held by the caller.
        target: Nothing is stored of its scope, and only the lease's holder adds any.
    """

    def __init__(
        self, engine: Engine, connection: Connection, lease: Lease, target: Target
    ) -> None:
        self._engine = engine
        self._lease = lease
        self._target = target
        self._own = connection
        self._free = [connection]
        self._others: list[Connection] = []
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="store")
        self._running: deque[_Running] = deque()
        self._waiting = _Batch()
        self._began = False
        self._refused: list[Page] = []
        _RUNNING.add(self)

    def add(self, page: Page) -> list[Page]:
        """Take a page; answers those that have to go through the stage, if any, in their order.

        Raises:
            LeaseLostError: Another worker has the lease; nothing more was written.
        """
        self._waiting.add(page)
        if page.malformed_uids:
            self._settle(leave=0)
            with self._own.begin():
                staging.stage_seen(self._own, page.malformed_uids)
        if self._refused or not _have_own_tags(self._target, page.observations):
            self._leave()
        elif self._waiting.is_full():
            self._start()
        return self._refused

    def finish(self) -> list[Page]:
        """Have all of it stored; otherwise as `add`."""
        if self._waiting.pages:
            self._start()
        self._settle(leave=0)
        return self._refused

    def recall(self) -> None:
        """Note in `stage_seen` what was inserted, all that the scope has; joins a transaction."""
        if self._began:
            self._own.execute(_RECALL, self._target.parameters())

    def count(self) -> int:
        """How many items were shown, if none was refused; joins a transaction."""
        return int(self._own.scalar(_COUNT, self._target.parameters()) or 0)

    def close(self) -> None:
        """Returns when nothing is being stored any more."""
        self._threads.shutdown()
        _RUNNING.discard(self)
        for connection in self._others:
            connection.close()

    def _start(self) -> None:
        """Store what waits, beside what is being stored already."""
        batch = self._waiting
        self._settle(leave=max(0, _share(CONNECTIONS) - 1))
        # What shows the same items is stored one after the other: their last word counts.
        while not all(running.batch.keys.isdisjoint(batch.keys) for running in self._running):
            self._settle(leave=len(self._running) - 1)
        if self._refused:
            self._leave()
            return
        self._waiting = _Batch()
        connection = self._connection()
        stored = self._threads.submit(self._store, connection, batch, not self._began)
        self._running.append(_Running(batch, connection, stored))
        if not (self._began and _share(CONNECTIONS)):
            self._settle(leave=0)

    def _connection(self) -> Connection:
        if not self._free:
            self._others.append(self._engine.connect())
            self._free.append(self._others[-1])
        return self._free.pop()

    def _settle(self, *, leave: int) -> None:
        """Wait for the oldest batches, until so many are running."""
        while len(self._running) > leave:
            batch, connection, stored = self._running.popleft()
            if stored.result():
                self._began = True
            else:
                self._refused += batch.pages
            self._free.append(connection)

    def _leave(self) -> None:
        """Behind what was refused before it, none of it is stored here."""
        self._settle(leave=0)
        self._refused += self._waiting.pages

    def _store(self, connection: Connection, batch: _Batch, is_first: bool) -> bool:  # noqa: FBT001  of a thread's task
        try:
            with connection.begin():
                leases.guard(connection, self._lease)
                # Where the first page is new, the others are nearly always; else the keys tell.
                if is_first and is_known(connection, self._target, batch.items()):
                    return False
                at = connection.execute(_SETTINGS).one().at
                copy_items(connection, self._target, batch.items(), at)
                return True
        except UniqueViolation:
            return False


def is_known(connection: Connection, target: Target, items: Sequence[Observation]) -> bool:
    """Whether anything of the scope, or any of these items, is stored."""
    uids = copying.uuid_array(item.uid for item in items)
    return bool(connection.scalar(_KNOWN, {**target.parameters(), "uids": uids}))


def copy_items(
    connection: Connection, target: Target, items: Sequence[Observation], at: datetime
) -> None:
    """The rows of each item; what else belongs to it comes behind its facet.

    Raises:
        UniqueViolation: One is known after all; the transaction can only be rolled back.
    """
    copying.copy(connection, "resource", _RESOURCE_COLUMNS, _resources(target, items))
    copying.copy(connection, "facet", _FACET_COLUMNS, _facets(target, items))
    edges.insert(connection, edges.framed(items))
    copying.copy(connection, "change", _CHANGE_COLUMNS, _changes(target, items, at))


def brings_tags(item: Observation) -> bool:
    """Whether its tags are its own; those of the tagging listing have to be joined in."""
    return item.head is not None and item.head.tag_source is not TagSource.TAGGING


def _have_own_tags(target: Target, items: Sequence[Observation]) -> bool:
    return target.facet is Facet.LISTED and all(map(brings_tags, items))


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


def _changes(target: Target, items: Sequence[Observation], at: datetime) -> Iterator[bytes]:
    start = (
        copying.row_head(5)
        + copying.words("listed")
        + copying.words("created")
        + copying.integer(target.scope_id)
        + copying.moment(at)
    )
    return (start + copying.identity(item.uid) for item in items)


def _resources(target: Target, items: Sequence[Observation]) -> Iterator[bytes]:
    start = (
        copying.row_head(15)
        + copying.words(target.cloud)
        + copying.integer(target.account_pk)
        + copying.integer(target.scope_id)
    )
    for item in items:
        if item.head is not None:
            yield start + copying.identity(item.uid) + staging.framed_head(item.head)
