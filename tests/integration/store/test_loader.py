"""One run of one listing: what it writes, and above all what it does not."""

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, text

from cloudops.domain.errors import LeaseLostError, StoreUnavailableError
from cloudops.domain.resource import Facet, MalformedItem, Page, TagSource, resource_uid
from cloudops.store import leases, merge, staging
from cloudops.store.loader import ListingLoad
from tests.fakes.cloud import CLOUD, observe
from tests.integration.store.seeding import HOLDER, Ledger, execute, one, rows, steal

pytestmark = [pytest.mark.integration, pytest.mark.database]

both_paths = pytest.mark.parametrize(
    "staged", [pytest.param(False, id="in-memory"), pytest.param(True, id="staged")]
)


def pages(*names, size=2, **facts):
    items = [observe(name, **facts) for name in names]
    return [items[start : start + size] for start in range(0, len(items), size)]


def versions(engine):
    """The row versions of everything that a load could touch but the ledger."""
    return [
        [(row.ctid, row.xmin) for row in rows(engine, f"SELECT ctid, xmin FROM {table} ORDER BY 1")]  # noqa: S608  our own names
        for table in ("resource", "facet", "change")
    ]


def test_an_unchanged_listing_writes_nothing_and_leaves_its_outcome_to_the_caller(ledger):
    ledger.pass_over([observe("a"), observe("b")])
    before, wal = versions(ledger.engine), one(ledger.engine, "SELECT pg_current_wal_lsn()")

    outcome = ledger.load([observe("a"), observe("b")])

    written = one(ledger.engine, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), :wal)", wal=wal)
    assert outcome is not None
    assert outcome.item_count == 2
    assert versions(ledger.engine) == before
    assert written < 1000  # nothing but what the server notes for itself


def test_an_unchanged_staged_listing_touches_the_ledger_alone(ledger):
    ledger.pass_over(*pages("a", "b", "c"))
    before = versions(ledger.engine)

    outcome = ledger.load(*pages("a", "b", "c"))

    assert outcome is None
    assert versions(ledger.engine) == before
    assert one(ledger.engine, "SELECT item_count FROM scope") == 3


@both_paths
def test_documents_that_differ_in_what_changes_by_itself_are_the_same(ledger, staged):
    ledger.pass_over([observe("a", volatile={"restorable": 1})], staged=staged)
    before = versions(ledger.engine)

    ledger.pass_over([observe("a", volatile={"restorable": 2})], staged=staged)

    assert versions(ledger.engine) == before


@both_paths
def test_what_changes_by_itself_is_stored_apart(ledger, staged):
    ledger.pass_over([observe("a", volatile={"restorable": 1}), observe("b")], staged=staged)

    found = rows(ledger.engine, "SELECT volatile FROM facet ORDER BY volatile")
    assert [row.volatile for row in found] == [{"restorable": 1}, None]


@both_paths
def test_a_change_of_the_head_alone_updates_the_row_without_history(ledger, staged):
    ledger.pass_over([observe("a", state="running")], staged=staged)
    ledger.pass_over([observe("a", state="stopped")], staged=staged)

    assert one(ledger.engine, "SELECT state FROM resource") == "stopped"
    assert ledger.history() == [("a", "created")]


@both_paths
def test_history_keeps_the_members_that_changed_and_no_others(ledger, staged):
    ledger.pass_over([observe("a", document={"same": 1, "gone": 2, "other": 3})], staged=staged)
    ledger.pass_over([observe("a", document={"same": 1, "new": None, "other": 4})], staged=staged)

    found = rows(ledger.engine, "SELECT old, new FROM change WHERE operation = 'updated'")
    assert [(row.old, row.new) for row in found] == [
        ({"gone": 2, "other": 3}, {"new": None, "other": 4})
    ]


@both_paths
def test_the_same_id_with_another_creation_time_is_another_thing(ledger, staged):
    old, new = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    ledger.pass_over([observe("a", created_at=old)], staged=staged)
    first_seen = one(ledger.engine, "SELECT first_seen_at FROM resource")

    ledger.pass_over([observe("a", created_at=new)], staged=staged)

    assert ledger.history() == [("a", "created"), ("a", "replaced")]
    assert one(ledger.engine, "SELECT first_seen_at FROM resource") > first_seen
    assert one(ledger.engine, "SELECT created_at FROM resource") == new


