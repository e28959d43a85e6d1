"""Show and history over 20,000 resources with 100,000 changes: by key, never through the tables."""

import secrets
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from cloudops.domain.reading import ResourceFilter, possible_uids
from cloudops.settings import Settings
from cloudops.store import history, reading, single
from cloudops.store.session import open_engine
from tests.integration.store.plans import plan_nodes, touched
from tests.integration.store.seeding import Ledger, execute, one

pytestmark = [pytest.mark.integration, pytest.mark.database]

ROWS = 20_000
FILL = [
    r"""
    INSERT INTO resource (uid, cloud, canonical_id, account_pk, scope_id, region, service, type,
        kind, tag_source, tags)
    SELECT CAST(md5(CAST(n AS text)) AS uuid), 'aws',
        'arn\:aws\:ec2\:eu-west-1\:111122223333\:instance/i-' || n, :account_pk, :scope_id, 'eu',
        'fake', 'Fake::Machine', 'compute.instance', 'listed',
        jsonb_build_object('number', CAST(n AS text))
    FROM generate_series(1, :rows) n
    """,
    r"""
    INSERT INTO facet (uid, facet, scope_id, digest, document)
    SELECT CAST(md5(CAST(n AS text)) AS uuid), facet, :scope_id, '\x00', '{}'
    FROM generate_series(1, :rows) n, unnest(ARRAY['listed', 'tags']) facet
    """,
    """
    INSERT INTO change (at, uid, facet, operation, scope_id)
    SELECT timestamptz '2025-12-15Z' + make_interval(days => 15 * turn),
        CAST(md5(CAST(n AS text)) AS uuid), 'listed', 'updated', :scope_id
    FROM generate_series(1, :rows) n, generate_series(0, 4) turn
    """,
]


@pytest.fixture(scope="module", params=["never-analysed", "analysed"])
def engine(request, postgres, migrated_template):
    """Changes in the partitions of three months, and in none; tests leave it as it is."""
    name = f"single_{secrets.token_hex(4)}"
    postgres.start()
    engine = open_engine(Settings(database_url=postgres.create_database(name, migrated_template)))
    scope = Ledger.plan(engine).scope()
    with engine.begin() as connection:
        history.ensure_partitions(connection, date(2025, 11, 1))
    for statement in FILL:
        execute(engine, statement, account_pk=scope.account_pk, scope_id=scope.id, rows=ROWS)
    if request.param == "analysed":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE)"))
    yield engine
    engine.dispose()
    postgres.drop_database(name)


@pytest.fixture
def uid(engine):
    return one(engine, "SELECT CAST(md5('4711') AS uuid)")


def scanned(nodes):
    """The large tables that were read from one end to the other."""
    large = ("resource", "facet", "change")
    return {
        node["Relation Name"]
        for node in nodes
        if node["Node Type"] == "Seq Scan"
        and node["Relation Name"].startswith(large)
        and node["Actual Rows"] + node.get("Rows Removed by Filter", 0) > 0
    }


@pytest.mark.parametrize("name", ["_BY_KEY", "_PAST"])
def test_a_whole_id_is_found_by_key(engine, uid, name):
    uids = [uid, *possible_uids("unknown")]
    nodes = plan_nodes(engine, getattr(single, name), uids=uids)

    assert nodes[0]["Actual Rows"] == 1
    assert scanned(nodes) == set()
    assert touched(nodes) < 10


@pytest.mark.parametrize("name", ["_DETAIL", "_FACETS"])
def test_a_resource_is_shown_by_key(engine, uid, name):
    nodes = plan_nodes(engine, getattr(single, name), uid=uid)

    assert nodes[0]["Actual Rows"] == (1 if name == "_DETAIL" else 2)
    assert scanned(nodes) == set()
    assert touched(nodes) < 10


@pytest.mark.parametrize(
    ("since", "before", "found"),
    [
        (None, None, 5),
        (datetime(2026, 1, 1, tzinfo=UTC), None, 3),
        (None, datetime(2026, 1, 1, tzinfo=UTC), 2),
        (datetime(2026, 3, 1, tzinfo=UTC), None, 0),
    ],
)
def test_a_history_is_read_by_key_in_each_month(engine, uid, since, before, found):
    """Fails where the key is compared as text: each month is read from end to end."""
    statement, parameters = single.history_query(uid, since=since, before=before)
    nodes = plan_nodes(engine, statement, **parameters)

    assert nodes[0]["Actual Rows"] == found
    assert scanned(nodes) == set()
    assert touched(nodes) < 20


def test_a_history_with_a_beginning_leaves_older_months_alone(engine, uid):
    statement, parameters = single.history_query(
        uid, since=datetime(2026, 2, 1, tzinfo=UTC), before=None
    )
    nodes = plan_nodes(engine, statement, **parameters)

    looked_at = {
        node["Relation Name"] for node in nodes if node.get("Relation Name", "").startswith("chan")
    }
    assert looked_at == {"change_default"}


@pytest.mark.parametrize("ending", ["i-4711", "instance/i-4711", "i-none"])
def test_an_ending_is_looked_for_in_the_index_of_the_ids_alone(engine, ending):
    """Fails with any other column beside the id in the first part: the table would be read."""
    nodes = plan_nodes(
        engine,
        single._BY_ENDING,
        length=len(ending) + 1,
        endings=[f"/{ending}", f":{ending}"],
        limit=6,
    )

    assert nodes[0]["Actual Rows"] == (0 if ending == "i-none" else 1)
    assert scanned(nodes) == set()
    (searched,) = [node for node in nodes if node["Node Type"] == "Index Only Scan"]
    assert searched["Index Name"] == "resource_canonical_id"
    if is_vacuumed(engine):
        assert searched["Heap Fetches"] == 0
    assert touched(nodes) <= ROWS + 2


def is_vacuumed(engine):
    return one(engine, "SELECT relallvisible > 0 FROM pg_class WHERE relname = 'resource'")


def test_a_rare_tag_is_found_by_its_index(engine):
    statement, parameters = reading.resource_query(
        ResourceFilter(tags={"number": "4711"}), after=""
    )
    nodes = plan_nodes(engine, statement, **parameters)

    assert nodes[0]["Actual Rows"] == 1
    if is_vacuumed(engine):
        assert scanned(nodes) == set()
        assert touched(nodes) < 10
