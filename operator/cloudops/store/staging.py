"""Binary COPY into temporary tables: one pair a connection, emptied, never dropped.

Creating a temporary table costs 16 KB of WAL and catalogue rows; keeping it
costs nothing.
"""

from collections.abc import Iterable, Mapping
from itertools import count, repeat, starmap
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from cloudops.domain.resource import Facts, Observation, ResourceHead
from cloudops.store import copying, edges

_CREATE = text("""
CREATE TEMPORARY TABLE IF NOT EXISTS stage_seen (
    uid uuid NOT NULL, position integer NOT NULL DEFAULT 0
);
CREATE TEMPORARY TABLE IF NOT EXISTS stage_row (
    uid uuid NOT NULL, digest bytea NOT NULL, document jsonb NOT NULL, volatile jsonb NOT NULL,
    truncated boolean NOT NULL, canonical_id text, id_synthetic boolean, region text,
    service text, type text, kind text, name text, state text, created_at timestamptz,
    tag_source text, tags jsonb, owner_listing text NOT NULL, edges jsonb,
    position integer NOT NULL, anew boolean NOT NULL DEFAULT false
);
""")
HEAD_COLUMNS: Final = (
    "canonical_id, id_synthetic, region, service, type, kind, name, state, created_at, tag_source,"
    " tags"
)
"""What `framed_head` gives, in its order."""
_ROW_COLUMNS: Final = (
    f"uid, digest, document, volatile, truncated, owner_listing, {HEAD_COLUMNS}, edges, position"
)
_ROW_HEAD: Final = copying.row_head(19)
_NO_HEAD: Final = copying.NULL * 7


def prepare(connection: Connection) -> None:
    """Have both tables, empty."""
    connection.execute(_CREATE)
    connection.execute(text("TRUNCATE stage_seen, stage_row"))


def stage_seen(connection: Connection, uids: Iterable[UUID], *, first: int | None = None) -> None:
    """Remember which items a listing showed.

    Args:
        connection: In a transaction.
        uids: Of the items.
        first: The place of the first of them among all that was shown; the others follow. None
            where their documents are none that could count as the last word.
    """
    head = copying.row_head(2)
    places = repeat(0) if first is None else count(first)
    rows = (
        head + copying.identity(uid) + copying.integer(place)
        for uid, place in zip(uids, places, strict=False)
    )
    copying.copy(connection, "stage_seen", "uid, position", rows)


def stage_rows(connection: Connection, shown: Iterable[tuple[int, Observation]]) -> None:
    """Send the documents of items that are new or changed, with their places."""
    copying.copy(connection, "stage_row", _ROW_COLUMNS, starmap(_row, shown))


def framed_head(head: ResourceHead) -> bytes:
    """The columns that a resource's owner listing decides, for a COPY."""
    return b"".join(
        (
            copying.words(head.canonical_id),
            copying.boolean(head.id_synthetic),
            copying.recurring(head.region),
            copying.recurring(head.service),
            copying.recurring(head.type),
            copying.recurring(head.kind),
            copying.words(head.name),
            copying.recurring(head.state),
            copying.moment(head.created_at),
            copying.recurring(head.tag_source.value),
            _tags(head.tags),
        )
    )


def _framed_facts(facts: Facts) -> bytes:
    """The same columns, of which a facet without a head tells these."""
    told = (copying.recurring(facts.state), copying.moment(facts.created_at))
    return b"".join((_NO_HEAD, *told, copying.NULL, _tags(facts.tags)))


def _tags(tags: Mapping[str, str] | None) -> bytes:
    return copying.document(None if tags is None else orjson.dumps(dict(tags)))


def _row(place: int, observation: Observation) -> bytes:
    head, edges_named = observation.head, edges.staged(observation.edges)
    return b"".join(
        (
            _ROW_HEAD,
            copying.identity(observation.uid),
            copying.raw(observation.digest),
            copying.document(observation.document),
            copying.document(observation.volatile),
            copying.boolean(observation.truncated),
            copying.recurring(observation.owner_listing),
            framed_head(head) if head else _framed_facts(observation.facts),
            copying.document(None if edges_named is None else orjson.dumps(edges_named)),
            copying.integer(place),
        )
    )
