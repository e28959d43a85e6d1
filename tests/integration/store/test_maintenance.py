"""What is forgotten, and after how long."""

import pytest

from cloudops.domain.ledger import Consistency
from cloudops.domain.resource import Facet
from cloudops.services import maintenance as service
from cloudops.services.maintenance import MaintenanceService
from cloudops.services.plan import PlanService
from cloudops.store import leases, maintenance
from tests.fakes.cloud import observe, spec_of
from tests.integration.store.seeding import (
    ACCOUNT,
    REGION,
    Ledger,
    acquire,
    execute,
    listing,
    one,
    provider_record,
    rows,
    write_plan,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]


@pytest.fixture
def ledger(engine):
    return Ledger.plan(engine, "fake.machines", "fake.tagging")


def run(engine):
    MaintenanceService(engine).run()


def kept(engine):
    found = rows(engine, "SELECT canonical_id FROM resource")
    return {row.canonical_id for row in found}


def delete(ledger, *names, days):
    """These disappeared so many days ago."""
    shown = [observe(name) for name in ("kept", *names)]
    ledger.pass_over(shown)
    ledger.pass_over(shown[:1])
    ledger.sweep()
    execute(
        ledger.engine,
        "UPDATE resource SET deleted_at = now() - make_interval(days => :days)"
        " WHERE deleted_at IS NOT NULL AND canonical_id = ANY(:names)",
        days=days,
        names=list(names),
    )


def test_deleted_rows_go_after_their_days_with_all_their_facets(engine, ledger):
    delete(ledger, "a", days=31)
    ledger.pass_over(
        [observe("a", facet=Facet.TAGS, document={"t": "1"})],
        name="fake.tagging",
        facet=Facet.TAGS,
    )

    run(engine)

    assert kept(engine) == {"kept"}
    assert one(engine, "SELECT count(*) FROM facet") == 1


def test_until_then_they_stay(engine, ledger):
    delete(ledger, "a", days=29)

    run(engine)

    assert kept(engine) == {"kept", "a"}


def test_each_provider_says_how_long(engine, ledger):
    delete(ledger, "a", days=8)
    write_provider(engine, provider_record(spec=spec_of(ACCOUNT, retainDeletedDays=7)))

    run(engine)

    assert kept(engine) == {"kept"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("retired_at = now() - interval '31 days'", id="retired"),
        pytest.param(
            "status = 'unsupported', status_since = now() - interval '31 days'", id="unsupported"
        ),
    ],
)
def test_rows_that_left_the_view_go_too(engine, ledger, change):
    ledger.pass_over([observe("a")])
    execute(engine, f"UPDATE scope SET {change}")  # noqa: S608  our own words

    run(engine)

    assert kept(engine) == set()


class TestTagsOfWhatNoListingHasShown:
    """A tagging pass may see an item before its listing does, or instead of it."""

    @pytest.fixture
    def lone(self, ledger):
        tags = [observe("a", facet=Facet.TAGS, document={"team": "one"})]
        ledger.pass_over(tags, name="fake.tagging", facet=Facet.TAGS)
        return ledger

    def facets(self, engine):
        return one(engine, "SELECT count(*) FROM facet")

    def test_wait_for_it_however_long_while_their_pass_goes_on(self, engine, lone):
        execute(
            engine,
            "UPDATE scope SET last_complete_at = now() - interval '1 year',"
            " status_since = now() - interval '1 year'",
        )

        run(engine)

        assert self.facets(engine) == 1
        assert kept(engine) == set()

    @pytest.mark.parametrize("types", [(), ("Fake::Other",)], ids=["all-types", "other-types"])
    def test_go_when_two_passes_lack_them(self, engine, lone, types):
        """Fails with `EXISTS` of a wanted type in `_MARK`: they have no type."""
        lone.types = types
        lone.pass_over([], name="fake.tagging", facet=Facet.TAGS)
        lone.ago(61)
        lone.pass_over([], name="fake.tagging", facet=Facet.TAGS)
        lone.sweep("fake.tagging", facet=Facet.TAGS, consistency=Consistency.EVENTUAL)

        assert self.facets(engine) == 0

    @pytest.mark.parametrize(("days", "left"), [(29, 1), (31, 0)])
    @pytest.mark.parametrize(
        "change",
        ["retired_at = {at}", "status = 'unsupported', status_since = {at}"],
        ids=["retired", "unsupported"],
    )
    def test_go_some_time_after_their_pass_has_ended(self, engine, lone, change, days, left):
        """Fails without `_PURGE_LONE_FACETS`: no resource takes them along."""
        at = f"now() - interval '{days} days'"
        execute(engine, f"UPDATE scope SET {change.format(at=at)}")  # noqa: S608  our own words

        run(engine)

        assert self.facets(engine) == left

    def test_go_in_batches(self, engine, ledger, monkeypatch):
        tags = [observe(f"m{n}", facet=Facet.TAGS, document={"t": "1"}) for n in range(25)]
        ledger.pass_over(tags, name="fake.tagging", facet=Facet.TAGS)
        execute(engine, "UPDATE scope SET retired_at = now() - interval '40 days'")
        monkeypatch.setattr(service, "PURGE_BATCH", 10)

        run(engine)

        assert self.facets(engine) == 0


def test_live_rows_stay_however_old(engine, ledger):
    ledger.pass_over([observe("a")])
    execute(
        engine,
        "UPDATE scope SET last_complete_at = now() - interval '1 year',"
        " status_since = now() - interval '1 year'",
    )

    run(engine)

    assert kept(engine) == {"a"}


