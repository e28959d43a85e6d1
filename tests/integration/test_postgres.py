"""The PostgreSQL that the other tests stand on."""

import psycopg
import pytest

from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.database]


def test_each_test_owns_an_empty_database_without_being_superuser(database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE mine (id int)")
        row = connection.execute(
            "SELECT rolsuper, current_database() LIKE 'test_%' FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")

        assert row == (False, True)
        assert tables.fetchone() == (1,)


def test_a_migrated_database_is_a_copy_of_ones_own(postgres, migrated_template, migrated_url):
    with psycopg.connect(migrated_url) as connection:
        connection.execute("CREATE TABLE mine (id int)")
    other = postgres.create_database("other_copy", migrated_template)
    try:
        with psycopg.connect(other) as connection:
            names = {
                row[0]
                for row in connection.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname NOT LIKE 'pg_%'"
                )
            }

            assert "alembic_version" in names
            assert "mine" not in names
    finally:
        postgres.drop_database("other_copy")


def test_what_was_committed_outlives_a_crash(postgres, database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    postgres.restart("immediate")

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT id FROM kept").fetchall() == [(1,)]


def test_a_stopped_server_refuses_until_it_is_started_on_the_same_port(postgres, database_url):
    postgres.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(database_url, connect_timeout=5)
    postgres.start()

    def answer():
        with psycopg.connect(database_url) as connection:
            return connection.execute("SELECT 1").fetchone()

    assert eventually(answer, what="the server to answer again") == (1,)
