"""What may be deleted, when, and what holds it back."""

import pytest

from cloudops.domain.ledger import Consistency
from cloudops.domain.provider import DeletionBrake
from cloudops.domain.resource import Facet
from cloudops.store import scopes
from cloudops.store.sweep import SweepResult
from tests.fakes.cloud import observe
from tests.integration.store.seeding import FREE, Ledger, execute, one, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]

EVENTUAL = Consistency.EVENTUAL
STRICT = DeletionBrake(percent=30, minimum=2)


def show(ledger, *names, listing="fake.machines"):
    ledger.pass_over([observe(name) for name in names], name=listing)


def numbered(count, prefix="m"):
    return [f"{prefix}{number}" for number in range(count)]


def held(ledger):
    found = rows(ledger.engine, "SELECT listing, held_count FROM scope ORDER BY listing")
    return {row.listing: row.held_count for row in found}


def test_a_strong_listing_deletes_at_once(ledger):
    show(ledger, "a", "b")
    show(ledger, "b")

    assert ledger.sweep() == SweepResult(deleted=1, held=0)
    assert ledger.live() == {"b"}


def test_a_deleted_row_keeps_its_document_and_its_end_is_in_the_history(ledger):
    ledger.pass_over([observe("a", document={"size": 1})])
    show(ledger)
    ledger.sweep()

    ((row),) = rows(
        ledger.engine,
        "SELECT deleted_at, deleted_reason, document FROM resource JOIN facet USING (uid)",
    )
    ((change),) = rows(
        ledger.engine, "SELECT old, new, scope_id FROM change WHERE operation = 'deleted'"
    )
    assert row.deleted_at is not None
    assert (row.deleted_reason, row.document) == ("swept", {"size": 1})
    assert tuple(change) == ({"size": 1}, None, ledger.scope().id)


def test_a_second_sweep_of_the_same_pass_deletes_nothing_more(ledger):
    show(ledger, "a")
    show(ledger)
    ledger.sweep()

    assert ledger.sweep() == SweepResult()
    assert [operation for _, operation in ledger.history()] == ["created", "deleted"]


class TestEventualListing:
    def test_one_complete_listing_deletes_nothing(self, ledger):
        show(ledger, "a")
        ledger.ago(3600)
        show(ledger)

        assert ledger.sweep(consistency=EVENTUAL) == SweepResult()
        assert ledger.live() == {"a"}

    def test_a_second_one_that_began_too_soon_after_the_first_deletes_nothing(self, ledger):
        show(ledger, "a")
        show(ledger)
        ledger.sweep(consistency=EVENTUAL)
        ledger.ago(50)
        show(ledger)

        assert ledger.sweep(consistency=EVENTUAL) == SweepResult()

    def test_a_second_one_that_began_long_enough_after_the_first_deletes(self, ledger):
        show(ledger, "a", "b")
        show(ledger, "b")
        ledger.sweep(consistency=EVENTUAL)
        ledger.ago(61)
        show(ledger, "b")

        assert ledger.sweep(consistency=EVENTUAL) == SweepResult(deleted=1)
        assert ledger.live() == {"b"}

    def test_a_listing_that_broke_off_is_no_second_one(self, ledger):
        show(ledger, "a")
        show(ledger)
        ledger.sweep(consistency=EVENTUAL)
        ledger.ago(61)
        ledger.pass_over([], complete=False)

        assert ledger.sweep(consistency=EVENTUAL) == SweepResult()

    def test_showing_up_in_between_starts_anew(self, ledger):
        show(ledger, "a")
        show(ledger)
        ledger.ago(61)
        show(ledger, "a")
        ledger.ago(61)
        show(ledger)

        assert ledger.sweep(consistency=EVENTUAL) == SweepResult()
        assert ledger.live() == {"a"}


