"""The items of an answer, walked strictly: what is broken on the way is not skipped."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloudops.collectors.paths import EACH, DocumentPath


@dataclass(frozen=True, slots=True)
class Hole:
    """Stands for items that can't be reached because a step on the way is broken."""

    step: str


def items_at(answer: Mapping[str, Any], path: DocumentPath) -> Iterator[object]:
    """Walk strictly: what is there but has the wrong shape comes out as a hole."""
    reached: list[object] = [answer]
    for depth, step in enumerate(path.steps):
        reached = [inner for outer in reached for inner in _enter(outer, step, top=depth == 0)]
    for items in reached:
        if isinstance(items, list):
            yield from items
        else:
            yield items if isinstance(items, Hole) else Hole(path.text)


def _enter(outer: object, step: str, *, top: bool) -> Iterable[object]:
    if isinstance(outer, Hole):
        return (outer,)
    if step == EACH:
        return outer if isinstance(outer, list) else (Hole(step),)
    if not isinstance(outer, Mapping):
        return (Hole(step),)
    if outer.get(step) is None:
        # An answer of several lists may leave out the empty ones.
        return () if top else (Hole(step),)
    return (outer[step],)
