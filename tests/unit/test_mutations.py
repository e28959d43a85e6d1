"""tests/mutations/*.toml can be tried out: each row changes the source, and names tests that exist.

That every fault's test has a row is checked beside its docstring, in test_faults_document.py.
"""

import pytest

from tests.cluster.paths import REPOSITORY
from tests.mutations.table import OPERATOR, Mutation, exists, mutations

pytestmark = pytest.mark.unit

ROWS = [pytest.param(row, id=row.name) for row in mutations().values()]


@pytest.mark.parametrize("row", ROWS)
def test_what_is_taken_out_stands_once_and_what_is_left_compiles(row: Mutation):
    sources = {edit.file: (REPOSITORY / OPERATOR / edit.file).read_text() for edit in row.edits}

    for edit in row.edits:
        mutated = edit.mutated(sources[edit.file])
        assert mutated != sources[edit.file]
        sources[edit.file] = mutated

    for file, source in sources.items():
        compile(source, file, "exec")


@pytest.mark.parametrize("row", ROWS)
def test_who_has_to_notice_is_there_and_the_reason_is_a_sentence(row: Mutation):
    assert row.tests
    assert [test for test in row.tests if not exists(test)] == []
    assert row.why.endswith(".")
