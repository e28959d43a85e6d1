"""From pydantic models to structural schemas, as the API server asks for them.

What can't be said in a structural schema is refused with the place and what to
write instead, never rendered as something else. Empty strings, lists and maps
as defaults are left out: empty means unset, and objects stay readable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

# Also the order in which keywords are written.
_KEYWORDS = (
    "description",
    "type",
    "format",
    "enum",
    "default",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "items",
    "required",
    "properties",
    "additionalProperties",
    "anyOf",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
)
_RULE_KEYS = ("rule", "message", "messageExpression", "reason", "fieldPath")
_FORMATS = ("date", "date-time", "int32", "int64")
_INT32_MAX = 2**31 - 1
_DECIMAL_PATTERN = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"
_DECIMAL_LENGTH = 24
_NULL = {"type": "null"}
_SCALARS = ("string", "integer", "number", "boolean")


class RenderError(Exception):
    """A model says what a structural schema can't; for whoever writes the model."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where we are: definitions, path for messages, definitions that are being inlined."""

    definitions: Mapping[str, Schema]
    path: str
    open: frozenset[str] = field(default=frozenset())

    def below(self, step: str) -> "_Place":
        return replace(self, path=f"{self.path}{step}")

    def error(self, message: str) -> RenderError:
        return RenderError(f"{self.path}: {message}")


def structural_schema(model: type[BaseModel]) -> Schema:
    """The structural schema of `model`, by its aliases.

    Raises:
        RenderError: If the model uses what the API server does not know.
    """
    document = model.model_json_schema(by_alias=True, mode="validation")
    definitions = document.pop("$defs", {})
    return _render(document, _Place(definitions, model.__name__))


def _render(schema: Schema, place: _Place) -> Schema:
    schema, place = _resolved(schema, place)
    schema.pop("title", None)
    if "anyOf" in schema:
        schema = _union(schema, place)
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    handler = {"object": _object, "array": _array, "integer": _integer, "number": _bounded}.get(
        schema.get("type", "")
    )
    if handler is not None:
        schema = handler(schema, place)
    return _finished(schema, place)


def _resolved(schema: Schema, place: _Place) -> tuple[Schema, _Place]:
    """Without references and without null: what the keywords beside them say wins."""
    schema = dict(schema)
    while True:
        if "$ref" in schema:
            name = schema.pop("$ref").rsplit("/", 1)[-1]
            if name in place.open:
                raise place.error(f"{name} contains itself; a CRD schema cannot recurse")
            place = replace(place, open=place.open | {name})
            schema = _merged(place.definitions[name], schema)
        elif _NULL in schema.get("anyOf", ()):
            schema = _without_null(schema)
        else:
            return schema, place


def _without_null(schema: Schema) -> Schema:
    """Absent is the only unset; `nullable` would be a second one."""
    others = [variant for variant in schema.pop("anyOf") if variant != _NULL]
    if schema.get("default", ...) is None:
        del schema["default"]
    return _merged(others[0], schema) if len(others) == 1 else {**schema, "anyOf": others}


def _merged(inner: Schema, outer: Schema) -> Schema:
    """`outer` over `inner`; validations of both hold."""
    key = "x-kubernetes-validations"
    merged = {**inner, **outer}
    if key in inner and key in outer:
        merged[key] = [*inner[key], *outer[key]]
    return merged


def _union(schema: Schema, place: _Place) -> Schema:
    variants = schema.pop("anyOf")
    types = {variant.get("type") for variant in variants}
    if types == {"integer", "string"} and len(variants) == len(types):
        return {
            **schema,
            "x-kubernetes-int-or-string": True,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
        }
    if types == {"number", "string"}:  # this is how pydantic writes Decimal
        return {
            "type": "string",
            "pattern": _DECIMAL_PATTERN,
            "maxLength": _DECIMAL_LENGTH,
        } | schema
    raise place.error("no unions; write an enum `type` and one optional member for each value")


def _object(schema: Schema, place: _Place) -> Schema:
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]  # unknown fields are pruned or refused anyway
    if {"propertyNames", "patternProperties"} & schema.keys():
        raise place.error("keys of a map can't have a schema; use a rule")
    if "additionalProperties" in schema:
        return _map(schema, place)
    if "properties" not in schema:
        raise place.error("an object needs named fields")
    properties = schema["properties"]
    nullable = {name for name, value in properties.items() if _NULL in value.get("anyOf", ())}
    required = [name for name in schema.pop("required", ()) if name not in nullable]
    schema["properties"] = {
        name: _render(value, place.below(f".{name}")) for name, value in properties.items()
    }
    return {**schema, "required": required} if required else schema


def _map(schema: Schema, place: _Place) -> Schema:
    value = schema["additionalProperties"]
    if "properties" in schema or not isinstance(value, dict) or value.get("type") != "string":
        raise place.error("no maps but string to string; use a list with `list_map`")
    return {**schema, "additionalProperties": _render(value, place.below("{}"))}


def _array(schema: Schema, place: _Place) -> Schema:
    if "prefixItems" in schema or not schema.get("items"):
        raise place.error("a list has items of one type; write an object instead of a tuple")
    items = _render(schema["items"], place.below("[]"))
    list_type = schema.get("x-kubernetes-list-type", "atomic")
    if schema.pop("uniqueItems", False):
        if items.get("type") not in _SCALARS:
            raise place.error("a set holds scalars only; use a list with `list_map`")
        list_type = "set"
    return {**schema, "items": items, "x-kubernetes-list-type": list_type}


def _integer(schema: Schema, place: _Place) -> Schema:
    bounds = [schema[key] for key in ("maximum", "exclusiveMaximum") if key in schema]
    fits = all(bound <= _INT32_MAX for bound in bounds)
    return _bounded({"format": "int32" if fits else "int64"} | schema, place)


def _bounded(schema: Schema, _: _Place) -> Schema:
    """OpenAPI 3.0 has a flag beside the bound where JSON Schema has a second bound."""
    for exclusive, bound in (
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ):
        if exclusive in schema:
            schema = {**schema, bound: schema[exclusive], exclusive: True}
    return schema


def _finished(schema: Schema, place: _Place) -> Schema:
    unknown = sorted(set(schema) - set(_KEYWORDS))
    if unknown:
        raise place.error(f"a structural schema has no {', '.join(unknown)}")
    if schema.get("format", _FORMATS[0]) not in _FORMATS:
        raise place.error(f"format {schema['format']} is not checked strictly; use a pattern")
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split())
    if "x-kubernetes-validations" in schema:
        rules = schema["x-kubernetes-validations"]
        schema["x-kubernetes-validations"] = [
            {key: rule[key] for key in _RULE_KEYS if key in rule} for rule in rules
        ]
    if schema.get("default", ...) in ("", [], ()) or _is_idle_object_default(schema):
        del schema["default"]
    return {keyword: schema[keyword] for keyword in _KEYWORDS if keyword in schema}


def _is_idle_object_default(schema: Schema) -> bool:
    """`{}` as a default only serves to bring in the defaults below it."""
    below = schema.get("properties", {}).values()
    return schema.get("default") == {} and not any("default" in member for member in below)
