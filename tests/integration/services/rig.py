"""The services over a real database, driven lease by lease; `Rig` has a cloud in memory."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine

from cloudops.collectors.vocabulary import Cloud, Listing
from cloudops.domain.errors import LeaseLostError
from cloudops.domain.ledger import Lease, LeaseKind
from cloudops.domain.snapshot import ProviderSnapshot
from cloudops.services.access import Keyring, SecretReader
from cloudops.services.discovery import DiscoveryService
from cloudops.services.inventory import InventoryService
from cloudops.services.leasing import LeasingService
from cloudops.services.plan import PlanService
from cloudops.services.pulse import Pulse
from cloudops.services.threads import ListingThreads
from tests.fakes.cloud import LISTINGS, FakeCloud, FakeSecrets, spec_of
from tests.integration.store.seeding import ACCOUNT, execute, one, provider_record, rows

KEY = "AKIAFAKE"
HOLDER = "rig"
THREADS = 4


class CountingPulse(Pulse):
    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        self.beats = 0

    def beat(self) -> None:
        self.beats += 1
        super().beat()


class ServiceRig:
    """A worker and a controller without their loops, over any cloud."""

    def __init__(
        self,
        engine: Engine,
        cloud: Cloud,
        secrets: SecretReader,
        *,
        confirm_seconds: float = 60,
        threads: int = THREADS,
    ) -> None:
        self.engine = engine
        clouds = {cloud.name: cloud}
        keyring = Keyring(secrets)
        self.threads = ListingThreads(threads, spare=1)
        self.leasing = LeasingService(engine, lease_seconds=60)
        self.discovery = DiscoveryService(engine, clouds, keyring)
        self.inventory = InventoryService(
            engine,
            clouds,
            keyring,
            self.threads,
            confirm_seconds=confirm_seconds,
            queued_beat_seconds=0.1,
        )
        self.planning = PlanService(engine)
        self.epoch = self.planning.claim_epoch("rig")

    def close(self) -> None:
        self.threads.shutdown()

    def plan(self, spec: Mapping[str, Any] | None = None, **facts: Any) -> None:
        """Write the CloudProvider as the controller would."""
        wanted = {"spec": spec or spec_of(), **facts}
        self.planning.sync_provider(self.epoch, provider_record(**wanted))

    def acquire(self, kind: LeaseKind | None = None) -> list[Lease]:
        """Take what is due; leases of another kind are handed back."""
        taken = self.leasing.acquire(HOLDER, 100)
        wanted = [lease for lease in taken if kind in (None, lease.kind)]
        self.leasing.hand_back([lease for lease in taken if lease not in wanted])
        return wanted

    def run(self, lease: Lease) -> None:
        if lease.kind is LeaseKind.DISCOVERY:
            self.discovery.run(lease, Pulse(lease.domain))
        else:
            self.inventory.run(lease, Pulse(lease.domain))

    def work(self, rounds: int = 10) -> int:
        """Work until nothing is due any more; how many leases that took."""
        done = 0
        for _ in range(rounds):
            taken = self.acquire()
            if not taken:
                return done
            for lease in sorted(taken, key=lambda one: one.kind is LeaseKind.INVENTORY):
                with suppress(LeaseLostError):  # a discovery took it away; it comes again
                    self.run(lease)
            done += len(taken)
        raise AssertionError(f"still something due after {rounds} rounds")

    def age(self, seconds: float) -> None:
        """Let so much time pass for everything in the ledger."""
        shift = {"shift": seconds}
        for table, columns in {
            "scope": (
                "next_due_at",
                "last_complete_at",
                "last_attempt_at",
                "status_since",
                "planned_at",
            ),
            "lease": ("next_due_at", "started_at", "finished_at", "finished_start_at"),
            "account": ("error_since",),
            "facet": ("missing_since",),
            "detail": ("tried_at", "read_at"),
            "detail_calls": ("slot",),
            "provider": (
                "spec_changed_at",
                "credentials_changed_at",
                "requested_at",
                "entry_since",
                "discovered_at",
            ),
        }.items():
            moved = ", ".join(f"{c} = {c} - make_interval(secs => :shift)" for c in columns)
            some = f"coalesce({', '.join(columns)}) IS NOT NULL"
            statement = f"UPDATE {table} SET {moved} WHERE {some}"  # noqa: S608  our own names
            execute(self.engine, statement, **shift)
        execute(
            self.engine,
            "UPDATE facet SET changed_at = changed_at - make_interval(secs => :shift)"
            " WHERE facet = 'detail'",
            **shift,
        )

    def period(self) -> None:
        """A period passes, and everything is read that has become due."""
        self.age(100_000)
        self.work()

    def live(self) -> set[str]:
        return {
            row.canonical_id
            for row in rows(
                self.engine, "SELECT canonical_id FROM resource WHERE deleted_at IS NULL"
            )
        }

    def inventory_view(self) -> set[str]:
        return {row.canonical_id for row in rows(self.engine, "SELECT canonical_id FROM inventory")}

    def scopes(self) -> dict[str, Any]:
        """Listing → row of the ledger, where regions do not matter."""
        found = rows(self.engine, "SELECT * FROM scope WHERE retired_at IS NULL")
        return {row.listing: row for row in found}

    def statuses(self) -> dict[str, str]:
        return {name: row.status for name, row in self.scopes().items()}

    def snapshot(self, name: str = "aws-prod") -> ProviderSnapshot:
        found = self.planning.snapshot("platform", name)
        assert found is not None
        return found

    def value(self, statement: str, **parameters: Any) -> Any:
        return one(self.engine, statement, **parameters)


class Rig(ServiceRig):
    """One cloud with one account, whose key the Secret holds."""

    def __init__(
        self,
        engine: Engine,
        confirm_seconds: float = 60,
        listings: Sequence[Listing] = LISTINGS,
    ) -> None:
        self.cloud = FakeCloud(listings)
        self.account = self.cloud.account(ACCOUNT, key=KEY)
        self.secrets = FakeSecrets()
        super().__init__(engine, self.cloud, self.secrets, confirm_seconds=confirm_seconds)
