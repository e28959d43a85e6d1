"""Which listings, and which of their types, a spec asks for."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cloudops.collectors.vocabulary import Listing
from cloudops.domain.errors import InvalidInputError
from cloudops.domain.provider import Globs, ProviderSpec
from cloudops.domain.resource import Facet


def planned_listings(
    listings: Iterable[Listing], spec: ProviderSpec
) -> list[tuple[Listing, tuple[str, ...]]]:
    """Each listing that is planned for `spec`, with those of its types that are asked for.

    A listing without types of its own goes along with all others. Details are not read
    where no calls are allowed for them.
    """
    chosen = (
        (listing, selected_types(listing, spec))
        for listing in listings
        if listing.facet is not Facet.DETAIL or spec.inventory.detail_calls_per_hour
    )
    return [(listing, types) for listing, types in chosen if types or not listing.types]


def selected_types(listing: Listing, spec: ProviderSpec) -> tuple[str, ...]:
    """Those of the listing's types that the spec asks for, by type or by kind.

    A listing that has to be named is not asked for by `*` alone.
    """
    wanted = spec.inventory.types
    if listing.named_only:
        telling = tuple(glob for glob in wanted.include if glob.strip("*"))
        wanted = replace(wanted, include=telling)
    return tuple(
        type_
        for type_, kind in zip(listing.types, listing.kinds, strict=True)
        if wanted.matches(type_, kind)
    )


def narrowed(listing: Listing, types: Sequence[str]) -> Listing:
    """The listing as if it knew no other than these of its types; as it is without any."""
    if not types:
        return listing
    return replace(listing, emits=tuple(emits for emits in listing.emits if emits.type in types))


def types_of(listings: Sequence[Listing], globs: Sequence[str]) -> Globs:
    """The selection that `globs` on types and kinds make; all without any.

    Raises:
        InvalidInputError: One of them names nothing: a misspelt type must not yield a
            policy that lacks it.
    """
    known = [pair for row in listings for pair in zip(row.types, row.kinds, strict=True)]
    for glob in globs:
        if not any(Globs((glob,)).matches(*pair) for pair in known):
            raise InvalidInputError(
                f"{glob}: there is no such type or kind; `cloudops types list` shows them, "
                "e.g. AWS::EC2::Instance or compute.*"
            )
    return Globs(tuple(globs)) if globs else Globs()
