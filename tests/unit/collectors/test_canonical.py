import tracemalloc
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudops.collectors.canonical import (
    FLAGS_KEY,
    MAX_BYTES,
    Cleaner,
    canonical_json,
    limited,
    rfc3339,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        pytest.param(b"\x00\x01", "AAE=", id="bytes"),
        pytest.param(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z", id="time"),
        pytest.param(date(2026, 1, 2), "2026-01-02", id="date"),
        pytest.param(Decimal("1.50"), "1.50", id="decimal"),
        pytest.param(float("nan"), "nan", id="nan"),
        pytest.param(1.5, 1.5, id="float"),
        pytest.param(2**64, "0x10000000000000000", id="beyond-64-bits"),
        pytest.param(2**64 - 1, 2**64 - 1, id="largest-integer"),
        pytest.param({1: (2, {"b", "a"})}, {"1": [2, ["a", "b"]]}, id="containers"),
        pytest.param(True, True, id="bool"),
        pytest.param(None, None, id="null"),
    ],
)
def test_values_become_plain_json(value: object, clean: object):
    assert Cleaner().clean(value) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param("a\0b", "a\ufffdb", id="nul"),
        pytest.param("a\ud800b", "a\ufffdb", id="lone-surrogate"),
        pytest.param("\ud83d\ude00", "\U0001f600", id="a-pair-is-one-character"),
        pytest.param("\0\udfff", "\ufffd\ufffd", id="both"),
    ],
)
def test_characters_that_postgresql_refuses_are_replaced_and_flagged(text: str, clean: str):
    cleaner = Cleaner()

    assert cleaner.clean({text: [text]}) == {clean: [clean]}
    assert cleaner.flags == {"replaced-characters"}


def test_ordinary_unicode_is_left_alone():
    cleaner = Cleaner()

    assert cleaner.clean("Zürich 東京 😀") == "Zürich 東京 😀"
    assert cleaner.flags == set()


def test_keys_that_become_equal_do_not_depend_on_their_order():
    one, other = {"a\0": 1, "a\ufffd": 2}, {"a\ufffd": 2, "a\0": 1}

    assert Cleaner().clean(one) == Cleaner().clean(other)


def test_endless_nesting_is_cut():
    value: object = "core"
    for _ in range(500):
        value = [value]
    cleaner = Cleaner()

    assert b"core" not in canonical_json(cleaner.clean(value))
    assert cleaner.flags == {"too-deep"}


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(
            datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-02T01:00:00Z",
            id="offset",
        ),
        pytest.param(
            datetime.fromisoformat("2026-01-02T03:04:05.000060"),
            "2026-01-02T03:04:05.000060Z",
            id="naive",
        ),
        pytest.param(
            datetime.min.replace(tzinfo=timezone(timedelta(hours=2))),
            "0001-01-01T00:00:00Z",
            id="no-such-utc-time",
        ),
    ],
)
def test_times_are_written_in_utc(moment: datetime, text: str):
    assert rfc3339(moment) == text


def test_a_large_value_gives_way_to_its_digest():
    body, truncated = limited({"big": "x" * MAX_BYTES, "small": 1})
    document = orjson.loads(body)

    assert truncated
    assert document["small"] == 1
    assert document["big"]["bytes"] == MAX_BYTES + 2
    assert document[FLAGS_KEY] == ["truncated"]


def test_a_change_inside_a_cut_value_is_still_a_change():
    assert limited({"big": "x" * MAX_BYTES})[0] != limited({"big": "y" * MAX_BYTES})[0]


def test_a_document_at_the_limit_is_kept_whole():
    document = {"k": "x" * (MAX_BYTES - 8)}

    body, truncated = limited(document)
    assert (len(body), truncated) == (MAX_BYTES, False)


def test_very_many_small_values_are_cut_as_a_whole():
    body, truncated = limited({f"key-{n}": n for n in range(30_000)})

    assert truncated
    assert orjson.loads(body)["document"]["truncated"] is True


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=900), max_size=20),
    st.integers(min_value=300, max_value=4000),
)
def test_the_limit_is_kept_whatever_comes(document: dict[str, Any], limit: int):
    body, truncated = limited(Cleaner().clean(document), limit)

    assert len(body) <= limit
    assert truncated == (len(canonical_json(Cleaner().clean(document))) > limit)


def test_documents_take_no_more_memory_than_they_are_long():
    """Fails with what orjson answers: a document of 1.5 KB would hold a buffer of 16 KB."""
    tracemalloc.start()
    try:
        documents = [canonical_json({"Id": number, "Text": "x" * 1500}) for number in range(100)]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < 1.2 * sum(map(len, documents))
