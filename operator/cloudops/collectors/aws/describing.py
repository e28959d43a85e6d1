"""The second call of listings whose first only names the items."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import jmespath

from cloudops.collectors.aws.error_codes import CREDENTIAL_CODES
from cloudops.collectors.aws.errors import UNREADABLE_ANSWER, OwnPolicyError
from cloudops.collectors.items import METADATA, Hole
from cloudops.collectors.vocabulary import DESCRIBED, Describe, Listing
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass

# Each item is a call of its own, and whoever waits for signs of life does not
# wait for a thousand of them: so many items, or so much time, make a part.
PART: Final = 50
PART_SECONDS: Final = 10.0
# Denied so often and allowed never: the action is not granted at all.
MAX_DENIALS: Final = 3

Call = Callable[[str, Mapping[str, Any], str], dict[str, Any]]
"""Operation, parameters, permission → answer; raises ListingError."""


class Describer:
    """Tells, for each page of a list, what a second call says of its items.

    One item that may not be read (a key or a queue has a policy of its own)
    does not hide the others, but then the listing was not read to its end.
    """

    def __init__(
        self,
        listing: Listing,
        call: Call,
        clock: Callable[[], float] = time.monotonic,
        most: int | None = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            listing: The row.
            call: Makes the second call.
            clock: Seconds that only grow.
            most: Items of a page that are asked about; None = all.
        """
        self._listing = listing
        self._call = call
        self._clock = clock
        self._most = most
        self._described = False
        self._denials = 0
        self._unread: ListingError | None = None

    def answers(self, answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """What the row's paths are read from: `answer` itself where there is no second call.

        Raises:
            ListingError: The second call failed for another reason than one item's denial.
        """
        describe = self._listing.describe
        if describe is None:
            yield answer
            return
        items = self._items(describe, answer)
        parts = self._together if describe.at_once else self._one_by_one
        for part in parts(describe, items):
            yield {DESCRIBED: part}

    def settle(self) -> None:
        """At the end of the list: say what could not be read.

        Raises:
            ListingError: The first denial, or that an answer left items out.
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

    def _one_by_one(self, describe: Describe, items: Sequence[Any]) -> Iterator[list[Any]]:
        part: list[Any] = []
        began = self._clock()
        try:
            for item in items:
                part.extend(self._one(describe, item))
                if len(part) >= PART or self._clock() - began >= PART_SECONDS:
                    yield part
                    part, began = [], self._clock()
        except ListingError:
            yield part  # what was read before it broke off is true
            raise
        if part:
            yield part

    def _one(self, describe: Describe, item: Any) -> Iterator[Any]:
        """The item as it is now; nothing where it has gone or must not be read."""
        name = _name(describe, item)
        if name is None:
            yield _nameless(describe)
            return
        answer = self._ask(describe, name)
        if answer is None:
            return
        told = jmespath.search(describe.result, answer)
        if not isinstance(told, Mapping):
            yield Hole(describe.result)
            return
        known = item if isinstance(item, Mapping) else {describe.parameter: item}
        yield {**known, **{name: value for name, value in told.items() if name != METADATA}}

    def _together(self, describe: Describe, items: Sequence[Any]) -> Iterator[list[Any]]:
        named = [_name(describe, item) for item in items]
        nameless = [_nameless(describe) for name in named if name is None]
        if nameless:
            yield nameless
        names = list(dict.fromkeys(name for name in named if name is not None))
        for start in range(0, len(names), describe.at_once):
            asked = names[start : start + describe.at_once]
            answer = self._ask(describe, asked)
            if answer is not None:
                yield self._told(describe, asked, answer)

    def _told(self, describe: Describe, asked: Sequence[str], answer: Mapping[str, Any]) -> Any:
        told = jmespath.search(describe.result, answer)
        if not isinstance(told, list):
            raise _unreadable(describe.operation, describe.result)
        gone = (jmespath.search(describe.missing, answer) or ()) if describe.missing else ()
        left_out = len(asked) - len(told) - len(gone)
        if left_out > 0:
            message = f"{describe.operation}: nothing is said of {left_out} of {len(asked)} items"
            self._note(
                ListingError(message, error_class=ErrorClass.INCOMPLETE, code="CountMismatch")
            )
        return told

    def _ask(self, describe: Describe, names: str | Sequence[str]) -> Mapping[str, Any] | None:
        """The answer; None where there is nothing to tell."""
        parameters = {**describe.parameters, describe.parameter: names}
        try:
            answer = self._call(describe.operation, parameters, describe.permission)
        except ListingError as error:
            if error.code not in describe.gone_codes:
                self._go_on_after(error)
            return None
        self._described = True
        return answer

    def _go_on_after(self, error: ListingError) -> None:
        """A denial may be one item's own; anything else ends the listing."""
        if error.error_class is not ErrorClass.IAM_DENY or error.code in CREDENTIAL_CODES:
            raise error
        self._note(error)
        self._denials += not isinstance(error, OwnPolicyError)
        if not self._described and self._denials >= MAX_DENIALS:
            raise error

    def _note(self, error: ListingError) -> None:
        self._unread = self._unread or error


def _name(describe: Describe, item: Any) -> str | None:
    name = jmespath.search(describe.key, item) if describe.key else item
    return name if isinstance(name, str) and name else None


def _nameless(describe: Describe) -> Hole:
    """What the list tells of an item is not enough: without a name nobody can be asked."""
    return Hole(f"{describe.items}[].{describe.key}" if describe.key else describe.items)


def _unreadable(operation: str, path: str) -> ListingError:
    return ListingError(
        f"{operation}: the answer has no list {path}",
        error_class=ErrorClass.TRANSIENT,
        code=UNREADABLE_ANSWER,
    )
