"""Most listings are empty, pass after pass: they must cost next to nothing."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event

from cloudops.domain.resource import MalformedItem, Page, resource_uid
from cloudops.store.loader import ListingLoad
from tests.fakes.cloud import CLOUD, observe
from tests.integration.store.seeding import Ledger, execute, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is sent to the database from now on."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def run(ledger: Ledger, *pages: Page, complete: bool = True):
    """One run of the scope's listing, as a worker has found it due."""
    scope = ledger.reread()["fake.machines"]
    judge = ledger.judge(complete=complete)
    with ListingLoad(
        ledger.engine, ledger.lease, ledger.target(), expected_items=0, has_rows=scope.has_rows
    ) as load:
        for page in pages:
            load.add(page)
        return load.commit(judge, complete=complete)


def test_an_empty_listing_of_a_scope_without_rows_asks_the_database_nothing(ledger, statements):
    """Fails without the short cut in `_commit_memory`."""
    scope = ledger.reread()["fake.machines"]
    judge = ledger.judge()
    statements.clear()

    with ListingLoad(
        ledger.engine, ledger.lease, ledger.target(), expected_items=0, has_rows=scope.has_rows
    ) as load:
        load.add(Page(()))
        outcome = load.commit(judge, complete=True)

    assert outcome is not None
    assert outcome.item_count == 0
    assert statements == []


def test_an_empty_listing_marks_whatever_the_scope_has_shown_before(ledger):
    """Fails if `has_rows` is taken from the ledger's count: a broken run counts as none."""
    ledger.pass_over([observe("a")])
    execute(ledger.engine, "UPDATE scope SET item_count = 0")

    run(ledger, Page(()))

    assert ledger.marked() == {"a"}


def test_the_first_item_of_a_scope_without_rows_is_stored(ledger):
    run(ledger, Page((observe("a"),)))

    assert ledger.live() == {"a"}


def test_an_item_that_nobody_understands_is_compared_although_there_are_no_rows(ledger):
    broken = MalformedItem("not understood", resource_uid(CLOUD, "a"))

    outcome = run(ledger, Page((), (broken,)), complete=False)

    assert outcome is not None
    assert rows(ledger.engine, "SELECT uid FROM facet") == []


def test_rows_that_are_missing_still_count_as_rows(ledger):
    ledger.pass_over([observe("a")])
    ledger.pass_over([])
    assert ledger.marked() == {"a"}

    assert ledger.reread()["fake.machines"].has_rows
