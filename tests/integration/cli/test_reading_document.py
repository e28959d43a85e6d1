"""Runs each example of docs/reading.md, and compares what it prints but for times."""

import re
import shlex

import pytest

from cloudops.settings import Settings
from cloudops.store.session import open_engine
from tests.cluster.paths import REPOSITORY
from tests.integration.cli import small_estate

pytestmark = [pytest.mark.integration, pytest.mark.database]

TEXT = (REPOSITORY / "docs/reading.md").read_text()
BLOCKS = re.findall(r"^```console\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
EXAMPLES = [
    example.partition("\n")[::2]
    for block in BLOCKS
    for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
]
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_AGE = re.compile(r"\b\d+[smhd]\b")


def timeless(text):
    """Lines of words: columns may be wider where times and ages are."""
    return [_AGE.sub("<age>", _TIME.sub("<time>", line)).split() for line in text.splitlines()]


@pytest.fixture
def filled(migrated_url):
    engine = open_engine(Settings(database_url=migrated_url))
    small_estate.fill(engine)
    engine.dispose()


@pytest.mark.parametrize(("command", "written"), EXAMPLES, ids=[one for one, _ in EXAMPLES])
def test_an_example_prints_what_the_page_shows(cloudops, filled, command, written):
    program, *arguments = shlex.split(command)
    done = cloudops(*arguments)

    assert program == "cloudops"
    assert done.returncode == 0, done.stderr
    assert timeless(done.stdout) == timeless(written)


def test_there_are_examples_of_every_command():
    told = {" ".join(command.split()[1:3]) for command, _ in EXAMPLES}

    assert told == {"resources list", "resources show", "resources history"}


def test_every_condition_of_the_command_is_explained(cloudops):
    listed = set(
        re.findall(r"^ +(--[a-z-]+)", cloudops("resources", "list", "--help").stdout, re.MULTILINE)
    )

    assert {"--changed-since", "--kind"} <= listed
    assert {option for option in listed if f"`{option}" not in TEXT} == set()
