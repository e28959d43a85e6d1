"""What every row of the AWS catalogue has to be; shared by the catalogue's tests and the docs'."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, cast

import botocore.session
import jmespath
import orjson
from botocore.exceptions import UnknownServiceError
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    Shape,
    ShapeResolver,
    StructureShape,
)
from botocore.validate import ParamValidator

from cloudops.collectors.aws.describing import Describer
from cloudops.collectors.aws.parentage import Parent
from cloudops.collectors.canonical import rfc3339
from cloudops.collectors.documents import compile_emits
from cloudops.collectors.identifiers import AnswerContext, compile_shape
from cloudops.collectors.parents import Parents
from cloudops.collectors.paths import ANY, EACH, parse_path
from cloudops.collectors.redaction import Redactor
from cloudops.collectors.reports import Prepare, tabulated
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import ACCOUNT, ANSWER, DESCRIBED, Describe, Emits, Listing, To
from cloudops.domain.resource import Facet, Observation, Page, TagSource, resource_uid

RECORDED = Path(__file__).parents[2] / "data" / "aws"
REDACTOR = Redactor(b"a key for tests only")
TIMES = ("At", "CreationTime", "Date", "start")  # how members end that hold a time as text
# A row of a table: the recorded answer proves which columns there are.
TABLE_ROW = MapShape(
    "Row",
    {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    ShapeResolver(cast("Any", {"Text": {"type": "string"}})),  # its stubs speak of shapes
)
PAGE_TOKENS = {"NextToken", "nextToken", "Marker", "NextMarker", "IsTruncated"}


@cache
def session() -> botocore.session.Session:
    return botocore.session.Session()


def operation_of(listing: Listing, name: str = "") -> OperationModel:
    model = session().get_service_model(listing.service)
    return model.operation_model(name or listing.operation)


def paginator_of(listing: Listing, name: str = "") -> dict[str, Any] | None:
    try:
        rules = session().get_paginator_model(listing.service)
        declared: dict[str, Any] = rules.get_paginator(name or listing.operation)
    except (UnknownServiceError, ValueError):
        return None
    return declared


def recorded(listing: Listing) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((RECORDED / f"{listing.name}.json").read_text())
    return record


def context_of(record: dict[str, Any]) -> AnswerContext:
    given = {"cloud": "aws", "partition": "aws", "account": "111122223333", "region": "eu-west-1"}
    return AnswerContext(**(given | record.get("context", {})))


def read(listing: Listing, record: dict[str, Any]) -> Page:
    """What the engine makes of a recorded answer, and of those of the second call in turn."""
    described = iter(record.get("described", ()))
    describer = Describer(listing, lambda *_: next(described))
    transform, context = ListingTransform(listing, REDACTOR), context_of(record)
    pages = [
        transform.page(Parent(parent, {}).claim(listing, part), context)
        for parent, answer in answers_of(record).items()
        for part in describer.answers(with_table(listing, answer))
    ]
    return Page(
        tuple(observation for page in pages for observation in page.observations),
        tuple(malformed for page in pages for malformed in page.malformed),
    )


def answers_of(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By the name of its parent each recorded answer; "" where a row has no parents."""
    found: dict[str, dict[str, Any]] = record.get("children") or {"": record["answer"]}
    return found


def with_table(listing: Listing, answer: dict[str, Any]) -> dict[str, Any]:
    """`answer` with the rows of a table in place of its CSV, which is text in a recording."""
    if not listing.csv:
        return answer
    content = answer[listing.csv]
    told = content.encode() if isinstance(content, str) else content
    return tabulated({**answer, listing.csv: told}, listing.csv)


def violations(listing: Listing, record: dict[str, Any]) -> list[str]:
    """Everything that is wrong with a row, as sentences; none for a good one."""
    return [
        *_call_violations(listing),
        *(_prepare_violations(listing, listing.prepare) if listing.prepare else ()),
        *(_parents_violations(listing, listing.parents) if listing.parents else ()),
        *(_describe_violations(listing, listing.describe) if listing.describe else ()),
        *(wrong for emits in listing.emits for wrong in _emits_violations(listing, emits)),
        *_record_violations(listing, record),
    ]


