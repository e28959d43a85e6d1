"""The first run of a long listing: it goes straight into the tables while all of it is new."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, text

from cloudops.domain.errors import LeaseLostError
from cloudops.domain.resource import Facet, MalformedItem, Page, TagSource, resource_uid
from cloudops.store.direct import BATCH_ITEMS, DirectLoad
from cloudops.store.loader import ListingLoad
from tests.fakes.cloud import CLOUD, observe
from tests.fixtures.waiting import eventually
from tests.integration.store.locking import waits_for_a_lock
from tests.integration.store.seeding import Ledger, one, rows, steal

pytestmark = [pytest.mark.integration, pytest.mark.database]


THE_OTHERS_RESOURCE = """
INSERT INTO resource (uid, cloud, canonical_id, account_pk, scope_id, region, service, type, kind,
    tag_source)
VALUES (:uid, 'aws', 'b', 1, :scope_id, 'eu', 'fake', 'T', 'k', 'none')
"""
THE_OTHERS_FACET = r"""
INSERT INTO facet (uid, facet, scope_id, digest, document)
VALUES (:uid, 'listed', :scope_id, '\x00', '{}')
"""


def first_run(ledger, *pages, **options):
    """As a worker runs it that found the scope without rows."""
    return ledger.pass_over(*pages, staged=True, has_rows=False, **options)


def everything(ledger):
    """All that a load stores, but for when it did."""
    return [
        rows(
            ledger.engine,
            "SELECT uid, cloud, canonical_id, id_synthetic, account_pk, scope_id, region, service,"
            " type, kind, name, state, created_at, tag_source, tags, deleted_at, deleted_reason"
            " FROM resource ORDER BY uid",
        ),
        rows(
            ledger.engine,
            "SELECT uid, facet, scope_id, digest, document, volatile, truncated, missing_since"
            " FROM facet ORDER BY uid, facet",
        ),
        rows(
            ledger.engine,
            "SELECT uid, facet, operation, old, new, scope_id FROM change ORDER BY uid, operation",
        ),
        rows(ledger.engine, "SELECT status, item_count, malformed_count FROM scope"),
    ]


@pytest.fixture
def statements(engine):
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def merged(statements):
    """Whether anything went through the stage."""
    return any("FROM stage_row" in statement for statement in statements)


def batch(letter):
    """As many items as one transaction takes."""
    return [observe(f"{letter}{number}") for number in range(BATCH_ITEMS)]


ODD = [
    observe("plain"),
    observe(
        "full",
        document={"Id": "ü\U0001f600", "Nested": [1, None, {"a": 1.5}]},
        tags={"team": 'a"b\\c', "ü": ""},
        created_at=datetime(1998, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        volatile={"seen": 1},
        display_name="näme",
    ),
    observe("bare", tag_source=TagSource.NONE, state=None, kind=""),
]


def test_it_stores_what_the_stage_would_have_stored(engine, ledger, statements):
    """Fails if any column is framed differently: all values are compared."""
    first_run(ledger, ODD[:2], ODD[2:])
    direct = everything(ledger)
    assert not merged(statements)
    for table in ("resource", "facet", "change"):
        rows(engine, f"DELETE FROM {table} RETURNING 1")  # noqa: S608  our own names

    ledger.pass_over(ODD[:2], ODD[2:], staged=True)

    assert everything(ledger) == direct
    assert merged(statements)


def test_the_same_again_changes_nothing(ledger):
    first_run(ledger, ODD[:2], ODD[2:])
    before = rows(
        ledger.engine, "SELECT ctid, xmin FROM facet UNION ALL SELECT ctid, xmin FROM resource"
    )

    ledger.pass_over(ODD[:2], ODD[2:], staged=True)

    after = rows(
        ledger.engine, "SELECT ctid, xmin FROM facet UNION ALL SELECT ctid, xmin FROM resource"
    )
    assert after == before


def test_an_item_of_another_listing_moves_with_its_history(engine, statements):
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    ledger.pass_over([observe("a", document={"old": 1})])
    statements.clear()

    first_run(ledger, [observe("b"), observe("a", document={"new": 1})], name="fake.queues")

    assert merged(statements)
    assert sorted(ledger.history()) == [("a", "created"), ("a", "updated"), ("b", "created")]
    found = rows(engine, "SELECT DISTINCT scope_id FROM resource")
    assert [row.scope_id for row in found] == [ledger.scope("fake.queues").id]


def test_what_a_later_page_shows_of_another_listing_moves_too(engine):
    """Fails without `UniqueViolation`: only the first page is asked about."""
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    ledger.pass_over([observe("b")])

    first_run(
        ledger, [observe("a")], [observe("c"), observe("b")], [observe("d")], name="fake.queues"
    )

    queues = ledger.scope("fake.queues")
    assert one(engine, "SELECT count(*) FROM facet WHERE scope_id = :id", id=queues.id) == 4
    assert one(engine, "SELECT item_count FROM scope WHERE id = :id", id=queues.id) == 4
    assert ledger.marked() == set()


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([["a", "a"], ["b"]], id="within-a-page"),
        pytest.param([["a"], ["b", "a"]], id="over-two-pages"),
    ],
)
def test_an_item_that_is_shown_twice_is_one_item_and_its_last_word_counts(ledger, pages):
    """Fails without `UniqueViolation`."""
    numbers = iter(range(9))
    shown = [[observe(name, document={"n": next(numbers)}) for name in page] for page in pages]

    first_run(ledger, *shown)

    last = max(n for n, name in enumerate(name for page in pages for name in page) if name == "a")
    found = rows(
        ledger.engine, "SELECT document FROM facet JOIN resource USING (uid) WHERE name = 'a'"
    )
    assert [row.document for row in found] == [{"n": last}]
    assert one(ledger.engine, "SELECT item_count FROM scope") == 2


def test_an_item_that_nobody_understands_counts_as_seen_once(ledger):
    broken = MalformedItem("odd", resource_uid(CLOUD, "b"))

    first_run(ledger, Page((observe("a"),), (broken, MalformedItem("no id"))), Page((), (broken,)))

    assert one(ledger.engine, "SELECT item_count FROM scope") == 2


def test_a_run_that_broke_off_keeps_what_it_has_read(ledger):
    first_run(ledger, [observe("a")], [observe("b")], complete=False)

    assert ledger.live() == {"a", "b"}
    assert ledger.marked() == set()
    assert one(ledger.engine, "SELECT last_complete_at FROM scope") is None


def test_a_scope_that_has_rows_in_truth_is_compared_and_marked(ledger):
    """Fails without the question in front of the first page: `a` would count as shown."""
    ledger.pass_over([observe("a")])

    first_run(ledger, [observe("b")], [observe("c")])

    assert ledger.marked() == {"a"}
    assert one(ledger.engine, "SELECT item_count FROM scope") == 2


def test_tags_that_came_first_are_joined_in(engine):
    """Fails if such items go direct: their tags would stay unknown until these change."""
    ledger = Ledger.plan(engine, "fake.machines", "fake.tagging")
    tags = observe("a", facet=Facet.TAGS, document={"team": "x"})
    ledger.pass_over([tags], name="fake.tagging", facet=Facet.TAGS)

    first_run(ledger, [observe("a", tag_source=TagSource.TAGGING)])

    assert one(ledger.engine, "SELECT tags FROM resource") == {"team": "x"}


def test_no_page_is_written_once_the_lease_is_lost(ledger):
    """Fails without `guard` in the transaction of each batch."""
    with ListingLoad(
        ledger.engine, ledger.lease, ledger.target(), expected_items=5_000, has_rows=False
    ) as load:
        load.add(Page(tuple(batch("a"))))
        steal(ledger.engine, ledger.lease)
        load.add(Page(tuple(batch("b"))))
        with pytest.raises(LeaseLostError):
            load.commit(ledger.judge(), complete=True)

    assert {name[0] for name in ledger.live()} == {"a"}


def test_batches_are_stored_at_the_same_time(ledger):
    """Fails with one connection: the third batch would wait for the second."""
    first, held, beside = batch("a"), batch("b"), batch("c")
    with ThreadPoolExecutor(1) as threads, ledger.engine.begin() as other:
        shown = {"uid": held[0].uid, "scope_id": ledger.scope().id}
        other.execute(text(THE_OTHERS_RESOURCE), shown)
        run = threads.submit(first_run, ledger, first, held, beside)
        eventually(
            lambda: waits_for_a_lock(ledger.engine) and len(ledger.live()) == 2 * BATCH_ITEMS,
            what="a batch that is stored while another waits for a key",
        )
        other.rollback()
        run.result(120)

    assert len(ledger.live()) == 3 * BATCH_ITEMS
    assert one(ledger.engine, "SELECT item_count FROM scope") == 3 * BATCH_ITEMS


def test_the_last_word_counts_between_batches_as_well(engine):
    """Fails if a batch does not wait for one that shows the same: its earlier word would win."""
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    queues = ledger.scope("fake.queues").id
    early, late = observe("x", document={"n": 1}), observe("x", document={"n": 2})
    held = [*batch("b"), early]
    with ThreadPoolExecutor(1) as threads, engine.begin() as other:
        shown = {"uid": held[0].uid, "scope_id": queues}
        for statement in (THE_OTHERS_RESOURCE, THE_OTHERS_FACET):
            other.execute(text(statement), shown)
        run = threads.submit(first_run, ledger, batch("a"), held, [*batch("c"), late])
        eventually(lambda: waits_for_a_lock(engine), what="a batch that waits for the key")
        other.commit()
        run.result(120)

    found = rows(engine, "SELECT document FROM facet WHERE uid = :uid", uid=late.uid)
    assert [row.document for row in found] == [{"n": 2}]
    assert one(engine, "SELECT count(*) FROM facet") == 3 * BATCH_ITEMS + 1


def test_an_item_that_another_listing_stores_at_this_moment_is_waited_for(engine):
    """Fails without `UniqueViolation`: whoever comes second would break off."""
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    queues = ledger.scope("fake.queues").id
    failures: list[BaseException] = []

    def run():
        try:
            first_run(ledger, [observe("a")], [observe("b"), observe("c")])
        except BaseException as error:  # noqa: BLE001  told to the test below
            failures.append(error)

    thread = threading.Thread(target=run)
    with engine.begin() as other:
        for statement in (THE_OTHERS_RESOURCE, THE_OTHERS_FACET):
            other.execute(text(statement), {"uid": resource_uid(CLOUD, "b"), "scope_id": queues})
        thread.start()
        eventually(lambda: waits_for_a_lock(engine), what="a page that waits for the key")
    thread.join(120)

    assert failures == []
    assert ledger.live() == {"a", "b", "c"}
    found = rows(engine, "SELECT DISTINCT scope_id FROM facet")
    assert [row.scope_id for row in found] == [ledger.scope().id]


def test_an_item_that_another_listing_is_about_to_store_is_no_deadlock(engine):
    """Fails if a page stores its facets before its resources: each would wait for the other."""
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    shown = {"uid": resource_uid(CLOUD, "b"), "scope_id": ledger.scope("fake.queues").id}
    with ThreadPoolExecutor(1) as threads, engine.begin() as other:
        other.execute(text(THE_OTHERS_RESOURCE), shown)
        run = threads.submit(first_run, ledger, [observe("b")])
        eventually(lambda: waits_for_a_lock(engine), what="a page that waits for the key")
        other.execute(text(THE_OTHERS_FACET), shown)
        other.commit()
        run.result(120)

    assert one(engine, "SELECT DISTINCT scope_id FROM facet") == ledger.scope().id


@pytest.mark.parametrize("table", [THE_OTHERS_RESOURCE, THE_OTHERS_FACET], ids=["heads", "facets"])
def test_a_merge_stores_items_in_the_order_of_their_ids(engine, table):
    """Fails without ORDER BY: two that store the same items would wait for each other."""
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    queues = ledger.scope("fake.queues").id
    first, *_, last = sorted(map(observe, "abcdef"), key=lambda item: item.uid)
    with ThreadPoolExecutor(1) as threads, engine.begin() as other:
        other.execute(text(table), {"uid": first.uid, "scope_id": queues})
        run = threads.submit(ledger.pass_over, [last, first])
        eventually(lambda: waits_for_a_lock(engine), what="a merge that waits for the key")
        other.execute(text(table), {"uid": last.uid, "scope_id": queues})
        other.commit()
        run.result(120)

    assert one(engine, "SELECT count(*) FROM facet WHERE scope_id = :id", id=ledger.scope().id) == 2


def test_what_waits_is_stored_though_a_batch_was_refused_before_a_malformed_item(ledger):
    """Fails if only what was refused is left to the stage."""
    known = [observe(f"a{n}") for n in range(BATCH_ITEMS)]
    again = [*(observe(f"b{n}") for n in range(BATCH_ITEMS)), known[0]]
    odd = Page((observe("c"),), (MalformedItem("odd", resource_uid(CLOUD, "z")),))

    first_run(ledger, known, again, odd, complete=False)

    assert "c" in ledger.live()
    assert len(ledger.live()) == 2 * BATCH_ITEMS + 1


def test_loads_at_the_same_time_share_the_memory_that_one_may_have(ledger):
    """Fails if each of a dozen listings keeps a whole batch."""
    half = [observe(f"a{n}") for n in range(BATCH_ITEMS // 2)]
    with ledger.engine.connect() as connection:
        other = DirectLoad(ledger.engine, connection, ledger.lease, ledger.target())
        with ListingLoad(
            ledger.engine, ledger.lease, ledger.target(), expected_items=10_000, has_rows=False
        ) as load:
            load.add(Page(tuple(half)))
            assert len(ledger.live()) == len(half)
        other.close()