@pytest.mark.parametrize("words", [[2, 1], [2, 3, 1]])
def test_the_last_word_counts_also_where_it_is_what_is_known(ledger, words):
    """Fails if what is not news is forgotten: what came before it would be written."""
    ledger.pass_over([observe("a", document={"n": 1})])
    pages = [[observe("a", document={"n": word})] for word in words]

    ledger.pass_over(*pages, staged=True)

    assert one(ledger.engine, "SELECT document FROM facet") == {"n": 1}
    assert ledger.history() == [("a", "created")]


def test_an_item_that_can_not_be_read_a_second_time_keeps_its_first_word(ledger):
    odd = Page((), (MalformedItem("odd", resource_uid(CLOUD, "a")),))

    ledger.pass_over([observe("a", document={"n": 1})], odd, staged=True)

    assert one(ledger.engine, "SELECT document FROM facet") == {"n": 1}


@both_paths
def test_a_creation_time_that_becomes_known_replaces_nothing(ledger, staged):
    ledger.pass_over([observe("a")], staged=staged)
    ledger.pass_over([observe("a", created_at=datetime(2025, 1, 1, tzinfo=UTC))], staged=staged)

    assert ledger.history() == [("a", "created")]


@both_paths
def test_a_listing_that_broke_off_stores_what_it_read_and_marks_nothing(ledger, staged):
    ledger.pass_over([observe("a"), observe("b")], staged=staged)

    ledger.pass_over([observe("b"), observe("c")], staged=staged, complete=False)

    assert ledger.live() == {"a", "b", "c"}
    assert ledger.marked() == set()


@both_paths
def test_an_empty_listing_that_broke_off_marks_nothing(ledger, staged):
    ledger.pass_over([observe("a")], staged=staged)

    ledger.pass_over(staged=staged, complete=False)

    assert ledger.marked() == set()
    assert one(ledger.engine, "SELECT item_count FROM scope") == 1


@both_paths
def test_a_complete_listing_without_items_marks_all(ledger, staged):
    ledger.pass_over([observe("a"), observe("b")], staged=staged)

    ledger.pass_over([], staged=staged)

    assert ledger.marked() == {"a", "b"}


@both_paths
def test_a_complete_listing_without_a_page_marks_all(ledger, staged):
    ledger.pass_over([observe("a")], staged=staged)

    ledger.pass_over(staged=staged)

    assert ledger.marked() == {"a"}
    assert one(ledger.engine, "SELECT item_count FROM scope") == 0


@both_paths
def test_a_damaged_item_with_a_readable_id_counts_as_seen(ledger, staged):
    ledger.pass_over([observe("a"), observe("b")], staged=staged)
    damaged = MalformedItem("odd", resource_uid(CLOUD, "a"))

    ledger.pass_over(Page((), (damaged, MalformedItem("no id"))), staged=staged)

    assert ledger.marked() == {"b"}
    assert one(ledger.engine, "SELECT item_count FROM scope") == 1


@both_paths
def test_what_is_shown_again_is_unmarked_and_what_was_deleted_revives(ledger, staged):
    ledger.pass_over([observe("a"), observe("b")], staged=staged)
    ledger.pass_over([observe("b")], staged=staged)
    ledger.sweep()
    assert ledger.live() == {"b"}

    ledger.pass_over([observe("a"), observe("b")], staged=staged)

    assert ledger.live() == {"a", "b"}
    assert ledger.marked() == set()
    assert ledger.history() == [
        ("a", "created"),
        ("b", "created"),
        ("a", "deleted"),
        ("a", "revived"),
    ]


@both_paths
def test_another_listing_may_take_a_resource_over(engine, staged):
    ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
    ledger.pass_over([observe("a")], staged=staged)
    ledger.pass_over([observe("a")], name="fake.queues", staged=staged)

    ledger.pass_over([], staged=staged)
    ledger.sweep()

    assert ledger.live() == {"a"}
    assert ledger.marked() == set()
    assert one(engine, "SELECT scope_id FROM resource") == ledger.scope("fake.queues").id
    assert ledger.history() == [("a", "created")]