def _call_violations(listing: Listing) -> Iterator[str]:
    if not re.fullmatch(r"aws\.[a-z0-9-]+\.[a-z0-9-]+", listing.name):
        yield f"{listing.name}: not aws.<service>.<plural>"
    if not listing.permissions:
        yield "no permission named"
    for permission in listing.permissions:
        if not re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]+", permission):
            yield f"{permission} is no IAM action"
    operation, paginator = operation_of(listing), paginator_of(listing)
    size = {listing.page_size_parameter: listing.page_size} if listing.page_size else {}
    assert operation.output_shape is not None
    takes = operation.input_shape or StructureShape("Nothing", {"type": "structure", "members": {}})
    own = {name: _own(value) for name, value in listing.parameters.items()}
    parent = {listing.parents.parameter: "a-name-of-some-length"} if listing.parents else {}
    report = ParamValidator().validate({**own, **size, **parent}, takes)
    if report.has_errors():
        yield f"the API refuses the parameters: {report.generate_report()}"
    limit = (paginator or {}).get("limit_key")
    if limit and (listing.page_size_parameter, bool(listing.page_size)) != (limit, True):
        yield f"asks for no page size, though {limit} sets it"
    pages = paginator or listing.paging
    if not pages and PAGE_TOKENS & set(operation.output_shape.members):
        yield "the answer may go on, but botocore does not know how"


def _own(value: Any) -> Any:
    return value.replace(ACCOUNT, "111122223333") if isinstance(value, str) else value


def _emits_violations(listing: Listing, emits: Emits) -> Iterator[str]:
    compile_emits(emits)
    if not re.fullmatch(r"AWS::[A-Za-z0-9]+::[A-Za-z0-9]+", emits.type):
        yield f"{emits.type} is no native type"
    if not re.fullmatch(r"[a-z]+\.[a-z-]+", emits.kind):
        yield f"{emits.type}: {emits.kind} is no kind"
    if (emits.tag_source is TagSource.LISTED) != bool(emits.tags and listing.facet is Facet.LISTED):
        yield f"{emits.type}: tags and tag_source disagree"
    item = item_shapes(listing, emits)
    if item is None:
        yield f"{emits.type}: the answer has no list {emits.items}"
        return
    yield from item_violations(emits, item)


def item_violations(emits: Emits, item: tuple[Shape, ...]) -> Iterator[str]:
    """What a row's paths say of items that these shapes don't have."""
    yield from (f"{emits.type}: {wrong}" for wrong in _path_violations(emits, item))


def _prepare_violations(listing: Listing, prepare: Prepare) -> Iterator[str]:
    if prepare.permission not in listing.permissions:
        yield f"{prepare.permission} is not among the permissions"
    state = shape_at(operation_of(listing, prepare.operation).output_shape, prepare.member)
    if prepare.done not in getattr(state, "enum", ()):
        yield f"{prepare.operation} never says that it is {prepare.done}"


def _parents_violations(listing: Listing, parents: Parents) -> Iterator[str]:
    if parents.permission not in listing.permissions:
        yield f"{parents.permission} is not among the permissions"
    operation = operation_of(listing, parents.operation)
    items = shape_at(operation.output_shape, parents.items)
    if not isinstance(items, ListShape):
        yield f"the answer of {parents.operation} has no list {parents.items}"
    elif parents.key and shape_at(items.member, parents.key) is None:
        yield f"parents have no {parents.key}"
    if operation.input_shape is not None:
        report = ParamValidator().validate(dict(parents.parameters), operation.input_shape)
        if report.has_errors():
            yield f"the API refuses {parents.operation}: {report.generate_report()}"
    pages = paginator_of(listing, parents.operation) or parents.paging
    assert operation.output_shape is not None
    if not pages and PAGE_TOKENS & set(operation.output_shape.members):
        yield f"{parents.operation} may go on, but botocore does not know how"


def _describe_violations(listing: Listing, describe: Describe) -> Iterator[str]:
    if describe.permission not in listing.permissions:
        yield f"{describe.permission} is not among the permissions"
    if {emits.items for emits in listing.emits} != {DESCRIBED}:
        yield f"items of a row with a second call stand under {DESCRIBED}"
    items = shape_at(operation_of(listing).output_shape, describe.items)
    if not isinstance(items, ListShape):
        yield f"the answer has no list {describe.items}"
    elif describe.key and shape_at(items.member, describe.key) is None:
        yield f"items have no {describe.key}"
    told = shape_at(operation_of(listing, describe.operation).output_shape, describe.result)
    if not isinstance(told, ListShape) or shape_at(told.member, describe.told_key) is None:
        yield f"what {describe.operation} tells has no {describe.told_key}"
    asked = operation_of(listing, describe.operation).input_shape
    assert asked is not None
    names: dict[str, Any] = {describe.parameter: ["a-name-of-some-length"]}
    if listing.parents:
        names[listing.parents.parameter] = "a-name-of-some-length"
    report = ParamValidator().validate({**describe.parameters, **names}, asked)
    if report.has_errors():
        yield f"the API refuses the second call: {report.generate_report()}"


