"""The database fails over, turns read-only, or ends a session in the middle of a load."""

import secrets
import time
from collections.abc import Callable, Iterator
from functools import partial

import psycopg
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError

from cloudops.domain.errors import NotLeaderError, StoreUnavailableError
from cloudops.services.plan import PlanService
from cloudops.settings import Settings
from cloudops.store import leases
from cloudops.store.session import open_engine, transaction
from tests.fakes.cloud import observe
from tests.integration.store.failover import Pair, replicated
from tests.integration.store.seeding import (
    Ledger,
    acquire,
    execute,
    one,
    provider_record,
    rows,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

MACHINES = [observe(f"m{number}") for number in range(5)]


@pytest.fixture
def pair(run_folder) -> Iterator[Pair]:
    with replicated(run_folder / secrets.token_hex(4)) as found:
        yield found


@pytest.fixture
def pair_engine(pair: Pair) -> Iterator[Engine]:
    """Through the one address."""
    engine = open_engine(Settings(database_url=pair.url))
    yield engine
    engine.dispose()


def in_recovery(engine):
    with transaction(engine) as connection:
        return connection.scalar(text("SELECT pg_is_in_recovery()"))


def retake(engine, ledger):
    """What a worker does when it is let down: the lease is taken anew."""
    execute(engine, "UPDATE lease SET holder = '', expires_at = NULL, next_due_at = now()")
    ledger.engine = engine
    ledger.lease = next(lease for lease in acquire(engine) if lease.id == ledger.lease.id)
    ledger.by_listing = ledger.reread()


class TestAddresses:
    @pytest.mark.parametrize("promoted", [False, True], ids=["before", "after"])
    def test_of_several_servers_the_one_that_takes_writes_is_found(self, pair, promoted):
        """Fails without `target_session_attrs`: the first that answers would do."""
        if promoted:
            pair.standby.promote()
            pair.primary.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            pair.primary.execute("SELECT pg_reload_conf()")
        engine = open_engine(Settings(database_url=pair.both))

        with transaction(engine) as connection:
            port = connection.scalar(text("SELECT inet_server_port()"))
        engine.dispose()

        assert port == (pair.standby if promoted else pair.primary).address[1]

    def test_a_standby_is_good_enough_for_readers_and_away_for_writers(self, pair):
        url = Settings(database_url=pair.standby.url("inventory"))
        reader, writer = open_engine(url, writes=False), open_engine(url)

        assert in_recovery(reader) is True
        with pytest.raises(StoreUnavailableError, match="read-only"):
            in_recovery(writer)
        reader.dispose()
        writer.dispose()


class TestFailover:
    def test_what_was_answered_before_a_synchronous_failover_is_all_there(self, pair, pair_engine):
        """Fails without synchronous replication, as the next test shows."""
        pair.synchronise()
        ledger = Ledger.plan(pair_engine)
        ledger.load(MACHINES)

        pair.fail_over()

        retake(pair_engine, ledger)
        assert ledger.live() == {f"m{number}" for number in range(5)}
        ledger.pass_over(MACHINES[1:])
        ledger.sweep()
        assert ledger.live() == {f"m{number}" for number in range(1, 5)}

    def test_what_an_asynchronous_failover_lost_is_read_again_and_nothing_is_deleted(
        self, pair, pair_engine
    ):
        ledger = Ledger.plan(pair_engine)
        ledger.load(MACHINES[:3])
        pair.part()
        ledger.load(MACHINES)

        pair.fail_over()

        retake(pair_engine, ledger)
        assert ledger.live() == {"m0", "m1", "m2"}
        ledger.pass_over(MACHINES)
        ledger.sweep()
        assert ledger.live() == {f"m{number}" for number in range(5)}
        assert ledger.marked() == set()

    def test_a_lease_counts_only_on_the_server_that_granted_it(self, pair, pair_engine):
        """Fails if the guard compares the fence alone: both servers granted the same one."""
        ledger = Ledger.plan(pair_engine)
        execute(pair_engine, "UPDATE lease SET expires_at = now() - interval '1 hour'")
        pair.part()
        lost = next(lease for lease in acquire(pair_engine, "old") if lease.id == ledger.lease.id)
        pair.fail_over()
        again = next(lease for lease in acquire(pair_engine, "new") if lease.id == lost.id)
        assert again.fence == lost.fence

        with pytest.raises(StoreUnavailableError, match="failed over"):
            ledger.load(MACHINES, lease=lost)
        with (
            pytest.raises(StoreUnavailableError, match="failed over"),
            transaction(pair_engine) as connection,
        ):
            leases.finish(connection, lost)

        assert ledger.live() == set()
        assert one(pair_engine, "SELECT holder FROM lease WHERE id = :id", id=lost.id) == "new"

    def test_a_sweep_never_acts_on_marks_whose_removal_was_lost(self, pair, pair_engine):
        """Fails without the same guard: the row was seen again, and would be deleted."""
        ledger = Ledger.plan(pair_engine)
        ledger.load(MACHINES)
        ledger.pass_over(MACHINES[1:])  # marks, and the worker dies before its sweep
        pair.part()
        ledger.pass_over(MACHINES)  # it is there again, and that is lost

        pair.fail_over()

        with pytest.raises(StoreUnavailableError, match="failed over"):
            ledger.sweep()

        assert "m0" in ledger.live()
        retake(pair_engine, ledger)
        ledger.pass_over(MACHINES)
        ledger.sweep()
        assert "m0" in ledger.live()

    def test_two_leaders_never_share_an_epoch(self, pair, pair_engine):
        """Fails with `epoch + 1`: the standby never saw the number that was lost."""
        plan = PlanService(pair_engine)
        plan.claim_epoch("before")
        pair.part()
        lost = plan.claim_epoch("old")
        pair.fail_over()

        epoch = plan.claim_epoch("new")

        with pytest.raises(NotLeaderError):
            plan.put_provider(lost, provider_record())
        plan.put_provider(epoch, provider_record())

    def test_a_demoted_server_is_left_though_it_answers(self, pair, pair_engine):
        """Fails without `_leave_read_only`: the pool would keep its connections there for ever.

        Without `ReadOnlySqlTransaction` among what means "away" it would even look like a bug.
        """
        pair.synchronise()
        ledger = Ledger.plan(pair_engine)
        pair.primary.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        pair.primary.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        pair.primary.execute("SELECT pg_reload_conf()")
        pair.take_over()

        with pytest.raises(StoreUnavailableError, match="read-only"):
            ledger.load(MACHINES)

        retake(pair_engine, ledger)
        ledger.load(MACHINES)
        with psycopg.connect(pair.standby.url("inventory")) as connection:
            found = connection.execute("SELECT count(*) FROM resource").fetchone()
        with psycopg.connect(pair.primary.url("inventory")) as connection:
            old = connection.execute("SELECT count(*) FROM resource").fetchone()
        assert (found, old) == ((5,), (0,))


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
