"""From page to page, to the end: what a token means, and when an answer goes round in circles."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import jmespath

from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass

MAX_PAGES: Final = 20_000
MAX_EMPTY_PAGES: Final = 100  # in a row; AWS sends a few where a filter hides items
_UNDECLARED_TOKENS: Final = ("NextToken", "nextToken", "NextMarker", "Marker", "IsTruncated")


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
            raise incomplete("TokenMissing", "the answer is truncated but brings no token")
        return tokens


class Paging:
    """The way through one listing.

    Attributes:
        tokens: The parameters that ask for the next page; empty for the first.
    """

    def __init__(self, rule: PagingRule | None, max_pages: int = MAX_PAGES) -> None:
        self.tokens: dict[str, Any] = {}
        self._told: dict[str, Any] | ListingError = {}
        self._rule = rule
        self._max_pages = max_pages
        self._pages = 0
        self._empty = 0
        self._seen: set[bytes] = set()

    def read(self, answer: Mapping[str, Any]) -> None:
        """Note what a page says of the next one; it need not be kept until that is judged."""
        rule = self._rule
        try:
            self._told = _no_more(answer) if rule is None else rule.next(answer)
        except ListingError as error:
            self._told = error

    def goes_on(self, *, some: bool) -> bool:
        """Whether there is a page behind the one that was read; `tokens` then asks for it.

        Args:
            some: That one held anything.

        Raises:
            ListingError: There is more, but no way to get to its end.
        """
        if isinstance(self._told, ListingError):
            raise self._told
        self.tokens = self._told
        if not self.tokens:
            return False
        self._pages += 1
        self._empty = 0 if some else self._empty + 1
        self._judge()
        if self._pages >= self._max_pages:
            raise incomplete("PageLimit", f"not at its end after {self._max_pages} pages")
        return True

    def _judge(self) -> None:
        """Refuse to go round in circles; `_seen` grows by 8 bytes a page, whatever tokens are."""
        text = repr(sorted(self.tokens.items()))
        fingerprint = blake2b(text.encode(), digest_size=8).digest()
        if fingerprint in self._seen:
            raise incomplete("RepeatedToken", "the same page token came twice")
        self._seen.add(fingerprint)
        if self._empty >= MAX_EMPTY_PAGES:
            raise incomplete("EmptyPages", f"{self._empty} empty pages in a row, and still a token")


def _no_more(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An operation that does not page must not say that there is more."""
    if any(answer.get(name) for name in _UNDECLARED_TOKENS):
        raise incomplete("UndeclaredToken", "the answer goes on, but nobody knows how")
    return {}


def incomplete(code: str, message: str) -> ListingError:
    """Why a listing was not read to its end."""
    return ListingError(message, error_class=ErrorClass.INCOMPLETE, code=code)


def _listed(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
