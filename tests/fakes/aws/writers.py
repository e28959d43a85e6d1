"""Values as XML and JSON after botocore's output shapes: its parsers, the other way round.

Writers are compiled from botocore's own service models, so that a fake answer can't use a
name that the real API doesn't. What is not of the shape's type is written as it is: malformed
items rely on it. Not written are XML attributes and event streams, which no listing answers.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

Writer = Callable[[Any, list[str]], None]
Former = Callable[[Any], Any]

ISO, EPOCH = "iso8601", "unixTimestamp"
_IN_HEADERS = ("header", "headers", "statusCode")


@cache
def service_model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def output_shape(service: str, operation: str) -> StructureShape | None:
    shape = service_model(service).operation_model(operation).output_shape
    return shape if isinstance(shape, StructureShape) else None


def is_in_body(member: Shape) -> bool:
    return member.serialization.get("location") not in _IN_HEADERS


def as_text(value: Any) -> str:
    """Escaped; a NUL becomes a reference that no XML parser accepts, as a broken API's would.

    An object where text belongs is a policy that the SDK decodes: IAM sends it URL-encoded.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        value = quote(json.dumps(value), safe="")
    text = str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;").replace("\x00", "&#x0;")


def as_time(value: Any, form: str) -> Any:
    """A moment, or the text of one, as it is on the wire; anything else as it is."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return value
    moment = value.astimezone(UTC)
    if form == EPOCH:
        return moment.timestamp()
    if form != ISO:
        return format_datetime(moment, usegmt=True)
    timespec = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def as_base64(value: Any) -> str:
    return b64encode(value if isinstance(value, bytes) else str(value).encode()).decode()


def _write_text(value: Any, out: list[str]) -> None:
    out.append(as_text(value))


def _scalar_writer(shape: Shape) -> Writer:
    if shape.type_name == "timestamp":
        form = shape.serialization.get("timestampFormat", ISO)
        return lambda value, out: out.append(as_text(as_time(value, form)))
    if shape.type_name == "blob":
        return lambda value, out: out.append(as_base64(value))
    return _write_text


def _structure_writer(shape: StructureShape) -> Writer:
    members: dict[str, Writer] = {}

    def write(value: Any, out: list[str]) -> None:
        if not isinstance(value, Mapping):
            _write_text(value, out)
            return
        for name, content in value.items():
            if content is None:
                continue
            if name not in members:
                members[name] = element(name, shape.members[name])
            members[name](content, out)

    return write


def _list_writer(shape: ListShape) -> Writer:
    write_item = _wrapped(shape.member.serialization.get("name", "member"), writer(shape.member))

    def write(value: Any, out: list[str]) -> None:
        if not isinstance(value, list | tuple):
            _write_text(value, out)
            return
        for item in value:
            write_item(item, out)

    return write


def _map_writer(shape: MapShape, entry: str) -> Writer:
    write_key = _wrapped(shape.key.serialization.get("name", "key"), writer(shape.key))
    write_value = _wrapped(shape.value.serialization.get("name", "value"), writer(shape.value))

    def write(value: Any, out: list[str]) -> None:
        if not isinstance(value, Mapping):
            _write_text(value, out)
            return
        for key, content in value.items():
            out.append(f"<{entry}>")
            write_key(key, out)
            write_value(content, out)
            out.append(f"</{entry}>")

    return write


def writer(shape: Shape) -> Writer:
    """Writes what stands inside the element of a value."""
    if isinstance(shape, StructureShape):
        return _structure_writer(shape)
    if isinstance(shape, ListShape):
        return _list_writer(shape)
    if isinstance(shape, MapShape):
        return _map_writer(shape, "entry")
    return _scalar_writer(shape)


def _wrapped(tag: str, write_content: Writer) -> Writer:
    opening, closing = f"<{tag}>", f"</{tag}>"

    def write(value: Any, out: list[str]) -> None:
        out.append(opening)
        write_content(value, out)
        out.append(closing)

    return write


def element(name: str, shape: Shape) -> Writer:
    """Writes a member: one element, or where it is flattened as many as it has items."""
    tag = shape.serialization.get("name", name)
    if not shape.serialization.get("flattened"):
        return _wrapped(tag, writer(shape))
    if isinstance(shape, MapShape):
        return _map_writer(shape, tag)
    assert isinstance(shape, ListShape)
    write_item = _wrapped(shape.member.serialization.get("name", tag), writer(shape.member))

    def write(value: Any, out: list[str]) -> None:
        for item in value:
            write_item(item, out)

    return write


def former(shape: Shape) -> Former:
    """Makes of a value what `json.dumps` takes, its members called as on the wire."""
    if isinstance(shape, StructureShape):
        return unformed if shape.is_document_type else _structure_former(shape)
    if isinstance(shape, ListShape):
        form_item = _lazily(shape.member)
        return lambda value: [*map(form_item, value)] if isinstance(value, list | tuple) else value
    if isinstance(shape, MapShape):
        form_value = _lazily(shape.value)
        return lambda value: (
            {name: form_value(inner) for name, inner in value.items()}
            if isinstance(value, Mapping)
            else value
        )
    if shape.type_name == "timestamp":
        form = shape.serialization.get("timestampFormat", EPOCH)
        return lambda value: as_time(value, form)
    return as_base64 if shape.type_name == "blob" else unformed


def unformed(value: Any) -> Any:
    """What JSON has a form for already."""
    return value


def _lazily(shape: Shape) -> Former:
    """Shapes may hold themselves."""
    if not isinstance(shape, StructureShape):
        return former(shape)
    known: list[Former] = []

    def form(value: Any) -> Any:
        if not known:
            known.append(former(shape))
        return known[0](value)

    return form


def _structure_former(shape: StructureShape) -> Former:
    members: dict[str, tuple[str, Former]] = {}

    def form(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        formed = {}
        for name, content in value.items():
            if name not in members:
                members[name] = _named_former(shape, name)
            wire_name, form_member = members[name]
            formed[wire_name] = form_member(content)
        return formed

    return form


def _named_former(shape: StructureShape, name: str) -> tuple[str, Former]:
    member = shape.members.get(name)
    if member is None:
        return name, unformed
    return member.serialization.get("name", name), former(member)


# Shapes are told apart by identity, and those of outputs are kept by `output_shape`.
_known_former, known_writer = cache(former), cache(writer)


def json_text(shape: Shape | None, data: Any) -> str:
    return json.dumps(_known_former(shape)(data) if shape is not None else data)
