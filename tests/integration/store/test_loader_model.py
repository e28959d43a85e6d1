"""Random passes over two scopes, against a model that is a few dicts.

Whatever the pages, the duplicates, the damaged items and the path that the
loader takes: rows, marks and history have to be the model's. Every pass is smaller
than a batch of a first run, so that only the last word of an item has a history.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cloudops.domain.resource import Edge, MalformedItem, Observation, Page, resource_uid
from tests.fakes.cloud import CLOUD, observe
from tests.integration.store.seeding import Ledger, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]

LISTINGS = ("fake.machines", "fake.queues")
CREATED = (None, datetime(2024, 5, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Item:
    """What a listing shows of one resource; `name` is part of the head alone."""

    id: int
    variant: int
    created: int
    name: int


@dataclass(frozen=True)
class Damaged:
    id: int | None


@dataclass(frozen=True)
class Pass:
    scope: str
    shown: tuple[Item | Damaged, ...]
    cuts: frozenset[int]
    complete: bool
    staged: bool
    sweep: bool

    @property
    def pages(self) -> list[tuple[Item | Damaged, ...]]:
        edges = [0, *sorted(cut for cut in self.cuts if cut <= len(self.shown)), len(self.shown)]
        return [self.shown[start:end] for start, end in pairwise(edges)]


@dataclass
class Known:
    """One resource as the model has it."""

    scope: str
    document: dict[str, Any]
    digest: bytes
    created_at: datetime | None
    name: str | None
    tags: dict[str, str]
    edges: list[tuple[str, str]]
    missing: bool = False
    deleted: bool = False


@dataclass
class Model:
    nonce: str
    known: dict[int, Known] = field(default_factory=dict)
    history: list[tuple[int, str, Any, Any]] = field(default_factory=list)

    def observation(self, item: Item) -> Observation:
        return observe(
            self.id(item.id),
            document=document_of(item),
            tags={"variant": str(item.variant)},
            created_at=CREATED[item.created],
            display_name=f"name-{item.name}",
            volatile={"seen": item.variant},
            edges=[Edge(*edge, resource_uid(CLOUD, edge[1])) for edge in edges_of(item)],
        )

    def id(self, number: int) -> str:
        return f"{self.nonce}-{number}"

    def apply(self, done: Pass) -> int:
        """Do what the loader has to do; returns how many distinct items were seen."""
        seen = {item.id for item in done.shown if item.id is not None}
        last_words = {item.id: item for item in done.shown if isinstance(item, Item)}
        for item in [one for one in last_words.values() if self._differs(one, done.scope)]:
            self._store(item, done.scope)
        for number, known in self.known.items():
            if known.scope != done.scope:
                continue
            if known.missing and number in seen:
                known.missing = False
                if known.deleted:
                    known.deleted = False
                    self.history.append((number, "revived", None, None))
            elif done.complete and number not in seen:
                known.missing = True
        if done.complete and done.sweep:
            self._sweep(done.scope)
        return len(seen)

    def _differs(self, item: Item, scope: str) -> bool:
        known = self.known.get(item.id)
        return (
            known is None
            or known.deleted
            or known.scope != scope
            or known.digest != self.observation(item).digest
        )

    def _store(self, item: Item, scope: str) -> None:
        before, seen = self.known.get(item.id), self.observation(item)
        assert seen.head is not None
        # What does not tell any more when it was made, was made when it told.
        known_time = before.created_at if before else None
        now = Known(
            scope,
            document_of(item),
            seen.digest,
            CREATED[item.created] or known_time,
            seen.head.name,
            {"variant": str(item.variant)},
            sorted(edges_of(item)),
        )
        self.known[item.id] = now
        if before is None:
            self.history.append((item.id, "created", None, None))
            return
        replaced = None not in (before.created_at, now.created_at) and (
            before.created_at != now.created_at
        )
        if before.deleted or replaced or before.document != now.document:
            word = "revived" if before.deleted else "replaced" if replaced else "updated"
            old, new = differing(before.document, now.document)
            self.history.append((item.id, word, old, new))

    def _sweep(self, scope: str) -> None:
        for number, known in self.known.items():
            if known.scope == scope and known.missing and not known.deleted:
                known.deleted = True
                self.history.append((number, "deleted", known.document, None))


def document_of(item: Item) -> dict[str, Any]:
    shapes: tuple[dict[str, Any], ...] = (
        {"Id": item.id, "Size": 1},
        {"Id": item.id, "Size": 2, "Note": "ü\U0001f600"},
        {"Id": item.id, "Nested": {"a": [1, None]}},
    )
    return shapes[item.variant]


def edges_of(item: Item) -> list[tuple[str, str]]:
    """Whom a document of each shape names: nobody, two, and one of these with another."""
    return ([], [("disk", "d-1"), ("network", "n-1")], [("disk", "d-1"), ("disk", "d-2")])[
        item.variant
    ]


def differing(old: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The top-level members that are not the same on both sides."""
    return (
        {key: value for key, value in old.items() if key not in new or new[key] != value},
        {key: value for key, value in new.items() if key not in old or old[key] != value},
    )


