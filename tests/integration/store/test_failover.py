"""The database fails over: which server is found, and what becomes of leases, marks and epochs."""

import psycopg
import pytest
from sqlalchemy import text

from cloudops.domain.errors import NotLeaderError, StoreUnavailableError
from cloudops.domain.ledger import Consistency
from cloudops.services.leasing import LeasingService
from cloudops.services.plan import PlanService
from cloudops.settings import Settings
from cloudops.store import leases, server
from cloudops.store.session import open_engine, transaction
from tests.fakes.cloud import observe
from tests.integration.store.seeding import (
    Ledger,
    acquire,
    execute,
    one,
    provider_record,
    retake,
    rows,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

MACHINES = [observe(f"m{number}") for number in range(5)]


def in_recovery(engine):
    with transaction(engine) as connection:
        return connection.scalar(text("SELECT pg_is_in_recovery()"))


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


@pytest.fixture
def missed(pair, pair_engine):
    """Several machines, one of which a listing left out an hour ago; the standby has it all."""
    LeasingService(pair_engine, lease_seconds=60).watch()
    ledger = Ledger.plan(pair_engine)
    ledger.load(MACHINES)
    ledger.pass_over(MACHINES[1:])
    ledger.ago(3600)
    free_leases(ledger)
    pair.catch_up()
    return ledger


def free_leases(ledger):
    execute(ledger.engine, "UPDATE lease SET holder = '', expires_at = NULL, next_due_at = now()")


def acquire_as_worker(ledger, leasing=None):
    """What a worker does that takes the freed lease; without `leasing` it has just started."""
    leasing = leasing or LeasingService(ledger.engine, lease_seconds=60)
    taken = leasing.acquire("started", 100)
    ledger.lease = next(lease for lease in taken if lease.id == ledger.lease.id)
    ledger.by_listing = ledger.reread()


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
        """Fails if a pass adds nothing to a scope that has rows (`_compare`)."""
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

    def test_no_mark_from_before_counts_on_another_server(self, pair, missed):
        """Fails unless marks are forgotten: it was seen since, and that is lost.

        A later time does not help: a minute on, one listing would do to delete it.
        """
        pair.part()
        missed.pass_over(MACHINES)  # it is there again

        pair.fail_over()
        acquire_as_worker(missed)
        assert missed.marked() == set()
        missed.ago(3600)
        missed.pass_over(MACHINES[1:])  # left out for the first time since it was seen
        missed.sweep(consistency=Consistency.EVENTUAL)

        assert "m0" in missed.live()

    def test_nor_where_the_server_changes_while_leases_are_taken(
        self, pair, pair_engine, missed, monkeypatch
    ):
        """Fails without the second `watch`: the other server granted the lease."""
        leasing = LeasingService(pair_engine, lease_seconds=60)
        leasing.watch()
        pair.part()
        missed.pass_over(MACHINES)
        take = leases.acquire

        def take_elsewhere(_, **options):
            pair.fail_over()
            with transaction(pair_engine) as connection:
                return take(connection, **options)

        monkeypatch.setattr(leases, "acquire", take_elsewhere)
        acquire_as_worker(missed, leasing)

        assert missed.marked() == set()

    def test_what_is_really_gone_goes_two_listings_later(self, pair, missed):
        pair.fail_over()
        acquire_as_worker(missed)

        for _ in range(2):
            missed.pass_over(MACHINES[1:])
            missed.ago(3600)
            missed.pass_over(MACHINES[1:])
        missed.sweep(consistency=Consistency.EVENTUAL)

        assert "m0" not in missed.live()

    def test_accounts_that_their_organization_lacked_are_looked_for_anew(self, pair, missed):
        """Fails if marks of resources alone are forgotten."""
        execute(missed.engine, "UPDATE claim SET missing_since = now(), held_count = 7")
        pair.catch_up()

        pair.fail_over()
        acquire_as_worker(missed)

        found = rows(missed.engine, "SELECT missing_since, held_count FROM claim")
        assert [tuple(row) for row in found] == [(None, 0)]

    def test_what_was_deleted_keeps_its_mark(self, pair, missed):
        missed.sweep()
        assert "m0" not in missed.live()
        pair.catch_up()

        pair.fail_over()
        acquire_as_worker(missed)

        assert one(missed.engine, "SELECT count(*) FROM facet WHERE missing_since < now()") == 1

    def test_a_restart_that_lost_nothing_counts_marks_from_now_on(self, pair, missed):
        """Fails if it is taken for a failover: one restarted daily would never delete."""
        pair.primary.stop("fast")
        pair.primary.start()

        acquire_as_worker(missed)

        assert missed.marked() == {"m0"}
        fresh = "SELECT missing_since > pg_postmaster_start_time() FROM facet"
        assert one(missed.engine, f"{fresh} WHERE missing_since IS NOT NULL")

    def test_a_server_that_does_not_tell_its_timeline_may_be_another_one(
        self, pair, missed, monkeypatch
    ):
        monkeypatch.setattr(server, "_TIMELINE", text("SELECT 1 / 0"))
        pair.primary.stop("fast")
        pair.primary.start()

        acquire_as_worker(missed)

        assert missed.marked() == set()

    def test_two_leaders_never_share_an_epoch(self, pair, pair_engine):
        """Fails with `epoch + 1`: the standby never saw the number that was lost."""
        plan = PlanService(pair_engine)
        plan.claim_epoch("before")
        pair.part()
        lost = plan.claim_epoch("old")
        pair.fail_over()

        epoch = plan.claim_epoch("new")

        with pytest.raises(NotLeaderError):
            plan.sync_provider(lost, provider_record())
        plan.sync_provider(epoch, provider_record())

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
