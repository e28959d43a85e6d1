"""What reads clouds: `cloudops worker`, and the commands that do so from a file."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.vocabulary import Cloud
from cloudops.services.access import Keyring
from cloudops.services.collecting import CollectingService
from cloudops.services.discovery import DiscoveryService
from cloudops.services.doctor import DoctorService
from cloudops.services.inventory import InventoryService
from cloudops.services.leasing import LeasingService
from cloudops.services.maintenance import MaintenanceService
from cloudops.services.threads import ListingThreads
from cloudops.settings import Settings
from cloudops.store.installation import fingerprint_key
from cloudops.store.session import open_engine, transaction


@dataclass(frozen=True, slots=True)
class WorkerApp:
    """What `cloudops worker` works with."""

    settings: Settings
    leasing: LeasingService
    discovery: DiscoveryService
    inventory: InventoryService
    maintenance: MaintenanceService


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


def doctor_service(settings: Settings, keyring: Keyring) -> DoctorService:
    """What `cloudops doctor` tries an AWS provider with; needs no database."""
    return DoctorService(_aws(settings, secrets.token_bytes(32)), keyring)


def _clouds(settings: Settings, engine: Engine) -> Mapping[str, Cloud]:
    with transaction(engine) as connection:
        key = fingerprint_key(connection)
    aws = _aws(settings, key)
    return {aws.name: aws}


def _aws(settings: Settings, redaction_key: bytes) -> Cloud:
    return AwsCloud(
        redaction_key=redaction_key,
        connect_timeout_seconds=settings.cloud_connect_timeout_seconds,
        read_timeout_seconds=settings.cloud_read_timeout_seconds,
        pool_size=settings.worker_threads,
    )
