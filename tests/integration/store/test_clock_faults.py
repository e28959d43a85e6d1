"""The database's clock jumps: by an hour, either way, or by years."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from cloudops.domain.errors import LeaseLostError
from cloudops.domain.ledger import LeaseKind
from cloudops.services.leasing import LeasingService
from cloudops.services.maintenance import MaintenanceService
from cloudops.settings import Settings
from cloudops.store import sightings
from cloudops.store.machine import Machine as OwnMachine
from cloudops.store.migrate import upgrade
from cloudops.store.session import open_engine
from tests.fakes.cloud import (
    MACHINES,
    QUEUES,
    TOPIC_DETAILS,
    TOPICS,
    WITH_DETAILS,
    observe,
    spec_of,
)
from tests.fixtures.machine import Machine
from tests.fixtures.postgres_server import PostgresServer
from tests.integration.services.rig import Rig
from tests.integration.store.seeding import ACCOUNT, Ledger, acquire, denial, execute, one, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]

HOUR = 3600
YEAR = 365 * 24 * HOUR


@pytest.fixture(scope="module")
def machine(run_folder):
    return Machine(run_folder / "machine")


@pytest.fixture(scope="module")
def server(machine, run_folder):
    """A PostgreSQL on a machine whose clock a test sets."""
    server = PostgresServer(run_folder / "skewed" / "postgres", environment=machine.environment)
    try:
        server.create()
        upgrade(server.create_database("migrated"))
        server.seal_template("migrated")
        yield server
    finally:
        server.stop("immediate")


@pytest.fixture
def engine(server, machine, request):
    """What `rig` and `ledger` work on."""
    name = f"test_{abs(hash(request.node.nodeid))}"
    engine = open_engine(Settings(database_url=server.create_database(name, "migrated")))
    yield engine
    machine.set_clock(0)
    engine.dispose()


@pytest.fixture
def read(rig):
    """Everything was read once, under a clock that is right."""
    rig.account.put(MACHINES, "m0", "m1", "m2")
    rig.account.put(QUEUES, "q0", "q1")
    rig.plan()
    rig.work()
    assert len(rig.live()) == 5
    return rig


def run_now(rig, token):
    """Ask for a run, as a person does, and do what is due."""
    rig.plan(requested_at=token)
    return rig.work()


def longest_waits(engine):
    """In periods: how long the scopes, at most, still wait; in seconds: how long the leases do."""
    ((scopes, leases, held),) = rows(
        engine,
        "SELECT (SELECT max(extract(epoch FROM next_due_at - now()) / period_seconds) FROM scope),"
        " (SELECT max(extract(epoch FROM next_due_at - now())) FROM lease"
        "   WHERE next_due_at < 'infinity'),"
        " (SELECT max(extract(epoch FROM expires_at - now())) FROM lease)",
    )
    return float(scopes), float(leases), float(held or 0)


class TestForwards:
    def test_leases_run_out_and_the_fence_holds(self, engine, machine):
        """Fails without the fence: the first worker does not know that its hour is over."""
        ledger = Ledger.plan(engine)
        ledger.load([observe("a"), observe("b")])

        machine.set_clock(HOUR)
        again = next(lease for lease in acquire(engine, "other") if lease.id == ledger.lease.id)

        with pytest.raises(LeaseLostError):
            ledger.load([observe("b")])
        ledger.pass_over([observe("a"), observe("b")], lease=again)
        ledger.sweep(lease=again)
        assert ledger.live() == {"a", "b"}

    def test_an_hour_that_did_not_pass_confirms_no_deletion(self, read, machine):
        """Fails without `restart_confirmations`: two listings, seconds apart, would agree.

        The item lives; an eventually consistent listing leaves it out for some seconds.
        """
        read.account.remove(QUEUES, "q0")
        run_now(read, "1")

        machine.set_clock(HOUR)
        run_now(read, "2")
        run_now(read, "3")

        assert "q0" in read.live()
        read.account.put(QUEUES, "q0")
        run_now(read, "4")
        assert "q0" in read.live()

    def test_nor_does_one_that_did_not_pass_while_its_account_was_entered(
        self, read, machine, monkeypatch
    ):
        """Fails if `DatabaseClock` is set after `_enter`, which may wait for minutes.

        The listing would begin an hour after the mark that was made seconds ago.
        """
        read.account.remove(QUEUES, "q0")
        run_now(read, "1")
        read.plan(requested_at="2")
        (lease,) = (le for le in read.acquire(LeaseKind.INVENTORY) if le.region == "eu-west-1")
        answer = read.secrets.read("platform", "aws")
        monkeypatch.setattr(read.secrets, "read", lambda *_: machine.set_clock(HOUR) or answer)

        read.run(lease)

        assert "q0" in read.live()

    def test_nor_does_one_that_did_not_pass_while_its_lease_was_taken(
        self, read, machine, monkeypatch
    ):
        """Fails without the second `watch`: the lease begins an hour after the mark."""
        read.account.remove(QUEUES, "q0")
        run_now(read, "1")
        read.plan(requested_at="2")
        watch = read.leasing._watch
        accept = watch.accept

        def accept_and_jump(look):
            kept = accept(look)
            machine.set_clock(HOUR)
            return kept

        monkeypatch.setattr(watch, "accept", accept_and_jump)
        (lease,) = (le for le in read.acquire(LeaseKind.INVENTORY) if le.region == "eu-west-1")

        read.run(lease)

        assert "q0" in read.live()

    def test_what_is_really_gone_goes_a_little_later(self, read, machine):
        read.account.remove(QUEUES, "q0")
        run_now(read, "1")
        machine.set_clock(HOUR)
        run_now(read, "2")
        assert "q0" in read.live()

        read.age(100)
        run_now(read, "3")

        assert "q0" not in read.live()


class Elsewhere(OwnMachine):
    """One on which nobody has looked at the database's clock yet."""

    def __init__(self, skew=0):
        super().__init__()
        self.name = f"elsewhere-{secrets.token_hex(4)}"
        self.skew = skew

    def now(self):
        return super().now() + self.skew


