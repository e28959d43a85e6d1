"""Types that another listing shows than before: their rows go over with the plan."""

from contextlib import suppress
from dataclasses import replace

import pytest

from cloudops.domain.errors import LeaseLostError
from cloudops.domain.resource import GLOBAL_REGION, resource_uid
from cloudops.store import plan, succession
from tests.fakes.cloud import CLOUD, observe
from tests.integration.store.plans import plan_nodes, touched
from tests.integration.store.seeding import (
    REGION,
    Ledger,
    account,
    acquire,
    execute,
    listing,
    one,
    rows,
    write_plan,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

TYPE = "Fake::Machine"
OLD = replace(listing("fake.machines"), shows=(TYPE,))
NEW = replace(OLD, name="fake.newer")
EVERYWHERE = replace(NEW, is_global=True)


def planned(engine, *listings, accounts=None):
    provider_id = one(engine, "SELECT id FROM provider")
    write_plan(engine, provider_id, accounts or [account()], listings)


@pytest.fixture
def ledger(engine):
    """Two machines, read an hour ago."""
    ledger = Ledger.plan(engine, "fake.machines")
    planned(engine, OLD)
    ledger.pass_over([observe("a"), observe("b")])
    ledger.ago(3600)
    return ledger


def shown(engine):
    """Id → the listing and region whose scope it belongs to, of what the view shows."""
    found = rows(
        engine,
        "SELECT i.canonical_id, i.listing, s.region FROM inventory i"
        " JOIN resource r USING (uid) JOIN scope s ON s.id = r.scope_id",
    )
    return {row.canonical_id: (row.listing, row.region) for row in found}


def test_nothing_leaves_the_view_before_the_new_listing_has_read_anything(engine, ledger):
    """Fails without `hand_over`: the old scope is retired, and its rows with it."""
    planned(engine, NEW)

    assert shown(engine) == dict.fromkeys(("a", "b"), ("fake.newer", REGION))
    own = "SELECT count(*) FROM facet f JOIN resource r USING (uid) WHERE f.scope_id = r.scope_id"
    assert one(engine, own) == 2


def test_rows_are_as_old_as_they_were(engine, ledger):
    """Fails without `last_complete_at` in `_HAND_OVER`, or if it is that of the new listing."""
    before = one(engine, "SELECT DISTINCT as_of FROM inventory")

    planned(engine, NEW)
    assert one(engine, "SELECT DISTINCT as_of FROM inventory") == before

    execute(engine, "UPDATE scope SET last_complete_at = now() WHERE listing = 'fake.machines'")
    planned(engine, OLD)
    assert one(engine, "SELECT DISTINCT as_of FROM inventory") == before


def test_one_of_several_types_goes_alone(engine, ledger):
    both = replace(OLD, shows=(TYPE, "Fake::Queue"))
    planned(engine, both)
    ledger.pass_over([observe("a"), observe("b"), observe("q", type_="Fake::Queue")])

    planned(engine, replace(both, shows=("Fake::Queue",)), NEW)

    assert shown(engine) == {
        **dict.fromkeys(("a", "b"), ("fake.newer", REGION)),
        "q": ("fake.machines", REGION),
    }


def test_what_the_old_listing_missed_is_not_missing_yet(engine, ledger):
    """Fails without `missing_since`: one look of the new listing would be enough to delete."""
    ledger.pass_over([observe("b")])
    assert ledger.marked() == {"a"}

    planned(engine, NEW)

    assert ledger.marked() == set()


def test_what_is_deleted_stays_where_it_was(engine, ledger):
    ledger.pass_over([observe("b")])
    ledger.sweep()

    planned(engine, NEW)

    owner = "SELECT listing FROM resource r JOIN scope s ON s.id = r.scope_id WHERE uid = :uid"
    assert one(engine, owner, uid=resource_uid(CLOUD, "a")) == "fake.machines"
    assert set(shown(engine)) == {"b"}


def test_what_is_not_there_is_not_shown_again(engine, ledger):
    """Fails without `status` in `_LEFT`."""
    execute(engine, "UPDATE scope SET status = 'unsupported'")

    planned(engine, NEW)

    assert shown(engine) == {}


def test_a_worker_that_reads_the_old_listing_stores_nothing_any_more(engine, ledger):
    """Fails without `take_from_workers`: its load would take the rows back, out of the view."""
    planned(engine, NEW)

    with suppress(LeaseLostError):
        ledger.pass_over([observe("a"), observe("b")])

    assert shown(engine) == dict.fromkeys(("a", "b"), ("fake.newer", REGION))
    assert [lease.attempts for lease in acquire(engine) if lease.region] == [1]


def test_leases_are_taken_from_nobody_where_nothing_goes_over(engine, ledger):
    planned(engine, NEW)
    before = rows(engine, "SELECT id, fence FROM lease ORDER BY id")

    execute(engine, "UPDATE account SET derived_from = NULL")
    planned(engine, NEW)

    assert rows(engine, "SELECT id, fence FROM lease ORDER BY id") == before


def test_rows_of_all_regions_go_to_the_one_scope_and_back(engine, ledger):
    both = [account(regions=(REGION, "r2"))]
    planned(engine, OLD, accounts=both)
    execute(engine, "UPDATE resource SET region = 'r2' WHERE canonical_id = 'b'")

    planned(engine, EVERYWHERE, accounts=both)
    assert shown(engine) == dict.fromkeys(("a", "b"), ("fake.newer", GLOBAL_REGION))

    planned(engine, OLD, accounts=both)
    assert shown(engine) == {"a": ("fake.machines", REGION), "b": ("fake.machines", "r2")}


def test_an_account_that_is_closed_meanwhile_is_no_exception(engine, ledger):
    """Fails if what was shown before is forgotten with the plan that changes it."""
    planned(engine, NEW, accounts=[account(door=plan.Door.CLOSED, reason="Suspended")])
    assert set(shown(engine)) == {"a", "b"}

    planned(engine, NEW)

    assert shown(engine) == dict.fromkeys(("a", "b"), ("fake.newer", REGION))


@pytest.mark.parametrize("statement", ["_WAIT_FOR_WORKERS", "_HAND_OVER"])
def test_a_large_neighbour_is_not_looked_at(engine, ledger, statement):
    """Once a day for each account, where a type has ever moved."""
    planned(engine, OLD, NEW, listing("fake.queues"))
    execute(
        engine,
        "INSERT INTO resource (uid, cloud, canonical_id, account_pk, scope_id, region, service,"
        " type, kind, tag_source) SELECT gen_random_uuid(), 'aws', 'id-' || n, s.account_pk, s.id,"
        " 'eu', 'fake', 'Fake::Queue', 'q', 'listed' FROM generate_series(1, 50000) n,"
        " scope s WHERE s.listing = 'fake.queues'",
    )

    moved = succession.Moved("fake.machines", TYPE, "fake.newer", is_global=False)

    nodes = plan_nodes(
        engine,
        getattr(succession, statement),
        **succession._columns([moved]),
        account_pks=[ledger.scope().account_pk],
        **({"global": GLOBAL_REGION} if statement == "_HAND_OVER" else {}),
    )

    assert touched(nodes) < 1_000
