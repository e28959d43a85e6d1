"""Details of single items: the row that follows from a listing's own, and their documents."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from cloudops.collectors.canonical import Cleaner
from cloudops.collectors.details import DETAILS_SUFFIX, Details
from cloudops.collectors.documents import CompiledEmits, compile_emits, digest_of, finish
from cloudops.collectors.fields import creation_time, scalar_text, tag_mapping
from cloudops.collectors.identifiers import AnswerContext, ShapeError
from cloudops.collectors.redaction import Redactor
from cloudops.collectors.vocabulary import DETAIL_TIER, Emits, Listing
from cloudops.domain.resource import (
    GLOBAL_REGION,
    Facet,
    Facts,
    ListedItem,
    MalformedItem,
    Observation,
)


def with_details(rows: Iterable[Listing]) -> Iterator[Listing]:
    """Each row, and behind it the one that reads its details."""
    for row in rows:
        yield row
        if row.details is not None:
            yield details_listing(row)


def details_listing(row: Listing) -> Listing:
    """The row that reads the details of what `row` shows: in the ledger a listing of its own.

    Raises:
        ValueError: `row` has no details, or shows several types.
    """
    words = row.details
    if words is None or len(row.emits) != 1:
        raise ValueError(f"{row.name}: details are read of one type")
    return replace(
        row,
        name=f"{row.name}{DETAILS_SUFFIX}",
        operation=words.calls[0].operation,
        parameters={},
        permissions=words.permissions,
        absent={},
        describe=None,
        details=None,
        details_of=row,
        tier=DETAIL_TIER,
        facet=Facet.DETAIL,
        emits=(_emits(row, words),),
    )


def words_of(listing: Listing) -> Details:
    """What a row that `details_listing` made asks about an item.

    Raises:
        ValueError: It is another one.
    """
    words = listing.details_of.details if listing.details_of else None
    if words is None:
        raise ValueError(f"{listing.name} reads no details")
    return words


def listed_item(observation: Observation) -> ListedItem:
    """Whose details may be asked for, as its list showed it."""
    head = observation.head
    return ListedItem(
        uid=observation.uid,
        canonical_id=head.canonical_id if head else "",
        region=head.region if head else GLOBAL_REGION,
        document=orjson.loads(observation.document),
        digest=observation.digest,
    )


def _emits(row: Listing, words: Details) -> Emits:
    return replace(
        row.emits[0],
        word="",
        name="",
        owner="",
        region="",
        tags=words.tags,
        state=words.state,
        created=words.created,
        passing=words.passing,
        volatile=words.volatile,
        unordered=words.unordered,
        redact=words.redact,
        webhooks=words.webhooks,
        json=words.json,
        edges=words.edges,
        owner_listing=row.name,
    )


@dataclass(frozen=True, slots=True)
class DetailTransform:
    """Turns what was told of one item into facet `detail`; safe to share between threads."""

    row: CompiledEmits
    words: Details
    redactor: Redactor

    @classmethod
    def of(cls, listing: Listing, redactor: Redactor) -> "DetailTransform":
        """Of a row that `details_listing` made.

        Raises:
            ValueError: It is another one.
        """
        return cls(compile_emits(listing.emits[0]), words_of(listing), redactor)

    def observe(
        self, item: ListedItem, told: Mapping[str, Any], context: AnswerContext
    ) -> Observation | MalformedItem:
        """The facet; bad data comes out as a malformed item."""
        cleaner = Cleaner()
        try:
            document: dict[str, Any] = cleaner.clean(told)
            finished = finish(self.row, document, cleaner, self.redactor, self._facts)
        except ShapeError as error:
            return MalformedItem(f"{self.row.emits.type}: {error}", item.uid)
        edges = self.row.edges
        return Observation(
            uid=item.uid,
            facet=Facet.DETAIL,
            document=finished.body,
            digest=digest_of(finished.body, finished.read, edges),
            head=None,
            owner_listing=self.row.emits.owner_listing,
            volatile=finished.volatile,
            truncated=finished.truncated,
            find_edges=edges.finder(context, item.region) if edges else None,
            facts=finished.read,
        )

    def _facts(self, document: dict[str, Any]) -> Facts:
        state = scalar_text(self.row.state, document, "state")
        return Facts(
            state=None if state is None else self.redactor.redact_text(state),
            created_at=creation_time(self.row.created, document),
            tags=self._tags(document),
        )

    def _tags(self, document: dict[str, Any]) -> dict[str, str] | None:
        if self.row.tags is None:
            return None
        return self.redactor.redact_tags(tag_mapping(self.row.tags, document))
