"""One type's resource schema, as CloudFormation publishes it, asked for single facts."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from scripts.cloudcontrol_words import (
    CONSTANTS,
    CONTENTS,
    CREATED,
    GLOBAL_SERVICES,
    OPEN_PATHS,
    PARENTS,
    READS,
    SECRET_NAMES,
    SECRET_PATHS,
)

MAX_DEPTH: Final = 6
PROPERTIES: Final = "/properties/"
ALTERNATIVES: Final = ("oneOf", "anyOf", "allOf")


def read_schemas(folder: Path | None) -> tuple[dict[str, "Schema"], str]:
    """Schema by type, and the day on which cfn-lint fetched them."""
    root = folder or Path(str(files("cfnlint"))) / "data/schemas"
    found = (json.loads(path.read_text("utf-8")) for path in (root / "resources").glob("*.json"))
    date = json.loads((root / "version.json").read_text("utf-8"))["schema_date"]
    return {raw["typeName"]: Schema(raw) for raw in found}, str(date)[:10]


@dataclass(frozen=True)
class Schema:
    """One type; what it is asked for is named as in the table."""

    raw: Mapping[str, Any]

    @property
    def is_listable(self) -> bool:
        return "list" in self.raw.get("handlers", {}) and bool(self.identifier)

    @property
    def type(self) -> str:
        return str(self.raw["typeName"])

    @property
    def service(self) -> str:
        return self.type.split("::")[1]

    @property
    def short_name(self) -> str:
        return self.type.split("::")[2]

    @cached_property
    def identifier(self) -> list[str]:
        """The properties that Cloud Control joins to an identifier."""
        return [_property(path) for path in self.raw.get("primaryIdentifier", ())]

    @property
    def is_arn(self) -> bool:
        """Whether it is identified by its own ARN: what it is given is another resource's."""
        if len(self.identifier) != 1 or not self.identifier[0].lower().endswith("arn"):
            return False
        return self.identifier[0] in self._read_only

    @property
    def is_global(self) -> bool:
        return self.service in GLOBAL_SERVICES

    @property
    def is_taggable(self) -> bool:
        """Whether it has tags in CloudFormation's view."""
        told = self.raw.get("tagging", {}).get("taggable", self.raw.get("taggable"))
        return bool("Tags" in self.raw["properties"] if told is None else told)

    def permissions(self) -> tuple[list[str], list[str]]:
        """What listing needs: what only reads settings, and the rest, which nobody grants."""
        wanted = sorted(set(map(_action, self.raw["handlers"]["list"].get("permissions", ()))))
        reads = [
            action
            for action in wanted
            if action not in CONTENTS and READS.fullmatch(action.partition(":")[2])
        ]
        return reads, [action for action in wanted if action not in reads]

    def selection(self, listable: Mapping[str, "Schema"]) -> dict[str, Any]:
        """What a list has to be told: nothing, one word, a parent's id, or what nobody knows."""
        needed = self.needed()
        if not needed:
            return {}
        if len(needed) == 1:
            word = self._constant(needed[0])
            if word:
                return {"constant": {needed[0]: word}}
            known = PARENTS.get(self.type, "")
            if known:
                of_arn = _sort(listable[known].identifier[0]) == "arn" != _sort(needed[0])
                return {"parent": [needed[0], known], "tail": of_arn}
            parent = self._parent(needed[0], listable)
            if parent:
                return {"parent": [needed[0], parent]}
        return {"needs": needed}

    def needed(self) -> list[str]:
        """The properties that the list handler requires; of alternatives the first."""
        told = self.raw["handlers"]["list"].get("handlerSchema", {})
        choices = [one.get("required") for one in (*told.get("oneOf", ()), *told.get("anyOf", ()))]
        first = next((names for names in choices if names), ())
        return sorted(told.get("required") or first)

    def _constant(self, name: str) -> str:
        told = self.raw["handlers"]["list"]["handlerSchema"].get("properties", {}).get(name, {})
        words = {**self._resolved(self.raw["properties"].get(name, {})), **told}.get("enum", ())
        return str(words[0]) if len(words) == 1 else CONSTANTS.get(name, "")

    def _parent(self, name: str, listable: Mapping[str, "Schema"]) -> str:
        """The one type of the service whose identifier is what `name` asks for.

        It has to be listed without being told anything, and its identifier to be of
        the same sort: an id for an id, an ARN for an ARN.
        """
        stem = re.sub(r"(Identifier|Id|Arn|ARN|Name)$", "", name).lower()
        found = [
            other
            for other, one in listable.items()
            if one.service == self.service
            and other != self.type
            and not one.needed()
            and one.identifies(name, stem)
        ]
        return found[0] if len(found) == 1 else ""

    def identifies(self, name: str, stem: str) -> bool:
        """Whether this type's identifier is what another type calls `name`."""
        if len(self.identifier) != 1:
            return False
        own = self.identifier[0]
        short = self.short_name.lower()
        if own == name:  # not of what hangs on the parent, as its policy does
            return short == name.lower() or short.endswith(stem) or stem.endswith(short)
        same_sort = name.endswith("Identifier") or _sort(own) == _sort(name)
        return short == stem and same_sort

    def name(self) -> str:
        """The property that holds the name, "" where only a tag may."""
        wanted = [f"{self.short_name}Name", "Name", *self.identifier]
        return next((one for one in wanted if one.endswith("Name") and self._is_text(one)), "")

    def state(self) -> str:
        wanted = ("Status", "State", f"{self.short_name}Status", f"{self.short_name}State")
        return next((one for one in wanted if one in self._read_only and self._is_text(one)), "")

    def created(self) -> str:
        """Only what is said to be a time; some services write times as they please."""
        properties = self.raw["properties"]
        times = [
            one
            for one in sorted(CREATED & self._read_only)
            if self._resolved(properties.get(one, {})).get("format") == "date-time"
        ]
        return times[0] if times else ""

    def tags(self) -> str:
        """The property with the tags, where a list may bring it in a shape that is known."""
        told = self.raw.get("tagging", {}).get("tagProperty", "/properties/Tags")
        if told in self.raw.get("writeOnlyProperties", ()) or not self.is_taggable:
            return ""
        name = _property(told)
        shape = self._resolved(self.raw["properties"].get(name, {}))
        pairs = self._resolved(shape.get("items", {})).get("properties", {}).keys()
        if pairs >= {"Key", "Value"} or pairs >= {"TagKey", "TagValue"} or self._is_map(shape):
            return name
        return ""

    def secrets(self) -> list[str]:
        """Paths that can't be read back, and those under which anything may stand."""
        unread = {_path(path) for path in self.raw.get("writeOnlyProperties", ())}
        opened = {
            f"{path}.*" if self._is_map(shape) else f"{path}[].Value"
            for path, shape in self._walk()
            if OPEN_PATHS.search(path) and (self._is_map(shape) or self._holds_pairs(shape))
        }
        named = {path for path, shape in self._walk() if _is_secret(path, shape)}
        known = SECRET_PATHS.get(self.type, ())
        paths = {*unread, *opened, *named, *known} - {self.tags()}
        return sorted(filter(_is_plain, paths))

    def unordered(self) -> list[str]:
        return sorted(
            path
            for path, shape in self._walk()
            if shape.get("insertionOrder") is False and _is_plain(path)
        )

    @cached_property
    def _read_only(self) -> frozenset[str]:
        return frozenset(
            _property(path)
            for path in self.raw.get("readOnlyProperties", ())
            if path.count("/") == PROPERTIES.count("/")
        )

    def _is_text(self, name: str) -> bool:
        shape = self._resolved(self.raw["properties"].get(name, {}))
        return shape.get("type") == "string"

    def _holds_pairs(self, shape: Mapping[str, Any]) -> bool:
        items = self._choices(shape.get("items", {}))
        return any("Value" in one.get("properties", {}) for one in items)

    def _is_map(self, shape: Mapping[str, Any]) -> bool:
        """An object whose members have no names of their own."""
        kind = shape.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        is_closed = shape.get("additionalProperties") is False and not _values(shape)
        is_named = any(one.get("properties") for one in self._choices(shape))
        return "object" in kinds and not is_closed and not is_named

    def _resolved(self, shape: Any) -> dict[str, Any]:
        """`shape`, or the definition to which it refers."""
        for _ in range(MAX_DEPTH):
            if not isinstance(shape, dict):
                return {}
            target = str(shape.get("$ref", ""))
            if not target.startswith("#/definitions/"):
                return shape
            named = self.raw.get("definitions", {}).get(target.rpartition("/")[2], {})
            shape = {**named, **{key: inner for key, inner in shape.items() if key != "$ref"}}
        return {}

    def _walk(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every property with its plain path, as deep as MAX_DEPTH."""
        for name, shape in self.raw["properties"].items():
            yield from self._below(name, shape, MAX_DEPTH)

    def _below(self, path: str, raw: Any, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
        for shape in self._choices(raw):
            yield path, shape
            if depth == 0:
                continue
            inside = [("", shape), *(("[]", one) for one in self._choices(shape.get("items")))]
            for step, one in inside:
                for name, inner in _members(one):
                    yield from self._below(f"{path}{step}.{name}", inner, depth - 1)

    def _choices(self, raw: Any) -> list[dict[str, Any]]:
        """What `raw` says, and its alternatives, each but once: one may name itself."""
        found: list[dict[str, Any]] = []
        todo = [raw]
        while todo:
            shape = self._resolved(todo.pop())
            if shape not in found:
                found.append(shape)
                todo += [one for word in ALTERNATIVES for one in shape.get(word, ())]
        return found


def _property(path: str) -> str:
    return path.removeprefix(PROPERTIES)


def _path(pointer: str) -> str:
    """`/properties/A/*/B` → `A[].B`."""
    return _property(pointer).replace("/properties/", "/").replace("/*", "[]").replace("/", ".")


def _is_plain(path: str) -> bool:
    return re.fullmatch(r"\w+(\[\])?(\.(\*|\w+(\[\])?))*", path) is not None


def _action(text: str) -> str:
    """Prefixes are lower case and actions are not, however a schema spells them."""
    service, _, action = text.strip().partition(":")
    return f"{service.lower()}:{action[:1].upper()}{action[1:]}"


def _sort(name: str) -> str:
    """Whether a property says that it holds an ARN, an id or a name."""
    return next((word for word in ("arn", "id", "name") if name.lower().endswith(word)), "")


def _is_secret(path: str, shape: Mapping[str, Any]) -> bool:
    name = path.rpartition(".")[2]
    return shape.get("type") == "string" and SECRET_NAMES.fullmatch(name) is not None


def _members(shape: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Those with names, and what a map holds under any."""
    yield from shape.get("properties", {}).items()
    yield from (("*", inner) for inner in _values(shape))


def _values(shape: Mapping[str, Any]) -> list[Any]:
    return list(shape.get("patternProperties", {}).values())