@both_paths
@pytest.mark.parametrize(
    "text",
    [pytest.param("ü\u4e2d\U0001f600", id="unicode"), pytest.param("'; --\t\\", id="quotes")],
)
def test_any_text_comes_back_as_it_went_in(ledger, staged, text):
    ledger.pass_over([observe(text, document={text: [text]}, tags={text: text})], staged=staged)

    ((found),) = rows(
        ledger.engine, "SELECT canonical_id, tags, document FROM resource JOIN facet USING (uid)"
    )
    assert tuple(found) == (text, {text: text}, {text: [text]})


class TestSelectedTypes:
    """A listing of several types whose scope is asked for some of them."""

    @pytest.fixture
    def narrowed(self, ledger):
        ledger.pass_over([observe("a"), observe("q", type_="Fake::Queue")])
        ledger.types = ("Fake::Machine",)
        return ledger

    @both_paths
    def test_rows_of_the_other_types_are_never_missed(self, narrowed, staged):
        narrowed.pass_over([], staged=staged)

        assert narrowed.marked() == {"a"}

    def test_they_do_not_make_an_unchanged_listing_a_changed_one(self, narrowed):
        before = versions(narrowed.engine)

        assert narrowed.load([observe("a")]) is not None
        assert versions(narrowed.engine) == before


class TestLostLease:
    """The fencing number moved on while the listing ran: nothing may be written."""

    @both_paths
    def test_a_changed_listing_is_refused(self, ledger, staged):
        ledger.pass_over([observe("a")], staged=staged)
        before = versions(ledger.engine)
        ledger_row = rows(ledger.engine, "SELECT * FROM scope")
        steal(ledger.engine, ledger.lease)

        with pytest.raises(LeaseLostError):
            ledger.load([observe("b")], staged=staged)

        assert versions(ledger.engine) == before
        assert rows(ledger.engine, "SELECT * FROM scope") == ledger_row

    def test_a_staged_listing_that_changed_nothing_is_refused_too(self, ledger):
        ledger.pass_over([observe("a")], staged=True)
        ledger_row = rows(ledger.engine, "SELECT * FROM scope")
        steal(ledger.engine, ledger.lease)

        with pytest.raises(LeaseLostError):
            ledger.load([observe("a")], staged=True)

        assert rows(ledger.engine, "SELECT * FROM scope") == ledger_row

    def test_a_sweep_is_refused(self, ledger):
        ledger.pass_over([observe("a")])
        ledger.pass_over([])
        steal(ledger.engine, ledger.lease)

        with pytest.raises(LeaseLostError):
            ledger.sweep()

        assert ledger.live() == {"a"}

    def test_an_older_fence_of_ones_own_is_refused(self, ledger):
        with pytest.raises(LeaseLostError):
            ledger.load([observe("a")], lease=replace(ledger.lease, fence=0))


