"""Scopes follow from accounts: when they are looked at, written, retired, and when they are not."""

import pytest
from sqlalchemy import text

from cloudops.store import claims, deriving, plan, providers
from tests.integration.store.derived import (
    MACHINES,
    OTHER,
    QUEUES,
    a_day_later,
    active,
    outdated,
    retired,
    versions,
    wanted,
    written,
)
from tests.integration.store.seeding import (
    ACCOUNT,
    REGION,
    account,
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

LOOKED_AT = text(
    "SELECT seq_tup_read + idx_tup_fetch + n_tup_upd FROM pg_stat_xact_user_tables"
    " WHERE relname = 'scope'"
)


class TestNothingChanged:
    def test_not_a_row_of_the_plan_is_written(self, engine, planned):
        before = written(engine)

        write_plan(engine, planned, [account(), account(OTHER)], [MACHINES, QUEUES])

        assert written(engine) == before

    def test_nor_is_one_of_an_account_that_stays_shut(self, engine, planned):
        doors = [account(door=plan.Door.CLOSED, reason="Suspended"), account(OTHER, reason="Shut")]
        write_plan(engine, planned, doors, [MACHINES, QUEUES])
        before = written(engine)

        write_plan(engine, planned, doors, [MACHINES, QUEUES])

        assert written(engine) == before

    def test_no_scope_is_read(self, engine, planned):
        same = wanted(planned, [account(), account(OTHER)], [MACHINES, QUEUES])

        with engine.begin() as connection:
            before = connection.scalar(LOOKED_AT)
            plan.write_accounts(connection, same)
            derived = deriving.outdated_accounts(connection, same)
            deriving.settle_leases(connection, same)

            assert (derived, connection.scalar(LOOKED_AT)) == ([], before)


class TestOneAccount:
    def test_one_that_is_added_leaves_the_others_alone(self, engine, planned):
        before = versions(engine)

        more = [account(), account(OTHER), account("777788889999")]
        write_plan(engine, planned, more, [MACHINES, QUEUES])

        assert versions(engine, ACCOUNT) + versions(engine, OTHER) == before
        assert ("777788889999", REGION, "fake.queues") in active(engine)

    def test_a_region_that_is_added_is_read_in_that_account_alone(self, engine, planned):
        before = versions(engine, OTHER)

        more = [account(regions=(REGION, "r2")), account(OTHER)]
        write_plan(engine, planned, more, [MACHINES, QUEUES])

        assert (ACCOUNT, "r2", "fake.machines") in active(engine)
        assert (OTHER, "r2", "fake.machines") not in active(engine)
        assert versions(engine, OTHER) == before

    def test_a_region_that_is_gone_is_retired_in_that_account_alone(self, engine, planned):
        write_plan(engine, planned, [account(regions=()), account(OTHER)], [MACHINES, QUEUES])

        assert {id_ for id_, _, _ in active(engine)} == {OTHER}
        assert set(retired(engine).values()) == {"RegionNotSelected"}

    def test_scopes_that_stay_are_not_written_when_others_come(self, engine, planned):
        before = versions(engine)

        two = [account(), account(OTHER)]
        write_plan(engine, planned, two, [MACHINES, QUEUES, listing("fake.disks")])

        assert set(before) < set(versions(engine))


class TestWishes:
    @pytest.mark.parametrize(
        ("changed", "column", "value"),
        [
            pytest.param(listing("fake.machines", period=60), "period_seconds", 60, id="period"),
            pytest.param(
                listing("fake.machines", types=("A", "B")), "types", ["A", "B"], id="types"
            ),
        ],
    )
    def test_what_changes_them_changes_the_scopes(self, engine, planned, changed, column, value):
        write_plan(engine, planned, [account(), account(OTHER)], [changed, QUEUES])

        found = rows(engine, f"SELECT {column} AS it FROM scope WHERE listing = 'fake.machines'")  # noqa: S608
        assert [row.it for row in found] == [value, value]

    def test_the_order_of_the_catalogue_changes_nothing(self, engine, planned):
        before = written(engine)

        write_plan(engine, planned, [account(), account(OTHER)], [QUEUES, MACHINES])

        assert written(engine) == before

    def test_another_owner_derives_them_from_its_own(self, engine, planned):
        older = provider_record("older", created_at=provider_record().created_at.replace(year=2020))
        older_id = write_provider(engine, older)

        write_plan(engine, older_id, [account()], [MACHINES])

        assert retired(engine) == {("fake.queues", REGION): "TypeNotSelected"}

    def test_an_account_that_went_to_and_fro_is_derived_again(self, engine, planned):
        """Meanwhile its leases may have gone to rest under the other one."""
        older = provider_record("older", created_at=provider_record().created_at.replace(year=2020))
        older_id = write_provider(engine, older)
        with engine.begin() as connection:
            only_claimed = wanted(older_id)
            plan.write_accounts(connection, only_claimed)
        with engine.begin() as connection:
            providers.vanish_providers(connection, [("platform", "older")])
            claims.settle_owners(connection)

        same = wanted(planned, [account(), account(OTHER)], [MACHINES, QUEUES])
        pk = one(engine, "SELECT id FROM account WHERE account_id = :id", id=ACCOUNT)
        assert [found.account_pk for found in outdated(engine, same)] == [pk]


class TestVerification:
    def test_a_day_later_everything_is_compared_whatever_the_digest_says(self, engine, planned):
        execute(engine, "DELETE FROM scope WHERE listing = 'fake.queues'")
        two, both = [account(), account(OTHER)], [MACHINES, QUEUES]

        write_plan(engine, planned, two, both)
        assert len(active(engine)) == 2

        a_day_later(engine)
        write_plan(engine, planned, two, both)
        assert len(active(engine)) == 4

    def test_it_writes_no_scope_and_uses_up_no_number_where_all_is_well(self, engine, planned):
        a_day_later(engine)
        numbers = (
            "SELECT s.last_value, l.last_value, a.last_value"
            " FROM scope_id_seq s, lease_id_seq l, account_id_seq a"
        )
        before, used = versions(engine), rows(engine, numbers)

        write_plan(engine, planned, [account(), account(OTHER)], [MACHINES, QUEUES])

        assert versions(engine) == before
        assert rows(engine, numbers) == used

    def test_it_is_over_for_a_day(self, engine, planned):
        a_day_later(engine)
        same = wanted(planned, [account(), account(OTHER)], [MACHINES, QUEUES])
        write_plan(engine, planned, same.accounts, same.listings)

        assert outdated(engine, same) == []


def test_every_account_is_read_in_one_region_before_any_in_a_second(engine, provider_id):
    both = [account(regions=("r1", "r2")), account(OTHER, regions=("r1", "r2"))]
    write_plan(engine, provider_id, both, [MACHINES, listing("fake.roles", is_global=True)])

    domains = [lease.domain.split("/") for lease in acquire(engine) if lease.region]

    assert [region for _, _, region in domains] == ["global", "global", "r1", "r1", "r2", "r2"]
