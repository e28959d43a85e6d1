"""The lists of recorded answers: where they are, how they page, what their items are called.

Which lists an operation has, and which call is a second one, the catalogue's rows say.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jmespath
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from cloudops.collectors.detailing import words_of
from cloudops.collectors.paths import EACH
from cloudops.collectors.vocabulary import Describe, DetailCall, Emits, Listing
from tests.fakes.aws.damage import WeakSpot, spoil
from tests.fakes.aws.model import Resource
from tests.fakes.aws.rows import LISTED, detail_calls

_PLACEHOLDER = re.compile(r"\{([^{}]+?)[*/]?\}")
_CONTEXT = frozenset({"partition", "account", "region"})


@cache
def rows_of(service: str, operation: str) -> tuple[Listing, ...]:
    """The rows that list by this operation."""
    return tuple(row for row in LISTED if (row.service, row.operation) == (service, operation))


@cache
def parent_parameter(service: str, operation: str) -> str:
    """By which a list that is made for each parent is asked for; "" where there is none."""
    return next((row.parents.parameter for row in rows_of(service, operation) if row.parents), "")


@cache
def describe_of(service: str, operation: str) -> Describe | DetailCall | None:
    """What a row says of an operation that asks about items by their names."""
    many = (
        row.describe
        for row in LISTED
        if row.describe and (row.service, row.describe.operation) == (service, operation)
    )
    return next(many, None) or next((call for _, call in _about(service, operation)), None)


def _about(service: str, operation: str) -> list[tuple[Listing, DetailCall]]:
    wanted = (service, operation)
    return [(row, one) for row, one in detail_calls() if (row.service, one.operation) == wanted]


@cache
def gone_error(service: str, operation: str) -> tuple[str, str]:
    """How a service says that it knows nothing of the one item that it is asked about.

    The code, and words that tell it from what else the code means.
    """
    words = [words_of(row) for row, _ in _about(service, operation)]
    told = [(code, text.split("|")[0]) for one in words for code, text in one.gone.items()]
    return next(iter(told), ("ResourceNotFoundException", ""))


@dataclass(frozen=True, slots=True)
class Paging:
    """How an operation pages: parameters in, members out.

    Attributes:
        by_item: The last item itself is the token.
        limit: The parameter that takes the page's size, "" where there is none.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    more: str
    by_item: bool
    limit: str


@cache
def paging_of(service: str, operation: str) -> Paging | None:
    """As a row says, else as botocore does; None where the answer is always whole."""
    rows = rows_of(service, operation)
    declared = paging_declared(service, operation)
    if declared is None:
        return None
    outputs = tuple(one.partition("||")[0].strip() for one in _listed(declared["output_token"]))
    sizes = (row.page_size_parameter for row in rows if row.page_size_parameter)
    return Paging(
        inputs=_listed(declared["input_token"]),
        outputs=outputs,
        more=declared.get("more_results", ""),
        by_item=outputs[0].endswith("[-1]"),
        limit=declared.get("limit_key") or next(sizes, ""),
    )


def paging_declared(service: str, operation: str) -> Mapping[str, Any] | None:
    """In the words of botocore's paginators."""
    own = (row.paging for row in rows_of(service, operation) if row.paging)
    return next(own, None) or _paginators(service).get(operation)


@cache
def _paginators(service: str) -> Mapping[str, Any]:
    try:
        rules: dict[str, Any] = Loader().load_service_model(service, "paginators-1")
    except UnknownServiceError:
        return {}
    declared: dict[str, Any] = rules["pagination"]
    return declared


def _listed(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


@cache
def list_paths(service: str, operation: str) -> tuple[str, ...]:
    """Of the lists whose items are cut into pages."""
    found: dict[str, None] = {}
    for row in rows_of(service, operation):
        items = [row.describe.items] if row.describe else _items_of(row)
        found |= dict.fromkeys(path.partition(EACH)[0] for path in items)
    return tuple(found)


def _items_of(row: Listing) -> list[str]:
    return [emits.items for emits in row.emits if not emits.single and not row.csv]


def tail(name: str) -> str:
    """What is left to compare of names that may be ARNs, addresses or paths."""
    return name.rstrip("/").replace(":", "/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Member:
    """One item of one of the lists.

    Attributes:
        path: Of its list.
        names: What copies of it have to be called otherwise.
    """

    path: str
    item: Any
    names: frozenset[str]

    def as_resource(self, copy: int, region: str) -> Resource:
        fields = {"member": self, "copy": copy}
        return Resource(self.path, f"{copy}", region, fields=fields)


def members_of(service: str, operation: str, answer: Mapping[str, Any]) -> Iterator[Member]:
    for path in list_paths(service, operation):
        for item in jmespath.search(path, answer) or ():
            names = {tail(name) for name in _names(service, operation, path, item)}
            yield Member(path, item, frozenset(names - {""}))


def _names(service: str, operation: str, path: str, item: Any) -> Iterator[str]:
    if isinstance(item, str):
        yield item
        return
    for row in rows_of(service, operation):
        if row.describe:
            found = jmespath.search(row.describe.key, item) if row.describe.key else None
            yield from (found,) if isinstance(found, str) else ()
            continue
        for emits, inner in _inner_items(row, path, item):
            for expression in (part for one in emits.ids for part in _parts_of(one)):
                found = jmespath.search(expression, inner)
                yield from (found,) if isinstance(found, str) else ()


def _inner_items(row: Listing, path: str, item: Any) -> Iterator[tuple[Emits, Any]]:
    """The things of an element of the list: itself, or what stands in a list of its own."""
    for emits in row.emits:
        outer, _, inner = emits.items.partition(EACH)
        if outer == path:
            things = jmespath.search(inner.removeprefix("."), item) if inner else [item]
            yield from ((emits, thing) for thing in things or ())


def _parts(emits: Emits) -> list[str]:
    """Paths to what an id is made of where there is no better one."""
    return _parts_of(emits.ids[-1])


def _parts_of(id_: str) -> list[str]:
    placeholders = _PLACEHOLDER.findall(id_)
    return [part for part in placeholders if part not in _CONTEXT] if placeholders else [id_]


@cache
def naming_members(service: str, operation: str) -> frozenset[str]:
    """Members by which the answer of a second call says whom it is about, if it has them."""
    rows: list[tuple[Listing, Describe | DetailCall]] = [
        (row, row.describe)
        for row in LISTED
        if row.describe and (row.service, row.describe.operation) == (service, operation)
    ]
    rows += _about(service, operation)
    own = {part for row, _ in rows for emits in row.emits for part in _parts(emits)}
    return frozenset(own | {n for _, second in rows for n in (second.key, second.parameter) if n})


def spoilt(service: str, operation: str, path: str, item: Any, how: str) -> Any:
    """An element of the list at `path` whose first thing is malformed."""
    if isinstance(item, str):
        return {"empty-id": "", "wrong-type": 7, "missing-id": None}.get(how, item)
    rows = rows_of(service, operation)
    things = (found for row in rows for found in _inner_items(row, path, item))
    emits, thing = next(things)
    damaged = spoil(_weak_spot(emits), thing, how)
    if thing is item:
        return damaged
    inner = emits.items.partition(f"{EACH}.")[2]
    return item | {inner: [damaged, *item[inner][1:]]}


def _weak_spot(emits: Emits) -> WeakSpot:
    created = emits.created if re.fullmatch(r"\w+", emits.created) else ""
    wrong = {created: "yesterday"} if created else {_parts(emits)[0]: {"not": "text"}}
    return _parts(emits)[0], wrong, emits.name
