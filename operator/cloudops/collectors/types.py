"""What a catalogue reads, type by type: the rows of the docs and of `cloudops types list`."""

from collections.abc import Mapping, Sequence

from cloudops.collectors.vocabulary import Emits, Listing
from cloudops.domain.resource import Facet, TagSource
from cloudops.domain.resource_types import TypeRow


def type_rows(cloud: str, listings: Sequence[Listing]) -> list[TypeRow]:
    """One row a type, by type; passes that only add a facet are part of the types' rows.

    Args:
        cloud: `aws`, `azure` or `gcp`.
        listings: That cloud's whole catalogue.
    """
    beside: dict[tuple[Facet, str, str], Listing] = {
        (listing.facet, emits.owner_listing, emits.type): listing
        for listing in listings
        if listing.facet is not Facet.LISTED
        for emits in listing.emits
    }
    rows = [
        _row(cloud, listing, emits, beside)
        for listing in listings
        if listing.facet is Facet.LISTED
        for emits in listing.emits
    ]
    return sorted(rows, key=lambda row: row.type)


def _row(
    cloud: str,
    listing: Listing,
    emits: Emits,
    beside: Mapping[tuple[Facet, str, str], Listing],
) -> TypeRow:
    tagging = beside.get((Facet.TAGS, listing.name, emits.type))
    details = beside.get((Facet.DETAIL, listing.name, emits.type))
    bringing = {TagSource.LISTED: listing, TagSource.DETAILS: details, TagSource.TAGGING: tagging}
    tags_from = bringing.get(emits.tag_source)
    return TypeRow(
        cloud=cloud,
        type=emits.type,
        kind=emits.kind,
        service=listing.service,
        listing=listing.name,
        tier=details.tier if details else listing.tier,
        region_rule=listing.region_rule.value,
        period=listing.period,
        consistency=listing.consistency,
        permissions=listing.permissions,
        detail_listing=details.name if details else "",
        detail_permissions=details.permissions if details else (),
        tag_source=emits.tag_source,
        tag_listing=tags_from.name if tags_from else "",
        tag_permissions=tagging.permissions if tagging else (),
        edges=(*emits.edges, *(details.emits[0].edges if details else ())),
    )
