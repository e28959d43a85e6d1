"""Statements over a scope of 200,000 rows: none may look at all of them for one page."""

import secrets
from uuid import uuid4

import pytest
from sqlalchemy import text

from cloudops.domain.reading import ResourceFilter
from cloudops.settings import Settings
from cloudops.store import (
    copying,
    direct,
    edges,
    leases,
    loader,
    merge,
    reading,
    scopes,
    single,
    staging,
    sweep,
)
from cloudops.store.session import open_engine
from tests.integration.store.plans import plan_nodes, touched
from tests.integration.store.seeding import ACCOUNT, Ledger, execute, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]

ROWS = 200_000
PAGE = 1_000
FILL = [
    """
    INSERT INTO resource (uid, cloud, canonical_id, account_pk, scope_id, region, service, type,
        kind, tag_source)
    SELECT CAST(md5(CAST(n AS text)) AS uuid), 'aws', 'id-' || n, :account_pk, :scope_id, 'eu',
        'fake', 'Fake::Machine', 'compute.instance', 'listed'
    FROM generate_series(1, :rows) n
    """,
    r"""
    INSERT INTO facet (uid, facet, scope_id, digest, document, missing_since)
    SELECT CAST(md5(CAST(n AS text)) AS uuid), 'listed', :scope_id, '\x00', '{}',
        CASE WHEN n % 2 = 0 THEN now() END
    FROM generate_series(1, :rows) n
    """,
    """
    INSERT INTO edge (uid, facet, relation, target, target_uid)
    SELECT CAST(md5(CAST(n AS text)) AS uuid), 'listed', 'disk', 'disk-' || n,
        CAST(md5(CAST(n % 2000 AS text)) AS uuid)
    FROM generate_series(1, :rows) n
    """,
]
STAGE = """
INSERT INTO stage_row
    (uid, digest, document, volatile, truncated, owner_listing, position, edges)
SELECT uid, '', '{}', '{}', false, '', 0, jsonb_build_array(jsonb_build_object('relation', 'disk',
    'target', target || :suffix, 'target_uid', target_uid)) FROM edge LIMIT :count
"""


@pytest.fixture(scope="module", params=["never-analysed", "analysed"])
def ledger(request, postgres, migrated_template):
    """A scope of 200,000 rows, half of them missing; tests leave it as it is."""
    name = f"large_{secrets.token_hex(4)}"
    postgres.start()
    engine = open_engine(Settings(database_url=postgres.create_database(name, migrated_template)))
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    scope = ledger.scope()
    for statement in FILL:
        execute(engine, statement, account_pk=scope.account_pk, scope_id=scope.id, rows=ROWS)
    execute(engine, "UPDATE scope SET last_complete_at = now(), status = 'complete'")
    if request.param == "analysed":
        execute(engine, "ANALYZE")
    yield ledger
    engine.dispose()
    postgres.drop_database(name)


def uids(engine, count=PAGE):
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT uid FROM facet LIMIT :n"), {"n": count}))


def test_a_page_is_compared_by_its_own_keys(ledger):
    nodes = plan_nodes(
        ledger.engine,
        loader._DIFFERENT,
        **ledger.target().parameters(),
        uids=copying.uuid_array(uids(ledger.engine)),
        digests=copying.bytea_array([b"\0"] * PAGE),
    )

    assert touched(nodes) < 5 * PAGE


@pytest.mark.parametrize("known", [True, False])
def test_a_first_run_finds_by_keys_whether_anything_is_known(ledger, known):
    nodes = plan_nodes(
        ledger.engine,
        direct._KNOWN,
        **ledger.target("fake.queues").parameters(),
        uids=copying.uuid_array(uids(ledger.engine) if known else [uuid4() for _ in range(PAGE)]),
    )

    assert touched(nodes) < 5 * PAGE


@pytest.mark.parametrize("complete", [True, False])
def test_a_small_scope_is_compared_without_its_large_neighbour(ledger, complete):
    nodes = plan_nodes(
        ledger.engine,
        loader._STORED,
        **ledger.target("fake.queues").parameters(),
        uids=copying.uuid_array(uuid4() for _ in range(PAGE)),
        complete=complete,
    )

    assert touched(nodes) < 5 * PAGE


