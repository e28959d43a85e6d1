"""Engines and transactions, and the one place where database errors become ours."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import orjson
import psycopg
from psycopg.errors import (
    DeadlockDetected,
    InsufficientPrivilege,
    LockNotAvailable,
    ProgramLimitExceeded,
    QueryCanceled,
    ReadOnlySqlTransaction,
    SerializationFailure,
)
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.exc import (
    DBAPIError,
    InvalidatePoolError,
    TimeoutError,  # noqa: A004  of the pool
)

from cloudops.domain.errors import InvalidInputError, StoreBusyError, StoreUnavailableError
from cloudops.settings import Settings
from cloudops.store.address import driver_url

__all__ = ["driver_url", "open_engine", "single_statements", "store_errors", "transaction"]

# A hung statement or lock must not outlive a lease; a forgotten transaction
# must not hold back vacuum.
_SESSION_OPTIONS = (
    "-c statement_timeout=120s -c lock_timeout=20s "
    "-c idle_in_transaction_session_timeout=120s -c timezone=UTC"
)
# Whoever asked a connection something so recently may take it to be alive.
RESTED_SECONDS: Final = 1.0
_RESTS_SINCE: Final = "rests_since"
# The database is there; it only could not do this now.
_BUSY = (DeadlockDetected, LockNotAvailable, QueryCanceled, SerializationFailure)
# It is not, or not as one that takes writes: a standby, or one whose disk is full.
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, ReadOnlySqlTransaction)
NOTICES_SILENCE: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds: a dead network must not hang a heartbeat
}
"""How every connection is made: psycopg's parameters."""
_CONNECT = {**NOTICES_SILENCE, "options": _SESSION_OPTIONS}


def open_engine(
    settings: Settings,
    *,
    application: str = "cloudops",
    writes: bool = True,
    lists: bool = True,
    rested_seconds: float = RESTED_SECONDS,
) -> Engine:
    """An engine for `settings.database_url`; connects on first use.

    Args:
        settings: Where the database is, and how many threads will use it.
        application: Name of its sessions, for `pg_stat_activity`.
        writes: False for those who only read: a standby is good enough for them.
        lists: False for those who run no listings: no thread of theirs keeps connections.
        rested_seconds: A connection that nobody used for so long is tried before it is used.

    Raises:
        InvalidInputError: No URL is set, or it is not one of PostgreSQL.
    """
    if not settings.database_url:
        raise InvalidInputError(
            "no database: set CLOUDOPS_DATABASE_URL=postgresql://user:password@host/name, "
            "or use `cloudops run`, which starts an embedded PostgreSQL"
        )
    engine = create_engine(
        driver_url(settings.database_url, writes=writes),
        pool_size=max(settings.database_pool_size, _least_connections(settings) if lists else 0),
        max_overflow=4,
        pool_recycle=1800,
        connect_args={**_CONNECT, "application_name": application},
        # jsonb keeps 1e20 as its digits. Python would make an integer of them that no
        # writer of JSON takes; this is a number as it was when it was written.
        json_deserializer=orjson.loads,
    )
    event.listen(engine, "handle_error", _leave_read_only)
    _ping_what_rested(engine, rested_seconds)
    return engine


def _ping_what_rested(engine: Engine, rested_seconds: float) -> None:
    """As `pool_pre_ping`, but for connections that were in use a moment ago.

    A short transaction costs a third more with a round trip before it.
    """

    def rests(_: Any, record: Any) -> None:
        record.info[_RESTS_SINCE] = time.monotonic()

    def require_alive(connection: Any, record: Any, _: Any) -> None:
        since = record.info.get(_RESTS_SINCE)
        if since is None or time.monotonic() - since < rested_seconds:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if engine.dialect.is_disconnect(error, connection, None):
                raise InvalidatePoolError from error
            raise

    event.listen(engine, "checkin", rests)
    event.listen(engine, "checkout", require_alive)


def _leave_read_only(context: ExceptionContext) -> None:
    """A server that was demoted answers as ever, but takes no writes: look for another one."""
    if isinstance(context.original_exception, ReadOnlySqlTransaction):
        context.is_disconnect = True


def _least_connections(settings: Settings) -> int:
    """A lease's thread may hold one for as long as it runs, and a listing's thread two."""
    listing_threads = settings.worker_threads + settings.spare_threads
    return settings.leases_at_once + 2 * listing_threads


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed at the end, rolled back on any exception.

    Raises:
        StoreUnavailableError: The database can't be reached or went away.
    """
    with store_errors(), engine.begin() as connection:
        yield connection


@contextmanager
def single_statements(engine: Engine) -> Iterator[Connection]:
    """A connection in which every statement is a transaction: two round trips less for one.

    Raises:
        StoreUnavailableError: The database can't be reached or went away.
    """
    with store_errors(), engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def one_moment(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and whose statements all see the same moment.

    Raises:
        StoreUnavailableError: The database can't be reached or went away.
    """
    with transaction(engine) as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield connection


def ping(engine: Engine) -> None:
    """Reach the database.

    Raises:
        StoreUnavailableError: It can't be reached or went away.
    """
    with transaction(engine) as connection:
        connection.execute(text("SELECT 1"))


@contextmanager
def store_errors() -> Iterator[None]:
    """Translates what a database that is away raises.

    Raises:
        StoreUnavailableError: The database can't be reached or went away.
        StoreBusyError: A lock or a statement took too long.
    """
    try:
        yield
    except DBAPIError as error:
        _raise_ours(error.orig, error, gone=error.connection_invalidated)
        raise
    except psycopg.Error as error:  # out of a COPY
        _raise_ours(error, error)
        raise
    except TimeoutError as error:
        raise StoreBusyError("database: all connections of this process are busy") from error


def _raise_ours(cause: BaseException | None, error: Exception, *, gone: bool = False) -> None:
    """What is no fault of the database is left as it is: a value that it refuses, a bug."""
    if isinstance(cause, _BUSY):
        raise StoreBusyError(f"database: {_first_line(cause)}") from error
    if isinstance(cause, InsufficientPrivilege):  # until somebody grants it, as good as away
        raise StoreUnavailableError(
            f"database: {_first_line(cause)}; grant it to that role (to read: SELECT on all"
            " tables and views of the schema)"
        ) from error
    too_much = isinstance(cause, ProgramLimitExceeded)  # such as a value that no index takes
    if gone or (isinstance(cause, _AWAY) and not too_much):
        raise StoreUnavailableError(f"database: {_first_line(cause)}") from error


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "no answer"
