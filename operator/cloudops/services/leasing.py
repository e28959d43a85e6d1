"""Taking, renewing and returning leases: each a transaction of its own."""

from collections.abc import Sequence

from sqlalchemy import Engine

from cloudops.domain.ledger import Lease
from cloudops.store import leases
from cloudops.store.migrate import require_current
from cloudops.store.session import transaction


class LeasingService:
    """All methods raise `StoreUnavailableError` while the database is away."""

    def __init__(self, engine: Engine, *, lease_seconds: float) -> None:
        self._engine = engine
        self._seconds = lease_seconds

    def acquire(self, holder: str, limit: int, provider_id: int | None = None) -> list[Lease]:
        """Up to `limit` due leases, most overdue first."""
        with transaction(self._engine) as connection:
            return leases.acquire(
                connection,
                holder=holder,
                limit=limit,
                seconds=self._seconds,
                provider_id=provider_id,
            )

    def renew(self, held: Sequence[Lease], holder: str) -> set[int]:
        """Prolong leases; the ids of those that are still ours."""
        with transaction(self._engine) as connection:
            return leases.renew(connection, held, holder=holder, seconds=self._seconds)

    def hand_back(self, held: Sequence[Lease]) -> None:
        """Free unfinished leases for other workers at once."""
        with transaction(self._engine) as connection:
            leases.hand_back(connection, held)

    def require_schema(self) -> None:
        """Refuse a database of another version.

        Raises:
            InvalidInputError: With the command that cures it.
        """
        with transaction(self._engine) as connection:
            require_current(connection)
