"""Plain paths into JSON documents: `A.B`, `List[].C`, `Map.*`.

JMESPath reads; these paths can also change what they find. Where a document
does not have what a path names, nothing happens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

EACH = "[]"  # every element of a list
ANY = "*"  # every value of an object


@dataclass(frozen=True, slots=True)
class DocumentPath:
    """A parsed path; `steps` are key names, `EACH` and `ANY`."""

    text: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One value inside a document, and the list or object that holds it."""

    holder: dict[str, Any] | list[Any]
    key: Any

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        self.holder[self.key] = value


def parse_path(text: str) -> DocumentPath:
    """Read `List[].Key` and the like.

    Raises:
        ValueError: A step is empty or holds what plain paths don't know.
    """
    steps: list[str] = []
    for part in text.split("."):
        name = part.removesuffix(EACH)
        if name != ANY and not name.replace("_", "").replace("-", "").isalnum():
            raise ValueError(f"not a plain path: {text!r}")
        steps.append(name)
        if part.endswith(EACH):
            steps.append(EACH)
    return DocumentPath(text, tuple(steps))


def find(document: Any, path: DocumentPath) -> Iterator[Place]:
    """Every place in `document` that `path` names, in document order."""
    holders = [document]
    for step in path.steps[:-1]:
        holders = [place.value for holder in holders for place in _step(holder, step)]
    for holder in holders:
        yield from _step(holder, path.steps[-1])


def cut(document: dict[str, Any], path: DocumentPath) -> list[Any]:
    """Take what `path` names out of `document` and return the values."""
    places = list(find(document, path))
    values = [place.value for place in places]
    # From the back, so that indices of a list stay true while it shrinks.
    for place in reversed(places):
        del place.holder[place.key]
    return values


def _step(holder: Any, step: str) -> list[Place]:
    if step == EACH:
        return [Place(holder, i) for i in range(len(holder))] if isinstance(holder, list) else []
    if not isinstance(holder, dict):
        return []
    if step == ANY:
        return [Place(holder, key) for key in holder]
    return [Place(holder, step)] if step in holder else []
