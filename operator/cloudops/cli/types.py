"""`cloudops types`."""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields

import click

from cloudops.app.aws import resource_types
from cloudops.cli.options import output_option
from cloudops.cli.tables import print_csv, print_json_rows
from cloudops.domain.resource_types import TypeFilter, TypeRow

# What tells rows apart comes first: it stays in the table of a narrow terminal.
HEADER = ("TYPE", "TIER", "WHERE", "PERIOD", "TAGS", "LISTING", "PERMISSIONS", "EDGES")
INDENT = "    "
NO_BREAK = "\N{NO-BREAK SPACE}"


@click.group("types")
def types() -> None:
    """Show which types of resources are read, and how."""


@types.command("list")
@click.option("--cloud", type=click.Choice(["aws"]), default=None, help="Only this cloud.")
@click.option("--type", "type_", default="", help="Type or kind, globs allowed: 'AWS::EC2::*'.")
@click.option("--service", default="", help="The SDK's name, globs allowed: 'elb*'.")
@output_option("table", "json", "csv")
def list_(cloud: str | None, type_: str, service: str, output: str) -> None:
    """List the types that can be read; asks no cloud and no database.

    TIER is how much is read: 1 is the whole description, 2 is that with a call about each
    item ("details", within spec.inventory.detail), 0 what AWS Cloud Control lists,
    which is read only where a CloudProvider's types say more than "*". PERIOD is how often, in
    multiples of syncPeriodSeconds: hot 1, standard 4, cold 96. TAGS come with the
    listing ("listed"), with the details ("details"), from the cloud's tagging API
    ("tagging", which needs tag:GetResources too), not yet ("unread"), or the type has
    "none". EDGES are
    relations to other resources. What is too wide for a terminal stands below its row;
    into a pipe each row is one line. JSON and CSV have kinds, services and more.
    """
    rows = resource_types(TypeFilter(cloud or "", type_, service))
    if output == "json":
        print_json_rows(asdict(row) for row in rows)
    elif output == "csv":
        header = [field.name for field in fields(TypeRow)]
        print_csv(header, (_csv_row(row) for row in rows))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in table_lines([_cells(row) for row in rows], width):
            click.echo(line)


def table_lines(rows: Sequence[Sequence[str]], width: int | None) -> Iterator[str]:
    """A table under HEADER, not wider than `width` characters; None for as wide as it gets.

    Columns for which there is no room stand below their row, by name, unless they are empty.
    """
    lines = [HEADER, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    fitting = len(HEADER) if width is None else _fitting(widths, width)
    for line in lines:
        cells = (cell.ljust(room) for cell, room in zip(line[:fitting], widths, strict=False))
        yield "  ".join(cells).rstrip()
        if line is HEADER:
            continue
        rest = zip(HEADER[fitting:], line[fitting:], strict=True)
        yield from _below([(name, cell) for name, cell in rest if cell != "-"], width)


def _below(named: Sequence[tuple[str, str]], width: int | None) -> list[str]:
    """The cells that have no room in the row, wrapped; a name stays with its first word."""
    text = "; ".join(f"{name.lower()}:{NO_BREAK}{cell.replace(',', ', ')}" for name, cell in named)
    lines = textwrap.wrap(
        text,
        width or sys.maxsize,
        initial_indent=INDENT,
        subsequent_indent=INDENT,
        break_on_hyphens=False,
    )
    return [line.replace(NO_BREAK, " ") for line in lines]


def _fitting(widths: Sequence[int], width: int) -> int:
    """How many columns, two spaces apart, fit into `width`; at least the first."""
    fitting = [n for n in range(1, len(widths) + 1) if sum(widths[:n]) + 2 * (n - 1) <= width]
    return max(fitting, default=1)


def _cells(row: TypeRow) -> tuple[str, ...]:
    return (
        row.type,
        str(row.tier),
        row.region_rule,
        row.period,
        row.tag_source,
        row.listing,
        ",".join((*row.permissions, *row.detail_permissions)),
        ",".join(row.edges) or "-",
    )


def _csv_row(row: TypeRow) -> list[str]:
    """Lists as words with a space between them."""
    cells = asdict(row).values()
    return [" ".join(cell) if isinstance(cell, tuple) else str(cell) for cell in cells]
