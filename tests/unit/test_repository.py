"""What must hold for the repository as a whole."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
LOCKS = ("requirements.txt", "requirements-dev.txt", "tests/fixtures/ministack-requirements.txt")
LONGEST_MODULE = 300

RUNTIME = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["project"]["optional-dependencies"]["embedded"],
]
DEVELOPMENT = [*RUNTIME, *PROJECT["dependency-groups"]["dev"]]


def locked_requirements(name: str) -> dict[str, list[str]]:
    """The lines of each pinned requirement of a lock file, by canonical name."""
    blocks: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (REPOSITORY / name).read_text().splitlines():
        pinned = re.match(r"([A-Za-z0-9._-]+)(\[[^]]*\])?==", line)
        if pinned:
            current = blocks.setdefault(canonicalize_name(pinned.group(1)), [])
        current.append(line)
    return blocks


def locked_version(lines: list[str]) -> Version:
    return Version(lines[0].partition("==")[2].split()[0].rstrip(";\\"))


def test_the_source_root_is_no_package():
    """With operator/__init__.py Python itself would not start in the repository's root."""
    assert (REPOSITORY / "operator/cloudops/__init__.py").exists()
    assert not (REPOSITORY / "operator/__init__.py").exists()


def test_python_finds_its_own_operator_module_in_the_root():
    answer = subprocess.run(
        [sys.executable, "-c", "import operator; print(operator.itemgetter(0)('ok')[0])"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.stdout == "o\n"


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        pytest.param("requirements.txt", RUNTIME, id="runtime"),
        pytest.param("requirements-dev.txt", DEVELOPMENT, id="development"),
    ],
)
def test_the_lock_satisfies_every_bound(lock, wanted):
    locked = locked_requirements(lock)
    requirements = [Requirement(line) for line in wanted]
    missing = [one.name for one in requirements if canonicalize_name(one.name) not in locked]
    outside = [
        str(one)
        for one in requirements
        if canonicalize_name(one.name) in locked
        and locked_version(locked[canonicalize_name(one.name)]) not in one.specifier
    ]

    assert missing == []
    assert outside == []


@pytest.mark.parametrize("wanted", DEVELOPMENT)
def test_every_dependency_has_a_lower_bound(wanted):
    operators = {bound.operator for bound in Requirement(wanted).specifier}

    assert ">=" in operators


def test_both_locks_agree():
    runtime = {
        name: locked_version(lines)
        for name, lines in locked_requirements("requirements.txt").items()
    }
    development = {
        name: locked_version(lines)
        for name, lines in locked_requirements("requirements-dev.txt").items()
    }

    assert runtime == {name: development.get(name) for name in runtime}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_is_hashed(lock):
    unhashed = [
        name
        for name, lines in locked_requirements(lock).items()
        if not any(re.search(r"--hash=sha256:[0-9a-f]{64}", line) for line in lines)
    ]

    assert unhashed == []


@pytest.mark.parametrize("lock", [*LOCKS, "tests/cluster/tools/go-requirements.txt"])
def test_locks_hold_no_download_address(lock):
    text = (REPOSITORY / lock).read_text()

    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text


def test_modules_stay_within_their_size():
    sources = list((REPOSITORY / "operator").rglob("*.py"))
    too_long = {
        str(path.relative_to(REPOSITORY)): lines
        for path in sources
        if (lines := len(path.read_text().splitlines())) > LONGEST_MODULE
    }

    assert sources
    assert too_long == {}
