"""A row's words for one type, compiled, and documents as they are stored by them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import orjson

from cloudops.collectors.canonical import FLAGS_KEY, Cleaner, limited
from cloudops.collectors.churn import Passing, cut_volatile, settle, sort_lists
from cloudops.collectors.edges import EdgeRule, compile_edges
from cloudops.collectors.embedded import decode_json
from cloudops.collectors.expressions import Expression
from cloudops.collectors.fields import compile_optional
from cloudops.collectors.identifiers import (
    IdRule,
    compile_id,
    compile_name,
    compile_shape,
)
from cloudops.collectors.items import item_at, items_at
from cloudops.collectors.paths import DocumentPath, parse_path
from cloudops.collectors.redaction import Redactor
from cloudops.collectors.vocabulary import Emits
from cloudops.domain.resource import Facts, ResourceHead

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CompiledEmits:
    """A row's paths, parsed once."""

    emits: Emits
    items: DocumentPath
    id: IdRule
    shape: re.Pattern[str] | None
    name: Expression | None
    state: Expression | None
    created: Expression | None
    region: Expression | None
    tags: Expression | None
    owner: Expression | None
    passing: Passing
    volatile: tuple[DocumentPath, ...]
    unordered: tuple[DocumentPath, ...]
    redact: tuple[DocumentPath, ...]
    webhooks: tuple[DocumentPath, ...]
    json: tuple[DocumentPath, ...]
    edges: EdgeRule | None

    def items_of(self, answer: Mapping[str, Any], *, omits_empty: bool) -> Iterable[object]:
        """What `answer` holds for this row, good or broken."""
        if self.emits.single:
            return (item_at(answer, self.items),)
        return items_at(answer, self.items, omits_empty=omits_empty)


def compile_emits(emits: Emits) -> CompiledEmits:
    """Parse every path of `emits`.

    Raises:
        ValueError: A path does not parse (JMESPath's errors are ValueErrors).
    """
    # Inner lists are sorted before the lists that hold them.
    unordered = sorted(map(parse_path, emits.unordered), key=lambda path: -len(path.steps))
    return CompiledEmits(
        emits=emits,
        items=parse_path(emits.items),
        id=compile_id(emits.id),
        shape=compile_shape(emits.id_shape) if emits.id_shape else None,
        name=compile_name(emits.name),
        state=compile_optional(emits.state),
        created=compile_optional(emits.created),
        region=compile_optional(emits.region),
        tags=compile_optional(emits.tags),
        owner=compile_optional(emits.owner),
        passing=tuple((parse_path(path), words) for path, words in emits.passing.items()),
        volatile=tuple(map(parse_path, emits.volatile)),
        unordered=tuple(unordered),
        redact=tuple(map(parse_path, emits.redact)),
        webhooks=tuple(map(parse_path, emits.webhooks)),
        json=tuple(map(parse_path, emits.json)),
        edges=compile_edges(emits.type, emits.edges),
    )


@dataclass(frozen=True, slots=True)
class Finished(Generic[T]):
    """A document as it is stored, and what was read of it before secrets were taken out."""

    read: T
    body: bytes
    truncated: bool
    volatile: bytes


def finish(
    row: CompiledEmits,
    document: dict[str, Any],
    cleaner: Cleaner,
    redactor: Redactor,
    read: Callable[[dict[str, Any]], T],
) -> Finished[T]:
    """Decode what is text, take out secrets and what moves, and write it down.

    Args:
        row: Its words.
        document: Clean; it is changed.
        cleaner: What cleaned it.
        redactor: Takes out secrets.
        read: Reads the whole document before; what stands beside it is its own to redact.

    Raises:
        ShapeError: From `read`.
    """
    decode_json(document, row.json, cleaner)
    passed = settle(document, row.passing)
    told = read(document)
    redactor.redact(document, row.redact, row.webhooks)
    volatile = passed | cut_volatile(document, row.volatile)
    sort_lists(document, row.unordered)
    if cleaner.flags:
        document[FLAGS_KEY] = sorted(cleaner.flags)
    body, truncated = limited(document)
    return Finished(told, body, truncated, limited(volatile)[0])


def digest_of(body: bytes, beside: ResourceHead | Facts, edges: EdgeRule | None) -> bytes:
    """16 bytes over all that a facet writes."""
    digest = blake2b(body, digest_size=16)
    digest.update(b"\0")
    digest.update(orjson.dumps(beside, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z))
    if edges is not None:
        digest.update(edges.digest)
    return digest.digest()
