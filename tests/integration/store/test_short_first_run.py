"""The first run of a short listing: its page goes straight into the tables if all of it is new."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, text

from cloudops.domain.errors import LeaseLostError
from cloudops.domain.resource import Facet, MalformedItem, Page, TagSource, resource_uid
from cloudops.store.merge import TAGS_LOCK
from tests.fakes.cloud import CLOUD, observe
from tests.fixtures.waiting import eventually
from tests.integration.store.locking import waits_for_a_lock
from tests.integration.store.seeding import Ledger, one, rows, steal
from tests.integration.store.test_first_run import (
    ODD,
    THE_OTHERS_FACET,
    THE_OTHERS_RESOURCE,
    everything,
    merged,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]


def first_run(ledger, page, **options):
    """As a worker runs it that found the scope without rows."""
    return ledger.pass_over(page, has_rows=False, **options)


@pytest.fixture
def statements(engine):
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_it_stores_what_the_stage_would_have_stored(engine, ledger, statements):
    """Fails if any column is framed differently: all values are compared."""
    first_run(ledger, ODD)
    direct = everything(ledger)
    assert not merged(statements)
    for table in ("resource", "facet", "change"):
        rows(engine, f"DELETE FROM {table} RETURNING 1")  # noqa: S608  our own names

    ledger.pass_over(ODD)

    assert everything(ledger) == direct
    assert merged(statements)


def test_the_same_again_changes_nothing(ledger, statements):
    first_run(ledger, ODD)
    statements.clear()

    ledger.pass_over(ODD)

    assert not merged(statements)
    assert {operation for _, operation in ledger.history()} == {"created"}


@pytest.mark.parametrize("staged", [True, False], ids=["staged", "in-memory"])
def test_tags_that_came_first_are_joined_in(engine, statements, staged):
    ledger = Ledger.plan(engine, "fake.machines", "fake.tagging")
    tags = observe("a", facet=Facet.TAGS, document={"team": "shop"})
    ledger.pass_over([tags], name="fake.tagging", facet=Facet.TAGS, staged=staged)
    statements.clear()

    first_run(ledger, [observe(name, tag_source=TagSource.TAGGING) for name in ("a", "b")])

    assert not merged(statements)
    found = {row.name: row.tags for row in rows(engine, "SELECT name, tags FROM resource")}
    assert found == {"a": {"team": "shop"}, "b": None}


def test_it_waits_for_tags_that_are_being_merged(engine):
    """Fails without the lock: neither would see what the other is about to write."""
    ledger = Ledger.plan(engine, "fake.machines", "fake.tagging")
    lock = {"lock": TAGS_LOCK, "account_pk": ledger.scope().account_pk}
    with ThreadPoolExecutor(1) as threads, engine.begin() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:lock, :account_pk)"), lock)
        run = threads.submit(first_run, ledger, [observe("a", tag_source=TagSource.TAGGING)])
        eventually(lambda: waits_for_a_lock(engine), what="a page that waits for the lock")
        other.commit()
        run.result(120)

    assert ledger.live() == {"a"}


def test_what_is_known_of_another_listing_moves_with_its_history(engine, statements):
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    ledger.pass_over([observe("a", document={"old": 1})])
    statements.clear()

    first_run(ledger, [observe("b"), observe("a", document={"new": 1})], name="fake.queues")

    assert merged(statements)
    assert sorted(ledger.history()) == [("a", "created"), ("a", "updated"), ("b", "created")]


def test_an_item_that_another_listing_stores_at_this_moment_is_waited_for(engine):
    """Fails without `UniqueViolation`: whoever comes second would break off."""
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    shown = {"uid": resource_uid(CLOUD, "b"), "scope_id": ledger.scope("fake.queues").id}
    with ThreadPoolExecutor(1) as threads, engine.begin() as other:
        for statement in (THE_OTHERS_RESOURCE, THE_OTHERS_FACET):
            other.execute(text(statement), shown)
        run = threads.submit(first_run, ledger, [observe("a"), observe("b")])
        eventually(lambda: waits_for_a_lock(engine), what="a page that waits for the key")
        other.commit()
        run.result(120)

    assert ledger.live() == {"a", "b"}
    found = rows(engine, "SELECT DISTINCT scope_id FROM facet")
    assert [row.scope_id for row in found] == [ledger.scope().id]


def test_an_item_that_nobody_understands_counts_as_seen(ledger):
    broken = MalformedItem("no name", resource_uid(CLOUD, "broken"))

    first_run(ledger, Page((observe("a"),), (broken,)))

    assert one(ledger.engine, "SELECT item_count FROM scope") == 2


def test_nothing_is_written_once_the_lease_is_lost(ledger):
    steal(ledger.engine, ledger.lease)

    with pytest.raises(LeaseLostError):
        first_run(ledger, [observe("a")])

    assert not one(ledger.engine, "SELECT count(*) FROM resource")


def test_a_scope_that_has_rows_in_truth_is_compared_and_marked(ledger):
    ledger.pass_over([observe("a"), observe("b")])

    first_run(ledger, [observe("b"), observe("c")])

    assert ledger.marked() == {"a"}
