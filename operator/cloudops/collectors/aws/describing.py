"""The second call of listings whose first only names the items: many of them at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import jmespath

from cloudops.collectors.aws.errors import UNREADABLE_ANSWER
from cloudops.collectors.items import Hole
from cloudops.collectors.vocabulary import DESCRIBED, Describe, Listing
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass

Call = Callable[[str, Mapping[str, Any], str], dict[str, Any]]
"""Operation, parameters, permission → answer; raises ListingError."""

NOTHING_ELSE: Final[Mapping[str, Any]] = {}


class Describer:
    """Tells, for each page of a list, what a second call says of its items.

    Attributes:
        has_asked: There was an item to make the second call about.
    """

    def __init__(self, listing: Listing, call: Call, most: int | None = None) -> None:
        """Nothing is asked yet.

        Args:
            listing: The row.
            call: Makes the second call.
            most: Items of a page that are asked about; None = all.
        """
        self._listing = listing
        self._call = call
        self._most = most
        self._unread: ListingError | None = None
        self.has_asked = False

    def answers(
        self, answer: Mapping[str, Any], asked: Mapping[str, Any] = NOTHING_ELSE
    ) -> Iterator[Mapping[str, Any]]:
        """What the row's paths are read from: `answer` itself where there is no second call.

        Args:
            answer: A page of the list.
            asked: Parameters that every second call about it needs, too.

        Raises:
            ListingError: The second call failed.
        """
        describe = self._listing.describe
        if describe is None:
            told = [answer]
            del answer  # it may be large: not kept here while it is used
            yield told.pop()
            return
        for part in self._together(describe, self._items(describe, answer), asked):
            yield {DESCRIBED: part}

    def settle(self) -> None:
        """At the end of the list: say what could not be read.

        Raises:
            ListingError: An answer left items out.
        """
        if self._unread is not None:
            raise self._unread

    def _items(self, describe: Describe, answer: Mapping[str, Any]) -> Sequence[Any]:
        if self._listing.says_none(answer):
            return ()
        items = jmespath.search(describe.items, answer)
        if not isinstance(items, list):
            raise _unreadable(self._listing.operation, describe.items)
        return items[: self._most]

    def _together(
        self, describe: Describe, items: Sequence[Any], fixed: Mapping[str, Any]
    ) -> Iterator[list[Any]]:
        named = [_name(describe, item) for item in items]
        nameless = [_nameless(describe) for name in named if name is None]
        if nameless:
            yield nameless
        names = list(dict.fromkeys(name for name in named if name is not None))
        for start in range(0, len(names), describe.at_once):
            asked = names[start : start + describe.at_once]
            parameters = {**describe.parameters, **fixed, describe.parameter: asked}
            answer = self._call(describe.operation, parameters, describe.permission)
            self.has_asked = True
            yield self._told(describe, asked, answer)

    def _told(self, describe: Describe, asked: Sequence[str], answer: Mapping[str, Any]) -> Any:
        told = jmespath.search(describe.result, answer)
        if not isinstance(told, list):
            raise _unreadable(describe.operation, describe.result)
        gone = (jmespath.search(describe.missing, answer) or ()) if describe.missing else ()
        left_out = len(asked) - _different(describe, told) - len(gone)
        if left_out > 0:
            message = f"{describe.operation}: nothing is said of {left_out} of {len(asked)} items"
            self._unread = self._unread or ListingError(
                message, error_class=ErrorClass.INCOMPLETE, code="CountMismatch"
            )
        return told


def _name(describe: Describe, item: Any) -> str | None:
    name = jmespath.search(describe.key, item) if describe.key else item
    return name if isinstance(name, str) and name else None


def _different(describe: Describe, told: Sequence[Any]) -> int:
    """How many items there are: one that is told twice stands for no other."""
    names = [item.get(describe.told_key) if isinstance(item, Mapping) else None for item in told]
    known = [name for name in names if isinstance(name, str)]
    return len(set(known)) + len(names) - len(known)


def _nameless(describe: Describe) -> Hole:
    """What the list tells of an item is not enough: without a name nobody can be asked."""
    return Hole(f"{describe.items}[].{describe.key}" if describe.key else describe.items)


def _unreadable(operation: str, path: str) -> ListingError:
    return ListingError(
        f"{operation}: the answer has no list {path}",
        error_class=ErrorClass.TRANSIENT,
        code=UNREADABLE_ANSWER,
    )
