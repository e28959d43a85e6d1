"""What a discovery makes of an account that it could enter, or could not, or does not know."""

import pytest

from cloudops.domain.ledger import LeaseKind
from cloudops.store import entering, leases
from cloudops.store.plan import Door
from tests.integration.store.seeding import (
    ACCOUNT,
    REGION,
    account,
    acquire,
    execute,
    listing,
    one,
    rows,
    write_plan,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

LISTINGS = [listing("fake.machines"), listing("fake.roles", is_global=True)]


def discover(engine, provider_id, regions=(REGION,), reason="", door=None):
    write_plan(engine, provider_id, [account(ACCOUNT, regions, reason, door)], LISTINGS)


def known(engine):
    """(reachable, reason, regions) of the account."""
    ((row),) = rows(engine, "SELECT reachable, error_reason, regions FROM account")
    return tuple(row)


def scopes(engine):
    found = rows(engine, "SELECT listing, status FROM scope WHERE retired_at IS NULL")
    return {row.listing: row.status for row in found}


@pytest.fixture
def provider_id(engine):
    return write_provider(engine)


@pytest.fixture
def read(engine, provider_id):
    """Everything was read once."""
    discover(engine, provider_id)
    execute(
        engine,
        "UPDATE scope SET status = 'complete', last_complete_at = now(), last_attempt_at = now(),"
        " next_due_at = now() + interval '1 day'",
    )
    return provider_id


class TestUnreadableRegions:
    def test_they_are_a_problem_and_the_account_stays_open(self, engine, read):
        discover(engine, read, None, "AccessDenied", Door.OPEN)

        assert known(engine) == (True, "AccessDenied", [REGION])
        assert scopes(engine) == {"fake.machines": "complete", "fake.roles": "complete"}

    def test_nothing_becomes_due_by_them(self, engine, read):
        for lease in acquire(engine):
            with engine.begin() as connection:
                leases.finish(connection, lease, due_in_seconds=3600)

        for _ in range(2):
            discover(engine, read, None, "AccessDenied", Door.OPEN)

        assert acquire(engine) == []

    def test_a_new_account_is_read_where_no_region_is_needed(self, engine, provider_id):
        discover(engine, provider_id, None, "AccessDenied", Door.OPEN)

        assert known(engine) == (True, "AccessDenied", None)
        assert scopes(engine) == {"fake.roles": "planned"}

    def test_a_global_listing_that_is_not_asked_for_any_more_is_retired_all_the_same(
        self, engine, provider_id
    ):
        discover(engine, provider_id, None, "AccessDenied", Door.OPEN)

        write_plan(
            engine,
            provider_id,
            [account(regions=None, reason="AccessDenied", door=Door.OPEN)],
            [listing("fake.machines")],
        )

        assert scopes(engine) == {}


class TestUnknownDoor:
    """What passes by itself says nothing about the account."""

    def test_what_was_known_stays_and_it_is_noted_beside(self, engine, read):
        discover(engine, read, None, "Throttled", Door.UNKNOWN)

        assert known(engine) == (True, "Throttled", [REGION])
        assert scopes(engine) == {"fake.machines": "complete", "fake.roles": "complete"}

    def test_a_closed_account_stays_closed_for_the_reason_that_was_known(self, engine, read):
        discover(engine, read, None, "RoleNotAssumable")

        discover(engine, read, None, "Throttled", Door.UNKNOWN)

        assert known(engine) == (False, "RoleNotAssumable", [REGION])
        assert set(scopes(engine).values()) == {"denied"}

    def test_of_a_new_account_it_is_told_but_denies_nothing(self, engine, provider_id):
        discover(engine, provider_id, None, "Throttled", Door.UNKNOWN)

        assert known(engine) == (None, "Throttled", None)
        assert scopes(engine) == {"fake.roles": "planned"}

    def test_once_it_answers_the_word_is_taken_back(self, engine, provider_id):
        discover(engine, provider_id, None, "Throttled", Door.UNKNOWN)

        discover(engine, provider_id)

        assert known(engine) == (True, "", [REGION])


class TestRediscovery:
    @pytest.fixture
    def leased(self, engine, read):
        """Discovery is over, and a lease is in hand that was taken after it."""
        (discovery,) = (le for le in acquire(engine) if le.kind is LeaseKind.DISCOVERY)
        with engine.begin() as connection:
            leases.finish(connection, discovery, due_in_seconds=3600)
        execute(
            engine,
            "UPDATE lease SET next_due_at = now(), expires_at = NULL WHERE region = 'global'",
        )
        return next(le for le in acquire(engine) if le.region == "global")

    def due(self, engine):
        return one(engine, "SELECT next_due_at <= now() FROM lease WHERE kind = 'discovery'")

    def rediscover(self, engine, lease):
        with engine.begin() as connection:
            entering.rediscover(connection, lease)

    def test_a_lease_that_cannot_use_the_providers_door_has_it_looked_at(self, engine, leased):
        assert not self.due(engine)

        self.rediscover(engine, leased)

        assert self.due(engine)

    def test_a_discovery_that_began_after_the_lease_has_looked_already(self, engine, leased):
        execute(engine, "UPDATE lease SET started_at = clock_timestamp() WHERE kind = 'discovery'")

        self.rediscover(engine, leased)

        assert not self.due(engine)

    def test_what_rests_goes_on_resting(self, engine, leased):
        execute(engine, "UPDATE lease SET next_due_at = 'infinity' WHERE kind = 'discovery'")

        self.rediscover(engine, leased)

        assert not self.due(engine)

    def test_a_lease_that_was_lost_asks_for_nothing(self, engine, leased):
        execute(engine, "UPDATE lease SET fence = fence + 1 WHERE id = :id", id=leased.id)

        self.rediscover(engine, leased)

        assert not self.due(engine)
