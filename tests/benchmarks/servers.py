"""PostgreSQL as a bench needs it: with its WAL and CPU time in sight, set up as in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg

from cloudops.store.migrate import upgrade
from tests.benchmarks.counters import family_cpu_seconds
from tests.fixtures.postgres_server import PostgresServer
from tests.fixtures.waiting import eventually

DEBIAN_BINARIES = Path("/usr/lib/postgresql/15/bin")
SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    # No checkpoint but those that a bench asks for: each one brings full-page images.
    "max_wal_size": "32GB",
    "checkpoint_timeout": "1h",
    "wal_keep_size": "32GB",
    # Vacuum runs when a bench asks for it, and is nobody's CPU time.
    "autovacuum": "off",
}


@dataclass(frozen=True, slots=True)
class Wal:
    """Bytes; `full_pages` is the part of `total` that whole pages after a checkpoint make up."""

    total: int
    full_pages: int


class BenchServer(PostgresServer):
    """The embedded PostgreSQL."""

    @classmethod
    @contextmanager
    def running(cls, folder: Path, **settings: str) -> Iterator[Self]:
        """A new server in `folder`, stopped at the end."""
        server = cls(folder, settings=SETTINGS | settings)
        try:
            server.create()
            server.execute("CREATE EXTENSION pg_walinspect")
            yield server
        finally:
            server.stop("immediate")

    def migrated(self, name: str) -> str:
        """A new database with the schema, and its URL."""
        url = self.create_database(name)
        upgrade(url)
        return url

    def member_url(self, role: str, database: str) -> str:
        """For a new role that may do whatever the owner of the databases may."""
        self.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{self._password}' IN ROLE cloudops")
        return self._url(role, database)

    def version(self) -> str:
        return str(self.ask("SHOW server_version")).split()[0]

    def ask(self, statement: str, database: str = "postgres") -> Any:
        """The only value of the only row, as superuser."""
        with psycopg.connect(self.admin_url(database), autocommit=True) as connection:
            row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return row[0]

    def tidy(self, database: str) -> None:
        """As autovacuum and the checkpointer leave it after a while."""
        with psycopg.connect(self.admin_url(database), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")

    def warm_up(self) -> None:
        """Fill shared_buffers once, as in any server that has run for a while.

        The first use of their memory costs whoever comes first a tenth of a load.
        """
        self.execute("CREATE UNLOGGED TABLE filler (words text)")
        self.execute("INSERT INTO filler SELECT repeat('x', 1950) FROM generate_series(1, 600000)")
        self.execute("DROP TABLE filler")

    def cpu_seconds(self) -> float:
        """Of all its processes so far: backends, parallel workers, WAL writer, checkpointer."""
        assert self._process is not None
        return family_cpu_seconds(self._process.pid)

    def wal_position(self) -> str:
        return str(self.ask("SELECT pg_current_wal_insert_lsn()::text"))

    def wal_since(self, start: str) -> Wal:
        """What was written after `wal_position` had answered `start`."""
        end = self.wal_position()
        eventually(
            lambda: self.ask(f"SELECT pg_current_wal_flush_lsn() >= '{end}'"), what="WAL on disk"
        )
        total = int(self.ask(f"SELECT pg_wal_lsn_diff('{end}', '{start}')"))
        images = f"SELECT sum(fpi_size) FROM pg_get_wal_stats('{start}', '{end}', false)"  # noqa: S608  positions of our own
        return Wal(total, int(self.ask(images)))


class DebianServer(BenchServer):
    """The PostgreSQL 15 that Debian 12 packages."""

    _LOCALE = ("--locale=C",)  # the built-in provider came with 17

    @staticmethod
    def is_installed() -> bool:
        return (DEBIAN_BINARIES / "postgres").exists()

    def _reachable_binaries(self) -> Path:
        return DEBIAN_BINARIES
