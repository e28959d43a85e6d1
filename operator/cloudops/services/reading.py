"""Reading back what is known; returns domain objects to whoever asks."""

from collections.abc import Iterator

from sqlalchemy import Engine

from cloudops.domain.reading import ResourceFilter, ResourceRow, ScopeRow
from cloudops.store import reading
from cloudops.store.migrate import require_current
from cloudops.store.session import transaction


class ReadingService:
    """All methods raise `StoreUnavailableError` while the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def resources(self, wanted: ResourceFilter) -> Iterator[ResourceRow]:
        """Live resources by canonical id, page by page in one transaction."""
        with transaction(self._engine) as connection:
            require_current(connection)
            yield from reading.resources(connection, wanted)

    def ledger(self, *, status: str = "", account: str = "") -> list[ScopeRow]:
        """Planned scopes, by account, region and listing."""
        with transaction(self._engine) as connection:
            require_current(connection)
            return reading.ledger(connection, status=status, account=account)
