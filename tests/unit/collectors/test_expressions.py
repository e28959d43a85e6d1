"""Compiled expressions say what the library says, whichever way they are evaluated."""

from threading import Barrier, Thread
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from cloudops.collectors.aws.catalogue import CATALOGUE
from cloudops.collectors.expressions import compile_expression
from cloudops.collectors.vocabulary import To

pytestmark = pytest.mark.unit

NAMES = st.sampled_from(["A", "B", "Arn", "_c", "d1"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(".".join) | st.sampled_from(
    ["A[].B", "A[0]", "A.B[?Arn=='x']|[0]", "A || B", "@", '"A".B', "A.*", "length(A || `[]`)"]
)


def outcome(search: Any, value: Any) -> Any:
    try:
        return search(value)
    except JMESPathError as error:
        return type(error)


@given(PATHS, VALUES)
def test_an_expression_finds_what_the_library_finds(path: str, value: Any):
    ours, theirs = compile_expression(path), jmespath.compile(path)

    assert outcome(ours.search, value) == outcome(theirs.search, value)


def test_every_expression_of_the_catalogue_finds_what_the_library_finds_in_nothing():
    texts = {
        text
        for listing in CATALOGUE
        for emits in listing.emits
        for text in (
            *(emits.name, emits.state, emits.created, emits.region, emits.tags, emits.owner),
            *(rule.path if isinstance(rule, To) else rule for rule in emits.edges.values()),
        )
        if text and not text.startswith("{")  # a placeholder is filled as in ids
    }
    values: tuple[Any, ...] = ({}, [], None, "text")
    for text in texts:
        for value in values:
            ours, theirs = compile_expression(text), jmespath.compile(text)
            assert outcome(ours.search, value) == outcome(theirs.search, value), text


def test_what_does_not_parse_is_a_value_error():
    with pytest.raises(ValueError, match="Invalid jmespath"):
        compile_expression("A.[")


def test_threads_share_an_expression():
    expression = compile_expression("A[?B==`1`].C | [0]")
    found: list[Any] = []
    start = Barrier(4)

    def search(number: int) -> None:
        start.wait()
        found.extend(
            expression.search({"A": [{"B": 0, "C": "no"}, {"B": 1, "C": number}]}) == number
            for _ in range(300)
        )

    threads = [Thread(target=search, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found
    assert all(found)
