"""docs/operations/faults.md promises only what a test shows."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "docs/operations/faults.md").read_text().splitlines()
FAULTS = [line for line in LINES if line.startswith("| ") and not line.startswith("|---")]
SHOWN_BY = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)` \|$")


def test_every_line_names_a_test_that_is_there():
    named = [found for line in FAULTS if (found := SHOWN_BY.search(line))]

    assert len(named) > 40
    for found in named:
        module = ROOT / found[1]
        assert f"def {found[2]}(" in module.read_text(), found[0]


def test_no_line_goes_without():
    others = [line for line in FAULTS if not SHOWN_BY.search(line)]

    assert [line for line in others if not line.endswith(("| shown by |", "| the same |"))] == []