def item_shapes(listing: Listing, emits: Emits) -> tuple[Shape, ...] | None:
    """The shapes that together make an item; None where there is no such list."""
    if listing.describe is None:
        items = shape_at(operation_of(listing).output_shape, emits.items)
        if emits.single:
            return _single_item_of(listing, emits, items)
        if listing.csv:
            return (TABLE_ROW,) if listing.csv == emits.items and items is not None else None
        if not isinstance(items, ListShape):
            return None
        item = holding(emits.word, items.member) if emits.word else items.member
        return (item, *_said_of_parents(listing))
    describe = listing.describe
    told = shape_at(operation_of(listing, describe.operation).output_shape, describe.result)
    return (told.member,) if isinstance(told, ListShape) else None


def _said_of_parents(listing: Listing) -> Iterator[Shape]:
    """What items hold beside what the API tells of them."""
    if listing.parents and listing.parents.into:
        yield holding(listing.parents.into, TABLE_ROW.value)


def holding(member: str, shape: Shape) -> Shape:
    """A structure with one member of that shape."""
    shapes = {
        **shape._shape_resolver._shape_map,  # type: ignore[attr-defined]
        "Holder": {"type": "structure", "members": {member: {"shape": shape.name}}},
    }
    return ShapeResolver(shapes).get_shape_by_name("Holder")


def _single_item_of(
    listing: Listing, emits: Emits, found: Shape | None
) -> tuple[Shape, ...] | None:
    """The object where there is one, else what holds the plain value."""
    if isinstance(found, StructureShape | MapShape):
        return (found,)
    holder, _, _ = emits.items.rpartition(".")
    whole = operation_of(listing).output_shape
    held = shape_at(whole, holder) if holder else whole
    return (held,) if found is not None and held is not None else None


def _path_violations(emits: Emits, item: tuple[Shape, ...]) -> Iterator[str]:
    read = {
        *chain.from_iterable(map(_id_paths, emits.ids)),
        emits.name.strip("{*/}"),
        emits.region,
        # Those that decide by what else an item tells are proven by the recorded answer.
        *(path for path in (emits.owner, emits.state) if re.fullmatch(r"[\w.]+", path)),
        emits.tags,
    }
    for path in sorted(read - {"", "partition", "account", "region"}):
        if _part_at(item, path) is None:
            yield f"items have no {path}"
    named = (*emits.passing, *emits.volatile, *emits.redact, *emits.webhooks, *emits.json)
    for path in named:
        if _part_at(item, path) is None:
            yield f"items have no {path}"
    for path in emits.unordered:
        if not isinstance(_part_at(item, path), ListShape):
            yield f"{path} is no list"
    yield from _created_violations(emits, item)


def _id_paths(text: str) -> list[str]:
    return re.findall(r"\{(\w+)[*/]?\}", text) if "{" in text else [text]


def _created_violations(emits: Emits, item: tuple[Shape, ...]) -> Iterator[str]:
    if re.fullmatch(r"[\w.]+", emits.created):  # anything else is proven by the recorded answer
        times = {"timestamp", "long"}
        if any(isinstance(shape, MapShape) for shape in item) or emits.created.endswith(TIMES):
            times.add("string")  # attributes are all text, and so are some dates
        created = _part_at(item, emits.created)
        if created is None or created.type_name not in times:
            yield f"{emits.created} is no time"


def _part_at(item: tuple[Shape, ...], path: str) -> Shape | None:
    return next((part for shape in item if (part := shape_at(shape, path)) is not None), None)


def shape_at(shape: Shape | None, path: str) -> Shape | None:
    if path == ANSWER:
        return shape
    for step in parse_path(path).steps:
        if step == EACH and isinstance(shape, ListShape):
            shape = shape.member
        elif isinstance(shape, StructureShape):
            members = shape.members
            shape = next(iter(members.values()), None) if step == ANY else members.get(step)
        elif isinstance(shape, MapShape):
            shape = shape.value
        else:
            return None
    return shape


