"""One run of one listing on its way into the inventory.

Digests are compared before documents are sent. A listing that ends within its
first page is compared in memory; a longer one goes page by page through the
stage of one connection, so that memory is O(page). One transaction, guarded
by the lease's fence, then changes only what changed. A first run has nothing to
compare with: see `fresh`, and for a long listing `direct`, which keeps a few
thousand items in memory.
"""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NamedTuple, Self
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, Engine, text

from cloudops.domain.ledger import Lease
from cloudops.domain.resource import Observation, Page
from cloudops.domain.schedule import ScopeOutcome
from cloudops.store import copying, direct, fresh, leases, merge, scopes, staging
from cloudops.store.session import store_errors

# Above this a scope's stored digests are compared by the database.
SMALL_SCOPE = 2_000

# What is shown, and of a complete listing what might be missing now: rows that were missed
# before stay what they are, and those that are deleted may be far more than a scope shows.
# What is of a type that the scope does not select any more is not there, unless it is shown.
# What was deleted may be another one with the same list: all of it is written again.
_DELETED = """
f.facet = 'listed' AND f.missing_since IS NOT NULL
AND (SELECT r.deleted_at FROM resource r WHERE r.uid = f.uid) IS NOT NULL
"""
_STORED = text(f"""
SELECT uid, digest, scope_id, missing_since IS NOT NULL AS marked, {_DELETED} AS deleted
FROM facet f
WHERE facet = :facet AND (uid = ANY(CAST(:uids AS uuid[]))
    OR :complete AND scope_id = :scope_id AND missing_since IS NULL
       AND (CAST(:types AS text[]) = '{{}}' OR NOT EXISTS (
            SELECT FROM resource r WHERE r.uid = f.uid AND r.type <> ALL(:types))))
""")  # noqa: S608  constants only
# By key, page by page: without OFFSET 0 a planner that knows no statistics yet
# reads the whole table for each page.
_DIFFERENT = text(f"""
SELECT o.uid, o.digest
FROM unnest(CAST(:uids AS uuid[]), CAST(:digests AS bytea[])) AS o(uid, digest)
LEFT JOIN LATERAL (
    SELECT * FROM facet WHERE facet.uid = o.uid AND facet.facet = :facet OFFSET 0
) f ON true
WHERE f.uid IS NULL OR f.digest <> o.digest OR f.scope_id <> :scope_id OR {_DELETED}
""")  # noqa: S608  constants only

_SHOWN = text("SELECT count(*), count(DISTINCT uid) FROM stage_seen")

Judge = Callable[[int], ScopeOutcome]


class _Stored(NamedTuple):
    """A facet row without its document; `marked`: it was missing; `deleted`: and is deleted."""

    uid: UUID
    digest: bytes
    scope_id: int
    marked: bool
    deleted: bool


class _Plan(NamedTuple):
    """What a page asks to be changed."""

    different: list[Observation]
    returned: list[UUID]
    missing: list[UUID]


