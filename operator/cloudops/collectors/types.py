"""What a catalogue reads, type by type: the rows of the docs and of `cloudops types list`."""

from collections.abc import Sequence

from cloudops.collectors.vocabulary import Emits, Listing
from cloudops.domain.resource import Facet, TagSource
from cloudops.domain.resource_types import TypeRow


def type_rows(cloud: str, listings: Sequence[Listing]) -> list[TypeRow]:
    """One row a type, by type; passes that only add a facet are part of the types' rows.

    Args:
        cloud: `aws`, `azure` or `gcp`.
        listings: That cloud's whole catalogue.
    """
    tagging = {
        (emits.owner_listing, emits.type): listing
        for listing in listings
        if listing.facet is Facet.TAGS
        for emits in listing.emits
    }
    rows = [
        _row(cloud, listing, emits, tagging.get((listing.name, emits.type)))
        for listing in listings
        if listing.facet is Facet.LISTED
        for emits in listing.emits
    ]
    return sorted(rows, key=lambda row: row.type)


def _row(cloud: str, listing: Listing, emits: Emits, tagging: Listing | None) -> TypeRow:
    tags_from = listing if emits.tag_source is TagSource.LISTED else tagging
    return TypeRow(
        cloud=cloud,
        type=emits.type,
        kind=emits.kind,
        service=listing.service,
        listing=listing.name,
        tier=listing.tier,
        region_rule=listing.region_rule.value,
        period=listing.period,
        consistency=listing.consistency,
        permissions=listing.permissions,
        tag_source=emits.tag_source,
        tag_listing=tags_from.name if tags_from else "",
        tag_permissions=tagging.permissions if tagging else (),
        edges=tuple(emits.edges),
    )
