"""Composition root: from settings to services. Nothing else wires anything.

There are two roots. Only the worker's imports the clouds, so that a
controller never loads an SDK.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from cloudops.collectors.types import type_rows
from cloudops.collectors.vocabulary import Cloud
from cloudops.domain.diagnosis import Diagnosis
from cloudops.domain.permissions import Grant, Permissions
from cloudops.domain.provider import InventorySettings, ProviderSpec
from cloudops.domain.resource_types import TypeFilter, TypeRow, chosen_types
from cloudops.services.access import Keyring
from cloudops.services.collecting import CollectingService
from cloudops.services.discovery import DiscoveryService
from cloudops.services.doctor import DoctorService
from cloudops.services.inventory import InventoryService
from cloudops.services.leasing import LeasingService
from cloudops.services.maintenance import MaintenanceService
from cloudops.services.plan import PlanService
from cloudops.services.reading import ReadingService
from cloudops.services.selection import planned_listings, types_of
from cloudops.services.threads import ListingThreads
from cloudops.settings import Settings
from cloudops.store.installation import fingerprint_key
from cloudops.store.session import open_engine, transaction


@dataclass(frozen=True, slots=True)
class ControllerApp:
    """What `cloudops controller` works with."""

    settings: Settings
    plan: PlanService


@dataclass(frozen=True, slots=True)
class WorkerApp:
    """What `cloudops worker` works with."""

    settings: Settings
    leasing: LeasingService
    discovery: DiscoveryService
    inventory: InventoryService
    maintenance: MaintenanceService


def controller_app(settings: Settings) -> ControllerApp:
    """Wire the controller; connects to nothing yet.

    Raises:
        InvalidInputError: No usable database URL.
    """
    engine = open_engine(settings, application="cloudops-controller", lists=False)
    return ControllerApp(settings, PlanService(engine))


def worker_app(settings: Settings, keyring: Keyring) -> WorkerApp:
    """Wire a worker; reads the installation's key from the database.

    Raises:
        InvalidInputError: No usable database URL, or a schema of another version.
        StoreUnavailableError: The database can't be reached.
    """
    engine = open_engine(settings, application="cloudops-worker")
    leasing = LeasingService(engine, lease_seconds=settings.worker_lease_seconds)
    leasing.require_schema()
    clouds = _clouds(settings, engine)
    return WorkerApp(
        settings,
        leasing,
        DiscoveryService(engine, clouds, keyring, confirm_seconds=settings.confirm_seconds),
        InventoryService(
            engine,
            clouds,
            keyring,
            ListingThreads(settings.worker_threads, settings.spare_threads),
            confirm_seconds=settings.confirm_seconds,
        ),
        MaintenanceService(engine),
    )


def collecting_service(settings: Settings) -> CollectingService:
    """What `cloudops collect` plans and reads back with.

    Raises:
        InvalidInputError: No usable database URL.
    """
    return CollectingService(open_engine(settings, application="cloudops-cli", lists=False))


def reading_service(settings: Settings) -> ReadingService:
    """What the reading commands work with.

    Raises:
        InvalidInputError: No usable database URL.
    """
    engine = open_engine(settings, application="cloudops-cli", writes=False, lists=False)
    return ReadingService(engine)


def aws_permissions(spec: ProviderSpec | None, types: Sequence[str] = ()) -> Permissions:
    """What `cloudops permissions aws` prints; needs no database and asks no cloud.

    Args:
        spec: An AWS provider's; None for the whole catalogue.
        types: Globs on types and kinds, for want of a spec; empty for all.

    Raises:
        InvalidInputError: One of `types` names nothing.
    """
    from cloudops.collectors.aws.catalogue import CATALOGUE  # noqa: PLC0415  as for _clouds
    from cloudops.collectors.aws.policy import entry_policies, reader_policies  # noqa: PLC0415

    if spec is None:
        spec = ProviderSpec("aws", inventory=InventorySettings(types=types_of(CATALOGUE, types)))
    entry = entry_policies(spec.aws) if spec.aws else ()
    listings = [listing for listing, _ in planned_listings(CATALOGUE, spec)]
    return Permissions(reader_policies(listings), entry)


def aws_selects(spec: ProviderSpec) -> bool:
    """Whether any type of the catalogue is one that an AWS provider asks for."""
    from cloudops.collectors.aws.catalogue import CATALOGUE  # noqa: PLC0415  as for _clouds

    return any(types for _, types in planned_listings(CATALOGUE, spec))


def resource_types(wanted: TypeFilter) -> list[TypeRow]:
    """What `cloudops types list` prints; needs no database and asks no cloud.

    Raises:
        InvalidInputError: The filter names a type or service that is not read.
    """
    from cloudops.collectors.aws.catalogue import CATALOGUE  # noqa: PLC0415  as for _clouds

    return chosen_types(type_rows("aws", CATALOGUE), wanted)


def doctor_service(settings: Settings, keyring: Keyring) -> DoctorService:
    """What `cloudops doctor` tries an AWS provider with; needs no database."""
    return DoctorService(_aws(settings, secrets.token_bytes(32)), keyring)


def aws_grants(spec: ProviderSpec, diagnosis: Diagnosis) -> tuple[Grant, ...]:
    """What would cure `diagnosis`, as far as a permission can, a principal each."""
    from cloudops.collectors.aws.policy import entry_policies, granting  # noqa: PLC0415  likewise

    entry = entry_policies(spec.aws) if spec.aws and diagnosis.shut_out else ()
    readers = (Grant(who, granting(actions)) for who, actions in diagnosis.missing.items())
    return (*entry, *readers)


def _clouds(settings: Settings, engine: Engine) -> Mapping[str, Cloud]:
    with transaction(engine) as connection:
        key = fingerprint_key(connection)
    aws = _aws(settings, key)
    return {aws.name: aws}


def _aws(settings: Settings, redaction_key: bytes) -> Cloud:
    from cloudops.collectors.aws import AwsCloud  # noqa: PLC0415  see the module's docstring

    return AwsCloud(
        redaction_key=redaction_key,
        connect_timeout_seconds=settings.cloud_connect_timeout_seconds,
        read_timeout_seconds=settings.cloud_read_timeout_seconds,
        pool_size=settings.worker_threads,
    )
