"""Binary COPY into temporary tables: one pair a connection, emptied, never dropped.

Creating a temporary table costs 16 KB of WAL and catalogue rows; keeping it
costs nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from cloudops.domain.resource import Facts, Observation, ResourceHead
from cloudops.store import copying, edges

_CREATE = text("""
CREATE TEMPORARY TABLE IF NOT EXISTS stage_seen (uid uuid NOT NULL);
CREATE TEMPORARY TABLE IF NOT EXISTS stage_row (
    uid uuid NOT NULL, digest bytea NOT NULL, document jsonb NOT NULL, volatile jsonb NOT NULL,
    truncated boolean NOT NULL, canonical_id text, id_synthetic boolean, region text,
    service text, type text, kind text, name text, state text, created_at timestamptz,
    tag_source text, tags jsonb, owner_listing text NOT NULL, edges jsonb,
    position bigint GENERATED ALWAYS AS IDENTITY
);
""")
HEAD_COLUMNS: Final = (
    "canonical_id, id_synthetic, region, service, type, kind, name, state, created_at, tag_source,"
    " tags"
)
"""What `framed_head` gives, in its order."""
_ROW_COLUMNS: Final = (
    f"uid, digest, document, volatile, truncated, owner_listing, {HEAD_COLUMNS}, edges"
)
_ROW_HEAD: Final = copying.row_head(18)
_NO_HEAD: Final = copying.NULL * 7


def prepare(connection: Connection) -> None:
    """Have both tables, empty."""
    connection.execute(_CREATE)
    connection.execute(text("TRUNCATE stage_seen, stage_row"))


def stage_seen(connection: Connection, uids: Iterable[UUID]) -> None:
    """Remember which items a listing showed."""
    head = copying.row_head(1)
    rows = (head + copying.identity(uid) for uid in uids)
    copying.copy(connection, "stage_seen", "uid", rows)


def stage_rows(connection: Connection, observations: Sequence[Observation]) -> None:
    """Send the documents of items that are new or changed."""
    copying.copy(connection, "stage_row", _ROW_COLUMNS, map(_row, observations))


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


def _row(observation: Observation) -> bytes:
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
        )
    )
