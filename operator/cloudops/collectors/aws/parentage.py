"""Listings whose items are listed parent by parent."""

import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from cloudops.collectors.aws.describing import Call
from cloudops.collectors.aws.error_texts import says_there_is_none
from cloudops.collectors.aws.paging import Paging, incomplete
from cloudops.collectors.items import items_at
from cloudops.collectors.parents import Parents
from cloudops.collectors.paths import parse_path
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import NOT_THERE, ErrorClass
from cloudops.domain.resource import Page

# So many parents that can't be read say that it is not the parents' fault.
MAX_FAILURES: Final = 3
_TAIL: Final = re.compile("[/:]")  # in an ARN, the last one is before an id
# What concerns the whole service, and not one parent.
_OF_ALL: Final = frozenset({ErrorClass.SCP_DENY, ErrorClass.THROTTLED})


@dataclass(frozen=True, slots=True)
class Parent:
    """One of those whose items are listed.

    Attributes:
        name: What names it.
        asked: The parameter that says so.
    """

    name: str
    asked: Mapping[str, str]

    @classmethod
    def of(cls, words: Parents, name: str) -> "Parent":
        """The one with that name."""
        value = json.dumps({words.member: name}) if words.member else name
        return cls(name, {words.parameter: value})

    def claim(self, listing: Listing, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """`answer`, whose items say whose they are, if the row wants that to be said."""
        into = listing.parents.into if listing.parents else ""
        if not into:
            return answer
        own = {into: self.name}
        return {
            **answer,
            **{
                emits.items: [_claimed(item, emits.word, own) for item in answer[emits.items]]
                for emits in listing.emits
                if isinstance(answer.get(emits.items), list)
            },
        }


def _claimed(item: object, word: str, own: Mapping[str, str]) -> object:
    """What is neither an object nor a text that the row knows stays as broken as it is."""
    if word and isinstance(item, str) and item:
        return {word: item, **own}
    return {**item, **own} if isinstance(item, Mapping) else item


class Children:
    """Finds the parents, and remembers whose children could not be read.

    One parent that can't be read does not hide the children of the others, but then
    the listing was not read to its end, and nothing is swept.
    """

    def __init__(self, parents: Parents, call: Call, paging: Paging) -> None:
        self._words = parents
        self._call = call
        self._paging = paging
        self._items = parse_path(parents.items)
        self._asked = 0
        self._failures = 0
        self._unread: ListingError | None = None

    def parents(self, most: int | None = None) -> Iterator[Parent]:
        """Each of them, or those on so many pages.

        Raises:
            ListingError: The parents could not be listed to their end.
        """
        for _ in count() if most is None else range(most):
            more = yield from self._next()
            if not more:
                return

    @property
    def asked(self) -> int:
        """Of how many parents the children were asked for."""
        return self._asked

    def _next(self) -> Generator[Parent, None, bool]:
        """One page of parents, and whether there are more."""
        words, paging = self._words, self._paging
        asked = {**words.parameters, **paging.tokens}
        answer = self._call(words.operation, asked, words.permission)
        named = [self._named(item) for item in items_at(answer, self._items)]
        for name in filter(None, named):
            yield Parent.of(words, name)
        if not all(named):
            self._unread = incomplete("ParentNotReadable", "a parent has no name")
        paging.read(answer)
        return paging.goes_on(some=bool(named))

    def of(self, walk: Callable[[], Iterator[Page]]) -> Iterator[Page]:
        """The pages of one parent.

        Raises:
            ListingError: Not only this parent's children can't be read.
        """
        self._asked += 1
        try:
            # Also where there are none: whoever waits sees that the work goes on.
            yield Page(observations=())
            yield from walk()
        except ListingError as error:
            if says_there_is_none(self._words.gone, error):
                return
            self._failures += 1
            self._unread = error
            if error.error_class in _OF_ALL:
                raise
            if self._failures >= MAX_FAILURES:
                self.settle()

    def settle(self) -> None:
        """At the end of the parents: say what could not be read.

        Raises:
            ListingError: The children of at least one parent.
        """
        if self._unread is None:
            return
        if self._unread.error_class in NOT_THERE and self._asked > self._failures:
            # Of that parent, or of what the cloud knows of it today: others may have some.
            raise incomplete(self._unread.code, str(self._unread)) from self._unread
        raise self._unread

    def _named(self, parent: object) -> str:
        name = parent
        if self._words.key:
            name = parent.get(self._words.key) if isinstance(parent, Mapping) else None
        if not isinstance(name, str):
            return ""
        return _TAIL.split(name)[-1] if self._words.tail else name
