"""Who waits for whom: a change of the plan never waits for a worker, nor a worker for a load."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from cloudops.domain.ledger import Consistency, LeaseKind
from cloudops.domain.resource import Facet, TagSource
from cloudops.store import leases, scopes, sweep
from cloudops.store.sweep import Swept
from tests.fakes.cloud import observe
from tests.fixtures.waiting import eventually
from tests.integration.store.locking import waits_for_a_lock
from tests.integration.store.seeding import (
    FREE,
    HOLDER,
    Ledger,
    acquire,
    one,
    provider_record,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

CHANGED = provider_record(spec={"type": "fake", "more": True}, generation=2)
IMPATIENT = text("SET LOCAL lock_timeout = '2s'")


@pytest.fixture
def ledger(engine):
    return Ledger.plan(engine, "fake.machines")


def write_in_another_session(engine):
    """Raises what the other session got, if it did not get through at once."""
    errors = []

    def write():
        try:
            write_provider(engine, CHANGED)
        except Exception as error:  # noqa: BLE001  handed to the test
            errors.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "the plan waits for the worker"
    assert errors == []


def test_a_changed_spec_does_not_wait_for_a_load_and_is_seen_when_the_lease_ends(engine, ledger):
    """Fails if the plan updates scopes, or waits for leases, while it holds the provider."""
    with engine.begin() as load:
        leases.guard(load, ledger.lease)
        scopes.record_outcomes(load, [ledger.judge(complete=True)(1)])
        write_in_another_session(engine)

    with engine.begin() as connection:
        leases.finish(connection, ledger.lease)
    again = [lease for lease in acquire(engine) if lease.kind is LeaseKind.INVENTORY]

    assert len(again) == 1
    with engine.begin() as connection:
        assert [s.listing for s in scopes.due_scopes(connection, again[0])] == ["fake.machines"]


def test_a_changed_spec_does_not_wait_for_a_lease_that_ends(engine, ledger):
    """The other half of the circle: finishing must not want the provider either."""
    with engine.begin() as ending:
        leases.finish(ending, ledger.lease)
        write_in_another_session(engine)
        ending.execute(IMPATIENT)
        one(engine, "SELECT count(*) FROM provider")


def test_an_item_shown_by_two_listings_makes_none_wait_for_the_other_for_ever(engine, ledger):
    """Fails if what is shown again locks its facet before its resource: loads do the opposite."""
    ledger.pass_over([observe("a")])
    ledger.pass_over([])
    ledger.sweep()
    assert one(engine, "SELECT deleted_at IS NOT NULL FROM resource")
    thread = threading.Thread(target=ledger.pass_over, args=([observe("a")],))

    with engine.begin() as other:
        other.execute(text("UPDATE resource SET state = 'seen'"))
        thread.start()
        eventually(lambda: waits_for_a_lock(engine))
        other.execute(text("UPDATE facet SET missing_since = NULL"))
    thread.join(60)

    assert one(engine, "SELECT deleted_at IS NULL FROM resource")


def test_tags_that_are_dropped_and_shown_again_make_nobody_wait_for_ever(engine):
    """Fails if `_DROP_FACETS` comes first to a facet and then to its resource: loads do the
    opposite, and so does the purge.
    """
    ledger = Ledger.plan(engine, "fake.machines", "fake.tagging")
    shown = observe("a", facet=Facet.TAGS, document={"team": "one"})
    ledger.pass_over([observe("a", tag_source=TagSource.TAGGING)])
    ledger.pass_over([shown], name="fake.tagging", facet=Facet.TAGS)
    ledger.pass_over([], name="fake.tagging", facet=Facet.TAGS)
    with ThreadPoolExecutor(1) as threads:
        with engine.begin() as other:
            other.execute(text("UPDATE resource SET state = 'seen'"))
            dropping = threads.submit(ledger.sweep, "fake.tagging", facet=Facet.TAGS)
            eventually(lambda: waits_for_a_lock(engine))
            other.execute(text("UPDATE facet SET missing_since = NULL"))
        dropping.result(60)

    assert one(engine, "SELECT tags FROM resource") == {"team": "one"}


class TestANewKeyThatIsEnteredWhileAnotherRegionSweeps:
    """What the old key missed is forgotten, unless it is deleted: then its mark revives it."""

    @pytest.fixture
    def ledger(self, engine, ledger):
        self.enter(engine, ledger, b"old")
        ledger.pass_over([observe("a"), observe("b")])
        ledger.pass_over([observe("b")])
        return ledger

    def enter(self, connectable, ledger, fingerprint):
        with connectable.begin() as connection:
            scopes.enter_account(connection, ledger.scope().account_pk, fingerprint)

    @pytest.mark.parametrize("staged", [False, True])
    def test_what_is_deleted_comes_back_when_it_is_shown_again(self, engine, ledger, staged):
        """Fails if `_FORGET_MARKS` does not look again whether a resource is deleted."""
        swept = [Swept(ledger.scope().id, Facet.LISTED, Consistency.STRONG)]
        with ThreadPoolExecutor(1) as threads:
            with engine.begin() as sweeping:
                sweep.sweep(sweeping, ledger.lease, swept, brake=FREE, confirm_seconds=60)
                entering = threads.submit(self.enter, engine, ledger, b"new")
                eventually(lambda: entering.done() or waits_for_a_lock(engine))
            entering.result(60)
        assert ledger.live() == {"b"}

        ledger.pass_over([observe("a"), observe("b")], staged=staged)

        assert ledger.live() == {"a", "b"}

    def test_what_was_only_missed_is_not_deleted(self, engine, ledger):
        """Fails if `_DELETE` does not look again at the marks."""
        with ThreadPoolExecutor(1) as threads:
            with engine.begin() as connection:
                scopes.enter_account(connection, ledger.scope().account_pk, b"new")
                sweeping = threads.submit(ledger.sweep)
                eventually(lambda: sweeping.done() or waits_for_a_lock(engine))
            sweeping.result(60)

        assert ledger.live() == {"a", "b"}
        assert ledger.marked() == set()

    def test_its_load_and_the_new_key_do_not_wait_for_each_other_for_ever(self, engine, ledger):
        """Fails if `enter_account` comes to scopes before facets: loads do the opposite."""
        with ThreadPoolExecutor(1) as threads:
            with engine.begin() as load:
                load.execute(text("UPDATE facet SET missing_since = NULL"))
                entering = threads.submit(self.enter, engine, ledger, b"new")
                eventually(lambda: waits_for_a_lock(engine))
                load.execute(text("UPDATE scope SET status = 'complete'"))
            entering.result(60)

        assert ledger.marked() == set()


def test_heartbeats_go_on_during_a_load_and_nobody_can_take_the_lease(engine, ledger):
    """Fails with a load that locks FOR SHARE: the heartbeat would skip its own lease."""
    with engine.begin() as load:
        leases.guard(load, ledger.lease)
        load.execute(text("SELECT pg_sleep(0.1)"))
        before = one(engine, "SELECT expires_at FROM lease WHERE id = :id", id=ledger.lease.id)
        with engine.begin() as beat:
            beat.execute(IMPATIENT)
            held = leases.renew(beat, [ledger.lease], holder=HOLDER, seconds=600)
        after = one(engine, "SELECT expires_at FROM lease WHERE id = :id", id=ledger.lease.id)
        with engine.begin() as other:
            other.execute(text("UPDATE lease SET expires_at = now() - interval '1 hour'"))
        taken = acquire(engine, "thief")

    assert held == {ledger.lease.id}
    assert after > before
    assert ledger.lease.id not in {lease.id for lease in taken}