def _record_violations(listing: Listing, record: dict[str, Any]) -> Iterator[str]:
    expected = record["expected"]
    yield from _id_violations(listing, expected)
    page = read(listing, record)
    yield from differences(listing, page, expected)
    for emits in listing.emits:
        yield from _proof_violations(listing, emits, expected)
        yield from _edge_violations(emits, page, read(_bare(listing), record))


def differences(listing: Listing, page: Page, expected: list[dict[str, Any]]) -> Iterator[str]:
    """What a page says otherwise than is expected, as sentences."""
    if page.malformed:
        yield f"malformed: {page.malformed}"
    found = {observation.uid: observation for observation in page.observations}
    if set(found) != {resource_uid("aws", one["id"]) for one in expected}:
        yield f"other resources than expected: {list(found.values())}"
        return
    for one in expected:
        observation = found[resource_uid("aws", one["id"])]
        for field, value in _seen(listing, observation, one).items():
            if one.get(field) != value:
                yield f"{one['id']}: {field} is {value!r}, expected {one.get(field)!r}"


def _id_violations(listing: Listing, expected: list[dict[str, Any]]) -> Iterator[str]:
    """The ids have to be those that the tagging API shows, and that edges are resolved to."""
    for emits in listing.emits:
        is_known = emits.arn or all("{" in one for one in emits.ids)
        if is_known and listing.facet is Facet.LISTED:
            shapes = [compile_shape(template) for template in emits.id_templates]
            for one in expected:
                if one["type"] == emits.type and not any(s.fullmatch(one["id"]) for s in shapes):
                    yield f"{one['id']} does not fit {' or '.join(emits.id_templates)}"


def _proof_violations(
    listing: Listing, emits: Emits, expected: list[dict[str, Any]]
) -> Iterator[str]:
    """A row is believed only what a recorded answer shows."""
    mine = [one for one in expected if one["type"] == emits.type]
    wanted = [f"edges.{name}" for name in emits.edges]
    if listing.facet is Facet.LISTED:
        wanted += [f for f in ("name", "state", "created") if getattr(emits, f)]
        if not emits.name and emits.tag_source is TagSource.LISTED:
            wanted.append("name")  # that of the tag
    if emits.tags:
        wanted.append("tags")
    for path in wanted:
        if not any(jmespath.search(path, one) for one in mine):
            yield f"{emits.type}: no recorded item shows {path}"


def _bare(listing: Listing) -> Listing:
    """The listing with nothing cut out of its documents by the row's own words."""
    emits = (
        replace(emits, volatile=(), redact=(), webhooks=(), passing={}) for emits in listing.emits
    )
    return replace(listing, emits=tuple(emits))


def _edge_violations(emits: Emits, page: Page, bare: Page) -> Iterator[str]:
    """Edges have to stand where a change of them is a change, and to lead somewhere."""
    stored, whole = (
        {(o.uid, edge) for o in part.observations if _is(emits, o) for edge in o.edges}
        for part in (page, bare)
    )
    hidden = sorted({edge.relation for _, edge in whole - stored})
    if hidden:
        yield f"{emits.type}: {', '.join(hidden)} lie in what is volatile, passing or redacted"
    resolved = {edge.relation for _, edge in stored if edge.target_uid}
    for name, rule in emits.edges.items():
        if isinstance(rule, To) and rule.ids and name not in resolved:
            yield f"{emits.type}: no recorded {name} fits {' or '.join(rule.ids)}"


def _is(emits: Emits, observation: Observation) -> bool:
    return observation.head is not None and observation.head.type == emits.type


def _seen(listing: Listing, observation: Observation, one: dict[str, Any]) -> dict[str, Any]:
    document = orjson.loads(observation.document)
    head = observation.head
    if head is None:
        return {"tags": document}
    return {
        "id": head.canonical_id,
        "type": head.type,
        "name": head.name,
        "state": head.state,
        "region": head.region,
        "created": head.created_at and rfc3339(head.created_at),
        "tags": head.tags if head.tags is None else dict(head.tags),
        "edges": targets(observation) or None,
    } | ({} if "edges" in one else {"edges": None})


def targets(observation: Observation) -> dict[str, list[str]]:
    """The targets of each relation, as the document gives them."""
    found: dict[str, list[str]] = {}
    for edge in observation.edges:
        found.setdefault(edge.relation, []).append(edge.target)
    return found
