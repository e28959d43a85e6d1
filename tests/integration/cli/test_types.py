"""`cloudops types list` in a terminal and in a pipe; without a database, without a cloud."""

import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest

from cloudops.collectors.aws.catalogue import CATALOGUE
from cloudops.domain.resource import Facet
from tests.cluster.paths import REPOSITORY
from tests.integration.cli.commands import Command

pytestmark = pytest.mark.integration

TYPES = sorted(t for row in CATALOGUE if row.facet is Facet.LISTED for t in row.types)


def in_a_terminal(width: int) -> list[str]:
    """The lines that `types list` writes to a terminal of `width` columns."""
    ours, theirs = pty.openpty()
    environment = Command.inherited() | {"COLUMNS": str(width)}
    command = [sys.executable, "-m", "cloudops", "types", "list"]
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=theirs) as process:
        os.close(theirs)
        written = bytearray()
        with suppress(OSError):  # Linux: EIO when the last writer is gone
            while block := os.read(ours, 65_536):
                written += block
        os.close(ours)
    assert process.returncode == 0
    return written.decode().splitlines()


@pytest.mark.parametrize("width", [80, 160])
def test_no_line_is_wider_than_the_terminal_and_types_begin_theirs(width: int):
    lines = in_a_terminal(width)

    assert max(map(len, lines)) <= width
    assert [line.split()[0] for line in lines if line.startswith("AWS::")] == TYPES


def test_in_a_pipe_each_type_is_one_line():
    done = Command()("types", "list", COLUMNS="80")

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == TYPES
