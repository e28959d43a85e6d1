"""What happens to accounts while their scopes are derived, or between two discoveries."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from cloudops.store import claims, deriving, plan, providers, scopes
from tests.fixtures.waiting import eventually
from tests.integration.store.derived import (
    MACHINES,
    OTHER,
    QUEUES,
    outdated,
    retired,
    settle,
    snapshot,
    wanted,
)
from tests.integration.store.locking import waits_for_a_lock
from tests.integration.store.seeding import (
    ACCOUNT,
    REGION,
    account,
    acquire,
    execute,
    one,
    rows,
    write_plan,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def give_away(engine):
    """Its provider is gone, and nobody else names the account."""
    with engine.begin() as connection:
        providers.vanish_providers(connection, [("platform", "aws-prod")])
        claims.settle_owners(connection)


@pytest.mark.parametrize(
    ("listings", "regions", "sizes"),
    [(1, 1, [50, 10]), (200, 20, [50, 10]), (1_500, 20, [7] * 8 + [4]), (10**4, 30, [1] * 60)],
)
def test_no_transaction_is_over_too_many_scopes(listings, regions, sizes):
    places = tuple(f"r{number}" for number in range(regions))
    large = wanted(1, [account(regions=places)], [MACHINES] * listings)
    found = [deriving.Outdated(number, b"", NOW) for number in range(60)]

    batches = list(deriving.batches(large, found))

    assert [len(batch) for batch in batches] == sizes
    assert [one for batch in batches for one in batch] == found


class TestInterruption:
    def test_what_was_not_derived_is_left_for_the_next_discovery(self, engine, provider_id):
        both = wanted(provider_id, [account(), account(OTHER)])
        with engine.begin() as connection:
            plan.write_accounts(connection, both)
            first, second = deriving.outdated_accounts(connection, both)
        with engine.begin() as connection:
            deriving.derive_scopes(connection, both, [first])

        assert [found.account_pk for found in outdated(engine, both)] == [second.account_pk]

    def test_until_then_an_account_does_not_count_as_tried(self, engine, provider_id):
        with engine.begin() as connection:
            plan.write_accounts(connection, wanted(provider_id))

        found = snapshot(engine)

        assert (found.accounts.total, found.accounts.tried) == (1, 0)

    def test_what_a_worker_learned_meanwhile_is_derived_again(self, engine, provider_id):
        both = wanted(provider_id)
        with engine.begin() as connection:
            plan.write_accounts(connection, both)
            found = deriving.outdated_accounts(connection, both)
        execute(engine, "UPDATE account SET reachable = false, error_reason = 'Shut'")

        with engine.begin() as connection:
            deriving.derive_scopes(connection, both, found)

        assert len(outdated(engine, both)) == 1

    def test_an_account_that_is_given_away_meanwhile_keeps_no_scope(self, engine, provider_id):
        """Fails if the derivation does not lock its accounts."""
        mine = wanted(provider_id)
        with engine.begin() as connection:
            plan.write_accounts(connection, mine)
            found = deriving.outdated_accounts(connection, mine)
        giving = threading.Thread(target=give_away, args=(engine,))

        def settled():
            return waits_for_a_lock(engine) or not giving.is_alive()

        def meanwhile(_connection, _cursor, statement, *_):
            if "INSERT INTO scope" in statement:
                giving.start()
                eventually(settled, what="the other one to wait, or to be through")

        with engine.begin() as connection:
            event.listen(connection, "after_cursor_execute", meanwhile)
            deriving.derive_scopes(connection, mine, found)
        giving.join(60)

        assert retired(engine) == {("fake.machines", REGION): "AccountUnclaimed"}

    def test_an_account_that_was_given_away_before_gets_none(self, engine, provider_id):
        mine = wanted(provider_id)
        with engine.begin() as connection:
            plan.write_accounts(connection, mine)
            found = deriving.outdated_accounts(connection, mine)
        give_away(engine)

        with engine.begin() as connection:
            deriving.derive_scopes(connection, mine, found)

        assert rows(engine, "SELECT 1 FROM scope") == []


class TestDoors:
    def test_one_that_a_worker_entered_in_between_is_denied_anew(self, engine, planned):
        shut = [account(reason="Shut"), account(OTHER)]
        write_plan(engine, planned, shut, [MACHINES, QUEUES])
        lease = next(
            found
            for found in self.taken(engine)
            if (found.account_id, found.region) == (ACCOUNT, REGION)
        )
        with engine.begin() as connection:
            scopes.record_account(connection, lease, None)
        settle(engine)

        write_plan(engine, planned, shut, [MACHINES, QUEUES])

        found = rows(
            engine,
            "SELECT DISTINCT status FROM scope s JOIN account a ON a.id = s.account_pk"
            " WHERE a.account_id = :id",
            id=ACCOUNT,
        )
        assert [row.status for row in found] == ["denied"]

    def taken(self, engine):
        execute(engine, "UPDATE lease SET next_due_at = now()")
        return acquire(engine)

    def test_leases_of_a_closed_account_that_opens_are_woken(self, engine, planned):
        closed = [account(door=plan.Door.CLOSED, reason="Suspended"), account(OTHER)]
        write_plan(engine, planned, closed, [MACHINES, QUEUES])
        asleep = "SELECT count(*) FROM lease WHERE next_due_at = 'infinity'"
        assert one(engine, asleep) == 1

        write_plan(engine, planned, [account(), account(OTHER)], [MACHINES, QUEUES])

        assert one(engine, asleep) == 0

    def test_a_lease_without_scopes_goes_on_resting(self, engine, planned):
        write_plan(engine, planned, [account(regions=()), account(OTHER)], [MACHINES, QUEUES])
        execute(engine, "UPDATE lease SET next_due_at = 'infinity', finished_start_at = NULL")
        before = rows(engine, "SELECT xmin FROM lease WHERE domain LIKE :d", d=f"%{ACCOUNT}%")

        write_plan(engine, planned, [account(regions=()), account(OTHER)], [MACHINES, QUEUES])

        after = rows(engine, "SELECT xmin FROM lease WHERE domain LIKE :d", d=f"%{ACCOUNT}%")
        assert before == after