class TestTags:
    """Tags that the tagging API brings, a facet of its own."""

    @pytest.fixture
    def tagged(self, engine):
        return Ledger.plan(engine, "fake.machines", "fake.tagging", "fake.tagging-home")

    def tagging(self, ledger, *names, staged=False, team="", by="fake.tagging", **options):
        observations = [
            observe(name, facet=Facet.TAGS, document={"team": team or name}) for name in names
        ]
        ledger.pass_over(observations, name=by, facet=Facet.TAGS, staged=staged, **options)

    def listing(self, ledger, *names, staged=False):
        observations = [observe(name, tag_source=TagSource.TAGGING) for name in names]
        ledger.pass_over(observations, staged=staged)

    def tags(self, ledger):
        found = rows(ledger.engine, "SELECT canonical_id, tags FROM resource")
        return {row.canonical_id: row.tags for row in found}

    @both_paths
    def test_a_tagging_pass_after_the_listing_fills_them_in(self, tagged, staged):
        self.listing(tagged, "a", "b", staged=staged)
        assert self.tags(tagged) == {"a": None, "b": None}

        self.tagging(tagged, "a", staged=staged)

        assert self.tags(tagged) == {"a": {"team": "a"}, "b": None}

    @both_paths
    def test_a_tagging_pass_before_the_listing_is_found_by_it(self, tagged, staged):
        self.tagging(tagged, "a", staged=staged)

        self.listing(tagged, "a", "b", staged=staged)

        assert self.tags(tagged) == {"a": {"team": "a"}, "b": None}

    @pytest.mark.parametrize("first", [Facet.LISTED, Facet.TAGS])
    def test_passes_at_the_same_time_find_each_other(self, tagged, first):
        """Else the tags would stay unknown: afterwards neither of them changes any more."""
        items = {
            Facet.LISTED: observe("a", tag_source=TagSource.TAGGING),
            Facet.TAGS: observe("a", facet=Facet.TAGS, document={"team": "a"}),
        }
        listings = {Facet.LISTED: "fake.machines", Facet.TAGS: "fake.tagging"}
        second = Facet.TAGS if first is Facet.LISTED else Facet.LISTED
        with tagged.engine.begin() as connection:
            staging.prepare(connection)
            staging.stage_rows(connection, [(0, items[first])])
            merge.merge_stage(connection, tagged.target(listings[first], first))
            other = threading.Thread(
                target=tagged.pass_over,
                args=([items[second]],),
                kwargs={"name": listings[second], "facet": second},
            )
            other.start()
            other.join(1)
        other.join(60)

        assert self.tags(tagged) == {"a": {"team": "a"}}

    def test_a_failed_tagging_pass_changes_nothing(self, tagged):
        self.listing(tagged, "a")
        self.tagging(tagged, "a")

        self.tagging(tagged, complete=False)
        tagged.sweep("fake.tagging", facet=Facet.TAGS)

        assert self.tags(tagged) == {"a": {"team": "a"}}

    def test_tags_that_are_not_shown_any_more_become_unknown(self, tagged):
        self.listing(tagged, "a", "b")
        self.tagging(tagged, "a", "b")

        self.tagging(tagged, "b")
        tagged.sweep("fake.tagging", facet=Facet.TAGS)

        assert self.tags(tagged) == {"a": None, "b": {"team": "b"}}
        assert tagged.live() == {"a", "b"}
        assert tagged.history()[-1] == ("a", "dropped")

    @both_paths
    @pytest.mark.parametrize("missed_first", [False, True])
    def test_that_another_pass_shows_from_now_on_move_to_its_scope(
        self, tagged, staged, missed_first
    ):
        """Fails without `scope_id` in `_DIFFERENT` or `_plan`: the first scope would drop them."""
        self.listing(tagged, "a", "b")
        self.tagging(tagged, "a", "b")
        if missed_first:
            self.tagging(tagged, "b", staged=staged)

        self.tagging(tagged, "a", by="fake.tagging-home", staged=staged)
        for _ in range(2):
            self.tagging(tagged, "b", staged=staged)
            tagged.sweep("fake.tagging", facet=Facet.TAGS)
            tagged.sweep("fake.tagging-home", facet=Facet.TAGS)

        assert self.tags(tagged) == {"a": {"team": "a"}, "b": {"team": "b"}}
        assert tagged.history()[-1][1] == "created"

    @both_paths
    def test_of_a_type_that_is_not_asked_for_any_more_are_not_missed(self, tagged, staged):
        """Fails without the resource's type in `_MARK`, of few items in `_STORED` too."""
        self.listing(tagged, "a")
        self.tagging(tagged, "a")
        tagged.types = ("Fake::Other",)

        self.tagging(tagged, staged=staged)

        assert one(tagged.engine, "SELECT count(*) FROM facet WHERE missing_since IS NOT NULL") == 0

    def test_to_be_shown_without_tags_is_known_and_not_to_be_shown_is_not(self, tagged):
        """The tagging API never shows what had no tags in all its life."""
        self.listing(tagged, "a", "b")

        untagged = observe("a", facet=Facet.TAGS, document={})
        tagged.pass_over([untagged], name="fake.tagging", facet=Facet.TAGS)

        found = rows(tagged.engine, "SELECT canonical_id, tags, tags_known FROM inventory")
        assert {row.canonical_id: (row.tags, row.tags_known) for row in found} == {
            "a": ({}, True),
            "b": (None, False),
        }

    def test_tags_of_a_listing_are_not_overwritten_by_the_tagging_pass(self, tagged):
        tagged.pass_over([observe("a", tags={"own": "1"})])

        self.tagging(tagged, "a")

        assert self.tags(tagged) == {"a": {"own": "1"}}

    def test_a_tagging_pass_that_lags_does_not_revive_what_was_deleted(self, tagged):
        self.listing(tagged, "a")
        self.tagging(tagged, "a")
        self.listing(tagged)
        tagged.sweep()

        self.tagging(tagged, "a", team="other")

        assert tagged.live() == set()
        assert tagged.history()[-1] == ("a", "updated")