@pytest.mark.parametrize(
    ("statement", "chosen"),
    [
        pytest.param(merge._MARK, merge._UNMARKED_AND_UNSEEN, id="mark"),
        pytest.param(merge._UNMARK, merge._MARKED_AND_SEEN, id="unmark"),
    ],
)
@pytest.mark.parametrize("seen", ["all", "none"])
def test_marks_of_a_large_listing_are_found_by_one_look_at_the_stage(
    ledger, statement, chosen, seen
):
    """Fails with a join in place of the set operation: each row would search the stage.

    Without hash joins, as PostgreSQL 15 plans it by itself.
    """
    shown = "INSERT INTO stage_seen (uid) SELECT uid FROM facet"
    nodes = plan_nodes(
        ledger.engine,
        text(statement.format(chosen=chosen)),
        "SET LOCAL enable_hashjoin = off",
        "SET LOCAL enable_mergejoin = off",
        staging._CREATE.text,
        "TRUNCATE stage_seen",
        shown if seen == "all" else f"{shown} LIMIT 1",
        **ledger.target().parameters(),
    )

    assert touched(nodes) < 10 * ROWS


def staged_edges(suffix, count):
    return STAGE.replace(":suffix", f"'{suffix}'").replace(":count", str(count))


@pytest.mark.parametrize("joins", ["as-planned", "loops-alone"])
@pytest.mark.parametrize("suffix", ["", "-new"], ids=["same", "others"])
def test_edges_of_a_large_listing_are_compared_by_one_look_at_each_side(ledger, suffix, joins):
    """Fails with joins in place of the set operations: each edge would search all others."""
    off = ["SET LOCAL enable_hashjoin = off", "SET LOCAL enable_mergejoin = off"]
    nodes = plan_nodes(
        ledger.engine,
        edges._REPLACE,
        *(off if joins == "loops-alone" else []),
        staging._CREATE.text,
        "TRUNCATE stage_row",
        staged_edges(suffix, ROWS),
        facet="listed",
    )

    parts = sum(n["Actual Loops"] * n["Actual Rows"] for n in nodes if "CTE Name" in n)
    assert touched(nodes) + parts < 20 * ROWS


def test_edges_of_a_page_are_found_by_its_own_keys(ledger):
    nodes = plan_nodes(
        ledger.engine,
        edges._REPLACE,
        staging._CREATE.text,
        "TRUNCATE stage_row",
        staged_edges("-new", PAGE),
        facet="listed",
    )

    # Entries of rows that another test took back are looked at, too.
    assert touched(nodes) < 20 * PAGE


@pytest.mark.parametrize("name", ["_EDGES_TO", "_EDGES_FROM"])
def test_the_edges_of_one_resource_are_found_by_key(ledger, name):
    """100 others name the one, and it names one itself."""
    limit = {"limit": single.EDGES_FROM} if name == "_EDGES_FROM" else {}
    [uid] = rows(ledger.engine, "SELECT CAST(md5('7') AS uuid) AS uid")
    nodes = plan_nodes(ledger.engine, getattr(single, name), uid=uid.uid, **limit)

    assert touched(nodes) < 1_000


@pytest.mark.parametrize("name", ["_CANDIDATES", "_DELETE"])
def test_a_sweep_looks_at_each_row_a_few_times_at_most(ledger, name):
    nodes = plan_nodes(
        ledger.engine,
        getattr(sweep, name),
        facet="listed",
        confirm_seconds=60,
        scope_ids=[ledger.scope().id],
        strong=[ledger.scope().id],
        shows_permitted=[],
    )

    assert touched(nodes) < 10 * ROWS


def test_a_page_is_read_in_the_order_of_the_index(ledger):
    wanted = ResourceFilter(type="Fake::*", account=ACCOUNT)
    statement, parameters = reading.resource_query(wanted, after="id-5")
    nodes = plan_nodes(ledger.engine, statement, "ANALYZE", **parameters)

    assert touched(nodes) < 10 * PAGE


def test_due_scopes_are_those_of_the_lease(ledger):
    nodes = plan_nodes(
        ledger.engine,
        scopes._DUE,
        "INSERT INTO scope (account_pk, region, listing, lease_id, period_seconds)"
        " SELECT account_pk, 'r' || n, 'fake.other', (SELECT min(id) FROM lease), 900"
        " FROM (SELECT min(account_pk) AS account_pk FROM scope) one, generate_series(1, 20000) n",
        "ANALYZE scope",
        lease_id=ledger.lease.id,
    )

    assert touched(nodes) < 100


def test_leases_are_taken_from_the_front_of_what_is_due(ledger):
    nodes = plan_nodes(
        ledger.engine,
        leases._ACQUIRE,
        "INSERT INTO lease (kind, domain, account_pk, region, next_due_at)"
        " SELECT 'inventory', 'aws/x/' || n, account_pk, 'r' || n,"
        " now() + make_interval(secs => n - 50)"
        " FROM (SELECT min(account_pk) AS account_pk FROM scope) one, generate_series(1, 20000) n",
        "ANALYZE lease",
        holder="w",
        limit=8,
        seconds=60,
        crashes=3,
        provider_id=None,
        suspected=False,
    )

    assert touched(nodes) < 1000
