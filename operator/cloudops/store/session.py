"""Engines and transactions, and the one place where database errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.errors import (
    DeadlockDetected,
    LockNotAvailable,
    QueryCanceled,
    SerializationFailure,
)
from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    TimeoutError,  # noqa: A004  of the pool
)

from cloudops.domain.errors import InvalidInputError, StoreBusyError, StoreUnavailableError
from cloudops.settings import Settings

# A hung statement or lock must not outlive a lease; a forgotten transaction
# must not hold back vacuum.
_SESSION_OPTIONS = (
    "-c statement_timeout=120s -c lock_timeout=20s "
    "-c idle_in_transaction_session_timeout=120s -c timezone=UTC"
)
# The database is there; it only could not do this now.
_BUSY = (DeadlockDetected, LockNotAvailable, QueryCanceled, SerializationFailure)
_CONNECT = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds: a dead network must not hang a heartbeat
    "options": _SESSION_OPTIONS,
}


def open_engine(settings: Settings, *, application: str = "cloudops") -> Engine:
    """An engine for `settings.database_url`; connects on first use.

    Raises:
        InvalidInputError: No URL is set, or it is not one of PostgreSQL.
    """
    if not settings.database_url:
        raise InvalidInputError(
            "no database: set CLOUDOPS_DATABASE_URL=postgresql://user:password@host/name, "
            "or use `cloudops run`, which starts an embedded PostgreSQL"
        )
    return create_engine(
        driver_url(settings.database_url),
        pool_size=max(settings.database_pool_size, _least_connections(settings)),
        max_overflow=4,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={**_CONNECT, "application_name": application},
    )


def _least_connections(settings: Settings) -> int:
    """A lease's thread and a listing's thread may hold one each, for as long as they run."""
    return 2 * settings.worker_threads


def driver_url(database_url: str) -> URL:
    """`postgresql://…` as SQLAlchemy wants it, with the driver in it.

    Raises:
        InvalidInputError: It is no URL of PostgreSQL; the message does not repeat it.
    """
    form = "postgresql://user:password@host/name"
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError) as error:
        raise InvalidInputError(f"CLOUDOPS_DATABASE_URL is no URL; write {form}") from error
    if url.drivername.partition("+")[0] not in ("postgresql", "postgres"):
        raise InvalidInputError(
            f"CLOUDOPS_DATABASE_URL must start with postgresql://, not {url.drivername}://"
        )
    return url.set(drivername="postgresql+psycopg")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed at the end, rolled back on any exception.

    Raises:
        StoreUnavailableError: The database can't be reached or went away.
    """
    with store_errors(), engine.begin() as connection:
        yield connection


@contextmanager
def store_errors() -> Iterator[None]:
    """Translates what a database that is away raises.

    Raises:
        StoreUnavailableError: The database can't be reached or went away.
        StoreBusyError: A lock or a statement took too long.
    """
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if isinstance(error.orig, _BUSY):
            raise StoreBusyError(f"database: {_first_line(error.orig)}") from error
        raise StoreUnavailableError(f"database: {_first_line(error.orig)}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailableError(f"database: {_first_line(error.orig)}") from error
        raise
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:  # out of a COPY
        raise StoreUnavailableError(f"database: {_first_line(error)}") from error
    except TimeoutError as error:
        raise StoreBusyError("database: all connections of this process are busy") from error


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "no answer"