class TestAProcessThatJustStarted:
    """It remembers nothing; the database does."""

    def start(self, rig, machine=None):
        rig.leasing = LeasingService(rig.engine, lease_seconds=60, machine=machine)

    @pytest.mark.parametrize("elsewhere", [False, True])
    def test_it_confirms_no_deletion_by_an_hour_that_did_not_pass(self, read, machine, elsewhere):
        """Fails if its first look is taken for granted: it would delete what lives."""
        read.account.remove(QUEUES, "q0")  # it lives; this listing leaves it out
        run_now(read, "1")
        machine.set_clock(HOUR)

        self.start(read, Elsewhere() if elsewhere else None)
        run_now(read, "2")
        self.start(read)
        run_now(read, "3")

        assert "q0" in read.live()

    def test_what_is_really_gone_goes_though_each_run_is_a_new_process(self, read):
        """Fails if each start puts deletions off: `cloudops collect` would never delete."""
        read.account.remove(QUEUES, "q0")
        for number in range(2):
            self.start(read)
            run_now(read, str(number))
            read.age(100)

        assert "q0" not in read.live()

    def test_a_wrong_clock_of_its_own_puts_deletions_off_once(self, read):
        """Fails if the last sighting of any machine counts more than this machine's own."""
        wrong = Elsewhere(skew=2 * HOUR)
        read.account.remove(QUEUES, "q0")
        run_now(read, "1")
        read.age(100)
        self.start(read, wrong)
        run_now(read, "2")
        assert "q0" in read.live()
        self.start(read, Elsewhere())
        read.leasing.watch()

        read.age(100)
        self.start(read, wrong)
        run_now(read, "3")

        assert "q0" not in read.live()

    def test_a_sighting_from_before_the_clock_was_put_back_is_not_gone_by(self, read, machine):
        machine.set_clock(HOUR)
        self.start(read, Elsewhere())
        read.leasing.watch()
        machine.set_clock(0)
        here = Elsewhere()
        self.start(read, here)
        read.leasing.watch()

        with read.engine.begin() as connection:
            found = sightings.latest(connection, "another")

        assert found
        assert found.machine == here.name

    def test_machines_that_nobody_has_heard_of_for_a_month_are_forgotten(self, read):
        self.start(read, Elsewhere())
        read.leasing.watch()
        shift = "UPDATE clock_sighting SET shown_at = shown_at - interval '31 days'"
        execute(read.engine, shift)
        here = Elsewhere()

        self.start(read, here)
        read.leasing.watch()

        names = [row.machine for row in rows(read.engine, "SELECT machine FROM clock_sighting")]
        assert names == [here.name]


