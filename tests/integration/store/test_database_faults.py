"""The database turns a session down, or ends it, in the middle of a load or at its commit."""

import secrets
import time
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from cloudops.domain.errors import StoreUnavailableError
from tests.fakes.cloud import observe
from tests.integration.store.seeding import Ledger, one, retake, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]

MACHINES = [observe(f"m{number}") for number in range(5)]


def once(engine: Engine, moment: str, words: str, act: Callable[[], object]) -> list[str]:
    """Do something when the first statement with `words` is sent, or answered."""
    met: list[str] = []

    @event.listens_for(engine, f"{moment}_cursor_execute")
    def look(_connection, _cursor, statement, *_):
        if not met and words in statement:
            met.append(statement)
            act()

    return met


def make_impatient(engine):
    """Its sessions may be idle in a transaction for 200 ms only."""

    @event.listens_for(engine, "connect")
    def shorten(connection, _record):
        connection.execute("SET idle_in_transaction_session_timeout = '200ms'")
        connection.commit()

    engine.dispose()


def stand_still():
    """For longer than an impatient session may be idle: this is the fault itself."""
    time.sleep(0.6)


class TestEndedSessions:
    @pytest.mark.parametrize("staged", [False, True], ids=["in-memory", "staged"])
    @pytest.mark.parametrize(
        "words", ["INSERT INTO resource", "INSERT INTO facet", "UPDATE scope SET"]
    )
    def test_idle_in_a_load_transaction_nothing_of_it_is_there(self, engine, words, staged):
        """Fails if `connection_invalidated` counts for nothing: it would be taken for a bug."""
        ledger = Ledger.plan(engine)
        ledger.pass_over(MACHINES[:2])
        make_impatient(engine)
        stalled = once(engine, "before", words, stand_still)

        with pytest.raises(StoreUnavailableError):
            ledger.load(MACHINES[1:], staged=staged)

        assert stalled
        assert ledger.live() == {"m0", "m1"}
        assert ledger.marked() == set()
        ledger.load(MACHINES[1:], staged=staged)
        assert ledger.marked() == {"m0"}
        assert ledger.live() == {f"m{number}" for number in range(5)}

    def test_idle_before_a_copy_it_is_no_bug_either(self, engine):
        """Fails if what a COPY raises goes past `store_errors`."""
        ledger = Ledger.plan(engine)
        make_impatient(engine)
        stalled = once(engine, "after", "TRUNCATE stage", stand_still)

        with pytest.raises(StoreUnavailableError):
            ledger.load(MACHINES)

        assert stalled
        assert ledger.live() == set()
        ledger.load(MACHINES)
        assert len(ledger.live()) == 5

    @pytest.mark.parametrize("staged", [False, True], ids=["in-memory", "staged"])
    def test_ended_at_its_commit_nothing_of_it_is_there(self, engine, postgres, staged):
        """Fails if what COMMIT raises goes past `store_errors`: it would look like a bug."""
        ledger = Ledger.plan(engine)
        before = one(engine, "SELECT status FROM scope")
        ended: list[int] = []

        @event.listens_for(engine, "commit")
        def end(connection):
            pid, wrote = connection.exec_driver_sql(
                "SELECT pg_backend_pid(), EXISTS (SELECT FROM resource)"
            ).one()
            if wrote and not ended:
                ended.append(pid)
                postgres.execute(f"SELECT pg_terminate_backend({pid}, 5000)")

        with pytest.raises(StoreUnavailableError):
            ledger.load(MACHINES, staged=staged)

        assert ended
        assert ledger.live() == set()
        assert one(engine, "SELECT status FROM scope") == before
        ledger.load(MACHINES, staged=staged)
        assert len(ledger.live()) == 5

    def test_a_commit_whose_answer_was_lost_is_repeated_without_a_trace(self, pair, pair_engine):
        """Fails if a load writes what is there already: history would tell everything twice."""
        ledger = Ledger.plan(pair_engine)
        swallow = partial(pair.way.swallow_answer_to, b"COMMIT")
        once(pair_engine, "before", "INSERT INTO facet", swallow)

        with pytest.raises(StoreUnavailableError):
            ledger.load(MACHINES)
        assert pair.way.swallowed.wait(10)

        assert len(ledger.live()) == 5
        retake(pair_engine, ledger)
        ledger.pass_over(MACHINES)
        assert ledger.history() == [(f"m{number}", "created") for number in range(5)]


def test_an_id_that_no_index_takes_fails_its_own_load_and_not_the_database(engine):
    """Fails if every OperationalError means "away": its lease would be tried for ever."""
    ledger = Ledger.plan(engine)

    with pytest.raises(DBAPIError, match="index row"):
        ledger.load([observe(secrets.token_hex(8000))])

    assert rows(engine, "SELECT FROM resource") == []
