"""Conventions of Kubernetes' own API linter, enforced on whatever is rendered.

Exceptions, with their reasons: `suspend` is a bool, as everywhere in the field;
strings and lists that are optional in spec have no minimum length, since empty
means unset; a list that must not be empty needs a default with an item.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

_INT64_MAX = 2**63 - 1
_TIME_FORMATS = ("date", "date-time")
_FORBIDDEN_NAMES = (
    (re.compile(r"^phase$"), "no phase; use conditions"),
    (re.compile(r"[Tt]imestamps?$"), "instants end in Time"),
    (re.compile(r"[Rr]eferences?$"), "references end in Ref or Refs"),
    (re.compile(r"([Ii]nterval|[Tt]imeout|[Dd]uration|[Tt]tl|[Pp]eriod)$"), "say the unit"),
    (re.compile(r"(Arn|Url|Ids?)(?=[A-Z]|$)"), "acronyms keep one case"),
    (re.compile(r"^[^a-z]|[^A-Za-z0-9]"), "names are camelCase"),
)


@dataclass(frozen=True, slots=True)
class _Field:
    """One node of the schema and how its parent uses it."""

    path: str
    name: str  # "" for items and map values
    schema: Schema
    in_spec: bool
    required: bool = True

    @property
    def type(self) -> str:
        return str(self.schema.get("type", ""))


Check = Callable[[_Field], str | None]


def lint(crd: Schema) -> list[str]:
    """What the schemas of a CustomResourceDefinition do wrong, as `path: message`."""
    found: list[str] = []
    for version in crd["spec"]["versions"]:
        root = version["schema"]["openAPIV3Schema"]
        found += _check_root(root, version.get("subresources", {}))
        for part in ("spec", "status"):
            if part in root["properties"]:
                top = _Field(part, "", root["properties"][part], in_spec=part == "spec")
                found += [
                    f"{node.path}: {message}"
                    for node in _walk(top)
                    for check in _CHECKS
                    if (message := check(node))
                ]
    return found


def _walk(node: _Field) -> Iterator[_Field]:
    yield node
    needed = node.schema.get("required", ())
    for name, child in node.schema.get("properties", {}).items():
        path = f"{node.path}.{name}"
        yield from _walk(_Field(path, name, child, node.in_spec, required=name in needed))
    for keyword, suffix in (("items", "[]"), ("additionalProperties", "{}")):
        if keyword in node.schema:
            child = node.schema[keyword]
            yield from _walk(_Field(node.path + suffix, "", child, in_spec=node.in_spec))


def _check_root(root: Schema, subresources: Schema) -> list[str]:
    found = [] if "spec" in root.get("required", ()) else ["spec: must be required"]
    status = root["properties"].get("status")
    if status is None:
        return found
    if "status" not in subresources:
        found.append("status: needs the status subresource")
    if status.get("default", {}).get("observedGeneration") != -1:
        found.append("status: defaults to observedGeneration -1, or unseen objects look current")
    if status.get("required"):
        found.append("status: first-level fields are optional")
    if next(iter(status["properties"])) != "conditions":
        found.append("status: conditions is the first field")
    if status["properties"].get("conditions", {}).get("x-kubernetes-list-map-keys") != ["type"]:
        found.append("status.conditions: is a list map with the key type")
    return found


def _described(node: _Field) -> str | None:
    return None if "description" in node.schema or not node.name else "needs a description"


def _well_named(node: _Field) -> str | None:
    return next((hint for pattern, hint in _FORBIDDEN_NAMES if pattern.search(node.name)), None)


def _known_type(node: _Field) -> str | None:
    if node.schema.get("nullable"):
        return "no nullable; absent is unset"
    if node.type == "number":
        return "no floats; use a decimal string"
    if node.type == "boolean" and node.name != "suspend":
        return "no bools; use an enum that can grow"
    if node.type == "object" and "properties" not in node.schema:
        value = node.schema.get("additionalProperties", {})
        return None if value.get("type") == "string" else "no maps but string to string"
    return None


def _default_or_required(node: _Field) -> str | None:
    if node.name and node.required and "default" in node.schema:
        return "required fields carry no default"
    return None


def _string_bounds(node: _Field) -> str | None:
    schema = node.schema
    if node.type != "string" or "enum" in schema or schema.get("format") in _TIME_FORMATS:
        return None
    if "format" in schema:
        return "no formats but date and date-time; durations are integers with their unit"
    if "maxLength" not in schema:
        return "needs maxLength"
    return _emptiness(node) if node.in_spec else None


def _emptiness(node: _Field) -> str | None:
    """Optional strings take "" as unset; required strings and items must say something."""
    takes_empty = not node.schema.get("minLength") and (
        re.search(node.schema.get("pattern", ""), "") is not None
    )
    is_unset = bool(node.name) and not node.required and "default" not in node.schema
    if is_unset and not takes_empty:
        return 'must take "", which means unset'
    if node.name and node.required and takes_empty:
        return 'must not take ""'
    return None


def _list_bounds(node: _Field) -> str | None:
    if node.type != "array":
        return None
    if "maxItems" not in node.schema:
        return "needs maxItems"
    empty = not node.schema.get("minItems")
    if node.in_spec and node.required and empty:
        return "a required list needs minItems"
    if node.in_spec and not node.required and "default" not in node.schema and not empty:
        return "must take [], which means unset"
    return None


def _map_bounds(node: _Field) -> str | None:
    is_unbounded = "additionalProperties" in node.schema and "maxProperties" not in node.schema
    return "needs maxProperties" if is_unbounded else None


def _list_type(node: _Field) -> str | None:
    if node.type != "array":
        return None
    kind = node.schema.get("x-kubernetes-list-type")
    items = node.schema["items"]
    if kind is None:
        return "needs x-kubernetes-list-type"
    if "default" in node.schema and kind != "atomic":
        return "a list with a default must be atomic: applying would merge the default in"
    if kind == "set" and items.get("type") == "object":
        return "no sets of objects"
    if items.get("type") == "object" and not items.get("required"):
        return "items need at least one required field"
    return _list_keys(node) if kind == "map" else None


def _list_keys(node: _Field) -> str | None:
    items = node.schema["items"]
    for key in node.schema.get("x-kubernetes-list-map-keys", ()):
        if key not in items["required"] and "default" not in items["properties"].get(key, {}):
            return f"key {key} must be required or have a default"
    return None if node.schema.get("x-kubernetes-list-map-keys") else "needs list-map-keys"


def _integers(node: _Field) -> str | None:
    if node.type != "integer":
        return None
    if node.schema.get("format") not in ("int32", "int64"):
        return "needs format int32 or int64"
    if node.schema.get("maximum") == _INT64_MAX:
        return "this maximum refuses every object; leave it out"
    if node.in_spec and not {"minimum", "maximum"} <= node.schema.keys():
        return "needs minimum and maximum"
    return None


def _validations(node: _Field) -> str | None:
    for rule in node.schema.get("x-kubernetes-validations", ()):
        if "message" not in rule:
            return f"rule {rule['rule']!r} needs a message"
        path = rule.get("fieldPath")
        if path is not None and not _leads_to_field(node.schema, path):
            return f"fieldPath {path!r} must begin with a dot and name an existing field"
    return None


def _leads_to_field(schema: Schema, path: str) -> bool:
    first, *names = path.split(".")
    for name in names:
        if name not in schema.get("properties", {}):
            return False
        schema = schema["properties"][name]
    return not first and bool(names)


_CHECKS: tuple[Check, ...] = (
    _described,
    _well_named,
    _known_type,
    _default_or_required,
    _string_bounds,
    _list_bounds,
    _map_bounds,
    _list_type,
    _integers,
    _validations,
)