items = st.builds(Item, st.integers(0, 5), st.integers(0, 2), st.integers(0, 2), st.integers(0, 1))
damaged = st.builds(Damaged, st.one_of(st.none(), st.integers(0, 6)))
passes = st.builds(
    Pass,
    scope=st.sampled_from(LISTINGS),
    shown=st.lists(st.one_of(items, items, items, damaged), max_size=9).map(tuple),
    cuts=st.frozensets(st.integers(0, 9), max_size=3),
    complete=st.booleans(),
    staged=st.booleans(),
    sweep=st.booleans(),
)


@settings(
    max_examples=60,
    deadline=None,
    # Explaining a failure takes a minute of database work and says nothing that shrinking has not.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(passes, min_size=1, max_size=7))
def test_any_sequence_of_passes_leaves_what_the_model_says(engine, sequence):
    nonce = secrets.token_hex(6)
    ledger = Ledger.plan(engine, *LISTINGS, account_id=nonce, name=nonce)
    model = Model(nonce)
    for done in sequence:
        counted = load(ledger, model, done)
        if done.complete and done.sweep:
            ledger.sweep(done.scope)

        assert counted == model.apply(done)
        assert stored(ledger, model) == expected(ledger, model)
        assert recorded(ledger, model) == sorted(model.history, key=order)


def load(ledger: Ledger, model: Model, done: Pass) -> int:
    counts: list[int] = []
    judge = ledger.judge(done.scope, complete=done.complete)

    def counting(item_count: int) -> Any:
        counts.append(item_count)
        return judge(item_count)

    watched = replace(ledger)
    watched.judge = lambda *_, **__: counting  # type: ignore[method-assign]
    watched.pass_over(
        *pages_of(model, done),
        name=done.scope,
        complete=done.complete,
        staged=done.staged,
        has_rows=ledger.reread()[done.scope].has_rows,
    )
    return counts[-1]


def pages_of(model: Model, done: Pass) -> list[Page]:
    return [page_of(model, page) for page in done.pages]


def page_of(model: Model, shown: tuple[Item | Damaged, ...]) -> Page:
    broken = (item.id for item in shown if isinstance(item, Damaged))
    return Page(
        tuple(model.observation(item) for item in shown if isinstance(item, Item)),
        tuple(
            MalformedItem("odd", None if id_ is None else resource_uid(CLOUD, model.id(id_)))
            for id_ in broken
        ),
    )


def stored(ledger: Ledger, model: Model) -> dict[str, Any]:
    found = rows(
        ledger.engine,
        "SELECT r.*, f.document, f.digest, f.missing_since, f.scope_id AS facet_scope,"
        " f.volatile, (SELECT array_agg(ROW(relation, target) ORDER BY relation, target)"
        " FROM edge WHERE edge.uid = r.uid AND edge.facet = 'listed') AS edges"
        " FROM resource r LEFT JOIN facet f ON f.uid = r.uid AND f.facet = 'listed'"
        " WHERE canonical_id LIKE :mine",
        mine=f"{model.nonce}-%",
    )
    return {
        row.canonical_id: (
            row.scope_id,
            row.facet_scope,
            row.document,
            bytes(row.digest),
            row.created_at,
            row.name,
            row.tags,
            [tuple(edge) for edge in row.edges or ()],
            row.missing_since is not None,
            row.deleted_at is not None,
        )
        for row in found
    }


def expected(ledger: Ledger, model: Model) -> dict[str, Any]:
    return {
        model.id(number): (
            ledger.scope(known.scope).id,
            ledger.scope(known.scope).id,
            orjson.loads(orjson.dumps(known.document)),
            known.digest,
            known.created_at,
            known.name,
            known.tags,
            known.edges,
            known.missing,
            known.deleted,
        )
        for number, known in model.known.items()
    }


def order(row: tuple[int, str, Any, Any]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


def recorded(ledger: Ledger, model: Model) -> list[tuple[int, str, Any, Any]]:
    found = rows(
        ledger.engine,
        "SELECT canonical_id, operation, old, new FROM change JOIN resource USING (uid)"
        " WHERE canonical_id LIKE :mine",
        mine=f"{model.nonce}-%",
    )
    numbers = [
        (int(row.canonical_id.rpartition("-")[2]), row.operation, row.old, row.new) for row in found
    ]
    return sorted(numbers, key=order)
