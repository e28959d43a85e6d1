"""What the controller asks of the store: the plan's provider rows and their snapshots."""

import threading
from collections.abc import Iterator, Sequence

from sqlalchemy import Engine

from cloudops.domain.provider import Origin, ProviderRecord
from cloudops.domain.snapshot import ProviderSnapshot
from cloudops.store import claims, installation, notify, providers
from cloudops.store.migrate import require_current
from cloudops.store.session import one_moment, ping, single_statements, transaction
from cloudops.store.snapshot import read_snapshot

__all__ = ["PlanService", "ProviderRecord"]


class PlanService:
    """Every plan write is fenced by the epoch that its leader drew.

    All methods raise `StoreUnavailableError` while the database is away.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def require_schema(self) -> None:
        """Refuse a database of another version.

        Raises:
            InvalidInputError: With the command that cures it.
        """
        with transaction(self._engine) as connection:
            require_current(connection)

    def claim_epoch(self, holder: str) -> int:
        """Draw the epoch of a new leader; all older ones are refused from now on."""
        with transaction(self._engine) as connection:
            return installation.draw_epoch(connection, holder)

    def adopt_cluster(self, cluster_uid: str) -> None:
        """Tie the database to this cluster.

        Raises:
            InvalidInputError: It belongs to another one.
        """
        with transaction(self._engine) as connection:
            installation.adopt_cluster(connection, cluster_uid)

    def sync_provider(self, epoch: int, record: ProviderRecord) -> ProviderSnapshot | None:
        """Bring a provider row in line with its object; no write when it is.

        Returns:
            What the ledger knows of it then; None if it vanished meanwhile.

        Raises:
            NotLeaderError: Another controller leads.
        """
        with single_statements(self._engine) as connection:
            met = providers.meet_provider(connection, record, epoch=epoch)
        installation.require_epoch(met.epoch, epoch)
        if not met.in_line:
            with transaction(self._engine) as connection:
                installation.guard_epoch(connection, epoch)
                providers.write_provider(connection, record, origin=Origin.CLUSTER)
        return met.snapshot or self.snapshot(record.namespace, record.name)

    def planned_providers(self) -> list[tuple[str, str]]:
        """(namespace, name) of every planned provider that came from the cluster."""
        with transaction(self._engine) as connection:
            return providers.planned_providers(connection)

    def mark_vanished(self, epoch: int, keys: Sequence[tuple[str, str]]) -> None:
        """Retire what only these providers, whose objects are gone, had asked for.

        Raises:
            NotLeaderError: Another controller leads.
        """
        with transaction(self._engine) as connection:
            installation.guard_epoch(connection, epoch)
            if providers.vanish_providers(connection, keys):
                claims.settle_owners(connection)

    def rest_outside(self, epoch: int, namespaces: Sequence[str]) -> list[tuple[str, str]]:
        """Have nobody read what nobody watches, until its object is seen again.

        Returns:
            (namespace, name) of each that was read until now.

        Raises:
            NotLeaderError: Another controller leads.
        """
        with transaction(self._engine) as connection:
            installation.guard_epoch(connection, epoch)
            return providers.rest_outside(connection, namespaces)

    def snapshot(self, namespace: str, name: str) -> ProviderSnapshot | None:
        """What the ledger knows of a provider now; None if it is not planned."""
        with one_moment(self._engine) as connection:
            return read_snapshot(connection, namespace, name)

    def ping(self) -> None:
        """Reach the database, or raise."""
        ping(self._engine)

    def changes(self, stop: threading.Event) -> Iterator[tuple[str, str]]:
        """(namespace, name) of providers whose ledger changed, until `stop` is set."""
        return notify.listen(self._engine, stop)
