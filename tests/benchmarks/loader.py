"""200,000 resources into the database, and again with 2 % of them changed.

The store's loader against a statement for each row (see `upserts`), both with their rows built
beforehand, one after the other on the same server.
"""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cloudops.domain.resource import Observation
from cloudops.services.maintenance import MaintenanceService
from cloudops.settings import Settings
from cloudops.store.session import open_engine
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.servers import DEBIAN_BINARIES, BenchServer, DebianServer, Wal
from tests.benchmarks.upserts import UpsertTable, build_rows
from tests.fakes.cloud import observe
from tests.fixtures.run import own_folder
from tests.integration.store.seeding import ACCOUNT, Ledger

RESOURCES = 200_000
CHANGED_EVERY = 50  # 2 %, spread over all pages of the tables: the worst case for WAL
PAGE = 1_000
MEGABYTE = 1_000_000
_CREATED = datetime(2026, 3, 1, tzinfo=UTC)
_BASELINE = "one pipelined `INSERT … ON CONFLICT DO UPDATE` a row into a flat table"


@dataclass(frozen=True, slots=True)
class Pass:
    """What one sync cost."""

    seconds: float
    client: float
    server: float
    wal: Wal


def _figures(postgres: str) -> tuple[Figure, ...]:
    return (
        Figure(
            f"First load, PostgreSQL {postgres}",
            "rows/s",
            "All resources go through the loader in pages of 1,000 into an empty schema with all "
            "of its indexes and its history, by the clock.",
            "The cores are the limit: for each resource two sessions of the server parse the "
            "document and write three rows and into eight indexes, where the baseline's one "
            "session writes one row and into three.",
            _BASELINE,
            Aim("ratio", at_least=1.5),
        ),
        Figure(
            f"Re-sync CPU, PostgreSQL {postgres}",
            "s",
            "After VACUUM and CHECKPOINT the same resources are loaded again, 2 % of them with "
            "another document; CPU time of the client and of all server processes.",
            "Comparing 200,000 digests by key is most of it, whatever has changed.",
            _BASELINE,
            Aim("ratio", at_most=0.4),
        ),
        Figure(
            f"… of the client, PostgreSQL {postgres}",
            "s",
            "CPU time of the loading process, whose rows were built before.",
            "Binding keys and digests for the driver limits it.",
        ),
        Figure(
            f"… of the server, PostgreSQL {postgres}",
            "s",
            "CPU time of every PostgreSQL process, from /proc, those that ended included.",
            "One index lookup a row limits it.",
        ),
        Figure(
            f"Re-sync WAL, PostgreSQL {postgres}",
            "MB",
            "Bytes of write-ahead log of the same re-sync, with full-page images.",
            "Changed rows are spread evenly, so that nearly every page with one is logged whole "
            "once.",
            _BASELINE,
            Aim("ratio", at_most=0.1),
        ),
        Figure(
            f"… of it full-page images, PostgreSQL {postgres}",
            "MB",
            "The part of these bytes that pg_walinspect counts as images of whole pages.",
            "It falls with more syncs between two checkpoints, and with `wal_compression`.",
        ),
    )


FIGURES = _figures("15") + _figures("18")


def measure(scale: float) -> list[Measured]:
    """All of FIGURES; those of PostgreSQL 15 without a value where it is not installed."""
    count = int(RESOURCES * scale)
    measured: list[Measured] = []
    for kind, figures in ((DebianServer, _figures("15")), (BenchServer, _figures("18"))):
        if kind is DebianServer and not DebianServer.is_installed():
            note = f"{DEBIAN_BINARIES} is not there: apt install postgresql-15"
            measured += [Measured(figure, None, note=note) for figure in figures]
            continue
        with own_folder() as folder:
            measured += _on_server(kind, figures, folder, count)
    return measured


def _on_server(
    kind: type[BenchServer], figures: Sequence[Figure], folder: Path, count: int
) -> list[Measured]:
    with kind.running(folder / "postgres") as server:
        version = server.version()
        server.warm_up()
        ours = _syncs(server, "ours", count, _loader)
        theirs = _syncs(server, "theirs", count, _upserts)
    first, again = ours
    their_first, their_again = theirs
    numbers = (
        (count / first.seconds, count / their_first.seconds),
        (again.client + again.server, their_again.client + their_again.server),
        (again.client, their_again.client),
        (again.server, their_again.server),
        (again.wal.total / MEGABYTE, their_again.wal.total / MEGABYTE),
        (again.wal.full_pages / MEGABYTE, their_again.wal.full_pages / MEGABYTE),
    )
    return [
        Measured(figure, value, baseline, version)
        for figure, (value, baseline) in zip(figures, numbers, strict=True)
    ]