class ListingLoad:
    """Takes pages, then `commit`s once; use as a context manager.

    Args:
        engine: To connect with, if there is anything to ask or to write.
        lease: Held by the caller, since before `has_rows` was asked.
        target: Scope and facet.
        expected_items: As many as the last time; decides how to compare.
        has_rows: False = nothing is stored of this scope. Nobody but the lease's
            holder adds any, so there is nothing to compare with, and a long listing
            is stored while it comes.

    Raises:
        StoreUnavailableError: From any method, if the database goes away.
        LeaseLostError: From any method: another worker has the lease, and nothing
            is written any more.
    """

    def __init__(
        self,
        engine: Engine,
        lease: Lease,
        target: merge.Target,
        *,
        expected_items: int,
        has_rows: bool = True,
    ) -> None:
        self._engine = engine
        self._lease = lease
        self._target = target
        self._first: Page | None = None
        self._staged = False
        self._shown = 0
        self._small = expected_items <= SMALL_SCOPE
        self._has_rows = has_rows
        self._direct: direct.DirectLoad | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._direct is not None:
            self._direct.close()
        if self._connection is not None:
            self._connection.close()

    def add(self, page: Page) -> None:
        """Take the next page; returns when it may be forgotten."""
        if self._first is None and not self._staged and self._small:
            self._first = page
            return
        with store_errors():
            self._spill()
            self._stage(page)

    def commit(self, judge: Judge, *, complete: bool) -> ScopeOutcome | None:
        """Bring the inventory in line with the pages.

        Args:
            judge: From the number of distinct items to the ledger's outcome.
            complete: The listing was read to its end; only then may rows be
                marked as missing.

        Returns:
            An outcome that is still to be recorded, if nothing in the
            inventory changed: the caller may batch many of them; else None.
        """
        if not (complete or self._staged or self._first):
            return judge(0)  # broke off before its first page: there is nothing to compare
        with store_errors():
            if not self._small:
                self._spill()
            if self._staged:
                self._commit_stage(judge, complete=complete)
                return None
            return self._commit_memory(judge, complete=complete)

    def _spill(self) -> None:
        if self._staged:
            return
        with self._session().begin():
            staging.prepare(self._session())
        if not self._has_rows:
            self._direct = direct.DirectLoad(
                self._engine, self._session(), self._lease, self._target
            )
        self._staged = True
        if self._first is not None:
            self._stage(self._first)
            self._first = None

    def _stage(self, page: Page) -> None:
        if self._direct is None:
            self._compare(page)
        else:
            self._leave_to_stage(self._direct.add(page))

    def _leave_to_stage(self, pages: Sequence[Page]) -> None:
        """What can't be stored as it is, and all that comes after it."""
        if not (pages and self._direct):
            return
        with self._session().begin():
            self._direct.recall()
        self._direct.close()
        self._direct = None
        for page in pages:
            self._compare(page)

    def _compare(self, page: Page) -> None:
        connection = self._session()
        observations, first = page.observations, self._shown
        self._shown += len(observations)
        with connection.begin():
            staging.stage_seen(connection, (item.uid for item in observations), first=first)
            if page.malformed_uids:
                staging.stage_seen(connection, page.malformed_uids)
            found = connection.execute(
                _DIFFERENT,
                {
                    **self._target.parameters(),
                    "uids": copying.uuid_array(item.uid for item in observations),
                    "digests": copying.bytea_array(item.digest for item in observations),
                },
            )
            # All at once: row by row costs a fifth of a first load's time on this side.
            different = {(row.uid, bytes(row.digest)) for row in found.all()}
            placed = enumerate(observations, first)
            news = ((place, o) for place, o in placed if (o.uid, o.digest) in different)
            staging.stage_rows(connection, news)

    def _commit_stage(self, judge: Judge, *, complete: bool) -> None:
        connection = self._session()
        if self._direct:
            self._leave_to_stage(self._direct.finish())
        with connection.begin():
            leases.guard(connection, self._lease)
            if self._direct:
                count = self._direct.count()
            else:
                shown, count = connection.execute(_SHOWN).one()
                if shown > count:
                    merge.deduplicate(connection)
                self._merge(connection, complete=complete)
            scopes.record_outcomes(connection, [judge(count)])

    def _merge(self, connection: Connection, *, complete: bool) -> None:
        merge.merge_stage(connection, self._target)
        merge.unmark(connection, self._target, None)
        if complete:
            merge.mark_missing(connection, self._target, None)

    def _commit_memory(self, judge: Judge, *, complete: bool) -> ScopeOutcome | None:
        page = self._first or Page(observations=())
        seen = set(page.uids)
        if not (seen or self._has_rows):
            return judge(0)
        if not self._has_rows and self._commit_new(page, judge(len(seen))):
            return None
        stored = self._stored(seen, complete=complete)
        plan = _plan(stored, page.observations, seen, self._target.scope_id)
        if not (plan.different or plan.returned or plan.missing):
            return judge(len(seen))
        connection = self._session()
        with connection.begin():
            leases.guard(connection, self._lease)
            if plan.different:
                staging.prepare(connection)
                staging.stage_rows(connection, enumerate(plan.different))
                merge.merge_stage(connection, self._target)
            if plan.returned:
                merge.unmark(connection, self._target, plan.returned)
            if plan.missing:
                merge.mark_missing(connection, self._target, plan.missing)
            scopes.record_outcomes(connection, [judge(len(seen))])
        return None

    def _commit_new(self, page: Page, outcome: ScopeOutcome) -> bool:
        """Store what nobody has seen yet; False = some of it is known, and nothing was written."""
        connection = self._session()
        try:
            with connection.begin():
                leases.guard(connection, self._lease)
                if not fresh.insert(connection, self._target, page.observations):
                    return False
                scopes.record_outcomes(connection, [outcome])
                return True
        except UniqueViolation:
            return False

    def _stored(self, seen: set[UUID], *, complete: bool) -> list[_Stored]:
        """What is stored of `seen`; of a complete listing also what it does not show any more."""
        connection = self._session()
        wanted = {"uids": copying.uuid_array(seen), "complete": complete}
        with connection.begin():
            rows = connection.execute(_STORED, {**self._target.parameters(), **wanted})
            return [
                _Stored(row.uid, bytes(row.digest), row.scope_id, row.marked, row.deleted)
                for row in rows
            ]

    def _session(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection


def _plan(
    stored: Sequence[_Stored], observations: Sequence[Observation], seen: set[UUID], scope_id: int
) -> _Plan:
    last = {item.uid: item for item in observations}
    own = [row for row in stored if row.scope_id == scope_id]
    known = {row.uid: row.digest for row in own if not row.deleted}
    return _Plan(
        different=[item for item in last.values() if known.get(item.uid) != item.digest],
        returned=[row.uid for row in own if row.marked and row.uid in seen],
        missing=[row.uid for row in own if not row.marked and row.uid not in seen],
    )
