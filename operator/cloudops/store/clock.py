"""The database's clock, read once and carried on by the monotonic clock of this process."""

import time
from datetime import datetime, timedelta

from sqlalchemy import Engine

from cloudops.store.leases import database_now
from cloudops.store.session import transaction


class DatabaseClock:
    """So that ages never depend on how right a worker's own clock is."""

    def __init__(self, engine: Engine) -> None:
        with transaction(engine) as connection:
            self._base = database_now(connection)
        self._read_at = time.monotonic()

    def now(self) -> datetime:
        return self._base + timedelta(seconds=time.monotonic() - self._read_at)
