"""Answers of ListResources that hold whatever a type's schema allows, and canaries in it."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import Listing, RegionRule
from cloudops.domain.resource import Page
from scripts.cloudcontrol_schema import Schema, read_schemas
from tests.unit.collectors.rows import REDACTOR

DEPTH = 7
ACCOUNT, REGION = "111122223333", "eu-west-1"
TIME = "2026-04-05T06:07:08Z"
TAG = {"Key": "Team", "Value": "platform"}


@cache
def schemas() -> Mapping[str, Schema]:
    return read_schemas(None)[0]


def read(listing: Listing, given: dict[str, Any], region: str = REGION) -> Page:
    where = "global" if listing.region_rule is RegionRule.GLOBAL else region
    context = AnswerContext("aws", "aws", ACCOUNT, where)
    return ListingTransform(listing, REDACTOR).page(given, context)


def one(listing: Listing, **members: Any) -> Page:
    return read(listing, {"ResourceDescriptions": [{"Identifier": "key-1", **members}]})


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
    shape = _merged(schema, raw, depth)
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
        inner = shape.get("properties") or _free(shape)
        return {k: _value(schema, v, f"{path}.{k}", depth - 1) for k, v in inner.items()}
    return TIME if shape.get("format") == "date-time" else f"canary:{path}"


def _free(shape: Mapping[str, Any]) -> dict[str, Any]:
    """What a map may hold under a name that nobody wrote down; nothing where it is no map."""
    values = list(shape.get("patternProperties", {}).values())
    is_closed = shape.get("additionalProperties") is False
    return {} if is_closed and not values else {"FREE": next(iter(values), {"type": "string"})}


def _merged(schema: Schema, raw: Any, depth: int) -> dict[str, Any]:
    """`raw` with the members of all its alternatives at once."""
    shape = schema._resolved(raw)
    for word in ("oneOf", "anyOf", "allOf") if depth else ():
        for choice in shape.get(word, ()):
            other = _merged(schema, choice, depth - 1)
            members = {**other.get("properties", {}), **shape.get("properties", {})}
            shape = {**other, **shape, **({"properties": members} if members else {})}
    return shape
