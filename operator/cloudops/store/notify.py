"""Wake-up calls from workers to the controller; the ledger stays the truth."""

import math
import threading
import time
from collections.abc import Iterator
from typing import Any

import structlog
from psycopg import Connection as PsycopgConnection
from psycopg import Error
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

CHANNEL = "cloudops_provider"
# One provider is told of at most this often, however many leases finish meanwhile.
EVERY_SECONDS = 1.0
# A listener passes each key on once more after so long: longer than `EVERY_SECONDS`, so
# that it covers whatever was held back after the notification that it has heard.
AGAIN_SECONDS = 1.5
_WAIT_SECONDS = 2.0
_log = structlog.get_logger(__name__)


# A time in the future is one of a clock that has jumped back; it holds nothing back.
_NOTIFY = text("""
WITH due AS (
    UPDATE provider SET notified_at = clock_timestamp()
    WHERE namespace = :namespace AND name = :name AND notified_at NOT BETWEEN
        clock_timestamp() - make_interval(secs => :every) AND clock_timestamp()
    RETURNING namespace || '/' || name AS key
)
SELECT pg_notify(:channel, key) FROM due
""")


def notify_provider(connection: Connection, namespace: str, name: str) -> None:
    """Say that the ledger of a provider changed, at most once a second over all workers.

    In every commit it would cost a third of the commit rate. What is held back
    is not lost: it follows less than a second after a notification, and whoever
    hears that one looks again when the second is over (`listen`).

    Args:
        connection: Of a transaction that does nothing else, after the commit of
            what is new: what is told or held back must be there to be seen.
        namespace: The provider's.
        name: The provider's.
    """
    connection.execute(
        _NOTIFY,
        {"channel": CHANNEL, "namespace": namespace, "name": name, "every": EVERY_SECONDS},
    )


def listen(engine: Engine, stop: threading.Event) -> Iterator[tuple[str, str]]:
    """Yield (namespace, name) for each notification until `stop` is set.

    And once more when no other has come for `AGAIN_SECONDS`, for what was held
    back meanwhile. A lost connection is opened again; what was said meanwhile is
    lost, which the controller's slow poll covers.
    """
    again: dict[str, float] = {}  # when, by key; soonest first
    while not stop.is_set():
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                # Not for the pool again: it would go on listening there.
                connection.detach()
                connection.execute(text(f"LISTEN {CHANNEL}"))
                yield from _notifications(connection, stop, again)
        except (DBAPIError, Error) as error:
            _log.warning("notifications interrupted", error=str(error).strip().split("\n")[0])
            stop.wait(_WAIT_SECONDS)


def _notifications(
    connection: Connection, stop: threading.Event, again: dict[str, float]
) -> Iterator[tuple[str, str]]:
    driver: PsycopgConnection[Any] = connection.connection.dbapi_connection  # type: ignore[assignment]
    while not stop.is_set():
        left = next(iter(again.values()), math.inf) - time.monotonic()
        wait = min(max(left, 0.0), _WAIT_SECONDS)
        for notification in driver.notifies(timeout=wait, stop_after=1):
            again.pop(notification.payload, None)
            again[notification.payload] = time.monotonic() + AGAIN_SECONDS
            yield _key(notification.payload)
        while again and next(iter(again.values())) <= time.monotonic():
            payload = next(iter(again))
            del again[payload]
            yield _key(payload)


def _key(payload: str) -> tuple[str, str]:
    namespace, _, name = payload.partition("/")
    return namespace, name
