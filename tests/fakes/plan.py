"""A plan and a ledger in memory, for tests of the controller without a database."""

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cloudops.controller.kube import Key
from cloudops.domain.errors import InvalidInputError, NotLeaderError, StoreUnavailableError
from cloudops.domain.provider import Identity, ProviderRecord
from cloudops.domain.snapshot import AccountCounts, Entry, EntryState, ProviderSnapshot, ScopeCounts


def new_snapshot(generation: int = 1) -> ProviderSnapshot:
    """What the ledger says of a provider that was just planned."""
    return ProviderSnapshot(
        generation=generation,
        discovered_generation=0,
        handled_request="",
        entry=Entry(),
        identity=None,
        accounts=AccountCounts(),
        scopes=ScopeCounts(),
        resources=0,
        deleted_last_24h=0,
        oldest_complete=None,
        last_change=None,
        spec_changed_at=datetime.now(UTC),
    )


def read_snapshot(generation: int = 1, **values: object) -> ProviderSnapshot:
    """What the ledger knows once everything was read; `values` replace fields."""
    now = datetime.now(UTC)
    healthy = replace(
        new_snapshot(generation),
        discovered_generation=generation,
        entry=Entry(EntryState.ACCEPTED, since=now),
        identity=Identity("arn:aws:iam::111122223333:user/reader", "111122223333"),
        accounts=AccountCounts(total=2, tried=2, reachable=2),
        scopes=ScopeCounts(total=20, complete=20),
        resources=120,
        oldest_complete=now,
        last_change=now,
    )
    return replace(healthy, **values)  # type: ignore[arg-type]


@dataclass
class FakePlan:
    """Behaves as `PlanService`: fences by epoch, and is away when told so."""

    cluster_uid: str = ""
    epoch: int = 0
    holders: list[str] = field(default_factory=list)
    records: dict[Key, ProviderRecord] = field(default_factory=dict)
    vanished: set[Key] = field(default_factory=set)
    resting: set[Key] = field(default_factory=set)
    snapshots: dict[Key, ProviderSnapshot] = field(default_factory=dict)
    writes: list[tuple[int, Key]] = field(default_factory=list)
    reads: list[Key] = field(default_factory=list)
    away: bool = False
    schema_error: str = ""
    claims_to_fail: int = 0
    claims_break: bool = False
    listens_to_fail: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._changes: queue.Queue[Key] = queue.Queue()

    def say(self, key: Key, snapshot: ProviderSnapshot) -> None:
        """The ledger knows this now, and tells the controller."""
        with self._lock:
            self.snapshots[key] = snapshot
        self._changes.put(key)

    def change(self, key: Key, **values: object) -> None:
        """As `say`, with some fields changed."""
        with self._lock:
            changed = replace(self.snapshots[key], **values)  # type: ignore[arg-type]
        self.say(key, changed)

    def require_schema(self) -> None:
        self._reach()
        if self.schema_error:
            raise InvalidInputError(self.schema_error)

    def claim_epoch(self, holder: str) -> int:
        self._reach()
        if self.claims_break:
            raise ValueError("permission denied for table leader")
        if self.claims_to_fail:
            self.claims_to_fail -= 1
            raise StoreUnavailableError("the database went away")
        with self._lock:
            self.epoch += 1
            self.holders.append(holder)
            return self.epoch

    def adopt_cluster(self, cluster_uid: str) -> None:
        self._reach()
        if self.cluster_uid not in ("", cluster_uid):
            raise InvalidInputError("the database belongs to another cluster")
        self.cluster_uid = cluster_uid

    def sync_provider(self, epoch: int, record: ProviderRecord) -> ProviderSnapshot | None:
        self._fence(epoch)
        key = record.namespace, record.name
        with self._lock:
            if self.records.get(key) != record:
                self.writes.append((epoch, key))
            self.records[key] = record
            self.vanished.discard(key)
            self.reads.append(key)
            return self.snapshots.setdefault(key, new_snapshot(record.generation))

    def planned_providers(self) -> list[Key]:
        self._reach()
        with self._lock:
            return sorted(set(self.records) - self.vanished)

    def mark_vanished(self, epoch: int, keys: Sequence[Key]) -> None:
        self._fence(epoch)
        with self._lock:
            self.vanished.update(keys)

    def rest_outside(self, epoch: int, namespaces: Sequence[str]) -> list[Key]:
        self._fence(epoch)
        with self._lock:
            outside = {key for key in self.records if key[0] not in namespaces} - self.resting
            self.resting |= outside
            return sorted(outside)

    def ping(self) -> None:
        self._reach()

    def changes(self, stop: threading.Event) -> Iterator[Key]:
        if self.listens_to_fail:
            self.listens_to_fail -= 1
            raise StoreUnavailableError("the database went away")
        while not stop.is_set():
            try:
                yield self._changes.get(timeout=0.1)
            except queue.Empty:
                continue

    def _reach(self) -> None:
        if self.away:
            raise StoreUnavailableError("the database is away")

    def _fence(self, epoch: int) -> None:
        self._reach()
        if epoch != self.epoch:
            raise NotLeaderError(f"epoch {epoch} is over; {self.epoch} leads")
