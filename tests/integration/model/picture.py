"""The database at one moment, and what one run may have made of it.

`judge` holds a run against the promises: nothing that lived is deleted, only a
listing that was read to its end marks or deletes, and what was read to its end
is the truth.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from tests.fakes.aws.calls import Call
from tests.fakes.aws.model import GLOBAL
from tests.fakes.aws.server import FakeAws
from tests.integration.model.estate import KINDS, version_of

TABLES = (
    *("provider", "account", "claim", "not_offered", "shown_by", "lease", "scope"),
    *("resource", "facet", "change"),
)

_SCOPES = text("""
SELECT s.id, s.listing, s.region, s.lease_id, s.types, s.status, s.error_class, s.error_code,
       s.error_message, s.last_attempt_at, s.retired_at IS NOT NULL AS retired, s.held_count,
       a.account_id
FROM scope s JOIN account a ON a.id = s.account_pk
""")
_ROWS = text("""
SELECT r.canonical_id, r.scope_id, r.type, r.deleted_at IS NOT NULL AS deleted, a.account_id,
       coalesce(f.missing_since IS NOT NULL, false) AS marked, f.document
FROM resource r JOIN account a ON a.id = r.account_pk
LEFT JOIN facet f ON f.uid = r.uid AND f.facet = 'listed'
""")
_TAG_FACETS = text("SELECT uid, scope_id, missing_since FROM facet WHERE facet = 'tags'")


@dataclass(frozen=True, slots=True)
class Picture:
    """What the tables say: scopes by id, resources by ARN, facets of tags by uid."""

    scopes: Mapping[int, Any]
    resources: Mapping[str, Any]
    tags: Mapping[Any, Any]

    @classmethod
    def of(cls, engine: Engine) -> "Picture":
        with engine.begin() as connection:
            return cls(
                {row.id: row for row in connection.execute(_SCOPES)},
                {row.canonical_id: row for row in connection.execute(_ROWS)},
                {row.uid: row for row in connection.execute(_TAG_FACETS)},
            )

    def deleted(self) -> set[str]:
        return {arn for arn, row in self.resources.items() if row.deleted}


def image(connection: Connection) -> dict[str, list[str]]:
    """Every row of every table, to see whether anything at all was written."""
    return {
        table: sorted(connection.scalars(text(f"SELECT CAST(t AS text) FROM {table} t")))  # noqa: S608  our own names
        for table in TABLES
    }


@dataclass(frozen=True, slots=True)
class Run:
    """What happened between two pictures; moments are the fake's."""

    before: Picture
    after: Picture
    since: float
    until: float
    calls: Sequence[Call] = ()

    def attempted(self) -> dict[int, Any]:
        """The scopes that were tried meanwhile."""
        return {
            id_: row
            for id_, row in self.after.scopes.items()
            if row.last_attempt_at != _attempt(self.before.scopes.get(id_))
        }

    def complete(self) -> dict[int, Any]:
        return {id_: row for id_, row in self.attempted().items() if row.status == "complete"}

    def calls_of(self, scope: Any, operation: str) -> list[Call]:
        """What was asked for one scope."""
        return [
            call
            for call in self.calls
            if (call.operation, call.account) == (operation, scope.account_id)
            and scope.region in (call.region, GLOBAL)
        ]


def _attempt(row: Any) -> datetime | None:
    return None if row is None else row.last_attempt_at


@dataclass(frozen=True, slots=True)
class Excuse:
    """What may delete a living thing, by design.

    Attributes:
        consent: A person released the brake while the endpoint was another one.
        doubtful: Scopes whose last two complete listings both hid something.
        limit: What the brake allows of so many rows; None = all.
    """

    consent: bool
    doubtful: Collection[int]
    limit: Callable[[int], int] | None