def test_more_than_one_batch_is_forgotten_in_one_run(engine, ledger, monkeypatch):
    delete(ledger, *(f"m{number}" for number in range(25)), days=40)
    tags = [observe(f"m{n}", facet=Facet.TAGS, document={"t": "1"}) for n in range(25)]
    ledger.pass_over(tags, name="fake.tagging", facet=Facet.TAGS)
    monkeypatch.setattr(service, "PURGE_BATCH", 10)

    run(engine)

    assert kept(engine) == {"kept"}


def test_what_is_shown_again_meanwhile_is_not_forgotten(engine, ledger):
    """The purge has seen it deleted; it waits for the load and looks again."""
    delete(ledger, "a", days=40)
    with engine.begin() as loading:
        execute_in = loading.exec_driver_sql
        execute_in("UPDATE resource SET deleted_at = NULL WHERE canonical_id = 'a'")
        with engine.begin() as connection:
            purged = maintenance.purge_resources(connection, limit=10)

    assert purged == 0
    assert kept(engine) == {"kept", "a"}


def test_only_one_process_does_it_at_a_time(engine, ledger):
    delete(ledger, "a", days=40)
    with engine.begin() as connection:
        assert maintenance.try_lock(connection)

        run(engine)

        assert kept(engine) == {"kept", "a"}


def test_history_is_kept_as_long_as_anybody_wants_it(engine):
    def oldest():
        with engine.begin() as connection:
            found = maintenance.oldest_history(connection)
            today = one(engine, "SELECT CAST(now() AS date)")
            return (today - found).days

    assert oldest() == 180
    write_provider(engine, provider_record("short", spec=spec_of(ACCOUNT, historyDays=10)))
    assert oldest() == 10
    write_provider(engine, provider_record("unsaid", spec={"type": "aws"}))
    assert oldest() == 180
    write_provider(engine, provider_record("long", spec=spec_of(ACCOUNT, historyDays=400)))
    assert oldest() == 400


class TestDeletedProviders:
    """What is left of a CloudProvider that was deleted, `retainDeletedDays` later."""

    @pytest.fixture
    def gone(self, engine, ledger):
        """It had read an account, whose rows were retired with it."""
        ledger.pass_over([observe("a")])
        execute(engine, "UPDATE lease SET holder = '', expires_at = NULL")
        self.vanish(engine)
        return ledger

    def vanish(self, engine, name="aws-prod"):
        plan = PlanService(engine)
        plan.mark_vanished(plan.claim_epoch("pod"), [("platform", name)])

    def ago(self, engine, days):
        for table, column in (("provider", "vanished_at"), ("scope", "retired_at")):
            earlier = f"{column} = {column} - make_interval(days => :days)"
            execute(engine, f"UPDATE {table} SET {earlier}", days=days)  # noqa: S608  our own names

    def left(self, engine):
        tables = ("provider", "resource", "claim", "not_offered")
        counts = {name: one(engine, f"SELECT count(*) FROM {name}") for name in tables}  # noqa: S608  our own names
        return {name for name, found in counts.items() if found}

    def test_the_row_is_kept_as_long_as_its_resources(self, engine, gone):
        self.ago(engine, 29)

        run(engine)

        assert self.left(engine) == {"provider", "resource"}

    def test_then_nothing_is_left_of_it(self, engine, gone):
        """Fails without `release_accounts` and `purge_providers`: it would be there for ever."""
        self.ago(engine, 31)

        run(engine)

        assert self.left(engine) == set()
        assert one(engine, "SELECT count(*) FROM lease WHERE kind = 'discovery'") == 0

    def test_what_a_discovery_left_that_was_under_way_goes_along(self, engine, provider_id):
        (lease,) = acquire(engine)
        self.vanish(engine)
        write_plan(engine, provider_id, listings=[listing("fake.queues", absent=(REGION,))])
        with engine.begin() as connection:
            leases.finish(connection, lease, due_in_seconds=900)
        assert self.left(engine) == {"provider", "claim"}
        self.ago(engine, 31)

        run(engine)

        assert self.left(engine) == set()

    def test_one_that_is_read_at_this_moment_is_left_alone(self, engine, provider_id):
        acquire(engine)
        self.vanish(engine)
        self.ago(engine, 31)

        run(engine)

        assert self.left(engine) == {"provider"}

    def test_those_that_still_have_an_object_stay(self, engine, ledger):
        execute(engine, "UPDATE provider SET created_at = now() - interval '1 year'")

        run(engine)

        assert "provider" in self.left(engine)

    def test_they_go_in_batches(self, engine, monkeypatch):
        monkeypatch.setattr(service, "PURGE_BATCH", 2)
        for number in range(5):
            write_provider(engine, provider_record(f"p{number}"))
            self.vanish(engine, f"p{number}")
        self.ago(engine, 31)

        run(engine)

        assert self.left(engine) == set()

    @pytest.mark.parametrize(("days", "kept_days"), [(29, 3650), (31, 180)])
    def test_their_history_is_kept_no_longer_than_they_are(self, engine, days, kept_days):
        """Fails if every row of `provider` counts: one would keep the history of all tenants."""
        write_provider(engine, provider_record(spec=spec_of(ACCOUNT, historyDays=3650)))
        self.vanish(engine)
        self.ago(engine, days)

        with engine.begin() as connection:
            oldest = maintenance.oldest_history(connection)

        assert (one(engine, "SELECT CAST(now() AS date)") - oldest).days == kept_days


def test_a_run_makes_the_partitions_ahead(engine):
    run(engine)
    run(engine)

    months = one(engine, "SELECT count(*) FROM pg_class WHERE relname ~ '^change_[0-9]{6}$'")
    assert months == 3
