"""Wake-up calls from workers to the controller; the ledger stays the truth."""

import threading
from collections.abc import Iterator
from typing import Any

import structlog
from psycopg import Connection as PsycopgConnection
from psycopg import Error
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

CHANNEL = "cloudops_provider"
_WAIT_SECONDS = 2.0
_log = structlog.get_logger(__name__)


def notify_provider(connection: Connection, namespace: str, name: str) -> None:
    """Say that the ledger of a provider changed; outside load transactions.

    In every commit it would cost a third of the commit rate.
    """
    connection.execute(
        text("SELECT pg_notify(:channel, :key)"),
        {"channel": CHANNEL, "key": f"{namespace}/{name}"},
    )


def listen(engine: Engine, stop: threading.Event) -> Iterator[tuple[str, str]]:
    """Yield (namespace, name) for each notification until `stop` is set.

    A lost connection is opened again; what was said meanwhile is lost, which
    the controller's slow poll covers.
    """
    while not stop.is_set():
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                # Not for the pool again: it would go on listening there.
                connection.detach()
                connection.execute(text(f"LISTEN {CHANNEL}"))
                yield from _notifications(connection, stop)
        except (DBAPIError, Error) as error:
            _log.warning("notifications interrupted", error=str(error).strip().split("\n")[0])
            stop.wait(_WAIT_SECONDS)


def _notifications(connection: Connection, stop: threading.Event) -> Iterator[tuple[str, str]]:
    driver: PsycopgConnection[Any] = connection.connection.dbapi_connection  # type: ignore[assignment]
    while not stop.is_set():
        for notification in driver.notifies(timeout=_WAIT_SECONDS, stop_after=1):
            namespace, _, name = notification.payload.partition("/")
            yield namespace, name
