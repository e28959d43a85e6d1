"""The rows of `tests/mutations/*.toml`: one protection each, taken out of the operator's source."""

import ast
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.cluster.paths import REPOSITORY

FOLDER = Path(__file__).parent
OPERATOR = Path("operator/cloudops")
_NEEDED = {"file", "old", "new", "tests", "why"}
_OPTIONAL = {"raises", "also"}


@dataclass(frozen=True, slots=True)
class Edit:
    """One text in one file.

    Attributes:
        file: Below `operator/cloudops`.
        old: The text as it stands there, exactly once.
        new: What stands there instead; the file still compiles.
    """

    file: str
    old: str
    new: str

    def mutated(self, source: str) -> str:
        """Raises ValueError where the text does not stand exactly once."""
        found = source.count(self.old)
        if found != 1:
            raise ValueError(f"`old` stands {found} times in {self.file}, not once: {self.old}")
        return source.replace(self.old, self.new)

    def apply(self, root: Path) -> None:
        """Change the file below `root`, a copy of the repository."""
        path = root / OPERATOR / self.file
        path.write_text(self.mutated(path.read_text()))


@dataclass(frozen=True, slots=True)
class Mutation:
    """What a protection becomes, and who has to notice.

    Attributes:
        edits: The first is the protection; others are those that stand behind it.
        tests: Node ids; each of them has to fail. One without parameters means all cases of that
            test, of which at least one has to fail.
        why: What would happen to somebody who runs such an operator.
        raises: With what a test fails that no assertion ends, as a regular expression on pytest's
            first line; "" = an assertion it must be.
    """

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    why: str
    raises: str = ""


def read(path: Path) -> list[Mutation]:
    """The rows of one file. Raises ValueError for a row that is not one."""
    return [_mutation(name, row) for name, row in tomllib.loads(path.read_text()).items()]


def _mutation(name: str, row: dict[str, Any]) -> Mutation:
    if not _NEEDED <= set(row) <= _NEEDED | _OPTIONAL:
        raise ValueError(f"{name} has {sorted(row)}; needed are {sorted(_NEEDED)}")
    first = Edit(row["file"], row["old"], row["new"])
    return Mutation(
        name,
        (first, *(Edit(**other) for other in row.get("also", ()))),
        tuple(row["tests"]),
        row["why"],
        row.get("raises", ""),
    )


@cache
def mutations() -> dict[str, Mutation]:
    """All rows by name, in the order of the files. Raises ValueError for a name used twice."""
    rows = [row for path in sorted(FOLDER.glob("*.toml")) for row in read(path)]
    table = {row.name: row for row in rows}
    if len(table) < len(rows):
        raise ValueError("a name stands twice in tests/mutations")
    return table


def function_of(test: str) -> tuple[str, str]:
    """(file, function) of a node id, without its classes and its parameters."""
    file, *_, function = re.sub(r"\[.*", "", test).split("::")
    return file, function


def exists(test: str, root: Path = REPOSITORY) -> bool:
    """Whether the file has such a class and function; parameters are not looked at."""
    file, *names = re.sub(r"\[.*", "", test).split("::")
    if not (root / file).is_file():
        return False
    found: ast.AST = ast.parse((root / file).read_text())
    for name in names:
        body = getattr(found, "body", ())
        named = [node for node in body if getattr(node, "name", "") == name]
        if not named:
            return False
        found = named[0]
    return isinstance(found, ast.FunctionDef)