class TestBackwards:
    def test_nothing_waits_for_the_hour_to_come_again(self, read, machine, engine):
        """Fails without `settle_times`: whatever waits would wait for an hour longer.

        Measured: with it the longest wait is one period, or the time of one lease.
        """
        read.age(100_000)
        (dead, *_) = read.leasing.acquire("dead", 1)
        before = longest_waits(engine)

        machine.set_clock(-HOUR)
        other = LeasingService(engine, lease_seconds=60)
        other._watch = read.leasing._watch  # it has seen the clock before, as that process has
        taken = other.acquire("other", 100)

        scopes, _, held = longest_waits(engine)
        assert dead.id not in {lease.id for lease in taken}
        assert held <= 60
        assert scopes <= max(before[0], 1.05)
        assert one(engine, "SELECT count(*) FROM scope WHERE last_attempt_at > now()") == 0

    def test_a_worker_that_never_saw_the_right_time_settles_it_too(self, read, machine, engine):
        """Fails if only the jump itself is noticed: a new process has not seen it."""
        machine.set_clock(-HOUR)
        assert longest_waits(engine)[0] > 2

        MaintenanceService(engine).run()

        scopes, leases, _ = longest_waits(engine)
        assert scopes <= 1.05
        assert leases <= 900 * 1.05

    def test_the_ten_minutes_of_a_change_do_not_last_an_hour_longer(self, read, machine, engine):
        """Fails if a time from which they are counted is left ahead of the clock."""
        times = "greatest(spec_changed_at, credentials_changed_at, entry_since)"
        machine.set_clock(-HOUR)
        assert one(engine, f"SELECT {times} > now() FROM provider")  # noqa: S608  our own names

        MaintenanceService(engine).run()

        assert one(engine, f"SELECT {times} <= now() FROM provider")  # noqa: S608  as above

    def test_what_never_happened_has_not_happened_now(self, rig, machine):
        """Fails with `least`, to which NULL is no value: scopes never read would look fresh."""
        rig.account.fail(MACHINES, denial())
        rig.plan()
        rig.work()

        machine.set_clock(-HOUR)
        rig.work()

        row = rig.scopes()["fake.machines"]
        assert (row.status, row.last_complete_at) == ("denied", None)
        never = "SELECT requested_at IS NULL FROM provider"
        assert rig.value(never)
        assert rig.value("SELECT bool_and(expires_at IS NULL) FROM lease")

    def test_a_run_is_neither_repeated_for_an_hour_nor_left_out(self, read, machine):
        """Fails without `settle_times`: what was asked "in an hour" would be due again and again,

        and what is asked now would look as if it had been answered in an hour.
        """
        run_now(read, "1")

        machine.set_clock(-HOUR)
        read.work()  # raises if something stays due

        assert read.work() == 0
        read.account.put(MACHINES, "new")
        run_now(read, "2")
        assert "new" in read.live()
        assert read.snapshot().handled_request == "2"
        assert read.work() == 0

    def test_in_the_middle_of_a_lease_its_ages_do_not_lie_in_the_future(self, read, machine):
        """Fails without `least` in the ledger's statement: a request would find it read already."""
        lease = next(le for le in self.due(read) if le.region == "eu-west-1")
        read.cloud.on_page = lambda *_: machine.set_clock(-HOUR)
        read.run(lease)

        assert read.value("SELECT count(*) FROM scope WHERE last_complete_at > now()") == 0

    def due(self, rig):
        rig.age(100_000)
        return rig.acquire(LeaseKind.INVENTORY)


