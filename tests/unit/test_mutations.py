"""tests/mutations/*.toml can be tried out, and what comes of it is judged right.

That every fault's test has a row is checked beside its docstring, in test_faults_document.py.
"""

from xml.etree import ElementTree as ET

import pytest

from tests.cluster.paths import REPOSITORY
from tests.mutations.table import OPERATOR, Mutation, exists, mutations
from tests.mutations.trial import Outcome, judge, worst

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


def case(name: str, *, place: str = "tests.unit.test_x.TestY", **ends: str) -> ET.Element:
    """A test of a junit report; `ends` is failure, error or skipped with its message."""
    element = ET.Element("testcase", classname=place, name=name)
    for kind, message in ends.items():
        ET.SubElement(element, kind, message=message)
    return element


FAILED = [
    pytest.param("assert 1 == 2\n +  where", id="an-assert"),
    pytest.param("AssertionError: it overstays", id="raised"),
    pytest.param("Failed: waited 9 s for news; at last it answered None", id="waited-in-vain"),
    pytest.param("Failed: Timeout (>600.0s) from pytest-timeout.", id="out-of-time"),
]


@pytest.mark.parametrize("message", FAILED)
def test_an_assertion_that_fails_in_one_of_its_cases_kills(message: str):
    cases = [case("test_a[1]"), case("test_a[2]", failure=message)]

    outcome = judge("tests/unit/test_x.py::TestY::test_a", cases, "exit code 1")

    assert (outcome.verdict, outcome.said) == ("killed", message.partition("\n")[0])


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ({"failure": "KeyError: 'x'"}, "KeyError: 'x'"),
        ({"error": "failed on setup with ImportError"}, "failed on setup with ImportError"),
        ({"skipped": "no C compiler"}, "no C compiler"),
    ],
)
def test_what_ends_otherwise_proves_nothing(ends: dict[str, str], said: str):
    cases = [case("test_a", **ends), case("test_b", failure="assert False")]

    outcome = judge("tests/unit/test_x.py::TestY::test_a", cases, "exit code 1")

    assert (outcome.verdict, outcome.said) == ("broken", said)


def test_a_row_may_name_what_its_tests_raise():
    cases = [case("test_a", failure="sqlalchemy.exc.IntegrityError: no partition")]

    outcome = judge("tests/unit/test_x.py::TestY::test_a", cases, "", raises=r"sqlalchemy\.exc\.")

    assert outcome.verdict == "killed"


@pytest.mark.parametrize(
    ("cases", "verdict"), [([case("test_a")], "survived"), ([case("test_ab")], "broken")]
)
def test_what_passes_survives_and_what_never_ran_is_broken(cases: list[ET.Element], verdict: str):
    assert judge("tests/unit/test_x.py::TestY::test_a", cases, "").verdict == verdict


def test_one_test_that_does_not_notice_is_enough_to_survive():
    killed, survived, broken = (Outcome("t", word) for word in ("killed", "survived", "broken"))

    assert worst([killed, killed]) == "killed"
    assert worst([killed, survived]) == "survived"
    assert worst([survived, broken, killed]) == "broken"
