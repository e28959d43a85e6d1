"""Printing rows: aligned for people, JSON and CSV for programs."""

import csv
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import orjson


def print_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns as wide as their content, two spaces apart, like kubectl's."""
    print_columns([header, *rows])


def print_columns(rows: Iterable[Sequence[Any]]) -> None:
    """As `print_table`, without a header."""
    lines = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def print_fields(fields: Iterable[tuple[str, Any]]) -> None:
    """`key: value` lines; the values stand below each other."""
    lines = [(f"{key}:", _cell(value)) for key, value in fields]
    width = max(len(key) for key, _ in lines)
    for key, value in lines:
        click.echo(f"{key.ljust(width)}  {value}")


def print_document(document: Mapping[str, Any]) -> None:
    """Indented JSON below a heading, for people: without control characters."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    text = orjson.dumps(document, option=options, default=str).decode()
    for line in text.split("\n"):
        click.echo(f"  {printable(line)}")


def print_json(value: Any) -> None:
    """Indented, with RFC 3339 times; bytes, since JSON is UTF-8 wherever it is written."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str))


def print_json_rows(rows: Iterable[Any]) -> None:
    """An array, one row a line, however many there are."""
    separator = b"[\n"
    for row in rows:
        click.echo(separator + orjson.dumps(row, default=str), nl=False)
        separator = b",\n"
    click.echo(b"[]" if separator == b"[\n" else b"\n]")


def print_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """RFC 4180 in UTF-8; tags as JSON."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in itertools.chain([header], rows):
        writer.writerow([_csv_cell(value) for value in row])
        click.echo(buffer.getvalue().encode(errors="backslashreplace"), nl=False)
        buffer.seek(0)
        buffer.truncate()


def age(moment: datetime | None) -> str:
    """`5m`, `3h`, `2d`; `never` for None."""
    if moment is None:
        return "never"
    seconds = max(0, int((datetime.now(UTC) - moment).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def moment(when: datetime) -> str:
    """`2026-11-24T10:55:06Z`."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def printable(text: str) -> str:
    """One line without control characters: a tag must not move a terminal's cursor."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        value = ",".join(f"{key}={item}" for key, item in sorted(value.items()))
    return "-" if value is None or value == "" else printable(str(value))


def _csv_cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        return orjson.dumps(dict(value), option=orjson.OPT_SORT_KEYS).decode()
    return value.isoformat() if isinstance(value, datetime) else value