class TestDetailsBackwards:
    """Two calls tell the details of a topic."""

    @pytest.fixture
    def topics(self, engine):
        """A rig that is at work already: it has seen the clock before."""
        rig = Rig(engine, listings=WITH_DETAILS)
        rig.account.put(TOPICS, "a", "b")
        yield rig
        rig.close()

    def plan(self, rig, calls=1000):
        rig.plan(spec_of(ACCOUNT, detail={"callsPerHour": calls, "ttlSeconds": 86_400}))
        rig.work()

    def asked(self, rig):
        """Whose details were asked for since this was asked the last time."""
        names = sorted(rig.account.asked)
        rig.account.asked.clear()
        return names

    def test_they_do_not_wait_for_the_hour_to_come_again(self, topics, machine):
        """Fails without `_DETAILS`: their scope would be complete, and nothing be asked."""
        self.plan(topics)
        assert self.asked(topics) == ["a", "b"]

        machine.set_clock(-HOUR)
        topics.work()
        as_of = topics.value("SELECT max(details_as_of) <= now() FROM inventory")
        topics.age(1000)
        topics.work()

        assert self.asked(topics) == ["a", "b"]
        assert topics.statuses()[TOPIC_DETAILS.name] == "complete"
        assert as_of

    def test_what_is_read_meanwhile_was_not_read_in_the_future(self, topics, machine):
        """Fails without `least` in `_ATTEMPTS`."""
        self.plan(topics)
        topics.age(1000)
        self.asked(topics)
        topics.account.put(TOPICS, "new")
        (lease,) = (le for le in topics.acquire(LeaseKind.INVENTORY) if le.region == "eu-west-1")
        topics.cloud.on_page = lambda *_: machine.set_clock(-HOUR)

        topics.run(lease)

        assert self.asked(topics) == ["new"]
        assert topics.value(
            "SELECT greatest(tried_at, read_at) <= now() FROM detail JOIN resource USING (uid)"
            " WHERE canonical_id = 'new'"
        )

    def test_calls_count_for_an_hour_and_not_once_more_when_it_comes_again(self, topics, machine):
        """Fails without `_CALLS`: there would be twice as many now, and none in an hour."""
        self.plan(topics, calls=4)
        assert self.asked(topics) == ["a", "b"]
        topics.account.put(TOPICS, "c")

        machine.set_clock(-HOUR)
        topics.work()
        topics.age(1000)
        topics.work()
        assert self.asked(topics) == []
        assert topics.scopes()[TOPIC_DETAILS.name].error_code == "DetailBudgetSpent"

        topics.age(3000)
        topics.work()
        assert "c" in self.asked(topics)

    def test_calls_stay_as_far_apart_as_they_were(self, topics, machine):
        """Fails if all that were made in an hour count as made just now."""
        self.plan(topics, calls=4)
        topics.age(3000)
        self.asked(topics)
        topics.account.put(TOPICS, "c", "d")
        self.plan(topics, calls=8)
        assert len(self.asked(topics)) == 2
        topics.account.put(TOPICS, "e", "f")

        machine.set_clock(-HOUR)
        topics.work()
        topics.age(1000)
        topics.work()

        assert len(self.asked(topics)) == 2


class TestYears:
    def test_a_clock_that_nobody_shares_makes_nothing_forgotten(self, read, machine, engine):
        """Fails without the second clock: history and deleted rows would be dropped for good."""
        MaintenanceService(engine).run()
        read.account.remove(MACHINES, "m0")
        execute(
            engine,
            "UPDATE resource SET deleted_at = now(), deleted_reason = 'swept'"
            " WHERE canonical_id = 'm0'",
        )
        before = history(engine)

        machine.set_clock(2 * YEAR)
        MaintenanceService(engine).run()

        assert history(engine) == before
        assert one(engine, "SELECT count(*) FROM resource WHERE canonical_id = 'm0'") == 1
        machine.set_clock(0)
        MaintenanceService(engine).run()
        assert history(engine) == before

    def test_what_is_loaded_beyond_the_last_month_is_kept_and_gets_its_month(
        self, read, machine, engine
    ):
        """Fails without the default partition: no load would succeed any more."""
        MaintenanceService(engine).run()
        before = history(engine)
        machine.set_clock(YEAR)
        read.account.put(MACHINES, "later")
        run_now(read, "1")
        assert "later" in read.live()
        assert partitions(engine) >= {"change_default"}

        MaintenanceService(engine).run()

        month = (datetime.now(UTC) + timedelta(seconds=YEAR)).strftime("change_%Y%m")
        assert partitions(engine) >= {month}
        assert "change_default" not in partitions(engine)
        assert history(engine) == before + 1


def history(engine):
    return one(engine, "SELECT count(*) FROM change")


def partitions(engine):
    """Those that rows lie in."""
    found = rows(engine, "SELECT DISTINCT CAST(tableoid::regclass AS text) AS name FROM change")
    return {row.name for row in found}
