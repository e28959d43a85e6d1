"""What a request asks for, in the SDK's words, whichever protocol it came by.

Members at the top are read, scalars and lists of scalars: all that a read operation of the
catalogue is asked with.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from tests.fakes.aws.protocols import WireRequest, numbered
from tests.fakes.aws.writers import service_model

_NUMBERS = ("integer", "long")


def parameters(service: str, operation: str, wire: WireRequest) -> dict[str, Any]:
    model = service_model(service).operation_model(operation)
    shape = model.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    match model.service_model.resolved_protocol:
        case "ec2" | "query" as protocol:
            form = dict(parse_qsl(wire.body.decode(), keep_blank_values=True))
            read = _of_ec2 if protocol == "ec2" else _of_query
            found = {name: read(name, member, form) for name, member in shape.members.items()}
        case "json":
            found = _of_json(shape, wire)
        case protocol:
            found = _of_rest(model, shape, wire)
            if protocol == "rest-json":
                found = _of_json(shape, wire) | found
    return {name: value for name, value in found.items() if value is not None}


def _of_query(name: str, member: Shape, form: Mapping[str, str]) -> Any:
    name = member.serialization.get("name", name)
    if not isinstance(member, ListShape):
        return _typed(member, form.get(name))
    inner = member.member.serialization.get("name", "")
    if member.serialization.get("flattened"):
        return numbered(form, inner or name) or None
    return numbered(form, f"{name}.{inner or 'member'}") or None


def _of_ec2(name: str, member: Shape, form: Mapping[str, str]) -> Any:
    name = member.serialization.get("name", name)
    name = member.serialization.get("queryName", name[:1].upper() + name[1:])
    if isinstance(member, ListShape):
        return numbered(form, name) or None
    return _typed(member, form.get(name))


def _of_json(shape: StructureShape, wire: WireRequest) -> dict[str, Any]:
    body = json.loads(wire.body or b"{}")
    return {
        name: body.get(member.serialization.get("name", name))
        for name, member in shape.members.items()
    }


def _of_rest(model: OperationModel, shape: StructureShape, wire: WireRequest) -> dict[str, Any]:
    query: dict[str, list[str]] = {}
    for name, value in wire.query:
        query.setdefault(name, []).append(value)
    template, _, fixed = model.http["requestUri"].partition("?")
    for name in parse_qs(fixed, keep_blank_values=True):
        query.pop(name, None)
    labels = _labels(template, wire.path)
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                found[name] = labels.get(wire_name)
            case "querystring":
                values = query.get(wire_name)
                several = isinstance(member, ListShape)
                found[name] = values if several or not values else _typed(member, values[0])
            case "header":
                found[name] = _typed(member, wire.headers.get(wire_name.lower()))
    return found


def _labels(template: str, path: str) -> dict[str, str]:
    """The parts of `path` that stand where `template` has a name in braces."""
    names = re.findall(r"\{([^}+]+)\+?\}", template)
    pattern = re.sub(
        r"\\\{[^}]+\+\\\}", "(.+)", re.sub(r"\\\{[^}+]+\\\}", "([^/]+)", re.escape(template))
    )
    matched = re.fullmatch(pattern, path)
    return dict(zip(names, map(unquote, matched.groups()), strict=True)) if matched else {}


def _typed(member: Shape, value: str | None) -> Any:
    if value is None:
        return None
    return int(value) if member.type_name in _NUMBERS else value
