"""Binary COPY into temporary tables: one pair a connection, emptied, never dropped.

Creating a temporary table costs 16 KB of WAL and catalogue rows; keeping it
costs nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

from cloudops.domain.resource import Observation
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
_ROW_COLUMNS = (
    "uid, digest, document, volatile, truncated, owner_listing, canonical_id, id_synthetic, "
    "region, service, type, kind, name, state, created_at, tag_source, tags, edges"
)
_ROW_TYPES = [
    "uuid",
    "bytea",
    "jsonb",
    "jsonb",
    "bool",
    "text",
    "text",
    "bool",
    "text",
    "text",
    "text",
    "text",
    "text",
    "text",
    "timestamptz",
    "text",
    "jsonb",
    "jsonb",
]


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
    with (
        copying.driver(connection).cursor() as cursor,
        cursor.copy(f"COPY stage_row ({_ROW_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(_ROW_TYPES)
        for observation in observations:
            copy.write_row(_row(observation))


def _row(observation: Observation) -> tuple[Any, ...]:
    head = observation.head
    facet = (
        observation.uid,
        observation.digest,
        _json(observation.document),
        _json(observation.volatile),
        observation.truncated,
        observation.owner_listing,
    )
    if head is None:
        return (*facet, *[None] * 12)
    return (
        *facet,
        head.canonical_id,
        head.id_synthetic,
        head.region,
        head.service,
        head.type,
        head.kind,
        head.name,
        head.state,
        head.created_at,
        head.tag_source.value,
        None if head.tags is None else Jsonb(dict(head.tags)),
        _staged_edges(observation),
    )


def _staged_edges(observation: Observation) -> Jsonb | None:
    rows = edges.staged(observation.edges)
    return None if rows is None else Jsonb(rows)


def _json(document: bytes) -> Jsonb:
    """Bytes that are JSON already; psycopg only frames them."""
    return Jsonb(document, dumps=bytes)
