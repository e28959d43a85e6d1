"""What the controller needs of the plan and the ledger; `PlanService` offers it."""

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from cloudops.controller.kube import Key
from cloudops.domain.provider import ProviderRecord
from cloudops.domain.snapshot import ProviderSnapshot


class ProviderPlan(Protocol):
    """What a reconciler needs; all raise `StoreUnavailableError` while the database is away."""

    def sync_provider(self, epoch: int, record: ProviderRecord) -> ProviderSnapshot | None:
        """Bring a provider row in line with its object; NotLeaderError if another leads.

        Returns:
            What the ledger knows of it then; None if it vanished meanwhile.
        """
        ...

    def ping(self) -> None:
        """Reach the database, or raise."""
        ...


class Plan(ProviderPlan, Protocol):
    """All that the controller needs."""

    def require_schema(self) -> None:
        """Refuse a database of another version with InvalidInputError."""
        ...

    def claim_epoch(self, holder: str) -> int:
        """Draw the epoch of a new leader; all older ones are refused from now on."""
        ...

    def adopt_cluster(self, cluster_uid: str) -> None:
        """Tie the database to this cluster; InvalidInputError if it is another's."""
        ...

    def planned_providers(self) -> list[Key]:
        """Every planned provider that came from the cluster."""
        ...

    def mark_vanished(self, epoch: int, keys: Sequence[Key]) -> None:
        """Retire providers whose objects are gone; NotLeaderError if another leads."""
        ...

    def rest_outside(self, epoch: int, namespaces: Sequence[str]) -> list[Key]:
        """Lay to rest what is not in these; NotLeaderError if another leads."""
        ...

    def changes(self, stop: threading.Event) -> Iterator[Key]:
        """Providers whose ledger changed, until `stop` is set."""
        ...
