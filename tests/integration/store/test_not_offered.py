"""Services that the cloud does not offer in a region: no scope there, and no secret either."""

import pytest

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
