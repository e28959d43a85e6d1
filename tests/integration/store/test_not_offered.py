"""Services that the cloud does not offer in a region: no scope there, and no secret either."""

import pytest

from cloudops.domain.resource import GLOBAL_REGION
from cloudops.services.reading import ReadingService
from tests.integration.store.derived import (
    OTHER,
    active,
    retired,
    settle,
    snapshot,
)
from tests.integration.store.seeding import (
    ACCOUNT,
    account,
    acquire,
    listing,
    one,
    write_plan,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]


class TestNotOffered:
    HERE, ELSEWHERE = listing("fake.machines"), listing("fake.queues", absent=("r2", "r3"))

    def discover(self, engine, provider_id, *listings, regions=("r1", "r2")):
        write_plan(engine, provider_id, [account(regions=regions)], listings)

    def counts(self, engine):
        return snapshot(engine).scopes

    def listed(self, engine, **wanted):
        return {
            (row.region, row.listing): (row.status, row.error_code, row.next_due_at)
            for row in ReadingService(engine).ledger(**wanted)
        }

    def test_there_is_no_scope_where_there_is_no_service(self, engine, provider_id):
        self.discover(engine, provider_id, self.HERE, self.ELSEWHERE)

        assert {(region, name) for _, region, name in active(engine)} == {
            ("r1", "fake.machines"),
            ("r1", "fake.queues"),
            ("r2", "fake.machines"),
        }

    def test_it_counts_and_shows_as_unsupported_all_the_same(self, engine, provider_id):
        self.discover(engine, provider_id, self.HERE, self.ELSEWHERE)

        assert (self.counts(engine).total, self.counts(engine).unsupported) == (4, 1)
        not_offered = {("r2", "fake.queues"): ("unsupported", "NotOffered", None)}
        assert self.listed(engine, status="unsupported") == not_offered
        assert len(self.listed(engine)) == 4
        assert self.listed(engine, status="planned").keys().isdisjoint(not_offered)
        assert self.listed(engine, account=OTHER) == {}

    def test_only_regions_of_the_accounts_are_kept(self, engine, provider_id):
        self.discover(engine, provider_id, self.HERE, self.ELSEWHERE)

        assert one(engine, "SELECT array_agg(region) FROM not_offered") == ["r2"]

    def test_it_does_not_keep_the_inventory_from_being_in_step(self, engine, provider_id):
        self.discover(engine, provider_id, self.HERE, self.ELSEWHERE)
        settle(engine)

        found = snapshot(engine)

        assert (found.unsynced, found.problems, found.accounts.tried) == ({}, (), 1)

    def test_once_it_is_offered_it_is_read(self, engine, provider_id):
        self.discover(engine, provider_id, self.HERE, self.ELSEWHERE)
        settle(engine)

        self.discover(engine, provider_id, self.HERE, listing("fake.queues"))

        assert (ACCOUNT, "r2", "fake.queues") in active(engine)
        assert self.counts(engine).unsupported == 0
        assert "r2" in {lease.region for lease in acquire(engine)}

    def test_what_was_planned_before_is_retired_and_says_why(self, engine, provider_id):
        self.discover(engine, provider_id, self.HERE, listing("fake.queues"))

        self.discover(engine, provider_id, self.HERE, self.ELSEWHERE)

        assert retired(engine) == {("fake.queues", "r2"): "NotOffered"}

    def test_a_region_in_which_nothing_is_offered_has_no_lease(self, engine, provider_id):
        self.discover(engine, provider_id, self.ELSEWHERE)

        assert one(engine, "SELECT array_agg(region) FROM lease WHERE kind = 'inventory'") == ["r1"]

    def test_a_type_that_is_not_asked_for_does_not_count(self, engine, provider_id):
        self.discover(engine, provider_id, self.HERE, self.ELSEWHERE)

        self.discover(engine, provider_id, self.HERE)

        assert self.counts(engine).unsupported == 0


class TestGlobally:
    """A global listing of what the whole partition lacks."""

    HERE = listing("fake.machines")
    PEOPLE = listing("fake.people", is_global=True)
    SHIELDS = listing("fake.shields", is_global=True, absent=(GLOBAL_REGION,))
    WHERE = (GLOBAL_REGION, "fake.shields")

    def discover(self, engine, provider_id, *listings, regions=("r1", "r2")):
        write_plan(engine, provider_id, [account(regions=regions)], listings)

    def listed(self, engine, **wanted):
        return {
            (row.region, row.listing): (row.status, row.error_code)
            for row in ReadingService(engine).ledger(**wanted)
        }

    def test_it_has_no_scope_and_shows_once_as_unsupported(self, engine, provider_id):
        self.discover(engine, provider_id, self.HERE, self.PEOPLE, self.SHIELDS)

        assert self.WHERE not in {(region, name) for _, region, name in active(engine)}
        assert (ACCOUNT, GLOBAL_REGION, "fake.people") in active(engine)
        counted = snapshot(engine).scopes
        assert (counted.total, counted.unsupported) == (4, 1)
        assert self.listed(engine, status="unsupported") == {
            self.WHERE: ("unsupported", "NotOffered")
        }

    def test_it_shows_also_where_regions_are_not_known(self, engine, provider_id):
        self.discover(engine, provider_id, self.HERE, self.SHIELDS, regions=None)

        assert self.listed(engine) == {self.WHERE: ("unsupported", "NotOffered")}

    def test_nothing_that_is_global_means_no_lease_for_it(self, engine, provider_id):
        self.discover(engine, provider_id, self.HERE, self.SHIELDS)

        leased = "SELECT array_agg(region ORDER BY region) FROM lease WHERE kind = 'inventory'"
        assert one(engine, leased) == ["r1", "r2"]

    def test_what_was_asked_before_is_retired_and_says_why(self, engine, provider_id):
        asked = listing("fake.shields", is_global=True)
        self.discover(engine, provider_id, self.PEOPLE, asked)
        settle(engine)

        self.discover(engine, provider_id, self.PEOPLE, self.SHIELDS)

        assert retired(engine) == {("fake.shields", GLOBAL_REGION): "NotOffered"}
        assert snapshot(engine).unsynced == {}

    def test_once_it_is_offered_it_is_read(self, engine, provider_id):
        self.discover(engine, provider_id, self.SHIELDS)
        settle(engine)

        self.discover(engine, provider_id, listing("fake.shields", is_global=True))

        assert active(engine) == {(ACCOUNT, *self.WHERE)}
        assert snapshot(engine).scopes.unsupported == 0
        assert {lease.region for lease in acquire(engine)} == {GLOBAL_REGION}
