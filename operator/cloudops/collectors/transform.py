"""From a cloud's answer to observations: pure, and bad data never escapes as an exception.

One page may hold an id twice; the later item wins. Over pages the loader keeps
one row per id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

from cloudops.collectors.canonical import Cleaner, canonical_json
from cloudops.collectors.documents import CompiledEmits, compile_emits, digest_of, finish
from cloudops.collectors.embedded import open_body
from cloudops.collectors.expressions import Expression
from cloudops.collectors.fields import (
    creation_time,
    last_part,
    scalar_text,
    service_name,
    tag_mapping,
)
from cloudops.collectors.identifiers import (
    AnswerContext,
    CanonicalId,
    IdRule,
    ShapeError,
)
from cloudops.collectors.items import Hole
from cloudops.collectors.ownership import is_elsewhere
from cloudops.collectors.redaction import Redactor
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.resource import (
    Facet,
    MalformedItem,
    Observation,
    Page,
    ResourceHead,
    TagSource,
    resource_uid,
)


class UnreadableAnswerError(ValueError):
    """An answer holds none of what its row looks for: it proves nothing, least of all emptiness."""


class ListingTransform:
    """Turns the answers of one listing into pages; safe to share between threads."""

    def __init__(self, listing: Listing, redactor: Redactor) -> None:
        self._facet = listing.facet
        self._omits_empty = listing.omits_empty
        self._rows = tuple(compile_emits(emits) for emits in listing.emits)
        self._redactor = redactor

    def page(self, answer: Mapping[str, Any], context: AnswerContext) -> Page:
        """Everything that `answer` holds, understood or not.

        Raises:
            UnreadableAnswerError: It holds none of the lists that the row looks for.
        """
        if not any(row.items.steps[0] in answer for row in self._rows):
            raise UnreadableAnswerError("the answer holds none of the expected lists")
        observations: dict[UUID, Observation] = {}
        # Where several types share a list, each of them finds out about a bad item.
        malformed: dict[tuple[str, int], MalformedItem] = {}
        judge = _Judge(context)
        for row in self._rows:
            items = row.items_of(answer, omits_empty=self._omits_empty)
            for number, item in enumerate(items):
                if not judge.fits(row, item, number):
                    continue
                outcome = self.observe(row, item, context)
                if isinstance(outcome, Observation):
                    observations[outcome.uid] = outcome
                elif outcome is not None:
                    malformed.setdefault((row.items.text, number), outcome)
        return Page(tuple(observations.values()), tuple(malformed.values()))

    def finds_items(self, answer: Mapping[str, Any]) -> bool:
        """Whether there are any, be they of other types than the row's."""
        omits_empty = self._omits_empty
        found = (row.items_of(answer, omits_empty=omits_empty) for row in self._rows)
        return any(True for items in found for _ in items)

    def observe(
        self, row: CompiledEmits, item: object, context: AnswerContext
    ) -> Observation | MalformedItem | None:
        """One item that fits the row; None where it belongs to another account."""
        uid: UUID | None = None
        try:
            cleaner = Cleaner()
            document = _document(row, item, cleaner)
            canonical_id = row.id.find(document, context)
            uid = resource_uid(context.cloud, canonical_id.text)
            if is_elsewhere(scalar_text(row.owner, document, "owner"), context):
                return None
            if self._facet is Facet.TAGS:
                return self._tags_facet(row, uid, document)
            return self._listed_facet(row, uid, document, _Found(canonical_id, context, cleaner))
        except ShapeError as error:
            return MalformedItem(f"{row.emits.type}: {error}", uid)

    def _tags_facet(self, row: CompiledEmits, uid: UUID, document: dict[str, Any]) -> Observation:
        # All of them, as those that a listing tells: a cut one would be another tag.
        body = canonical_json(self._redactor.redact_tags(tag_mapping(row.tags, document)))
        digest = blake2b(body, digest_size=16).digest()
        return Observation(
            uid=uid,
            facet=self._facet,
            document=body,
            digest=digest,
            head=None,
            owner_listing=row.emits.owner_listing,
        )

    def _listed_facet(
        self, row: CompiledEmits, uid: UUID, document: dict[str, Any], found: "_Found"
    ) -> Observation:
        if row.emits.body:
            open_body(document, row.emits.body, found.cleaner)
        finished = finish(
            row,
            document,
            found.cleaner,
            self._redactor,
            lambda whole: self._head(row, whole, found),
        )
        head, edges = finished.read, row.edges
        return Observation(
            uid=uid,
            facet=self._facet,
            document=finished.body,
            digest=digest_of(finished.body, head, edges),
            head=head,
            volatile=finished.volatile,
            truncated=finished.truncated,
            find_edges=edges.finder(found.context, head.region) if edges else None,
        )

    def _head(self, row: CompiledEmits, document: dict[str, Any], found: "_Found") -> ResourceHead:
        emits = row.emits
        known = _known_tags(row, document)
        tags = None if known is None else self._redactor.redact_tags(known)
        name = last_part(self._text(row.name, document, "name"))
        if not emits.name and tags is not None:
            name = tags.get("Name") or None
        return ResourceHead(
            canonical_id=found.canonical_id.text,
            id_synthetic=found.canonical_id.synthetic,
            type=emits.type,
            kind=emits.kind,
            service=service_name(emits.type),
            region=self._text(row.region, document, "region") or found.context.region,
            name=name,
            state=self._text(row.state, document, "state"),
            created_at=creation_time(row.created, document),
            tag_source=emits.tag_source,
            tags=tags,
        )

    def _text(self, path: Expression | None, document: dict[str, Any], field: str) -> str | None:
        """What stands beside the document is as public as the document."""
        text = scalar_text(path, document, field)
        return None if text is None else self._redactor.redact_text(text)


class _Judge:
    """Whether items may be of the types of rows; asked first, since rows by the dozen ask."""

    def __init__(self, context: AnswerContext) -> None:
        self._context = context
        self._ids: dict[tuple[str, str, int], str | None] = {}

    def fits(self, row: CompiledEmits, item: object, number: int) -> bool:
        """Whether the `number`th of the row's items is its own.

        An id that can't be read fits every row: it has to be reported.
        """
        if row.shape is None or not isinstance(item, Mapping):
            return True
        key = (row.items.text, row.id.text, number)
        if key not in self._ids:
            self._ids[key] = self._id(row.id, item)
        known = self._ids[key]
        return known is None or row.shape.fullmatch(known) is not None

    def _id(self, rule: IdRule, item: Mapping[str, Any]) -> str | None:
        try:
            return rule.fill(item, self._context)
        except ShapeError:
            return None


def _known_tags(row: CompiledEmits, document: dict[str, Any]) -> dict[str, str] | None:
    """None where somebody else has to read them, or nobody does."""
    match row.emits.tag_source:
        case TagSource.LISTED:
            lacking = row.emits.tags_may_lack and row.tags and row.tags.search(document) is None
            return None if lacking else tag_mapping(row.tags, document)
        case TagSource.NONE:
            return {}
    return None


@dataclass(frozen=True, slots=True)
class _Found:
    canonical_id: CanonicalId
    context: AnswerContext
    cleaner: Cleaner


def _document(row: CompiledEmits, item: object, cleaner: Cleaner) -> dict[str, Any]:
    if isinstance(item, Hole):
        raise ShapeError(f"{item.step} is not readable")
    if row.emits.word and isinstance(item, str) and item:
        item = {row.emits.word: item}
    if not isinstance(item, Mapping):
        raise ShapeError("not an object")
    document: dict[str, Any] = cleaner.clean(item)
    return document
