"""`cloudops resources`, and its `list`."""

import itertools
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

import click

from cloudops.app.reading import reading_service
from cloudops.cli.arguments import since, unicode
from cloudops.cli.history import history
from cloudops.cli.options import configure_logs, database_option, load_settings, output_option
from cloudops.cli.show import show
from cloudops.cli.tables import age, print_csv, print_json_rows, print_table, printable
from cloudops.domain.errors import InvalidInputError
from cloudops.domain.reading import ResourceFilter, ResourceRow, Since
from cloudops.domain.resource_types import TypeFilter
from cloudops.services.reading import ReadingService

_HEADER = ("TYPE", "NAME", "ACCOUNT", "REGION", "STATE", "TAGS", "AS OF", "ID")
_HEADER_WITH_DELETED = (*_HEADER[:-1], "DELETED", _HEADER[-1])


@click.group("resources")
def resources() -> None:
    """Read the inventory."""


resources.add_command(show)
resources.add_command(history)


@resources.command("list")
@database_option
@click.option(
    "--type",
    "type_",
    default="",
    callback=unicode,
    help="Type or kind, globs allowed: 'AWS::EC2::*'.",
)
@click.option("--kind", default="", callback=unicode, help="Kind, globs allowed: 'compute.*'.")
@click.option("--account", default="", callback=unicode, help="Account id.")
@click.option("--region", default="", callback=unicode, help="Region, globs allowed: 'eu-*'.")
@click.option("--name", default="", callback=unicode, help="Name, globs allowed: 'web-*'.")
@click.option("--state", default="", callback=unicode, help="State, globs allowed: 'stop*'.")
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="KEY=VALUE",
    callback=unicode,
    help="May be repeated: all.",
)
@click.option(
    "--changed-since",
    default="",
    metavar="TIME|AGE",
    callback=since,
    help="Seen first, changed or deleted since then: 2026-11-24T10:00:00Z, or an age: 2h, 3d.",
)
@click.option("--deleted", is_flag=True, help="Also what was deleted, as long as it is kept.")
@output_option("table", "json", "csv")
def list_(database_url: str, output: str, **conditions: Any) -> None:
    """List live resources.

    The conditions add up. AS OF is the age of the listing that showed a resource; with its
    ID, or the end of it, `show` and `history` tell more.
    """
    settings = load_settings(database_url=database_url)
    configure_logs(settings, service=False)
    wanted = _filter(**conditions)
    service = reading_service(settings)
    rows = service.resources(wanted)
    first = next(rows, None)
    note = _what_is_unread(service, wanted, found=first is not None) if wanted.type else ""
    _print(itertools.chain([first] if first else [], rows), output, wanted)
    if note:
        click.echo(f"note: {printable(note)}", err=True)


def _what_is_unread(service: ReadingService, wanted: ResourceFilter, *, found: bool) -> str:
    """It must not pass for absent; of a type that is not read any more there may be rows.

    Raises:
        InvalidInputError: It is no type or kind at all.
    """
    # The catalogue takes long to load: not for whoever asks for no type.
    from cloudops.app.aws import resource_types  # noqa: PLC0415

    try:
        known = resource_types(TypeFilter(type=wanted.type))
    except InvalidInputError:
        if found:
            return ""
        raise
    coverage = service.coverage(
        [(row.listing, row.type) for row in known], account=wanted.account, region=wanted.region
    )
    if not coverage.planned:
        return f"no planned listing reads {wanted.type}"
    if not coverage.unread:
        return ""
    return (
        f"{sum(coverage.unread.values())} scope(s) of these types were never read to their end"
        f" ({', '.join(coverage.unread)}): cloudops scopes list"
    )


def _print(rows: Iterator[ResourceRow], output: str, wanted: ResourceFilter) -> None:
    if output == "json":
        print_json_rows(asdict(row) for row in rows)
    elif output == "csv":
        header = [field.name for field in fields(ResourceRow)]
        print_csv(header, (list(asdict(row).values()) for row in rows))
    elif wanted.include_deleted:
        print_table(_HEADER_WITH_DELETED, (_cells(row, deleted=True) for row in rows))
    else:
        print_table(_HEADER, (_cells(row) for row in rows))


def _filter(
    type_: str, tags: tuple[str, ...], changed_since: Since | None, *, deleted: bool, **words: str
) -> ResourceFilter:
    return ResourceFilter(
        type=type_,
        tags=_tags(tags),
        changed_since=changed_since,
        include_deleted=deleted,
        **words,
    )


def _cells(row: ResourceRow, *, deleted: bool = False) -> tuple[Any, ...]:
    gone = (age(row.deleted_at) if row.deleted_at else "",) if deleted else ()
    return (
        row.type,
        row.name,
        row.account_id,
        row.region,
        row.state,
        "<unknown>" if row.tags is None else row.tags,
        age(row.as_of),
        *gone,
        row.canonical_id,
    )


def _tags(texts: tuple[str, ...]) -> dict[str, str]:
    """All of them have to hold, so no resource can meet two values of one key."""
    tags: dict[str, str] = {}
    for key, value in map(_tag, texts):
        if tags.setdefault(key, value) != value:
            raise InvalidInputError(f"--tag {key}: no resource has two values of one tag")
    return tags


def _tag(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not (key and separator):
        raise InvalidInputError(f"--tag {text}: write KEY=VALUE")
    return key, value
