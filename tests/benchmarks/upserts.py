"""The baseline of the loader: every row upserted by a statement of its own, pipelined.

So do tools whose destination is a table and whose deletion goes by the time of the last sync:
`INSERT … ON CONFLICT DO UPDATE` of all columns, 10,000 rows a batch, then a DELETE of what this
sync did not touch. One flat table with primary key, a partial index and one over tags; no history.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from cloudops.domain.resource import Observation

BATCH = 10_000
_COLUMNS = (
    "uid",
    "canonical_id",
    "account_id",
    "region",
    "service",
    "type",
    "kind",
    "name",
    "state",
    "created_at",
    "tags",
    "document",
    "sync_time",
)
_TABLE = """
CREATE TABLE resources (
    uid uuid PRIMARY KEY, canonical_id text NOT NULL, account_id text NOT NULL,
    region text NOT NULL, service text NOT NULL, type text NOT NULL, kind text NOT NULL,
    name text, state text, created_at timestamptz, tags jsonb, document jsonb NOT NULL,
    sync_time timestamptz NOT NULL, deleted_at timestamptz
);
CREATE INDEX ON resources (kind, account_id, region) WHERE deleted_at IS NULL;
CREATE INDEX ON resources USING gin (tags jsonb_path_ops);
"""
_UPSERT = (
    f"INSERT INTO resources ({', '.join(_COLUMNS)})"  # noqa: S608  our own names
    f" VALUES ({', '.join(['%s'] * len(_COLUMNS))}) ON CONFLICT (uid) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS[1:])
)
Rows = list[tuple[Any, ...]]


def build_rows(observations: Iterable[Observation], account_id: str) -> Rows:
    """All but the sync time, ready for the driver."""
    return list(_rows(observations, account_id))


def _rows(observations: Iterable[Observation], account_id: str) -> Iterator[tuple[Any, ...]]:
    for one in observations:
        head = one.head
        assert head is not None
        yield (
            one.uid,
            head.canonical_id,
            account_id,
            head.region,
            head.service,
            head.type,
            head.kind,
            head.name,
            head.state,
            head.created_at,
            Jsonb(head.tags),
            Jsonb(one.document, dumps=bytes),
        )


class UpsertTable:
    """Its table in an empty database."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url)
        self._connection.execute(_TABLE)
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()

    def sync(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Make the table say what `rows` say."""
        now = datetime.now(UTC)
        with self._connection.cursor() as cursor:
            for start in range(0, len(rows), BATCH):
                batch = [(*row, now) for row in rows[start : start + BATCH]]
                cursor.executemany(_UPSERT, batch)
                self._connection.commit()
            cursor.execute("DELETE FROM resources WHERE sync_time < %s", (now,))
            self._connection.commit()
