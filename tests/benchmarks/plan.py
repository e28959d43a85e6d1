"""1,000 accounts of 20 regions with 200 listings are planned, and planned again."""

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Any

from sqlalchemy import Engine

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.endpoints import regions_without
from cloudops.collectors.aws.sdk import Sdk
from cloudops.collectors.vocabulary import (
    Access,
    DiscoveredAccount,
    Discovery,
    Listing,
    Progress,
    RegionRule,
    unobserved,
)
from cloudops.domain.provider import Identity, ProviderSpec
from cloudops.services.access import Keyring
from cloudops.services.discovery import DiscoveryService
from cloudops.services.pulse import Pulse
from cloudops.settings import Settings
from cloudops.store.session import open_engine
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.servers import BenchServer
from tests.fakes.cloud import CLOUD, FakeSecrets, spec_of
from tests.fixtures.run import own_folder
from tests.integration.store.seeding import acquire, execute, one, provider_record, write_provider

ACCOUNTS = 1_000
REGIONS = 20
ROWS = 200
DATABASE = "plan"
PARTITION = "aws"

# Nothing but the discovery is due, as between two passes.
_READ = """
UPDATE lease SET finished_start_at = now(),
    next_due_at = CASE kind WHEN 'discovery' THEN now() ELSE now() + interval '1 d' END
"""

_SAMPLE = (
    "A discovery with the settings that are shipped finds 1,000 accounts with 20 regions of AWS "
    "each, by a fake that answers at once; 200 regional listings are asked for, the rows of the "
    "catalogue and some of them a second time"
)
FIGURES = (
    Figure(
        "First plan of 4 million scopes",
        "s",
        f"{_SAMPLE}; time of the whole discovery by the clock, into an empty database.",
        "The server writes a row and two index entries a scope, on one core.",
        aim=Aim("value", at_most=60),
    ),
    Figure(
        "… CPU of the server",
        "s",
        "CPU time of all PostgreSQL processes meanwhile.",
        "Unlike the time above it does not count waiting for a processor.",
    ),
    Figure(
        "… scopes that are written",
        "",
        "Rows of the ledger; of the others the SDK says that the service is not in the region.",
        "They depend on the release of the SDK, and on the regions.",
    ),
    Figure(
        "Plan with nothing changed",
        "s",
        "The same discovery once more, after VACUUM and CHECKPOINT.",
        "A digest for each account, and all claims.",
        aim=Aim("value", at_most=2),
    ),
    Figure(
        "Plan with one account added",
        "s",
        "Likewise, with one account more in the organization.",
        "4,000 scopes more are written; those of the other accounts are not looked at.",
        aim=Aim("value", at_most=2),
    ),
    Figure(
        "Full verification of the plan",
        "s",
        "Likewise, a day later: all scopes are compared with what they follow from.",
        "Every row of the ledger is read once, and joined with what is desired.",
        aim=Aim("value", at_most=30),
    ),
    Figure(
        "… CPU of the server, verifying",
        "s",
        "CPU time of all PostgreSQL processes meanwhile.",
        "As above, without waiting.",
    ),
)


class _Organization:
    """Implements what a discovery asks of a `Cloud`: AWS's services, and accounts that answer."""

    name = CLOUD

    def __init__(self, accounts: int) -> None:
        self._sdk = Sdk(connect_timeout_seconds=1, read_timeout_seconds=1, pool_size=1)
        regional = [row for row in LISTINGS if row.region_rule is RegionRule.REGIONAL]
        self.listings: Sequence[Listing] = [
            replace(row, name=f"{row.name}.{number}")
            for number, row in enumerate(islice(cycle(regional), ROWS))
        ]
        self.regions = tuple(sorted(self._sdk.partitions()[PARTITION])[:REGIONS])
        self.accounts = accounts

    def discover(self, _access: Access, _progress: Progress = unobserved) -> Discovery:
        ids = [f"{number:012}" for number in range(1, self.accounts + 1)]
        own = Identity("user/bench", ids[0], PARTITION, organization_id="o-bench")
        accounts = [DiscoveredAccount(id_, id_, PARTITION, self.regions) for id_ in ids]
        return Discovery(own, tuple(accounts))

    def regions_without(
        self, listing: Listing, partition: str, _spec: ProviderSpec
    ) -> frozenset[str]:
        return regions_without(self._sdk, listing, partition)

    def open(self, _access: Access, _account_id: str, _progress: Progress = unobserved) -> Any:
        raise NotImplementedError  # nothing is read here


def measure(scale: float) -> list[Measured]:
    """All of FIGURES."""
    cloud = _Organization(max(2, int(ACCOUNTS * scale)))
    with own_folder() as folder, BenchServer.running(folder / "postgres") as server:
        engine = open_engine(Settings(database_url=server.migrated(DATABASE)))
        numbers = _numbers(server, engine, cloud)
        engine.dispose()
        return [
            Measured(figure, number, postgres=server.version())
            for figure, number in zip(FIGURES, numbers, strict=True)
        ]


def _numbers(server: BenchServer, engine: Engine, cloud: _Organization) -> tuple[float, ...]:
    spec = spec_of()
    aws: Any = spec["aws"]
    spec["aws"] = {**aws, "accounts": {"discovery": "Organization"}}
    write_provider(engine, provider_record(spec=spec))
    first, first_cpu = _discover(server, engine, cloud)
    scopes = one(engine, "SELECT count(*) FROM scope")
    server.tidy(DATABASE)
    unchanged, _ = _discover(server, engine, cloud)
    cloud.accounts += 1
    added, _ = _discover(server, engine, cloud)
    execute(engine, "UPDATE account SET derived_at = derived_at - interval '25 h'")
    server.tidy(DATABASE)
    verified, verified_cpu = _discover(server, engine, cloud)
    return first, first_cpu, scopes, unchanged, added, verified, verified_cpu


def _discover(server: BenchServer, engine: Engine, cloud: _Organization) -> tuple[float, float]:
    """How long a discovery takes by the clock, and by the server's CPU time."""
    execute(engine, _READ)
    (lease,) = acquire(engine)
    service = DiscoveryService(engine, {cloud.name: cloud}, Keyring(FakeSecrets()))
    cpu, began = server.cpu_seconds(), time.monotonic()
    service.run(lease, Pulse(lease.domain))
    return time.monotonic() - began, server.cpu_seconds() - cpu
