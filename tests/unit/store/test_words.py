"""Text from outside, made fit for a column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudops.store.words import MESSAGE_LENGTH, storable

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("ü\U0001f600", "ü\U0001f600", id="unicode"),
        pytest.param("a\0b", "a\ufffdb", id="nul"),
        pytest.param("a\ud800b", "a\ufffdb", id="surrogate"),
        pytest.param("x" * 2000, "x" * MESSAGE_LENGTH, id="long"),
    ],
)
def test_what_is_stored(text, stored):
    assert storable(text) == stored


@given(st.text(alphabet=st.characters()))
def test_whatever_it_was_it_can_be_stored(text):
    stored = storable(text)

    assert "\0" not in stored
    assert len(stored.encode()) >= len(stored)
    assert len(stored) <= MESSAGE_LENGTH
