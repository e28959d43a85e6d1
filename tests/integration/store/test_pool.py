"""A connection of the pool whose session ended while nobody used it."""

from contextlib import ExitStack, closing

import psycopg
import pytest
from sqlalchemy import Engine

from cloudops.domain.errors import StoreUnavailableError
from cloudops.settings import Settings
from cloudops.store.session import open_engine, transaction
from tests.integration.store.seeding import one

pytestmark = [pytest.mark.integration, pytest.mark.database]

PID = "SELECT pg_backend_pid()"


@pytest.fixture
def pooled(database_url: str):
    """Engines of our own: the only connection of each is one that was given back."""
    with ExitStack() as stack:

        def pooled(rested_seconds: float) -> Engine:
            engine = open_engine(Settings(database_url=database_url), rested_seconds=rested_seconds)
            stack.callback(engine.dispose)
            return engine

        yield pooled


def end_session(database_url: str, engine: Engine) -> int:
    """What the server does when it restarts: the process of the pool's session is gone."""
    pid: int = one(engine, PID)
    with closing(psycopg.connect(database_url, autocommit=True)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
    return pid


def test_one_that_rested_is_tried_and_replaced(database_url, pooled):
    """Fails if it is taken as it is: every pause would end in a failure."""
    engine = pooled(0)
    ended = end_session(database_url, engine)

    assert one(engine, PID) != ended


def test_one_that_worked_a_moment_ago_is_taken_as_it_is(database_url, pooled):
    """Fails if each transaction is preceded by a round trip; the next one has a new session."""
    engine = pooled(600)
    end_session(database_url, engine)

    with pytest.raises(StoreUnavailableError), transaction(engine) as connection:
        connection.exec_driver_sql(PID)
    assert one(engine, PID)
