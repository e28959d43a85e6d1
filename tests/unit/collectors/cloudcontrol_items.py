"""Answers of ListResources that hold whatever a type's schema allows, and canaries in it."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from scripts.cloudcontrol_schema import Schema, read_schemas

DEPTH = 7
ACCOUNT, REGION = "111122223333", "eu-west-1"
TIME = "2026-04-05T06:07:08Z"
TAG = {"Key": "Team", "Value": "platform"}


@cache
def schemas() -> Mapping[str, Schema]:
    return read_schemas(None)[0]


def answer(name: str) -> dict[str, Any]:
    """One item with every property, and one of which only the identifier is told."""
    schema = schemas()[name]
    full = {"Identifier": identifier(schema, "full"), "Properties": json.dumps(whole(schema))}
    bare = {"Identifier": identifier(schema, "bare"), "Properties": "{}"}
    return {"TypeName": name, "ResourceDescriptions": [full, bare]}


def identifier(schema: Schema, word: str) -> str:
    if schema.is_arn:
        return f"arn:aws:{schema.service.lower()}:{REGION}:{ACCOUNT}:thing/{word}"
    return "|".join(f"{word}-{part}" for part in schema.identifier)


def whole(schema: Schema) -> dict[str, Any]:
    properties = {
        name: _value(schema, shape, name, DEPTH) for name, shape in schema.raw["properties"].items()
    }
    if isinstance(properties.get(schema.tags()), list):
        properties[schema.tags()] = [TAG]
    elif schema.tags():
        properties[schema.tags()] = {TAG["Key"]: TAG["Value"]}
    return properties


def _value(schema: Schema, raw: Any, path: str, depth: int) -> Any:
    """Texts say where they stand: `canary:Path.To.It`."""
    shape = schema._resolved(raw)
    kind = shape.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if depth == 0:
        return None
    if kind == "array" or "items" in shape:
        return [_value(schema, shape.get("items", {}), f"{path}[]", depth - 1)]
    if kind in ("integer", "number"):
        return 7
    if kind == "boolean":
        return True
    if kind == "object" or "properties" in shape:
        inner = shape.get("properties") or {"FREE": {"type": "string"}}
        return {k: _value(schema, v, f"{path}.{k}", depth - 1) for k, v in inner.items()}
    return TIME if shape.get("format") == "date-time" else f"canary:{path}"
