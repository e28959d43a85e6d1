"""What every row that reads details has to be; shared by the catalogue's tests and the docs'."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from botocore.model import Shape
from botocore.validate import ParamValidator

from cloudops.collectors.aws.details import DetailRun
from cloudops.collectors.canonical import rfc3339
from cloudops.collectors.detailing import DetailTransform, listed_item, words_of
from cloudops.collectors.details import DetailCall
from cloudops.collectors.vocabulary import Emits, Listing, To
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import (
    ListedItem,
    MalformedItem,
    Observation,
    TagSource,
    resource_uid,
)
from tests.unit.collectors.rows import (
    REDACTOR,
    context_of,
    holding,
    item_violations,
    operation_of,
    read,
    recorded,
    shape_at,
    targets,
)

ERROR = "error"
"""Stands for an answer that is an error: its code."""

NOT_ASKED = None
"""Stands for the answer of a call that is not made of an item."""


def answered(
    calls: Sequence[DetailCall], asked: Iterable[dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Operation → what was answered of items, one after the other; errors are left out."""
    found: dict[str, list[dict[str, Any]]] = {call.operation: [] for call in calls}
    for answers in (one["answers"] for one in asked):
        for call, answer in zip(calls, answers, strict=True):
            if answer is not NOT_ASKED and ERROR not in answer:
                found[call.operation].append(answer)
    return found


def meets_error(asked: dict[str, Any]) -> bool:
    """Whether one of the calls about an item is answered by an error."""
    return any(one is not NOT_ASKED and ERROR in one for one in asked["answers"])


def listed_items(listing: Listing) -> dict[str, ListedItem]:
    """By canonical id the items that the recorded answer of the list shows."""
    assert listing.details_of is not None
    page = read(listing.details_of, recorded(listing.details_of))
    return {one.head.canonical_id: listed_item(one) for one in page.observations if one.head}


def details(listing: Listing, record: dict[str, Any]) -> dict[str, Observation]:
    """By canonical id what the engine makes of what is told of each item."""
    items, found = listed_items(listing), {}
    for asked in record["asked"]:
        answers = iter(one for one in asked["answers"] if one is not NOT_ASKED)

        def call(_region: str, operation: str, _: Any, _permission: str) -> dict[str, Any]:
            answer: dict[str, Any] = next(answers)  # noqa: B023  called before the next item
            if ERROR in answer:
                code = answer[ERROR]
                raise ListingError(operation, error_class=ErrorClass.TRANSIENT, code=code)
            return answer

        run = DetailRun(DetailTransform.of(listing, REDACTOR), context_of(record), call)
        told = run.read(items[asked["id"]])
        assert told is not None
        assert not isinstance(told, MalformedItem), told
        assert next(answers, None) is None, "an answer that nobody asked for"
        found[asked["id"]] = told
    return found


def stored(listing: Listing, record: dict[str, Any]) -> list[Observation]:
    """What the engine makes of a record, whether the row lists something or reads details."""
    if listing.details_of is not None:
        return list(details(listing, record).values())
    page = read(listing, record)
    assert not page.malformed
    return list(page.observations)


def seen(observation: Observation, expected: dict[str, Any]) -> dict[str, Any]:
    """What is to be compared with what the record expects."""
    facts = observation.facts
    told: dict[str, Any] = {
        "state": facts.state,
        "created": facts.created_at and rfc3339(facts.created_at),
        "tags": None if facts.tags is None else dict(facts.tags),
        "edges": targets(observation) or None,
    }
    return told | {"id": expected["id"]}


def violations(listing: Listing, record: dict[str, Any]) -> list[str]:
    """Everything that is wrong with a row, as sentences; none for a good one."""
    return [
        *(wrong for call in words_of(listing).calls for wrong in _call_violations(listing, call)),
        *item_violations(replace(listing.emits[0], id=""), told_shapes(listing)),
        *_record_violations(listing, record),
    ]


def _call_violations(listing: Listing, call: DetailCall) -> Iterator[str]:
    if not re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]+", call.permission):
        yield f"{call.permission} is no IAM action"
    operation = operation_of(listing, call.operation)
    assert operation.input_shape is not None
    names = dict.fromkeys((call.parameter, *call.beside), "a-name-of-some-length")
    named = {**call.parameters, **names}
    report = ParamValidator().validate(named, operation.input_shape)
    if report.has_errors():
        yield f"the API refuses {call.operation}: {report.generate_report()}"
    if shape_at(operation.output_shape, call.result) is None:
        yield f"the answer of {call.operation} has no {call.result}"
    if (call.absent or call.only_if) and not call.into:
        yield f"{call.operation}: what may be absent needs a member of its own"


def told_shapes(listing: Listing) -> tuple[Shape, ...]:
    """The shapes that together make the details."""
    shapes: list[Shape] = []
    for call in words_of(listing).calls:
        told = shape_at(operation_of(listing, call.operation).output_shape, call.result)
        if told is not None:
            shapes.append(holding(call.into, told) if call.into else told)
    return tuple(shapes)


def _record_violations(listing: Listing, record: dict[str, Any]) -> Iterator[str]:
    found, emits = details(listing, record), listing.emits[0]
    expected = {one["id"]: one for one in record["expected"]}
    if set(found) != set(expected):
        yield f"other resources than expected: {sorted(found)}"
        return
    for id_, one in expected.items():
        if found[id_].uid != resource_uid("aws", id_):
            yield f"{id_}: another key"
        for field, value in seen(found[id_], one).items():
            if one.get(field) != value:
                yield f"{id_}: {field} is {value!r}, expected {one.get(field)!r}"
    yield from _proof_violations(emits, list(expected.values()))
    yield from _edge_violations(emits, found)


def _proof_violations(emits: Emits, expected: list[dict[str, Any]]) -> Iterator[str]:
    wanted = [name for name in ("state", "created") if getattr(emits, name)]
    wanted += ["tags"] if emits.tag_source is TagSource.DETAILS else []
    for name in wanted:
        if not any(one.get(name) for one in expected):
            yield f"{emits.type}: no recorded item shows {name}"


def _edge_violations(emits: Emits, found: Mapping[str, Observation]) -> Iterator[str]:
    for name, rule in emits.edges.items():
        ends = [edge for told in found.values() for edge in told.edges if edge.relation == name]
        if not ends:
            yield f"{emits.type}: no recorded item shows edges.{name}"
        elif isinstance(rule, To) and rule.ids and not any(end.target_uid for end in ends):
            yield f"{emits.type}: no recorded {name} fits {' or '.join(rule.ids)}"
