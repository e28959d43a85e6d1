"""Engines and transactions, and the one place where database errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from cloudops.domain.errors import InvalidInputError, StoreUnavailableError
from cloudops.settings import Settings

# A hung statement or lock must not outlive a lease; a forgotten transaction
# must not hold back vacuum.
_SESSION_OPTIONS = (
    "-c statement_timeout=120s -c lock_timeout=20s "
    "-c idle_in_transaction_session_timeout=120s -c timezone=UTC"
)
_CONNECT = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
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
    url = make_url(settings.database_url)
    if url.get_backend_name() != "postgresql":
        raise InvalidInputError(
            f"CLOUDOPS_DATABASE_URL must start with postgresql://, not {url.get_backend_name()}://"
        )
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=settings.database_pool_size,
        max_overflow=4,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={**_CONNECT, "application_name": application},
    )


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
    """
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailableError(f"database: {_first_line(error)}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailableError(f"database: {_first_line(error)}") from error
        raise


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no answer"
