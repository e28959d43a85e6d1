"""One statement for a provider that is new or as it was; a snapshot would tell the same."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import event

from cloudops.domain.snapshot import EntryState
from tests.integration.store.seeding import (
    account,
    execute,
    one,
    provider_record,
    rows,
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


def told_apart(plan, told):
    """Without the moment at which each was taken."""
    other = plan.snapshot("platform", "aws-prod")
    return replace(told, taken_at=None), replace(other, taken_at=None)


@pytest.mark.parametrize("suspended", [True, False])
def test_of_a_new_one(plan, epoch, suspended):
    met, read = told_apart(plan, plan.sync_provider(epoch, provider_record(suspended=suspended)))

    assert met == read


def test_of_one_that_is_known(plan, epoch):
    plan.sync_provider(epoch, provider_record())

    met, read = told_apart(plan, plan.sync_provider(epoch, provider_record()))

    assert met == read


def test_of_one_with_accounts(engine, plan, epoch):
    plan.sync_provider(epoch, provider_record())
    write_plan(engine, one(engine, "SELECT id FROM provider"))

    met, read = told_apart(plan, plan.sync_provider(epoch, provider_record()))

    assert met == read
    assert met.accounts.total == 1


@pytest.mark.parametrize("known", [True, False])
def test_it_is_one_statement(plan, epoch, statements, known):
    """Fails if the snapshot of a provider that nothing hangs on is read apart."""
    if known:
        plan.sync_provider(epoch, provider_record())
    statements.clear()

    plan.sync_provider(epoch, provider_record())

    assert len(statements) == 1


def discover(engine, provider_id):
    write_plan(engine, provider_id, [account()])
    execute(engine, "DELETE FROM claim")


def be_second(engine, provider_id):
    older = write_provider(engine, provider_record("older"))
    write_plan(engine, older, [account()])
    write_plan(engine, provider_id, [account()])
    execute(engine, "UPDATE account SET provider_id = :id", id=older)


def crash(engine, _provider_id):
    execute(engine, "UPDATE lease SET attempts = 4, started_at = now()")


def be_rejected(engine, _provider_id):
    execute(
        engine,
        "UPDATE provider SET entry_state = 'rejected', entry_reason = 'CredentialsRejected',"
        " entry_since = now()",
    )


@pytest.mark.parametrize("happen", [discover, be_second, crash, be_rejected])
def test_whatever_hangs_on_the_provider_is_told(engine, plan, epoch, happen):
    """Fails if one of the terms is left out of `BARE`: its row would say nothing of it."""
    plan.sync_provider(epoch, provider_record())
    happen(engine, one(engine, "SELECT id FROM provider"))
    before = rows(engine, "SELECT xmin FROM provider ORDER BY id")

    met, read = told_apart(plan, plan.sync_provider(epoch, provider_record()))

    assert met == read
    assert (met.accounts.total, met.problems_total) == ((1, 0) if happen is discover else (0, 1))
    assert rows(engine, "SELECT xmin FROM provider ORDER BY id") == before


def test_several_at_once_make_one(engine, plan, epoch):
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda _: plan.sync_provider(epoch, provider_record()), range(40)))

    assert {(one.generation, one.entry.state) for one in told} == {(1, EntryState.UNTRIED)}
    assert one(engine, "SELECT count(*) FROM provider") == 1
    assert one(engine, "SELECT count(*) FROM lease") == 1