@pytest.mark.parametrize(
    "expected", [pytest.param(0, id="small"), pytest.param(200_000, id="large")]
)
def test_a_listing_that_could_not_be_read_at_all_compares_nothing(ledger, expected):
    """A denied listing of 200,000 rows must not fetch their digests each period."""
    ledger.pass_over([observe("a")])
    with ListingLoad(ledger.engine, ledger.lease, ledger.target(), expected_items=expected) as load:
        outcome = load.commit(ledger.judge(complete=False), complete=False)

        assert load._connection is None
    assert outcome is not None


class TestWhatIsFetched:
    """A scope's stored rows may be many more than it shows: what is gone is kept for weeks."""

    @pytest.fixture
    def fetched(self, engine):
        """How many rows the questions about stored facets brought."""
        counts: list[int] = []

        def note(_connection, cursor, statement, *_):
            if "FROM facet" in statement and "SELECT uid" in statement:
                counts.append(cursor.rowcount)

        event.listen(engine, "after_cursor_execute", note)
        yield counts
        event.remove(engine, "after_cursor_execute", note)

    @pytest.fixture
    def churned(self, ledger):
        """Fifty rows that are deleted, and two that live."""
        ledger.pass_over([observe(f"old{number}") for number in range(50)])
        ledger.pass_over([observe("a"), observe("b")])
        ledger.sweep()
        assert ledger.live() == {"a", "b"}
        return ledger

    def test_what_is_deleted_is_not(self, churned, fetched):
        """Fails without `missing_since IS NULL`."""
        fetched.clear()

        churned.pass_over([observe("a"), observe("b")])

        assert fetched == [2]

    def test_what_a_listing_that_broke_off_did_not_show_is_not(self, churned, fetched):
        """Fails without `complete`: nothing is missing of what was not read to its end."""
        fetched.clear()

        churned.pass_over([observe("a")], complete=False)

        assert fetched == [1]

    def test_what_was_deleted_and_is_shown_again_is(self, churned, fetched):
        """Fails if what is damaged is not asked for by its id: it would stay deleted."""
        damaged = MalformedItem("odd", resource_uid(CLOUD, "old1"))
        fetched.clear()

        churned.pass_over(Page((observe("a"), observe("b"), observe("old0")), (damaged,)))

        assert fetched[0] == 4  # then what is shown again is written anew
        assert churned.live() == {"a", "b", "old0", "old1"}


def test_a_connection_that_breaks_while_documents_are_sent_is_a_database_that_is_away(
    ledger, postgres
):
    with ListingLoad(
        ledger.engine, ledger.lease, ledger.target(), expected_items=1_000_000
    ) as load:
        load.add(Page((observe("a"),)))
        assert load._connection is not None
        pid = load._connection.scalar(text("SELECT pg_backend_pid()"))
        load._connection.rollback()
        postgres.execute(f"SELECT pg_terminate_backend({pid}, 5000)")

        with pytest.raises(StoreUnavailableError):
            load.add(Page((observe("b"),)))
    assert ledger.live() == set()


def test_the_loader_holds_the_lease_so_that_it_runs_out_for_nobody_else(ledger):
    """While the load transaction runs, the row is locked and the lease can't be taken."""
    execute(ledger.engine, "UPDATE lease SET expires_at = now() - interval '1 hour'")
    with ledger.engine.begin() as connection:
        leases.guard(connection, ledger.lease)
        with ledger.engine.begin() as other:
            taken = leases.acquire(other, holder="thief", limit=10, seconds=60)
            ours = leases.renew(other, [ledger.lease], holder=HOLDER, seconds=60)

    assert ledger.lease.id not in {lease.id for lease in taken}
    assert ours == {ledger.lease.id}
