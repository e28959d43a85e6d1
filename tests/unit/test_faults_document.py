"""docs/operations/faults.md promises only what a test shows, and a test that was seen to fail."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.mutations.table import function_of, mutations

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "docs/operations/faults.md").read_text().splitlines()
FAULTS = [line for line in LINES if line.startswith("| ") and not line.startswith("|---")]
SHOWN_BY = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`(?:, | \|$)")
NAMED = sorted({found.groups() for line in FAULTS for found in SHOWN_BY.finditer(line)})
TRIED = {function_of(test) for row in mutations().values() for test in row.tests}
QUOTED = re.compile(r"`([^`]+)`")


@cache
def docstrings(module: str) -> dict[str, str]:
    """What all functions of a module say, those in classes together with their class."""
    tree = ast.parse((ROOT / module).read_text())
    found = said_by(tree, "")
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= said_by(node, ast.get_docstring(node) or "")
    return found


def said_by(group: ast.Module | ast.ClassDef, shared: str) -> dict[str, str]:
    return {
        node.name: f"{shared} {ast.get_docstring(node) or ''}"
        for node in group.body
        if isinstance(node, ast.FunctionDef)
    }


@cache
def words_of_the_operator() -> frozenset[str]:
    sources = [*(ROOT / "operator").rglob("*.py"), *(ROOT / "operator").rglob("*.sql")]
    return frozenset(re.findall(r"\w+", "\n".join(source.read_text() for source in sources)))


def test_every_line_names_a_test():
    others = [line for line in FAULTS if not SHOWN_BY.search(line)]

    assert [line for line in others if not line.endswith(("| shown by |", "| the same |"))] == []
    assert len(NAMED) > 50


@pytest.mark.parametrize(("module", "name"), NAMED, ids=[name for _, name in NAMED])
def test_what_is_named_is_there_and_says_without_what_it_fails(module: str, name: str):
    docstring = docstrings(module)[name]

    assert "Fails " in docstring
    assert (module, name) in TRIED, "no row of tests/mutations takes its protection out"
    quoted = " ".join(QUOTED.findall(docstring))
    assert set(re.findall(r"[A-Za-z_]\w*", quoted)) <= words_of_the_operator()