def judge(run: Run, aws: FakeAws, excuse: Excuse) -> int:
    """Hold a run against the promises; returns how many rows it deleted."""
    complete = run.complete()
    deleted = run.after.deleted() - run.before.deleted()
    for arn, row in run.after.resources.items():
        _judge_row(run, arn, row, complete)
    for arn in deleted:
        row = run.after.resources[arn]
        if not excuse.consent and row.scope_id not in excuse.doubtful:
            assert not aws.was_live(arn, run.since, run.until, account=row.account_id), (
                f"{arn} was alive all the time, and is deleted"
            )
    _judge_brake(run, deleted, excuse)
    for uid, facet in run.before.tags.items():
        if facet.scope_id not in complete:
            now = run.after.tags.get(uid)
            assert now is not None, f"tags of {uid} were dropped by a pass that did not end"
            assert now.missing_since is None or facet.missing_since is not None, (
                f"tags of {uid} were marked by a pass that did not end"
            )
    return len(deleted)


def _judge_brake(run: Run, deleted: Collection[str], excuse: Excuse) -> None:
    """No scope loses more than the brake allows of what it shows or has just shown."""
    if excuse.limit is None:
        return
    lost = Counter(run.after.resources[arn].scope_id for arn in deleted)
    for scope_id, count in lost.items():
        rows = [row for row in run.after.resources.values() if row.scope_id == scope_id]
        live = sum(not row.deleted for row in rows) + count
        assert count <= excuse.limit(live), f"{count} of {live} rows of a scope were deleted"


def _judge_row(run: Run, arn: str, row: Any, complete: Mapping[int, Any]) -> None:
    before = run.before.resources.get(arn)
    if row.deleted and not (before and before.deleted):
        assert row.scope_id in complete, f"{arn} was deleted by a listing that did not end"
    if row.marked and not (before and before.marked):
        assert row.scope_id in complete, f"{arn} was marked by a listing that did not end"


def judge_complete(run: Run, aws: FakeAws, scope: Any, *, spoilt: bool) -> None:
    """A scope that says `complete` shows what lived all the time, and marks what never did.

    Args:
        run: What happened.
        aws: Knows the truth.
        scope: One of the attempted, complete scopes, not of tags.
        spoilt: Some of its items were not shown as they are.
    """
    truth = _truth(aws, scope, run.until)
    earlier = _truth(aws, scope, run.since)
    for arn, resource in truth.items():
        if not aws.was_live(arn, run.since, run.until, account=scope.account_id):
            continue
        row = run.after.resources.get(arn)
        assert row is not None, f"{arn} is not there after a complete listing"
        assert (row.deleted, row.marked, row.scope_id) == (False, False, scope.id), arn
        if not spoilt and earlier.get(arn) is resource and resource is not None:
            assert KINDS[resource.kind].shown(row.document) == version_of(resource), arn
    for arn, row in run.after.resources.items():
        own = row.scope_id == scope.id and (not scope.types or row.type in scope.types)
        if own and not row.deleted and not row.marked:
            # Between two pages it may have come and gone.
            assert aws.was_live(arn, run.since, run.until, whole=False), f"{arn} is no more"


def judge_first_page(run: Run, aws: FakeAws, scope: Any, size: int) -> None:
    """What came before a listing broke off is known: its first page, in the order of ids."""
    truth = _truth(aws, scope, run.until)
    if truth != _truth(aws, scope, run.since) or scope.region == GLOBAL:
        return
    for arn in sorted(truth)[:size]:
        row = run.after.resources.get(arn)
        assert row is not None, f"{arn} was shown, and is not known"
        assert (row.deleted, row.marked) == (False, False), arn


def _truth(aws: FakeAws, scope: Any, at: float) -> dict[str, Any]:
    found = aws.resources(scope.account_id, at)
    return {
        arn: resource
        for arn, resource in found.items()
        if KINDS[resource.kind].listing == scope.listing
        and (not scope.types or KINDS[resource.kind].type in scope.types)
        and (KINDS[resource.kind].is_global or resource.region == scope.region)
    }
