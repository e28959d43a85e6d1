"""Keeping the database in shape: history partitions made ahead, old rows dropped."""

import structlog
from sqlalchemy import Engine

from cloudops.store import history, leases, maintenance
from cloudops.store.session import transaction

PURGE_BATCH = 10_000

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
            today = leases.database_now(connection).date()
            made = history.ensure_partitions(connection, today)
            dropped = history.drop_partitions_before(
                connection, maintenance.oldest_history(connection)
            )
        if made or dropped:
            _log.info("history partitions", made=made, dropped=dropped)
        while self._purge() == PURGE_BATCH:
            pass

    def _purge(self) -> int:
        with transaction(self._engine) as connection:
            if not maintenance.try_lock(connection):
                return 0
            return maintenance.purge_resources(connection, limit=PURGE_BATCH)
