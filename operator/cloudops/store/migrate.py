"""Bringing the schema up to date; safe to run from several places at once."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError

from cloudops.domain.errors import InvalidInputError
from cloudops.store.session import NOTICES_SILENCE, driver_url, store_errors

_log = structlog.get_logger(__name__)

# Any constant will do, so long as nothing else in the database locks it.
_ADVISORY_LOCK = 7_203_518_221
# The lock of a machine that is gone is free after a minute, not after the server's two hours.
_NOTICED_BY_THE_SERVER = (
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
)

# Callers say what came of it; Alembic's own lines would say it once more.
logging.getLogger("alembic").setLevel(logging.WARNING)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(database_url: str) -> str:
    """Apply what is missing, under an advisory lock.

    Returns:
        The revision that the database has now.

    Raises:
        InvalidInputError: It is no URL of PostgreSQL, its schema is of a newer version, or
            its role may not change the schema.
        StoreUnavailableError: The database can't be reached.
    """
    engine = _engine(database_url)
    try:
        with store_errors(), _refusals(), engine.connect() as connection:
            _take_turn(connection)
            _revisions(connection)
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
            return current_revision(connection) or ""
    finally:
        engine.dispose()


def _engine(database_url: str) -> Engine:
    known = {"application_name": "cloudops migrate", "options": _NOTICED_BY_THE_SERVER}
    return create_engine(driver_url(database_url), connect_args={**NOTICES_SILENCE, **known})


def _take_turn(connection: Connection) -> None:
    """One after the other; the lock is the session's, and goes with it."""
    key = {"key": _ADVISORY_LOCK}
    if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key):
        _log.info("another process changes the schema; waiting until it has ended")
        connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
    connection.commit()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ProgrammingError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            refusal = str(error.orig).splitlines()[0]
            raise InvalidInputError(
                f"the database refuses to change the schema: {refusal}; use a role that owns it"
            ) from error
        raise


def prepare(database_url: str) -> None:
    """Make the schema in an empty database; leave that of others to `upgrade`.

    Raises:
        InvalidInputError: The schema is of another version.
        StoreUnavailableError: The database can't be reached.
    """
    engine = _engine(database_url)
    try:
        with store_errors(), engine.connect() as connection:
            if current_revision(connection) is not None:
                require_current(connection)
                return
    finally:
        engine.dispose()
    upgrade(database_url)


def offline_sql() -> str:
    """The whole schema as one SQL script, for people who apply it themselves."""
    buffer = StringIO()
    config = _config()
    config.output_buffer = buffer
    command.upgrade(config, "head", sql=True)
    return buffer.getvalue()


def current_revision(connection: Connection) -> str | None:
    """The revision of the schema; None in an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def require_current(connection: Connection) -> None:
    """Refuse to work on a schema of another version.

    Raises:
        InvalidInputError: With the command that cures it.
    """
    found, head = _revisions(connection)
    if found != head:
        raise _other_schema(found, head, "run `cloudops migrate`")


def _revisions(connection: Connection) -> tuple[str | None, str | None]:
    """That of the database, and that of this version.

    Raises:
        InvalidInputError: A newer version made the schema: only that one knows the way from it.
    """
    scripts, found = ScriptDirectory.from_config(_config()), current_revision(connection)
    head = scripts.get_current_head()
    if found is not None and found not in {row.revision for row in scripts.walk_revisions()}:
        cure = "it was made by a newer version of cloudops; use that one"
        raise _other_schema(found, head, cure)
    return found, head


def _other_schema(found: str | None, head: str | None, cure: str) -> InvalidInputError:
    return InvalidInputError(
        f"the database schema is at {found or 'nothing'}, this version needs {head}: {cure}"
    )
