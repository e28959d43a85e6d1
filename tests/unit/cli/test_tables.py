"""Printing rows for people and for programs."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from cloudops.cli.tables import age, print_csv, print_json, print_json_rows, print_table, printable

pytestmark = pytest.mark.unit

ESCAPES = "\x1b[31mred\x1b[0m\u009b2J\r\b\0\u202etxet"


def is_harmless(text):
    return all(character.isprintable() or character == "\n" for character in text)


def test_columns_are_as_wide_as_their_content(capsys):
    print_table(("A", "LONG NAME"), [("value", 1), ("v", "x")])

    assert capsys.readouterr().out == "A      LONG NAME\nvalue  1\nv      x\n"


def test_what_programs_read_is_utf_8_wherever_it_goes(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, "ascii", errors="backslashreplace"))

    print_json({"name": "ä"})
    print_json_rows([{"name": "ö"}])
    print_csv(["name"], [["ü"]])

    assert [letter in raw.getvalue().decode() for letter in "äöü"] == [True] * 3


def test_a_table_without_rows_has_its_header(capsys):
    print_table(("A", "B"), [])

    assert capsys.readouterr().out == "A  B\n"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        pytest.param(None, "-", id="none"),
        pytest.param("", "-", id="empty"),
        pytest.param({}, "-", id="no-tags"),
        pytest.param({"b": "2", "a": "1"}, "a=1,b=2", id="tags"),
        pytest.param(0, "0", id="zero"),
    ],
)
def test_a_cell_is_one_word_for_people(capsys, value, cell):
    print_table(("A",), [(value,)])

    assert capsys.readouterr().out.split("\n")[1] == cell


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(ESCAPES, id="text"),
        pytest.param({"key": ESCAPES}, id="tag-value"),
        pytest.param({ESCAPES: "value"}, id="tag-key"),
        pytest.param("two\nlines", id="lines"),
    ],
)
def test_control_characters_do_not_reach_the_terminal(capsys, value):
    print_table(("A",), [(value,)])

    written = capsys.readouterr().out
    assert is_harmless(written)
    assert written.count("\n") == 2


def test_printable_is_one_line():
    assert printable("a\nb\x1b") == "a\ufffdb\ufffd"


def test_json_has_rfc_3339_times(capsys):
    print_json({"at": datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC), "ü": None})

    assert json.loads(capsys.readouterr().out) == {"at": "2025-01-02T03:04:05+00:00", "ü": None}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_rows_are_a_json_array_one_a_line(capsys, count):
    rows = [{"n": number} for number in range(count)]
    print_json_rows(iter(rows))

    written = capsys.readouterr().out
    assert json.loads(written) == rows
    assert len(written.splitlines()) == (count + 2 if count else 1)


def test_csv_quotes_what_needs_it_and_keeps_unknown_from_none(capsys):
    moment = datetime(2025, 1, 2, tzinfo=UTC)
    rows = [('a"b', {"t": "x,y"}, moment), (None, {}, None), ("two\nlines", None, moment)]
    print_csv(("name", "tags", "at"), iter(rows))

    assert list(csv.reader(io.StringIO(capsys.readouterr().out, newline=""))) == [
        ["name", "tags", "at"],
        ['a"b', '{"t":"x,y"}', "2025-01-02T00:00:00+00:00"],
        ["", "{}", ""],
        ["two\nlines", "", "2025-01-02T00:00:00+00:00"],
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (7_199, "119m"),
        (7_200, "2h"),
        (172_799, "47h"),
        (172_800, "2d"),
    ],
)
def test_ages_are_told_in_the_largest_unit_that_there_are_two_of(seconds, text):
    moment = datetime.now(UTC) - timedelta(seconds=seconds)

    assert age(moment) in (text, age(moment - timedelta(seconds=1)))
    assert age(moment) == text or seconds > 0


def test_never_is_a_word():
    assert age(None) == "never"
