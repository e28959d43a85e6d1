"""The disk of the database is full: its tables' disk, or that of its log."""

import secrets

import psycopg
import pytest

from cloudops.settings import Settings
from cloudops.store.migrate import upgrade
from cloudops.store.session import open_engine
from tests.fakes.cloud import MACHINES
from tests.fixtures.disk import small_disk
from tests.fixtures.postgres_server import PostgresServer
from tests.fixtures.waiting import eventually
from tests.integration.services.rig import Rig
from tests.integration.worker.running import Running

pytestmark = [pytest.mark.integration, pytest.mark.database]

MEGABYTE = 1 << 20


def put(rig, first, count):
    """Documents that compress badly: 1,500 of them need more than a megabyte."""
    for number in range(first, first + count):
        rig.account.put(MACHINES, f"m{number}", document={"text": secrets.token_hex(2000)})


def has_broken_down(server):
    """Asks it to remember more than fits, until it could not."""
    if "PANIC" not in server.log_text():
        with psycopg.connect(server.admin_url(), autocommit=True) as connection:
            connection.execute("SELECT pg_logical_emit_message(false, 'x', repeat('x', 20 << 20))")
    return "PANIC" in server.log_text()


def names(first, count):
    return {f"m{number}" for number in range(first, first + count)}


class TestTables:
    """The database's tables lie on a disk of their own; its log has room."""

    @pytest.fixture
    def disk(self, run_folder):
        with small_disk(run_folder / secrets.token_hex(4), 150) as disk:
            yield disk

    @pytest.fixture
    def engine(self, disk, postgres):
        postgres.start()
        name = f"small_{secrets.token_hex(4)}"
        folder = disk.folder / "space"
        folder.mkdir()
        postgres.own(folder)
        postgres.execute(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
        url = postgres.create_database(name)
        postgres.execute(f"ALTER DATABASE {name} SET TABLESPACE {name}")
        upgrade(url)
        engine = open_engine(Settings(database_url=url))
        yield engine
        engine.dispose()
        disk.free()
        postgres.drop_database(name)
        postgres.execute(f"DROP TABLESPACE {name}")

    def test_a_load_fails_clearly_loses_nothing_and_heals(self, disk, rig):
        """Fails if a broken-off lease counts as a crash: the pauses would grow, and a problem

        `WorkerCrashed` would tell what is not true (drop `put_off` from the loop).
        """
        put(rig, 0, 20)
        rig.plan()
        rig.work()
        assert rig.live() == names(0, 20)
        rig.account.remove(MACHINES, "m0")
        put(rig, 100, 1_500)
        disk.fill(keep=MEGABYTE)
        rig.age(100_000)

        with Running(rig, worker_lease_seconds=1.0) as running:
            eventually(lambda: "No space left" in running.worker.trouble())
            # More often than a lease that kills workers would be taken.
            fence = "SELECT max(fence) FROM lease WHERE region = 'eu-west-1'"
            tries = rig.value(fence)
            eventually(lambda: rig.value(fence) > tries + 4)
            assert rig.live() == names(0, 20)
            assert rig.snapshot().problems == ()
            assert rig.value("SELECT max(attempts) FROM lease") <= 1
            disk.free()

            eventually(lambda: len(rig.live()) == 1_519)
            eventually(lambda: running.worker.trouble() == "")

        assert rig.live() == names(1, 19) | names(100, 1_500)


class TestLog:
    """The whole server lies on a small disk; a full log ends it, as PostgreSQL wants it."""

    @pytest.fixture
    def disk(self, run_folder):
        with small_disk(run_folder / secrets.token_hex(4), 250) as disk:
            yield disk

    @pytest.fixture
    def server(self, disk):
        server = PostgresServer(disk.folder / "postgres", settings={"max_wal_size": "64MB"})
        try:
            server.create()
            yield server
        finally:
            server.stop("immediate")

    def test_what_was_committed_is_there_when_it_is_started_with_room(self, disk, server):
        """Fails if the worker takes its end for a bug, or for an empty inventory."""
        url = server.create_database("inventory")
        upgrade(url)
        engine = open_engine(Settings(database_url=url))
        rig = Rig(engine)
        put(rig, 0, 20)
        rig.plan()
        rig.work()
        put(rig, 100, 1_500)
        rig.age(100_000)
        disk.fill()

        with Running(rig, worker_lease_seconds=1.0):
            eventually(lambda: has_broken_down(server))
            disk.free()
            eventually(lambda: server.start() or server.is_running())
            eventually(lambda: len(rig.live()) == 1_520)

        assert rig.live() == names(0, 20) | names(100, 1_500)
        rig.close()
        engine.dispose()
