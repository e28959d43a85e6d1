"""Runs one row of the catalogue to its end, page by page, or says why it could not."""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice
from typing import Any, Final

import jmespath

from cloudops.collectors.aws.calling import Caller
from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.describing import Describer
from cloudops.collectors.aws.error_texts import says_there_is_none
from cloudops.collectors.aws.errors import UNREADABLE_ANSWER
from cloudops.collectors.aws.paging import MAX_PAGES, Paging, PagingRule
from cloudops.collectors.aws.parentage import Children, Parent
from cloudops.collectors.aws.preparing import prepared
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.reports import UnreadableTableError, tabulated
from cloudops.collectors.transform import ListingTransform, UnreadableAnswerError
from cloudops.collectors.vocabulary import ACCOUNT, Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import GLOBAL_REGION, Observation, Page

NOTHING: Final[Mapping[str, Any]] = {}
"""Stands for the answer of a service that says by an error that there is none."""
NOBODY: Final = Parent("", {})
"""Stands for the parent where a row has none."""
LOOKED_AT: Final = 3
"""Parents, and pages of each, among which an item is looked for to try a row with."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a try of a row found.

    Attributes:
        item: One that it shows, if any.
        untried: The permission of the first call that nothing was there for; "" if none.
    """

    item: Observation | None
    untried: str


@dataclass(frozen=True, slots=True)
class Run:
    """One listing in one account and region."""

    door: Door
    listing: Listing
    transform: ListingTransform
    context: AnswerContext
    max_pages: int = MAX_PAGES
    refused: set[str] = field(default_factory=set)

    def pages(self) -> Iterator[Page]:
        """Every page; ends normally only if the listing was read to its end.

        Raises:
            ListingError: It broke off.
        """
        describer = Describer(self.listing, self._call)
        yield from prepared(self.listing.prepare, self._call)
        words = self.listing.parents
        if words is None:
            yield from self._walk(describer)
        else:
            children = Children(words, self._call, self._paging(words.operation, words.paging))
            for parent in children.parents():
                yield from children.of(partial(self._walk, describer, parent))
            children.settle()
        describer.settle()

    def _walk(
        self, describer: Describer, parent: Parent = NOBODY, most: int | None = None
    ) -> Iterator[Page]:
        """All pages, or the first ones, of what belongs to `parent` where the row has parents."""
        paging = self._paging(self.listing.operation, self.listing.paging)
        for _ in count() if most is None else range(most):
            more = yield from self._next(describer, paging, parent)
            if not more:
                return

    def _next(
        self, describer: Describer, paging: Paging, parent: Parent
    ) -> Generator[Page, None, bool]:
        """One answer, and whether there are more.

        A page may be large: its answer is not kept until it is stored, nor until the next is here.
        """
        answer = self._answer({**parent.asked, **paging.tokens})
        if answer is NOTHING:
            yield Page(observations=())
            return False
        paging.read(answer)
        unread = jmespath.search(self.listing.unread, answer) if self.listing.unread else None
        parts, some = describer.answers(answer, parent.asked), False
        del answer
        for part in parts:
            page = self._page(parent.claim(self.listing, part))
            some = some or self.transform.finds_items(part)
            del part
            yield page
        # A page is given out before its token is judged: its rows are true.
        if unread:
            raise _left_unread(self.listing.operation, unread)
        return paging.goes_on(some=some)

    def probe(self) -> Sample:
        """Look at a few pages until there is an item, and describe no other.

        Raises:
            ListingError: Reading would break off there.
        """
        describer = Describer(self.listing, self._call, most=1)
        for _ in prepared(self.listing.prepare, self._call):
            pass
        words = self.listing.parents
        if words is None:
            item, has_listed = _first_item(self._walk(describer, most=LOOKED_AT)), True
        else:
            children = Children(words, self._call, self._paging(words.operation, words.paging))
            item = self._first_child(describer, children)
            has_listed = children.asked > 0
        describer.settle()
        return Sample(item, self._untried(describer, has_listed=has_listed))

    def _first_child(self, describer: Describer, children: Children) -> Observation | None:
        """Of one of the first parents: also one that has none shows that they can be listed."""
        item = None
        for parent in islice(children.parents(LOOKED_AT), LOOKED_AT):
            walk = partial(self._walk, describer, parent, LOOKED_AT)
            item = _first_item(children.of(walk))
            if item is not None:
                break
        children.settle()
        return item

    def _untried(self, describer: Describer, *, has_listed: bool) -> str:
        if not has_listed:
            return self.listing.permissions[0]
        second = self.listing.describe
        return second.permission if second is not None and not describer.has_asked else ""

    def _paging(self, operation: str, own: Mapping[str, str] | None) -> Paging:
        declared = own or self.door.paginator(self.listing.service, operation)
        return Paging(PagingRule.of(declared), self.max_pages)

    def _answer(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """One page; `NOTHING` where the service says by an error that there is none."""
        listing = self.listing
        size = {listing.page_size_parameter: listing.page_size} if listing.page_size else {}
        own = {name: self._own(value) for name, value in listing.parameters.items()}
        parameters = {**own, **size, **asked}
        for name in listing.dispensable:
            if name in parameters:
                parameters[name] = [one for one in parameters[name] if one not in self.refused]
        try:
            return self._call(listing.operation, parameters, listing.permissions[0])
        except ListingError as error:
            if self._can_do_without(parameters, error):
                return self._answer(asked)
            if not says_there_is_none(listing.absent, error):
                raise
            return NOTHING

    def _can_do_without(self, parameters: Mapping[str, Any], error: ListingError) -> bool:
        """Whether it was about a value that need not be asked for; it is not any more."""
        for name, words in self.listing.dispensable.items():
            found = re.search(words, str(error))
            if found and found[1] in parameters.get(name, ()):
                self.refused.add(found[1])
                return True
        return False

    def _own(self, value: Any) -> Any:
        """The value of a parameter, which may speak of the account."""
        return value.replace(ACCOUNT, self.context.account) if isinstance(value, str) else value

    def _call(
        self, operation: str, parameters: Mapping[str, Any], permission: str
    ) -> dict[str, Any]:
        is_global = self.listing.region_rule is RegionRule.GLOBAL
        region = GLOBAL_REGION if is_global else self.context.region
        return Caller(self.door, self.listing).call(region, operation, parameters, permission)

    def _page(self, answer: Mapping[str, Any]) -> Page:
        if self.listing.says_none(answer):
            return Page(observations=())
        try:
            told = tabulated(answer, self.listing.csv) if self.listing.csv else answer
            return self.transform.page(told, self.context)
        except (UnreadableAnswerError, UnreadableTableError) as error:
            raise ListingError(
                f"{self.listing.operation}: {error}",
                error_class=ErrorClass.TRANSIENT,
                code=UNREADABLE_ANSWER,
            ) from error


def _first_item(pages: Iterator[Page]) -> Observation | None:
    return next((one for page in pages for one in page.observations), None)


def _left_unread(operation: str, what: Sequence[Any]) -> ListingError:
    return ListingError(
        f"{operation}: the answer leaves something out: {', '.join(sorted(set(map(str, what))))}",
        error_class=ErrorClass.INCOMPLETE,
        code="LeftUnread",
    )
