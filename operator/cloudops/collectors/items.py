"""The items of an answer, walked strictly: what is broken on the way is not skipped."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from cloudops.collectors.paths import EACH, DocumentPath

METADATA: Final = "ResponseMetadata"
"""What the SDK adds to each answer; it is about the call."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Stands for items that can't be reached because a step on the way is broken."""

    step: str


def items_at(
    answer: Mapping[str, Any], path: DocumentPath, *, omits_empty: bool = False
) -> Iterator[object]:
    """Walk strictly: what is there but has the wrong shape comes out as a hole.

    Args:
        answer: One answer, or what a second call made of it.
        path: Where its items stand.
        omits_empty: The service leaves out an empty list, also inside an object.
    """
    reached: list[object] = [answer]
    for depth, step in enumerate(path.steps):
        absent = depth == 0 or (omits_empty and depth == len(path.steps) - 1)
        reached = [inner for outer in reached for inner in _enter(outer, step, absent=absent)]
    for items in reached:
        if isinstance(items, list):
            yield from items
        else:
            yield items if isinstance(items, Hole) else Hole(path.text)


def item_at(answer: Mapping[str, Any], path: DocumentPath) -> object:
    """The one thing that an answer speaks of: the object at `path`, or what holds it there."""
    holder, value = answer, cast("object", answer)
    for step in path.steps:
        if not isinstance(value, Mapping) or value.get(step) is None:
            return Hole(step)
        holder, value = value, value[step]
    if isinstance(value, Mapping):
        return value
    return {name: inner for name, inner in holder.items() if name != METADATA}


def _enter(outer: object, step: str, *, absent: bool) -> Iterable[object]:
    if isinstance(outer, Hole):
        return (outer,)
    if step == EACH:
        return outer if isinstance(outer, list) else (Hole(step),)
    if not isinstance(outer, Mapping):
        return (Hole(step),)
    if outer.get(step) is None:
        # An answer of several lists may leave out the empty ones.
        return () if absent else (Hole(step),)
    return (outer[step],)
