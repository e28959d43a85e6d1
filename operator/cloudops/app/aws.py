"""What the commands work with that speak of AWS's catalogue: no database, and no call."""

from collections.abc import Sequence

from cloudops.collectors.aws.catalogue import CATALOGUE
from cloudops.collectors.aws.policy import entry_policies, granting, reader_policies
from cloudops.collectors.types import type_rows
from cloudops.domain.diagnosis import Diagnosis
from cloudops.domain.permissions import Grant, Permissions
from cloudops.domain.provider import InventorySettings, ProviderSpec
from cloudops.domain.resource_types import TypeFilter, TypeRow, chosen_types
from cloudops.services.selection import planned_listings, types_of


def aws_permissions(spec: ProviderSpec | None, types: Sequence[str] = ()) -> Permissions:
    """What `cloudops permissions aws` prints; needs no database and asks no cloud.

    Args:
        spec: An AWS provider's; None for the whole catalogue.
        types: Globs on types and kinds, for want of a spec; empty for all.

    Raises:
        InvalidInputError: One of `types` names nothing.
    """
    if spec is None:
        spec = ProviderSpec("aws", inventory=InventorySettings(types=types_of(CATALOGUE, types)))
    entry = entry_policies(spec.aws) if spec.aws else ()
    listings = [listing for listing, _ in planned_listings(CATALOGUE, spec)]
    return Permissions(reader_policies(listings), entry)


def aws_selects(spec: ProviderSpec) -> bool:
    """Whether any type of the catalogue is one that an AWS provider asks for."""
    return any(types for _, types in planned_listings(CATALOGUE, spec))


def aws_grants(spec: ProviderSpec, diagnosis: Diagnosis) -> tuple[Grant, ...]:
    """What would cure `diagnosis`, as far as a permission can, a principal each."""
    entry = entry_policies(spec.aws) if spec.aws and diagnosis.shut_out else ()
    readers = (Grant(who, granting(actions)) for who, actions in diagnosis.missing.items())
    return (*entry, *readers)


def resource_types(wanted: TypeFilter) -> list[TypeRow]:
    """What `cloudops types list` prints; needs no database and asks no cloud.

    Raises:
        InvalidInputError: The filter names a type or service that is not read.
    """
    return chosen_types(type_rows("aws", CATALOGUE), wanted)
