"""Keeping the database in shape: history partitions made ahead, old rows dropped."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection, Engine

from cloudops.store import clock_jump, history, leases, maintenance
from cloudops.store.session import transaction

PURGE_BATCH = 10_000
# Longer than any worker's lease should last; a living holder prolongs its own anyway.
LONGEST_LEASE_SECONDS = 600
# What is forgotten is gone: two clocks must agree on how old it is.
MOST_DISAGREEMENT = timedelta(days=1)
# In this order: how long rows are kept is asked of the provider.
_PURGES = (
    maintenance.purge_resources,
    maintenance.purge_lone_facets,
    maintenance.release_accounts,
    maintenance.purge_providers,
)

_log = structlog.get_logger(__name__)


class MaintenanceService:
    """Any worker may run it at any time; one at a time does the work."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self) -> None:
        """Do what is due.

        Raises:
            StoreUnavailableError: The database is away.
        """
        with transaction(self._engine) as connection:
            if not maintenance.try_lock(connection):
                return
            now = leases.database_now(connection)
            made = history.ensure_partitions(connection, now.date())
            dropped = self._drop_partitions(connection, now)
        if made or dropped:
            _log.info("history partitions", made=made, dropped=dropped)
        with transaction(self._engine) as connection:
            clock_jump.settle_times(connection, lease_seconds=LONGEST_LEASE_SECONDS)
        if _is_sure(now):
            for purge in _PURGES:
                while self._purge(purge) == PURGE_BATCH:
                    pass

    def _drop_partitions(self, connection: Connection, now: datetime) -> list[str]:
        if not _is_sure(now):
            _log.warning("the database's clock is not ours: nothing is forgotten", it_says=str(now))
            return []
        return history.drop_partitions_before(connection, maintenance.oldest_history(connection))

    def _purge(self, purge: Callable[..., int]) -> int:
        with transaction(self._engine) as connection:
            if not maintenance.try_lock(connection):
                return 0
            return purge(connection, limit=PURGE_BATCH)


def _is_sure(now: datetime) -> bool:
    return abs(datetime.now(UTC) - now) < MOST_DISAGREEMENT
