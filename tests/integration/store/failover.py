"""A database that fails over: a primary, its standby, and the one address that leads to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cloudops.store.migrate import upgrade
from tests.fakes.forwarder import Forwarder
from tests.fixtures.postgres_server import PostgresServer
from tests.fixtures.postgres_standby import StandbyServer, await_sync, one
from tests.fixtures.waiting import eventually

DATABASE = "inventory"


@dataclass
class Pair:
    """Two servers; `url` is the one that the operator knows, whatever happens behind it."""

    primary: PostgresServer
    standby: StandbyServer
    way: Forwarder

    @property
    def url(self) -> str:
        parts = urlsplit(self.primary.url(DATABASE))
        host = f"{parts.username}:{parts.password}@127.0.0.1:{self.way.port}"
        return parts._replace(netloc=host).geturl()

    @property
    def both(self) -> str:
        """As libpq writes it: several servers, the old primary first."""
        parts = urlsplit(self.primary.url(DATABASE))
        other = urlsplit(self.standby.url(DATABASE))
        return parts._replace(netloc=f"{parts.netloc},127.0.0.1:{other.port}").geturl()

    def synchronise(self) -> None:
        """From now on no answered commit can get lost."""
        await_sync(self.primary)

    def part(self) -> None:
        """What the primary commits from now on is lost with it."""
        self.catch_up()
        self.standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
        self.standby.execute("SELECT pg_reload_conf()")
        eventually(
            lambda: one(self.primary, "SELECT count(*) FROM pg_stat_replication") == 0,
            what="the standby to be alone",
        )

    def catch_up(self) -> None:
        eventually(lambda: self.standby.has_all_of(self.primary), what="the standby to catch up")

    def fail_over(self) -> None:
        """The primary dies, the standby takes its place, and the address leads there."""
        self.primary.stop("immediate")
        self.take_over()

    def take_over(self) -> None:
        """As `fail_over`, but the primary lives, and so do the connections to it."""
        self.standby.promote()
        self.way.switch(self.standby.address)


@contextmanager
def replicated(folder: Path) -> Iterator[Pair]:
    """A fresh pair with the schema in `DATABASE`, replicating asynchronously."""
    primary = PostgresServer(folder / "one" / "postgres")
    standby = StandbyServer(folder / "two" / "postgres")
    try:
        primary.create()
        upgrade(primary.create_database(DATABASE))
        standby.follow(primary)
        with Forwarder(primary.address) as way:
            yield Pair(primary, standby, way)
    finally:
        standby.stop("immediate")
        primary.stop("immediate")
