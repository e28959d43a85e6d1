"""`cloudops resources history`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

import click
import orjson

from cloudops.app.reading import reading_service
from cloudops.cli.arguments import since, unicode
from cloudops.cli.options import configure_logs, database_option, load_settings, output_option
from cloudops.cli.tables import moment, print_csv, print_json_rows, print_table
from cloudops.domain.reading import ChangeRow, Since

# Of a long value, a table shows where it begins to differ.
_WIDTH: Final = 60
_BEFORE: Final = 10
_CUT: Final = "\N{HORIZONTAL ELLIPSIS}"


@click.command("history")
@click.argument("id_", metavar="ID", callback=unicode)
@database_option
@click.option(
    "--since",
    "begin",
    default="",
    metavar="TIME|AGE",
    callback=since,
    help="Only what changed since then: 2026-11-24T10:00:00Z, or an age: 2h, 3d.",
)
@output_option("table", "json", "csv")
def history(id_: str, database_url: str, begin: Since | None, output: str) -> None:
    """Show what changed of one resource, newest first.

    One line for each top-level key of its document that changed; a table shortens long
    values, JSON and CSV hold them whole. ID as for `show`; the full id works for as long
    as there is a history, even when nothing else is left of the resource.
    """
    settings = load_settings(database_url=database_url)
    configure_logs(settings, service=False)
    changes = reading_service(settings).history(id_, since=begin)
    if output == "json":
        print_json_rows(asdict(change) for change in changes)
    elif output == "csv":
        print_csv(("at", "operation", "facet", "listing", "key", "old", "new"), _records(changes))
    else:
        print_table(("AT", "OPERATION", "FACET", "KEY", "OLD", "NEW"), _lines(changes))


def _records(changes: Iterable[ChangeRow]) -> Iterator[tuple[Any, ...]]:
    """One a changed key, with its values as JSON; one for a change that names no key."""
    for change in changes:
        what = (change.at, change.operation, change.facet, change.listing)
        for key, sides in change.changed.items():
            yield (*what, key, _json(sides, "old"), _json(sides, "new"))
        if not change.changed:
            yield (*what, None, None, None)


def _lines(changes: Iterable[ChangeRow]) -> Iterator[tuple[str, ...]]:
    for change in changes:
        what = (moment(change.at), change.operation, change.facet)
        # All of a deleted resource's document is gone, which needs no line a key.
        told = {} if change.operation == "deleted" else change.changed
        for key, sides in told.items():
            yield (*what, key, *_clipped(_word(sides, "old"), _word(sides, "new")))
        if not told:
            yield (*what, "", "", "")


def _clipped(old: str, new: str) -> tuple[str, str]:
    if max(len(old), len(new)) <= _WIDTH:
        return old, new
    differing = (at for at, both in enumerate(zip(old, new, strict=False)) if len(set(both)) > 1)
    start = next(differing, min(len(old), len(new))) - _BEFORE
    return _clip(old, start), _clip(new, start)


def _clip(text: str, start: int) -> str:
    if start > 0:
        text = _CUT + text[start:]
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + _CUT


def _word(sides: Mapping[str, Any], side: str) -> str:
    """Text as it is, anything else as JSON; nothing where the key was not there."""
    value = sides.get(side)
    return value if value and isinstance(value, str) else _json(sides, side) or ""


def _json(sides: Mapping[str, Any], side: str) -> str | None:
    if side not in sides:
        return None
    return orjson.dumps(sides[side], option=orjson.OPT_SORT_KEYS).decode()
