"""A lease in hand, and what its listings are read with."""

from dataclasses import dataclass

from sqlalchemy import Engine

from cloudops.collectors.vocabulary import AccountSession
from cloudops.domain.ledger import Lease
from cloudops.domain.provider import InventorySettings
from cloudops.services.pulse import Pulse
from cloudops.store.clock import DatabaseClock


@dataclass(frozen=True, slots=True)
class Held:
    """Shared by the threads that work in the lease."""

    engine: Engine
    lease: Lease
    session: AccountSession
    pulse: Pulse
    clock: DatabaseClock
    settings: InventorySettings
