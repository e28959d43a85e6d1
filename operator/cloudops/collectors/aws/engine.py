"""Runs one row of the catalogue to its end, page by page, or says why it could not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import jmespath

from cloudops.collectors.aws.client import SDK_ERRORS, Door
from cloudops.collectors.aws.describing import Describer
from cloudops.collectors.aws.errors import UNREADABLE_ANSWER, listing_error
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transform import ListingTransform, UnreadableAnswerError
from cloudops.collectors.vocabulary import ACCOUNT, Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import Page

MAX_PAGES: Final = 20_000
MAX_EMPTY_PAGES: Final = 100  # in a row; AWS sends a few where a filter hides items
_UNDECLARED_TOKENS: Final = ("NextToken", "nextToken", "NextMarker", "Marker", "IsTruncated")

NOTHING: Final[Mapping[str, Any]] = {}
"""Stands for the answer of a service that says by an error that there is none."""


@dataclass(frozen=True, slots=True)
class PagingRule:
    """How an operation pages: which outputs become which inputs of the next call.

    botocore's own paginator ends quietly where an answer says "truncated" and
    brings no token; here that is an error.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    more: str

    @classmethod
    def of(cls, declared: Mapping[str, Any] | None) -> "PagingRule | None":
        """Read botocore's declaration, or a row's own."""
        if declared is None:
            return None
        return cls(
            inputs=_listed(declared["input_token"]),
            outputs=_listed(declared["output_token"]),
            more=declared.get("more_results", ""),
        )

    def next(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the next call, empty at the end.

        Raises:
            ListingError: There is more, but no way to ask for it.
        """
        if self.more and not jmespath.search(self.more, answer):
            return {}
        found = (jmespath.search(output, answer) for output in self.outputs)
        tokens = {name: token for name, token in zip(self.inputs, found, strict=True) if token}
        if self.more and not tokens:
            raise _incomplete("TokenMissing", "the answer is truncated but brings no token")
        return tokens


@dataclass(frozen=True, slots=True)
class Run:
    """One listing in one account and region."""

    door: Door
    listing: Listing
    transform: ListingTransform
    context: AnswerContext
    max_pages: int = MAX_PAGES

    def pages(self) -> Iterator[Page]:
        """Every page; ends normally only if the listing was read to its end.

        Raises:
            ListingError: It broke off.
        """
        listing = self.listing
        declared = listing.paging or self.door.paginator(listing.service, listing.operation)
        rule = PagingRule.of(declared)
        describer = Describer(self.listing, self._call)
        tokens: dict[str, Any] = {}
        seen: set[bytes] = set()
        empty = 0
        for _ in range(self.max_pages):
            answer = self._answer(tokens)
            if answer is NOTHING:
                yield Page(observations=())
                describer.settle()
                return
            some = False
            # A page is given out before its token is judged: its rows are true.
            for part in describer.answers(answer):
                page = self._page(part)
                some = some or bool(page.observations or page.malformed)
                yield page
            tokens = _no_more(answer) if rule is None else rule.next(answer)
            if not tokens:
                describer.settle()
                return
            empty = 0 if some else empty + 1
            _judge(tokens, seen, empty)
        raise _incomplete("PageLimit", f"not at its end after {self.max_pages} pages")

    def probe(self) -> None:
        """Ask for the first page, and describe one item of it.

        Raises:
            ListingError: Reading would break off there.
        """
        answer = self._answer(NOTHING)
        if answer is NOTHING:
            return
        describer = Describer(self.listing, self._call, most=1)
        for part in describer.answers(answer):
            self._page(part)
        describer.settle()

    def _answer(self, tokens: Mapping[str, Any]) -> Mapping[str, Any]:
        """One page; `NOTHING` where the service says by an error that there is none."""
        listing = self.listing
        size = {listing.page_size_parameter: listing.page_size} if listing.page_size else {}
        own = {
            name: self.context.account
            for name, value in listing.parameters.items()
            if value == ACCOUNT
        }
        parameters = {**listing.parameters, **own, **size, **tokens}
        try:
            return self._call(listing.operation, parameters, listing.permissions[0])
        except ListingError as error:
            words = listing.absent.get(error.code)
            if words is None or words not in str(error):
                raise
            return NOTHING

    def _call(
        self, operation: str, parameters: Mapping[str, Any], permission: str
    ) -> dict[str, Any]:
        listing, region = self.listing, self.context.region
        if listing.region_rule is RegionRule.GLOBAL:
            region = self.door.home
        try:
            return self.door.call(listing.service, region, operation, parameters)
        except SDK_ERRORS as error:
            known = self.door.knows_endpoint(listing.service, region)
            raise listing_error(
                error, listing, permission=permission, endpoint_known=known
            ) from error

    def _page(self, answer: Mapping[str, Any]) -> Page:
        if self.listing.says_none(answer):
            return Page(observations=())
        try:
            return self.transform.page(answer, self.context)
        except UnreadableAnswerError as error:
            raise ListingError(
                f"{self.listing.operation}: {error}",
                error_class=ErrorClass.TRANSIENT,
                code=UNREADABLE_ANSWER,
            ) from error


def _judge(tokens: Mapping[str, Any], seen: set[bytes], empty: int) -> None:
    """Refuse to go round in circles; `seen` grows by 8 bytes a page, whatever tokens are."""
    fingerprint = blake2b(repr(sorted(tokens.items())).encode(), digest_size=8).digest()
    if fingerprint in seen:
        raise _incomplete("RepeatedToken", "the same page token came twice")
    seen.add(fingerprint)
    if empty >= MAX_EMPTY_PAGES:
        raise _incomplete("EmptyPages", f"{empty} empty pages in a row, and still a token")


def _no_more(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An operation that does not page must not say that there is more."""
    if any(answer.get(name) for name in _UNDECLARED_TOKENS):
        raise _incomplete("UndeclaredToken", "the answer goes on, but nobody knows how")
    return {}


def _incomplete(code: str, message: str) -> ListingError:
    return ListingError(message, error_class=ErrorClass.INCOMPLETE, code=code)


def _listed(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
