"""The snapshot of a provider that the plan knows nothing below of: short, and the same."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from cloudops.services.plan import PlanService
from cloudops.store import snapshot
from tests.integration.store.seeding import (
    account,
    execute,
    provider_record,
    write_plan,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]


@pytest.fixture
def statements(engine):
    """What is sent to the database from now on."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def read(engine):
    found = PlanService(engine).snapshot("platform", "aws-prod")
    assert found is not None
    return found


def test_it_is_what_the_long_way_would_say(engine):
    """Fails if one of the counts has another value for "nothing" than the queries give."""
    provider_id = write_provider(engine, provider_record(suspended=True))

    with engine.begin() as connection:
        long = snapshot._known(connection, {"id": provider_id})

    short = read(engine)
    assert replace(short, **long) == short


def test_it_takes_one_query(engine, statements):
    write_provider(engine, provider_record(suspended=True))
    statements.clear()

    read(engine)

    assert [one for one in statements if "FROM provider" in one] == statements[-1:]


@pytest.mark.parametrize("what", ["account", "claim", "crash"])
def test_whatever_hangs_on_the_provider_is_read(engine, what):
    """Fails if one of the three is left out of `bare`."""
    provider_id = write_provider(engine)
    if what == "crash":
        execute(engine, "UPDATE lease SET attempts = 4, started_at = now()")
    else:
        older = write_provider(engine, provider_record("older")) if what == "claim" else provider_id
        write_plan(engine, older, [account()])
        write_plan(engine, provider_id, [account()])
        if what == "claim":
            execute(engine, "UPDATE account SET provider_id = :id", id=older)
        else:
            execute(engine, "DELETE FROM claim")

    found = read(engine)

    assert found.accounts.total == 1 if what == "account" else found.problems_total == 1
