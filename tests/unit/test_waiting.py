"""Waiting for a condition."""

import pytest

from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.unit


def test_the_first_truthy_answer_is_returned():
    answers = iter([0, None, "", "there", "later"])

    assert eventually(lambda: next(answers), every=0) == "there"


def test_not_found_yet_is_waited_out():
    answers = iter([{}, {}, {"status": "Ready"}])

    assert eventually(lambda: next(answers)["status"], every=0) == "Ready"


@pytest.mark.parametrize(
    ("check", "shown"),
    [
        pytest.param(list, r"the row; at last it answered \[\]", id="falsy-answer"),
        pytest.param(
            lambda: dict[str, int]()["a"], r"at last it raised KeyError\('a'\)", id="error"
        ),
    ],
)
def test_the_failure_shows_what_was_seen_last(check, shown):
    with pytest.raises(pytest.fail.Exception, match=shown):
        eventually(check, timeout=0, every=0, what="the row")


def test_a_mistake_in_the_test_is_not_waited_for():
    with pytest.raises(TypeError):
        eventually(lambda: len(5), timeout=60)  # type: ignore[arg-type]
