"""Which actions are taken away together, so that a few readings say as much as one an action."""

from collections.abc import Iterable
from typing import Final

_BASE: Final = 7  # a prime; its cube is the most actions that can be told apart
_DIGITS: Final = 3
_ROUNDS: Final = 5


def batches(actions: Iterable[str]) -> list[frozenset[str]]:
    """Sets of actions that between them tell each action from any two others.

    For an action and any two others there is a set that has the one and neither of the
    others. So where a reading without that set refuses what needs only the two, it was the
    one that it needed as well. That is because an action's digits are taken for those of a
    polynomial: two of these meet at two points at most, and a round is a point.

    Raises:
        ValueError: There are more actions than can be told apart.
    """
    names = sorted(actions)
    if len(names) > _BASE**_DIGITS:
        raise ValueError(f"{len(names)} actions are too many")
    found: dict[tuple[int, int], set[str]] = {}
    for number, name in enumerate(names):
        for point in range(_ROUNDS):
            found.setdefault((point, _value(number, point)), set()).add(name)
    return [frozenset(found[key]) for key in sorted(found)]


def _value(number: int, point: int) -> int:
    value = 0
    for place in reversed(range(_DIGITS)):  # Horner's rule, from the highest digit
        value = value * point + number // _BASE**place % _BASE
    return value % _BASE
