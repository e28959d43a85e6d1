"""1,000 accounts with 2,500 mostly empty scopes each, read again."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine, create_engine

from cloudops.services.access import Keyring
from cloudops.services.discovery import DiscoveryService
from cloudops.services.inventory import InventoryService
from cloudops.services.leasing import LeasingService
from cloudops.services.maintenance import MaintenanceService
from cloudops.services.threads import ListingThreads
from cloudops.settings import Settings
from cloudops.store.session import driver_url, open_engine
from cloudops.worker.loop import Worker
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.ledger_seed import LISTINGS, Sample, change_some, seed
from tests.benchmarks.servers import BenchServer, Wal
from tests.fakes.cloud import FakeSecrets
from tests.fixtures.run import own_folder
from tests.fixtures.waiting import eventually
from tests.integration.store.seeding import execute, one

ACCOUNTS = 1_000
LEASES = 200
CHANGED_EVERY = 50  # one item in 2 % of the scopes that have any
DATABASE = "ledger"
KILOBYTE = 1_000
MILLISECONDS = 1_000
# So long after its last transaction an idle session reports what it did.
STATISTICS_SECONDS = 12
LONGEST_SECONDS = 1_800

_DUE = (
    "UPDATE scope SET next_due_at = now() WHERE lease_id = ANY(:ids)",
    "UPDATE lease SET next_due_at = now() WHERE id = ANY(:ids)",
)
_FINISHED = "SELECT count(*) FROM lease WHERE id = ANY(:ids) AND finished_at > :began"
_CATALOGUE_ROWS = "SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_attribute)"
_CATALOGUE_BYTES = """
SELECT sum(pg_relation_size(oid)) FROM pg_class
WHERE relnamespace = 'pg_catalog'::regnamespace AND NOT relisshared
"""

_SAMPLE = (
    "1,000 accounts of 20 regions with 125 listings are seeded by SQL, 4 % of these scopes with "
    "four resources; a real worker reads 200 of the 20,000 leases again, 25,000 scopes,"
)
FIGURES = (
    Figure(
        "WAL a scope of a mostly empty re-sync",
        "KB",
        f"{_SAMPLE} after VACUUM and CHECKPOINT, with one item changed in 2 % of those that have "
        "any; bytes of log by scope.",
        "Each scope's row is written once for its age, in batches of a lease, and logged with its "
        "page after a checkpoint.",
        aim=Aim("value", at_most=1),
    ),
    Figure(
        "… of it full-page images",
        "KB",
        "The part of these bytes that pg_walinspect counts as images of whole pages.",
        "A page holds some twenty rows of the ledger, all of one lease.",
    ),
    Figure(
        "Database time a scope of a mostly empty re-sync",
        "ms",
        "Of the same pass, the time that its sessions were executing statements "
        "(pg_stat_database.active_time), taking, renewing and finishing leases included.",
        "One SELECT a scope, which looks for rows that it may have, is most of it.",
        aim=Aim("value", at_most=0.2),
    ),
    Figure(
        "Server CPU a scope of a mostly empty re-sync",
        "ms",
        "CPU time of all PostgreSQL processes during the same pass, by scope.",
        "Unlike the time above it does not count waiting for a processor.",
    ),
    Figure(
        "Growth of the system catalogue, rows",
        "",
        "Rows of pg_class and pg_attribute after the pass, less those before, with the worker's "
        "connections open both times.",
        "Each connection makes its temporary tables once and keeps them.",
        aim=Aim("value", at_most=0),
    ),
    Figure(
        "Growth of the system catalogue, size",
        "KB",
        "Likewise, the size of all relations of pg_catalog, with autovacuum off.",
        "Emptying a temporary table writes its row in pg_class anew, in the same page.",
        aim=Aim("value", at_most=0),
    ),
)


@dataclass(frozen=True, slots=True)
class Counters:
    """What the server has counted so far."""

    active_ms: float
    cpu_seconds: float
    catalogue_rows: int
    catalogue_bytes: int


def measure(scale: float) -> list[Measured]:
    """All of FIGURES."""
    accounts, leases = int(ACCOUNTS * scale), max(8, int(LEASES * scale))
    with own_folder() as folder, BenchServer.running(folder / "postgres") as server:
        url = server.migrated(DATABASE)
        # The seed's statements take longer than any of the operator's may.
        unlimited = create_engine(driver_url(url))
        MaintenanceService(unlimited).run()
        sample = seed(unlimited, accounts, leases)
        unlimited.dispose()
        engine = open_engine(Settings(database_url=url))
        measured = _measure(server, engine, sample)
        engine.dispose()
    return measured


def _measure(server: BenchServer, engine: Engine, sample: Sample) -> list[Measured]:
    scopes = len(sample.lease_ids) * LISTINGS
    _pass(engine, sample)
    change_some(sample, CHANGED_EVERY)
    before, after, wal = _counted_pass(server, engine, sample)
    numbers = (
        wal.total / scopes / KILOBYTE,
        wal.full_pages / scopes / KILOBYTE,
        (after.active_ms - before.active_ms) / scopes,
        (after.cpu_seconds - before.cpu_seconds) / scopes * MILLISECONDS,
        after.catalogue_rows - before.catalogue_rows,
        (after.catalogue_bytes - before.catalogue_bytes) / KILOBYTE,
    )
    return [
        Measured(figure, value, postgres=server.version())
        for figure, value in zip(FIGURES, numbers, strict=True)
    ]


def _counted_pass(
    server: BenchServer, engine: Engine, sample: Sample
) -> tuple[Counters, Counters, Wal]:
    _make_due(engine, sample)
    server.tidy(DATABASE)
    time.sleep(STATISTICS_SECONDS)
    before, start = _counters(server), server.wal_position()
    _pass(engine, sample, due=True)
    wal = server.wal_since(start)
    time.sleep(STATISTICS_SECONDS)
    return before, _counters(server), wal


def _pass(engine: Engine, sample: Sample, *, due: bool = False) -> None:
    """A worker with the settings that are shipped reads every lease of the sample."""
    if not due:
        _make_due(engine, sample)
    settings = Settings(worker_poll_seconds=0.2)
    clouds, keyring = {sample.cloud.name: sample.cloud}, Keyring(FakeSecrets())
    leasing = LeasingService(engine, lease_seconds=settings.worker_lease_seconds)
    discovery = DiscoveryService(engine, clouds, keyring)
    threads = ListingThreads(settings.worker_threads, settings.spare_threads)
    with _quiet():
        inventory = InventoryService(
            engine, clouds, keyring, threads, confirm_seconds=settings.confirm_seconds
        )
        worker = Worker(settings, leasing, discovery, inventory)
        began = one(engine, "SELECT clock_timestamp()")
        thread = threading.Thread(target=worker.run, name="worker")
        thread.start()
        try:
            eventually(
                lambda: (
                    one(engine, _FINISHED, ids=sample.lease_ids, began=began)
                    == len(sample.lease_ids)
                ),
                timeout=LONGEST_SECONDS,
                every=2,
                what="every lease of the sample",
            )
        finally:
            worker.stop()
            thread.join()
            threads.shutdown()


def _make_due(engine: Engine, sample: Sample) -> None:
    for statement in _DUE:
        execute(engine, statement, ids=sample.lease_ids)


@contextmanager
def _quiet() -> Iterator[None]:
    """A worker's log would be the same line for each lease."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()


def _counters(server: BenchServer) -> Counters:
    active = f"SELECT active_time FROM pg_stat_database WHERE datname = '{DATABASE}'"  # noqa: S608  our own name
    return Counters(
        float(server.ask(active)),
        server.cpu_seconds(),
        int(server.ask(_CATALOGUE_ROWS, DATABASE)),
        int(server.ask(_CATALOGUE_BYTES, DATABASE)),
    )
