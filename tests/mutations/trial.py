"""One trial: the named tests in a copy of the repository, and what junit says about them."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from tests.cluster.paths import REPOSITORY
from tests.mutations.table import Mutation

Verdict = Literal["killed", "survived", "broken"]

_NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "build", "dist", "__pycache__", ".*_cache")
# So pytest writes a failed assert, `raise AssertionError`, and `pytest.fail` with its time-outs.
_AN_ASSERTION = re.compile(r"assert\b|AssertionError\b|Failed: ")
# More than any of these tests takes by itself; pytest's own limit ends them one by one.
_LIMIT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test. `said` is the first line of its failure, or why there is none."""

    test: str
    verdict: Verdict
    said: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """`mutation` is None for the control: the same tests, and nothing taken out."""

    mutation: Mutation | None
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.mutation.name if self.mutation else "control"

    def run(self, patience: float, log: Path) -> tuple[list[Outcome], float]:
        """The outcome of each test, and the seconds that it took."""
        started = time.monotonic()
        with _copy() as root:
            for edit in self.mutation.edits if self.mutation else ():
                edit.apply(root)
            report = root / "build/junit.xml"
            ended = _pytest(root, self.tests, report, patience, log)
            cases = list(_cases(report)) if report.exists() else []
        raises = self.mutation.raises if self.mutation else ""
        outcomes = [judge(test, cases, ended, raises=raises) for test in self.tests]
        return outcomes, time.monotonic() - started


def worst(outcomes: Sequence[Outcome]) -> Verdict:
    """Of a mutation: all its tests must have noticed."""
    found = {outcome.verdict for outcome in outcomes}
    return next((one for one in ("broken", "survived") if one in found), "killed")


def judge(test: str, cases: Iterable[ET.Element], ended: str, *, raises: str = "") -> Outcome:
    """A failed assertion in the test itself kills, or what it `raises`; all else says nothing."""
    mine = [case for case in cases if _is_of(case, test)]
    failures = [said for case in mine if (said := _message(case, "failure")) is not None]
    if killing := [said for said in failures if _kills(said, raises)]:
        return Outcome(test, "killed", killing[0])
    others = failures + [said for case in mine if (said := _message(case, "error")) is not None]
    others += [said for case in mine if (said := _message(case, "skipped")) is not None]
    if others:
        return Outcome(test, "broken", others[0])
    if not mine:
        return Outcome(test, "broken", f"was not run: pytest ended with {ended}")
    return Outcome(test, "survived")


def _kills(said: str, raises: str) -> bool:
    return bool(_AN_ASSERTION.match(said) or (raises and re.match(raises, said)))


def _is_of(case: ET.Element, test: str) -> bool:
    file, *names = test.split("::")
    place = ".".join([file.removesuffix(".py").replace("/", "."), *names[:-1]])
    name = case.get("name", "")
    return case.get("classname") == place and names[-1] in (name, name.partition("[")[0])


def _message(case: ET.Element, kind: str) -> str | None:
    found = case.find(kind)
    return None if found is None else (found.get("message") or "").partition("\n")[0]


def _cases(report: Path) -> Iterator[ET.Element]:
    return ET.parse(report).iter("testcase")  # noqa: S314  pytest wrote it a moment ago


def _pytest(root: Path, tests: Sequence[str], report: Path, patience: float, log: Path) -> str:
    """Run them in the copy; how pytest ended."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}"]
    environment = os.environ | {
        # In front of the installed package, for the tests and for every process they start.
        "PYTHONPATH": str(root / "operator"),
        "CLOUDOPS_TEST_PATIENCE": str(patience),
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        try:
            done = subprocess.run(
                [*command, *tests],
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"nothing within {_LIMIT_SECONDS} s"
    return f"exit code {done.returncode}"


@contextmanager
def _copy() -> Iterator[Path]:
    """The whole repository, so that a path from a test's own file leads to the copy as well."""
    folder = Path(tempfile.mkdtemp(prefix="cloudops-mutation-"))
    try:
        yield Path(shutil.copytree(REPOSITORY, folder / "repository", ignore=_NOT_COPIED))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
