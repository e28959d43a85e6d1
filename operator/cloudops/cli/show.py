"""`cloudops resources show`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import click

from cloudops.app.reading import reading_service
from cloudops.cli.arguments import unicode
from cloudops.cli.options import configure_logs, database_option, load_settings, output_option
from cloudops.cli.tables import (
    age,
    moment,
    print_columns,
    print_document,
    print_fields,
    print_json,
    printable,
)
from cloudops.domain.reading import FacetRow, ResourceDetail
from cloudops.domain.resource import Facet, TagSource

_TAG_SOURCES: Final = {
    TagSource.LISTED.value: "from the listing itself",
    TagSource.TAGGING.value: "from the tagging API",
    TagSource.DETAILS.value: "from the details",
    TagSource.NONE.value: "this type has none",
    TagSource.UNREAD.value: "nobody reads them yet",
}


@click.command("show")
@click.argument("id_", metavar="ID", callback=unicode)
@database_option
@output_option("table", "json")
def show(id_: str, database_url: str, output: str) -> None:
    """Show all that is stored of one resource.

    ID is its id as `list` shows it, or the end of it behind a slash or colon, such as
    i-0abc, if no other resource's id ends so. What was deleted or is not asked for any
    more is shown too, and says so.
    """
    settings = load_settings(database_url=database_url)
    configure_logs(settings, service=False)
    found = reading_service(settings).resource(id_)
    if output == "json":
        print_json(asdict(found))
    else:
        _print(found)


def _print(found: ResourceDetail) -> None:
    print_fields([*_head(found), *_times(found), *_sources(found)])
    for key, value in sorted((found.tags or {}).items()):
        click.echo(printable(f"  {key}={value}"))
    _print_edges(found)
    for name, facet in found.facets.items():
        if name != Facet.TAGS:  # it holds the tags, and nothing else
            _print_documents(name, facet)


def _head(found: ResourceDetail) -> Iterator[tuple[str, Any]]:
    yield "id", found.canonical_id
    yield "type", found.type
    yield "kind", found.kind
    yield "name", found.name
    yield "state", found.state
    known_as = f" ({found.account_name})" if found.account_name else ""
    yield "account", found.account_id + known_as
    yield "region", found.region


def _times(found: ResourceDetail) -> Iterator[tuple[str, str]]:
    yield "created", _when(found.created_at) if found.created_at else "<unknown>"
    yield "first seen", _when(found.first_seen_at)
    yield "changed", _when(found.changed_at)
    if found.deleted_at:
        yield "deleted", f"{_when(found.deleted_at)}: {found.absent_reason}"
    elif found.presence != "live":
        yield found.presence, f"{found.absent_reason}: not read any more, and in no list"


def _sources(found: ResourceDetail) -> Iterator[tuple[str, str]]:
    yield "listing", _source(found.listing, found.listing_status, found.as_of)
    for name, facet in found.facets.items():
        if name != Facet.LISTED:
            yield f"{name} from", _source(facet.listing, facet.listing_status, facet.as_of)
        if facet.missing_since and not found.deleted_at:
            yield "missing", f"{_when(facet.missing_since)}: {name}, not yet taken for deleted"
    source = _TAG_SOURCES.get(found.tag_source, found.tag_source)
    known = "<unknown>, " if found.tags is None else "" if found.tags else "none, "
    yield "tags", known + source


def _source(listing: str, status: str, as_of: datetime | None) -> str:
    return f"{listing}, {status}, {f'as of {_when(as_of)}' if as_of else 'never read to its end'}"


def _print_documents(name: str, facet: FacetRow) -> None:
    heading = "document" if name == Facet.LISTED else f"document ({name})"
    click.echo(f"{heading}:{' cut at 256 KiB' if facet.truncated else ''}")
    print_document(facet.document)
    if facet.volatile:
        click.echo(f"{heading}, what changes by itself:")
        print_document(facet.volatile)


def _print_edges(found: ResourceDetail) -> None:
    """Those that it names, and those that name it, with what the one is to the other."""
    to = [(e.relation, e.type, e.canonical_id or f"{e.target} (not known)") for e in found.edges_to]
    from_ = [(edge.relation, edge.type, edge.canonical_id) for edge in found.edges_from]
    _print_ends("edges to", to)
    more = found.edges_from_total - len(from_)
    _print_ends(f"edges from{f', and {more:,} more' if more else ''}", from_)


def _print_ends(heading: str, ends: Sequence[tuple[str, str | None, str]]) -> None:
    if ends:
        click.echo(f"{heading}:")
        print_columns([(f"  {relation}", *rest) for relation, *rest in ends])


def _when(at: datetime) -> str:
    return f"{moment(at)} ({age(at)} ago)"