Sync = Callable[[list[Observation]], Callable[[], None]]
"""Takes resources, builds what is to be sent, and answers the sync itself."""

OpenTarget = Callable[[BenchServer, str], AbstractContextManager[Sync]]


def _syncs(server: BenchServer, name: str, count: int, target: OpenTarget) -> tuple[Pass, Pass]:
    with target(server, name) as sync:
        first = _measured(server, sync(_resources(count, changed=False)))
        server.tidy(name)
        again = _measured(server, sync(_resources(count, changed=True)))
    server.drop_database(name)
    return first, again


@contextmanager
def _loader(server: BenchServer, name: str) -> Iterator[Sync]:
    engine = open_engine(Settings(database_url=server.migrated(name)))
    MaintenanceService(engine).run()  # makes the history's partitions
    ledger = Ledger.plan(engine)

    def prepare(resources: list[Observation]) -> Callable[[], None]:
        pages = [resources[start : start + PAGE] for start in range(0, len(resources), PAGE)]
        (scope,) = ledger.reread().values()

        def sync() -> None:
            ledger.load(*pages, staged=True, has_rows=scope.has_rows)
            ledger.sweep()

        return sync

    yield prepare
    engine.dispose()


@contextmanager
def _upserts(server: BenchServer, name: str) -> Iterator[Sync]:
    table = UpsertTable(server.create_database(name))

    def prepare(resources: list[Observation]) -> Callable[[], None]:
        return partial(table.sync, build_rows(resources, ACCOUNT))

    yield prepare
    table.close()


def _measured(server: BenchServer, work: Callable[[], None]) -> Pass:
    gc.collect()
    start = server.wal_position()
    server_before, client_before = server.cpu_seconds(), time.process_time()
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    client, cpu = time.process_time() - client_before, server.cpu_seconds() - server_before
    return Pass(seconds, client, cpu, server.wal_since(start))


def _resources(count: int, *, changed: bool) -> list[Observation]:
    """As a listing of instances brings them, 1.1 KB a document."""
    return [_resource(n, changed and n % CHANGED_EVERY == 0) for n in range(count)]


def _resource(number: int, changed: bool) -> Observation:  # noqa: FBT001  a private fact
    tags = {
        "Name": f"web-{number}",
        "team": f"team-{number % 40}",
        "environment": ("production", "staging", "development")[number % 3],
        "cost-center": f"{4000 + number % 100}",
    }
    return observe(
        f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-{number:017x}",
        document=_document(number, tags, "c5.xlarge" if changed else "m5.large"),
        tags=tags,
        created_at=_CREATED,
        type_="AWS::EC2::Instance",
        display_name=tags["Name"],
    )


def _document(number: int, tags: Mapping[str, str], size: str) -> Mapping[str, object]:
    return {
        "InstanceId": f"i-{number:017x}",
        "ImageId": f"ami-{number % 500:017x}",
        "InstanceType": size,
        "State": {"Code": 16, "Name": "running"},
        "LaunchTime": _CREATED.isoformat(),
        "PrivateIpAddress": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        "PrivateDnsName": f"ip-10-{number}.eu-west-1.compute.internal",
        "SubnetId": f"subnet-{number % 60:017x}",
        "VpcId": f"vpc-{number % 7:017x}",
        "Placement": {"AvailabilityZone": "eu-west-1a", "Tenancy": "default", "GroupName": ""},
        "SecurityGroups": [{"GroupId": f"sg-{number % 90:017x}", "GroupName": "web"}],
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/sda1",
                "Ebs": {
                    "AttachTime": _CREATED.isoformat(),
                    "Status": "attached",
                    "VolumeId": f"vol-{number:017x}",
                },
            }
        ],
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        "Monitoring": {"State": "disabled"},
        "Architecture": "x86_64",
        "Hypervisor": "xen",
        "RootDeviceType": "ebs",
        "VirtualizationType": "hvm",
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())],
    }
