"""A connection of the pool whose session ended while nobody used it."""

import time
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import Engine

from cloudops.domain.errors import StoreUnavailableError
from cloudops.settings import Settings
from cloudops.store.session import RESTED_SECONDS, open_engine, transaction
from tests.integration.store.seeding import one

pytestmark = [pytest.mark.integration, pytest.mark.database]

PID = "SELECT pg_backend_pid()"


@pytest.fixture
def pooled(database_url: str):
    """An engine of our own: its only connection is one that was given back."""
    engine = open_engine(Settings(database_url=database_url))
    yield engine
    engine.dispose()


def end_session(database_url: str, engine: Engine) -> int:
    """What the server does when it restarts: the process of the pool's session is gone."""
    pid: int = one(engine, PID)
    with closing(psycopg.connect(database_url, autocommit=True)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
    return pid


def test_one_that_rested_is_tried_and_replaced(database_url, pooled):
    """Fails if it is taken as it is: every pause would end in a failure."""
    ended = end_session(database_url, pooled)
    time.sleep(RESTED_SECONDS)

    assert one(pooled, PID) != ended


def test_one_that_worked_a_moment_ago_is_taken_as_it_is(database_url, pooled, monkeypatch):
    """Fails if each transaction is preceded by a round trip; the next one has a new session."""
    monkeypatch.setattr("cloudops.store.session.RESTED_SECONDS", 600.0)
    end_session(database_url, pooled)

    with pytest.raises(StoreUnavailableError), transaction(pooled) as connection:
        connection.exec_driver_sql(PID)
    assert one(pooled, PID)
