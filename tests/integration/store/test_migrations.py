"""The schema: as the tables say, made once however often and by however many it is asked for."""

import re
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from cloudops.domain.errors import InvalidInputError, StoreUnavailableError
from cloudops.settings import Settings
from cloudops.store.migrate import (
    _ADVISORY_LOCK,
    _config,
    current_revision,
    offline_sql,
    prepare,
    require_current,
    upgrade,
)
from cloudops.store.session import driver_url, open_engine
from cloudops.store.tables import metadata
from tests.fixtures.waiting import eventually
from tests.integration.store.seeding import execute, one, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]

# Everything that makes a schema, as text, for comparison between two databases.
_SHAPE = [
    """
    SELECT table_name || '.' || column_name AS name, concat_ws(' ', data_type, udt_name,
        collation_name, is_nullable, column_default, is_identity) AS value
    FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "SELECT indexname AS name, indexdef AS value FROM pg_indexes WHERE schemaname = 'public'",
    """
    SELECT conrelid::regclass || '.' || conname AS name, pg_get_constraintdef(oid) AS value
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "SELECT viewname AS name, definition AS value FROM pg_views WHERE schemaname = 'public'",
    """
    SELECT proname AS name, prosrc AS value FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    """,
    """
    SELECT relname AS name, concat_ws(' ', relkind, reloptions) AS value FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
    """,
]


@pytest.fixture
def empty(database_url):
    engine = create_engine(driver_url(database_url))
    yield engine
    engine.dispose()


def shape(engine):
    return [sorted((row.name, row.value) for row in rows(engine, query)) for query in _SHAPE]


def of_the_tables(_object, name, kind, _reflected, _compared_to):
    return not (kind == "table" and re.match(r"change_|alembic_version", name))


def test_the_tables_are_what_the_migrations_make(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_object": of_the_tables,
            },
        )

        assert compare_metadata(context, metadata) == []


def test_a_second_upgrade_changes_nothing(empty, database_url):
    first = upgrade(database_url)
    before = shape(empty), rows(empty, "SELECT * FROM installation")

    assert upgrade(database_url) == first
    assert (shape(empty), rows(empty, "SELECT * FROM installation")) == before


def test_upgrades_at_the_same_time_make_one_schema(empty, database_url):
    with ThreadPoolExecutor(4) as pool:
        revisions = list(pool.map(upgrade, [database_url] * 4))

    assert len(set(revisions)) == 1
    assert one(empty, "SELECT count(*) FROM installation") == 1
    assert one(empty, "SELECT count(*) FROM alembic_version") == 1


def test_who_waits_for_another_upgrade_says_so(empty, database_url):
    """Fails if it waits in silence: an init container that hangs would show an empty log."""
    key = {"key": _ADVISORY_LOCK}
    with ThreadPoolExecutor(1) as pool, capture_logs() as told, empty.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(:key)"), key)
        waiting = pool.submit(upgrade, database_url)
        eventually(lambda: told, what="a line that tells of the wait")
        assert not waiting.done()
        other.execute(text("SELECT pg_advisory_unlock(:key)"), key)

        assert waiting.result(120)
    assert ["waiting until it has ended" in one["event"] for one in told] == [True]


def test_each_installation_has_a_key_of_its_own(engine, empty, database_url):
    upgrade(database_url)

    keys = {
        bytes(one(each, "SELECT fingerprint_key FROM installation")) for each in (engine, empty)
    }
    assert len(keys) == 2
    assert {len(key) for key in keys} == {32}


def test_the_offline_script_makes_the_same_schema(engine, empty, database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(offline_sql().encode())

    assert shape(empty) == shape(engine)
    with empty.connect() as connection:
        require_current(connection)


def test_the_schema_can_be_taken_down_again(empty, database_url):
    before = shape(empty)
    upgrade(database_url)
    with empty.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with empty.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))

    assert shape(empty) == before


def test_an_empty_database_is_refused_with_the_command_that_cures_it(empty):
    with empty.connect() as connection:
        assert current_revision(connection) is None
        with pytest.raises(InvalidInputError, match=r"at nothing.*run `cloudops migrate`"):
            require_current(connection)


def test_a_schema_of_a_newer_version_is_refused_with_another_advice(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(InvalidInputError, match=r"at 9999.*newer version") as refused:
            require_current(connection)
    assert "migrate" not in str(refused.value)


def test_only_an_empty_database_is_made_ready_by_the_way(engine, empty, database_url):
    prepare(database_url)
    with empty.connect() as connection:
        require_current(connection)
    execute(engine, "UPDATE alembic_version SET version_num = '9999'")
    newer = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    with pytest.raises(InvalidInputError, match="9999"):
        prepare(newer)


def test_a_database_that_is_away_is_told(postgres, database_url):
    postgres.stop()

    with pytest.raises(StoreUnavailableError) as away:
        upgrade(database_url)

    assert "\n" not in str(away.value)


def test_a_database_that_may_not_be_changed_is_told(postgres, database_url):
    postgres.execute("DROP ROLE IF EXISTS reader")
    postgres.execute("CREATE ROLE reader LOGIN PASSWORD 'canary'")
    url = driver_url(database_url).set(username="reader", password="canary")

    with pytest.raises(InvalidInputError, match="permission denied") as refused:
        upgrade(url.set(drivername="postgresql").render_as_string(hide_password=False))

    assert "canary" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("nonsense", id="no-url"),
        pytest.param("mysql://root:canary@localhost/x", id="another-database"),
        pytest.param("postgresql+asyncpg://u:canary@localhost:port/x", id="no-port"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_database_url_is_refused_without_repeating_it(url):
    for use in (upgrade, lambda url: open_engine(Settings(database_url=url))):
        with pytest.raises(InvalidInputError) as refused:
            use(url)
        assert "canary" not in str(refused.value)
        assert "\n" not in str(refused.value)