class TestProbation:
    """Other credentials, or another endpoint: what they do not show proves nothing yet."""

    def enter(self, ledger, fingerprint):
        with ledger.engine.begin() as connection:
            scopes.enter_account(connection, ledger.scope().account_pk, fingerprint)

    def test_the_first_fingerprint_is_no_change(self, ledger):
        self.enter(ledger, b"one")

        assert one(ledger.engine, "SELECT probation FROM scope") == 0

    def test_the_same_fingerprint_writes_nothing(self, ledger):
        self.enter(ledger, b"one")
        before = rows(ledger.engine, "SELECT xmin FROM account UNION ALL SELECT xmin FROM scope")
        self.enter(ledger, b"one")

        assert before == rows(
            ledger.engine, "SELECT xmin FROM account UNION ALL SELECT xmin FROM scope"
        )

    def test_even_a_strong_listing_needs_two_complete_ones(self, ledger):
        self.enter(ledger, b"one")
        show(ledger, *numbered(10))
        self.enter(ledger, b"two")

        show(ledger, *numbered(9))
        assert ledger.sweep(brake=DeletionBrake()) == SweepResult()
        assert ledger.live() == set(numbered(10))
        show(ledger, *numbered(9))
        assert ledger.sweep(brake=DeletionBrake()) == SweepResult(deleted=1)

    @pytest.mark.parametrize(("types", "left"), [("{}", 2), ("{Fake::Other}", 1)])
    def test_tags_that_are_missed_keep_it_going_if_their_type_is_asked_for(
        self, engine, types, left
    ):
        """Fails without `selects` in `_HOLD`: nothing would ever decide about the others."""
        ledger = Ledger.plan(engine, "fake.machines", "fake.tagging")
        show(ledger, "a")
        tags = [observe("a", facet=Facet.TAGS, document={"team": "one"})]
        ledger.pass_over(tags, name="fake.tagging", facet=Facet.TAGS)
        execute(
            engine,
            "UPDATE scope SET probation = 2, types = CAST(:types AS text[])"
            " WHERE listing = 'fake.tagging'",
            types=types,
        )
        execute(engine, "UPDATE facet SET missing_since = now() WHERE facet = 'tags'")

        ledger.pass_over(complete=False, name="fake.tagging", facet=Facet.TAGS)
        ledger.sweep("fake.tagging", facet=Facet.TAGS, consistency=EVENTUAL)

        probation = "SELECT probation FROM scope WHERE listing = 'fake.tagging'"
        assert one(engine, probation) == left

    def test_a_small_estate_that_looks_empty_is_held_for_as_long_as_it_does(self, ledger):
        self.enter(ledger, b"one")
        show(ledger, "a")
        self.enter(ledger, b"two")

        show(ledger)
        ledger.sweep(brake=DeletionBrake())
        for _ in range(3):
            show(ledger)
            assert ledger.sweep(brake=DeletionBrake()) == SweepResult(held=1)

        assert ledger.live() == {"a"}
        show(ledger)
        assert ledger.sweep(brake=FREE) == SweepResult(deleted=1)

    def test_two_complete_listings_that_agree_end_it(self, ledger):
        self.enter(ledger, b"one")
        show(ledger, "a")
        self.enter(ledger, b"two")
        for _ in range(2):
            show(ledger, "a")
            ledger.sweep(brake=DeletionBrake())

        show(ledger)

        assert ledger.sweep(brake=DeletionBrake()) == SweepResult(deleted=1)

    def test_listings_too_close_to_confirm_a_deletion_do_not_end_it(self, ledger):
        """Fails if what is marked counts as agreed (`_HOLD` without its EXISTS)."""
        self.enter(ledger, b"one")
        show(ledger, "a")
        self.enter(ledger, b"two")
        for _ in range(3):
            show(ledger)
            assert ledger.sweep(consistency=EVENTUAL, brake=DeletionBrake()) == SweepResult()

        ledger.ago(61)
        show(ledger)

        assert ledger.sweep(consistency=EVENTUAL, brake=DeletionBrake()) == SweepResult(held=1)

    def test_an_incomplete_listing_does_not_count(self, ledger):
        self.enter(ledger, b"one")
        show(ledger, "a")
        self.enter(ledger, b"two")

        ledger.pass_over([], complete=False)
        show(ledger)

        assert ledger.sweep() == SweepResult()

    def test_marks_of_the_old_credentials_are_forgotten(self, ledger):
        self.enter(ledger, b"one")
        show(ledger, "a")
        show(ledger)
        assert ledger.marked() == {"a"}

        self.enter(ledger, b"two")

        assert ledger.marked() == set()
        ledger.ago(3600)
        show(ledger)
        assert ledger.sweep(consistency=EVENTUAL) == SweepResult()

    def test_marks_of_what_is_deleted_stay_so_that_it_can_revive(self, ledger):
        self.enter(ledger, b"one")
        show(ledger, "a", "b")
        show(ledger, "b")
        ledger.sweep()

        self.enter(ledger, b"two")
        show(ledger, "a", "b")

        assert ledger.live() == {"a", "b"}


