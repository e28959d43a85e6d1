"""Taking, renewing and returning leases: each a transaction of its own."""

from collections.abc import Sequence

import structlog
from sqlalchemy import Engine

from cloudops.domain.ledger import Lease
from cloudops.store import clock_jump, leases, server, sightings
from cloudops.store.clock import ClockWatch
from cloudops.store.machine import Machine
from cloudops.store.migrate import require_current
from cloudops.store.session import transaction

_log = structlog.get_logger(__name__)


class LeasingService:
    """All methods raise `StoreUnavailableError` while the database is away."""

    def __init__(
        self, engine: Engine, *, lease_seconds: float, machine: Machine | None = None
    ) -> None:
        self._engine = engine
        self._seconds = lease_seconds
        self._watch = ClockWatch(machine)

    def acquire(
        self, holder: str, limit: int, provider_id: int | None = None, *, suspects: int = 1
    ) -> list[Lease]:
        """Up to `limit` due leases, most overdue first; `suspects` of those that kill workers."""
        self.watch()
        with transaction(self._engine) as connection:
            taken = leases.acquire(
                connection,
                holder=holder,
                limit=limit,
                seconds=self._seconds,
                provider_id=provider_id,
                suspects=suspects,
            )
        if taken:
            # A jump in between would make them begin long after what was marked just now;
            # another server in between would have granted them.
            self.watch()
        return taken

    def watch(self) -> None:
        """Before anything is deleted by a clock that has jumped, or by marks of another server."""
        with transaction(self._engine) as connection:
            known = server.is_known(connection)
            jump = self._watch.look(
                lambda: leases.database_now(connection),
                lambda: sightings.latest(connection, self._watch.machine.name),
            )
        if not known:
            self._meet_server()
        if jump.seconds:
            _log.warning("the database's clock has jumped", seconds=round(jump.seconds))
            with transaction(self._engine) as connection:
                clock_jump.settle_times(connection, lease_seconds=self._seconds)
            with transaction(self._engine) as connection:
                clock_jump.restart_confirmations(connection)
        if sighting := self._watch.accept(jump):
            with transaction(self._engine) as connection:
                sightings.keep(connection, sighting)

    def renew(self, held: Sequence[Lease], holder: str) -> set[int]:
        """Prolong leases; the ids of those that are still ours."""
        with transaction(self._engine) as connection:
            return leases.renew(connection, held, holder=holder, seconds=self._seconds)

    def hand_back(self, held: Sequence[Lease]) -> None:
        """Free unfinished leases for other workers at once."""
        with transaction(self._engine) as connection:
            leases.hand_back(connection, held)

    def put_off(self, held: Sequence[Lease]) -> None:
        """Free leases whose work broke off; due again when they would have run out."""
        with transaction(self._engine) as connection:
            leases.hand_back(connection, held, after_seconds=self._seconds)

    def require_schema(self) -> None:
        """Refuse a database of another version.

        Raises:
            InvalidInputError: With the command that cures it.
        """
        with transaction(self._engine) as connection:
            require_current(connection)

    def _meet_server(self) -> None:
        """In one transaction: who finds the server known may rely on what follows from it."""
        with transaction(self._engine) as connection:
            past = server.meet(connection)
            if past is server.Past.UNCERTAIN:
                _log.warning("another database server answers: what was missed counts no more")
                server.forget_marks(connection)
            elif past is server.Past.KEPT:
                _log.warning("the database was restarted: what was missed counts from now on")
                clock_jump.restart_confirmations(connection)
