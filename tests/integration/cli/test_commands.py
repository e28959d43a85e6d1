"""Every command's help, `migrate`, and what `run` does on a laptop."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from cloudops import __version__
from cloudops.cli import _COMMANDS
from tests.cluster.paths import REPOSITORY
from tests.cluster.ports import free_port
from tests.fixtures.waiting import eventually
from tests.integration.cli.commands import Command

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_names_every_command(option):
    done = Command()(option)

    assert done.returncode == 0, done.stderr
    for name, summary in _COMMANDS.items():
        assert name in done.stdout
        assert summary.split(".")[0][:20] in done.stdout
    assert "Exit codes" in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        *((name,) for name in sorted(_COMMANDS)),
        ("permissions", "aws"),
        ("resources", "list"),
        ("scopes", "list"),
    ],
    ids=" ".join,
)
def test_every_command_has_a_help_and_needs_no_database_for_it(command):
    done = Command()(*command, "--help")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: ")
    assert done.stderr == ""


def test_the_version():
    assert __version__ in Command()("--version").stdout


def test_an_unknown_command_is_refused():
    done = Command()("nonsense")

    assert done.returncode == 2
    assert "No such command" in done.stderr


@pytest.mark.parametrize("command", ["migrate", "worker", "controller"])
def test_without_a_database_url_a_command_says_which_setting_is_missing(command):
    done = Command()(command)

    assert done.returncode == 2
    assert "CLOUDOPS_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "settings", "code"),
    [
        (("crds", "--directory", "/proc/x"), {}, 2),
        (("run",), {"CLOUDOPS_DATA_DIR": "/proc/x"}, 2),
    ],
)
def test_a_folder_that_cannot_be_made_is_told(command, settings, code):
    done = Command(settings)(*command)

    assert done.returncode == code
    assert "/proc/x" in done.stderr
    assert "Traceback" not in done.stderr


def test_output_that_has_no_room_is_one_line_and_exit_1():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cloudops", "types", "list"],
            cwd=REPOSITORY,
            env=Command.inherited(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )

    assert done.returncode == 1
    assert done.stderr == "error: the output can't be written: No space left on device\n"


@pytest.mark.database
class TestMigrate:
    def test_a_newer_schema_is_left_to_its_own_version(self, migrated_url):
        with psycopg.connect(migrated_url, autocommit=True) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")

        done = Command()("migrate", "--database-url", migrated_url)

        assert done.returncode == 2
        assert "made by a newer version of cloudops; use that one" in done.stderr
        assert done.stderr.count("\n") == 1

    def test_it_brings_the_schema_up_and_says_where_it_is(self, database_url):
        done = Command()("migrate", "--database-url", database_url)

        assert done.returncode == 0, done.stderr
        assert done.stdout == "schema is at 0002\n"
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT count(*) FROM resource").fetchone() == (0,)

    def test_the_url_may_come_from_the_environment(self, database_url):
        assert Command({"CLOUDOPS_DATABASE_URL": database_url})("migrate").returncode == 0

    def test_sql_prints_the_schema_and_touches_nothing(self, database_url):
        done = Command({"CLOUDOPS_DATABASE_URL": database_url})("migrate", "--sql")

        assert done.returncode == 0, done.stderr
        assert "CREATE TABLE resource" in done.stdout
        with psycopg.connect(database_url, autocommit=True) as connection:
            tables = connection.execute(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            )
            assert tables.fetchone() == (0,)
            connection.execute(done.stdout.encode())
            assert connection.execute("SELECT count(*) FROM resource").fetchone() == (0,)

    def test_a_database_that_is_away_is_one_line_and_exit_1(self, postgres, database_url):
        postgres.stop()

        done = Command()("migrate", "--database-url", database_url)

        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "error: database: " in done.stderr


@pytest.mark.database
class TestWorker:
    def test_an_empty_database_is_refused_with_its_cure(self, database_url):
        done = Command({"CLOUDOPS_DATABASE_URL": database_url})("worker")

        assert done.returncode == 2
        assert "run `cloudops migrate`" in done.stderr


class Started(NamedTuple):
    process: "subprocess.Popen[bytes]"
    folder: Path
    log: Path


class TestRun:
    """`cloudops run` starts its own PostgreSQL where no URL is given."""

    @pytest.fixture
    def running(self, tmp_path):
        folder = tmp_path / "data"
        log = (tmp_path / "log").open("wb+")
        port = free_port()
        environment = Command.inherited() | {
            "CLOUDOPS_DATA_DIR": str(folder),
            "CLOUDOPS_HTTP_HOST": "127.0.0.1",
            "CLOUDOPS_HTTP_PORT": str(port),
            "KUBECONFIG": str(tmp_path / "none"),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "cloudops", "run"],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        yield Started(process, folder, tmp_path / "log")
        if process.poll() is None:
            process.kill()
        process.wait()
        log.close()

    def test_it_says_where_the_data_is_migrates_and_leaves_nothing_running(self, running):
        def migrated():
            if running.process.poll() is not None:
                raise RuntimeError(running.log.read_text())
            return "schema is at" in running.log.read_text()

        eventually(migrated, what="the schema")
        # The controller finds no cluster here, and one without the other makes no sense.
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(90)

        text = running.log.read_text()
        assert str(running.folder) in text
        assert not (running.folder / "postgresql" / "postmaster.pid").exists()
        # Whoever lost its parent stays in the group until init has seen it end.
        eventually(lambda: group_is_empty(running.process.pid), what="the end of its children")


def group_is_empty(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False