class TestBrakes:
    def test_a_scope_that_would_lose_too_much_is_held(self, ledger):
        show(ledger, *numbered(10))
        show(ledger, *numbered(6))

        assert ledger.sweep(brake=STRICT) == SweepResult(deleted=0, held=4)
        assert len(ledger.live()) == 10
        assert held(ledger) == {"fake.machines": 4}

    def test_just_as_much_as_is_allowed_goes(self, ledger):
        show(ledger, *numbered(10))
        show(ledger, *numbered(7))

        assert ledger.sweep(brake=STRICT) == SweepResult(deleted=3)
        assert held(ledger) == {"fake.machines": 0}

    def test_the_minimum_goes_whatever_its_share(self, ledger):
        show(ledger, "a", "b", "c")
        show(ledger, "c")

        assert ledger.sweep(brake=STRICT) == SweepResult(deleted=2)

    def test_one_hundred_percent_releases_and_resets(self, ledger):
        show(ledger, *numbered(10))
        show(ledger)
        ledger.sweep(brake=STRICT)
        assert held(ledger) == {"fake.machines": 10}

        result = ledger.sweep(brake=DeletionBrake(percent=100, minimum=0))

        assert result == SweepResult(deleted=10)
        assert held(ledger) == {"fake.machines": 0}

    def test_what_comes_back_is_not_held_any_more(self, ledger):
        show(ledger, *numbered(10))
        show(ledger)
        ledger.sweep(brake=STRICT)

        show(ledger, *numbered(10))
        ledger.sweep(brake=STRICT)

        assert held(ledger) == {"fake.machines": 0}
        assert len(ledger.live()) == 10

    def test_where_only_what_is_permitted_is_shown_a_person_says_that_all_is_gone(self, ledger):
        """Fails without `shows_permitted`: a permission taken away would look like a clean-up."""
        show(ledger, "a", "b")
        show(ledger)
        assert ledger.sweep(brake=DeletionBrake(), shows_permitted=True) == SweepResult(held=2)
        assert ledger.live() == {"a", "b"}

        assert ledger.sweep(brake=FREE, shows_permitted=True) == SweepResult(deleted=2)

    def test_where_only_what_is_permitted_is_shown_some_may_go(self, ledger):
        show(ledger, "a", "b")
        show(ledger, "a")

        result = ledger.sweep(brake=DeletionBrake(), shows_permitted=True)

        assert result == SweepResult(deleted=1)

    def test_a_held_scope_does_not_hold_its_neighbour(self, engine):
        ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
        show(ledger, *numbered(5))
        show(ledger, *numbered(40, "q"), listing="fake.queues")
        show(ledger, "m0")
        show(ledger, *numbered(39, "q"), listing="fake.queues")

        result = ledger.sweep("fake.machines", "fake.queues", brake=STRICT)

        assert result == SweepResult(deleted=1, held=4)
        assert held(ledger) == {"fake.machines": 4, "fake.queues": 0}

    def test_a_lease_that_would_lose_too_much_is_held_whole(self, engine):
        listings = [f"fake.l{number}" for number in range(10)]
        ledger = Ledger.plan(engine, *listings)
        for name in listings:
            show(ledger, *numbered(6, name), listing=name)
        # Each scope may lose two of six; together they lose 20 of 60, more than 30 %.
        for name in listings:
            show(ledger, *numbered(4, name), listing=name)

        result = ledger.sweep(*listings, brake=STRICT)

        assert result == SweepResult(deleted=0, held=20)

    @pytest.mark.parametrize(
        ("emptied", "deleted"),
        [pytest.param(2, 2, id="two-may-go"), pytest.param(3, 0, id="three-are-held")],
    )
    def test_scopes_that_lose_their_last_row_together_are_held(self, engine, emptied, deleted):
        listings = [f"fake.l{number}" for number in range(emptied)]
        ledger = Ledger.plan(engine, *listings, "fake.rest")
        show(ledger, *numbered(100), listing="fake.rest")
        for name in listings:
            show(ledger, name, listing=name)
        for name in listings:
            show(ledger, listing=name)

        result = ledger.sweep(*listings, brake=STRICT)

        assert result == SweepResult(deleted=deleted, held=emptied - deleted)

    def test_rows_deleted_before_count_for_nothing(self, ledger):
        show(ledger, *numbered(10))
        show(ledger)
        ledger.sweep()
        show(ledger, "a", "b", "c")
        show(ledger)

        assert ledger.sweep(brake=STRICT) == SweepResult(deleted=0, held=3)

    def test_rows_of_types_that_are_not_asked_for_any_more_count_for_nothing(self, engine):
        """Fails without `selects` in `_CANDIDATES`: 25 of 25 would look like 25 of 925."""
        ledger = Ledger.plan(engine, "fake.machines", "fake.rest")
        show(ledger, *numbered(100, "r"), listing="fake.rest")
        hidden = [observe(name, type_="Fake::Queue") for name in numbered(900, "q")]
        ledger.pass_over([*hidden, *(observe(name) for name in numbered(25))])
        execute(engine, "UPDATE scope SET types = '{Fake::Machine}'")
        ledger.types = ("Fake::Machine",)

        show(ledger)

        assert ledger.sweep(brake=DeletionBrake()) == SweepResult(held=25)

    def test_nor_do_those_of_another_scope_hide_what_the_lease_loses(self, engine):
        """Fails without `selects` in `_ACCOUNT_LIVE`."""
        listings = [f"fake.l{number}" for number in range(10)]
        ledger = Ledger.plan(engine, *listings, "fake.rest")
        ledger.pass_over(
            [observe(name, type_="Fake::Queue") for name in numbered(900, "q")], name="fake.rest"
        )
        for name in listings:
            show(ledger, *numbered(6, name), listing=name)
        execute(engine, "UPDATE scope SET types = '{Fake::Machine}'")
        ledger.types = ("Fake::Machine",)
        for name in listings:
            show(ledger, *numbered(4, name), listing=name)

        assert ledger.sweep(*listings, brake=STRICT) == SweepResult(held=20)

    def test_a_scope_that_was_not_read_keeps_what_is_held(self, engine):
        ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
        show(ledger, *numbered(10))
        show(ledger)
        ledger.sweep("fake.machines", brake=STRICT)

        show(ledger, "q", listing="fake.queues")
        ledger.sweep("fake.queues", brake=STRICT)

        assert held(ledger) == {"fake.machines": 10, "fake.queues": 0}
