"""Details of single resources: who is asked about, when, and what is stored of it."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from cloudops.domain.errors import AccessError, ItemDeniedError, ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import Facts, MalformedItem, TagSource, resource_uid
from cloudops.services import detailing
from cloudops.services.maintenance import MaintenanceService
from tests.fakes.cloud import CLOUD, MACHINES, TOPIC_DETAILS, TOPICS, WITH_DETAILS, spec_of
from tests.integration.services.rig import Rig
from tests.integration.store.seeding import ACCOUNT, execute, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]

PERIOD = 900
DETAILS = TOPIC_DETAILS.name


def wish(per_hour=1000, ttl=86_400, **facts):
    detail = {"callsPerHour": per_hour, "ttlSeconds": ttl}
    return spec_of(ACCOUNT, sync_period=PERIOD, detail=detail, **facts)


@pytest.fixture
def rig(engine):
    rig = Rig(engine, listings=WITH_DETAILS)
    yield rig
    rig.close()


@pytest.fixture
def topics(rig):
    rig.account.put(TOPICS, "a", "b", "c")
    rig.plan(wish())
    rig.work()
    return rig


def asked(rig):
    """Whose details were asked for since this was asked the last time."""
    names = sorted(rig.account.asked)
    rig.account.asked.clear()
    return names


def a_period_passes(rig, periods=1):
    for _ in range(periods):
        rig.age(PERIOD * 1.1)
        rig.work()


def shown(rig):
    """Name → level of detail and document."""
    found = rows(rig.engine, "SELECT * FROM inventory WHERE type = 'Fake::Topic'")
    return {row.name: (row.detail_level, row.document) for row in found}


def denied(name, kind=ListingError):
    return kind(
        f"GetTopic of {name} is not allowed",
        error_class=ErrorClass.IAM_DENY,
        code="AccessDenied",
        permission="fake:GetTopic",
    )


def failing(error_class, code="Broken"):
    return ListingError(f"GetTopic: {code}", error_class=error_class, code=code)


def forbidden():
    return ListingError(
        "with an explicit deny in a service control policy",
        error_class=ErrorClass.SCP_DENY,
        code="AccessDenied",
    )


class TestWhoIsAskedAbout:
    def test_what_is_new_is_asked_about_in_the_pass_that_lists_it(self, topics):
        assert asked(topics) == ["a", "b", "c"]
        assert shown(topics) == {n: (2, {"Id": n, "Of": n}) for n in "abc"}
        assert topics.scopes()[DETAILS].item_count == 3

        topics.account.put(TOPICS, "d")
        a_period_passes(topics)

        assert "d" in asked(topics)
        assert topics.statuses()[DETAILS] == "complete"

    def test_what_its_list_shows_otherwise_is_asked_about_again(self, topics):
        a_period_passes(topics, 20)
        asked(topics)
        topics.account.put(TOPICS, "b", document={"Id": "b", "Size": 2})

        a_period_passes(topics)

        assert asked(topics) == ["b"]

    def test_the_longer_it_stays_the_same_the_more_rarely(self, topics):
        """Fails if a resource that is coming up keeps its first state until the TTL is over."""
        asked(topics)
        in_periods = []
        for period in range(1, 40):
            a_period_passes(topics)
            if "a" in asked(topics):
                in_periods.append(period)

        assert in_periods[0] == 1
        gaps = [later - earlier for earlier, later in pairwise(in_periods)]
        assert gaps == sorted(gaps)
        assert 4 <= len(in_periods) <= 7

    def test_what_is_older_than_the_ttl_is_asked_about_again(self, topics):
        execute(topics.engine, "UPDATE facet SET changed_at = changed_at - interval '1 year'")
        asked(topics)

        a_period_passes(topics, 50)
        assert asked(topics) == []
        a_period_passes(topics, 50)
        assert asked(topics) == ["a", "b", "c"]

    def test_what_is_gone_or_not_listed_any_more_is_not(self, topics):
        asked(topics)
        topics.account.remove(TOPICS, "a")

        a_period_passes(topics)

        assert asked(topics) == ["b", "c"]

    def test_nobody_is_where_no_calls_are_allowed(self, rig):
        rig.account.put(TOPICS, "a")
        rig.plan(wish(per_hour=0))
        rig.work()

        assert asked(rig) == []
        assert DETAILS not in rig.statuses()
        assert shown(rig) == {"a": (1, {"Id": "a"})}

    def test_those_of_excluded_types_are_not(self, rig):
        rig.account.put(TOPICS, "a")
        rig.plan(wish(excluded=["Fake::Topic"]))
        rig.work()

        assert asked(rig) == []
        assert DETAILS not in rig.statuses()


class TestBudget:
    def test_no_more_calls_are_made_in_any_hour_than_it_allows(self, rig):
        """Two calls an item. Fails if `call_budget` forgets calls within the hour."""
        names = [f"t{n:02}" for n in range(10)]
        rig.account.put(TOPICS, *names)
        rig.plan(wish(per_hour=9))
        rig.work()

        assert len(asked(rig)) == 4
        row = rig.scopes()[DETAILS]
        assert (row.status, row.error_class, row.error_code) == (
            "partial",
            "budget",
            "DetailBudgetSpent",
        )
        assert "6 resources wait" in row.error_message
        assert "spec.inventory.detail.callsPerHour" in row.error_message

        rig.age(3000)
        rig.work()
        assert asked(rig) == []

        rig.age(1200)
        rig.work()
        assert len(asked(rig)) == 4

    def test_a_spent_budget_is_told_and_no_fault_of_the_inventory(self, rig):
        """Fails if `BUDGET` has a consequence as other failures have."""
        rig.account.put(TOPICS, *"abcdef")
        rig.plan(wish(per_hour=2))
        rig.work()

        snapshot = rig.snapshot()
        assert snapshot.unsynced == {}
        assert [problem.reason for problem in snapshot.problems] == ["DetailBudgetSpent"]

        execute(rig.engine, "UPDATE scope SET planned_at = '-infinity' WHERE tier = 2")
        assert rig.snapshot().scopes.overdue == 0

    def test_one_that_is_too_small_for_a_single_item_says_so_and_waits_a_period(self, rig):
        """Fails if details are due again at once: nothing will ever be granted."""
        rig.account.put(TOPICS, "a", "b")
        rig.plan(wish(per_hour=1))
        rig.work()

        assert asked(rig) == []
        row = rig.scopes()[DETAILS]
        assert row.error_code == "DetailBudgetSpent"
        assert row.error_message == (
            "the details of 2 resources wait: 1 calls an hour and account are allowed, and one "
            "takes 2 (spec.inventory.detail.callsPerHour)"
        )

    def test_of_what_waits_the_new_comes_first_and_nobody_waits_for_ever(self, rig):
        rig.account.put(TOPICS, *"abcd")
        rig.plan(wish(per_hour=4))
        rig.work()
        first = asked(rig)
        rig.account.put(TOPICS, "e")

        rig.age(4000)
        rig.work()

        assert not set(first) & set(asked(rig))

    def test_it_is_one_for_all_regions_of_an_account(self, rig):
        rig.account.regions = ("eu-west-1", "us-east-1")
        for region in rig.account.regions:
            rig.account.put(TOPICS, f"a-{region}", f"b-{region}", region=region)
        rig.plan(wish(per_hour=4))
        rig.work()

        assert len(asked(rig)) == 2


class TestFaults:
    def test_one_that_may_not_be_read_hides_no_other(self, topics):
        """Fails if a denied item counts as read."""
        topics.account.put(TOPICS, "d", "e")
        topics.account.details["d"] = denied("d", ItemDeniedError)
        a_period_passes(topics)

        row = topics.scopes()[DETAILS]
        assert (row.status, row.error_permission) == ("denied", "fake:GetTopic")
        assert shown(topics)["d"] == (1, {"Id": "d"})
        assert shown(topics)["e"][0] == 2
        assert topics.statuses()[TOPICS.name] == "complete"

        del topics.account.details["d"]
        a_period_passes(topics)
        assert topics.statuses()[DETAILS] == "complete"
        assert shown(topics)["d"][0] == 2

    def test_items_with_closed_policies_of_their_own_do_not_hide_what_comes_behind_them(self, rig):
        """Fails if every denial counts as a sign that the action is not granted."""
        names = [f"t{n:02}" for n in range(20)]
        rig.account.put(TOPICS, *names)
        rig.account.details = {name: denied(name, ItemDeniedError) for name in names}
        rig.plan(wish())
        rig.work()

        assert len(asked(rig)) == 20

    def test_a_denied_action_is_found_out_with_a_few_calls(self, rig):
        names = [f"t{n:02}" for n in range(20)]
        rig.account.put(TOPICS, *names)
        rig.account.details = {name: denied(name) for name in names}
        rig.plan(wish())
        rig.work()

        assert len(asked(rig)) == 5
        assert rig.statuses()[DETAILS] == "denied"

    def test_what_concerns_all_ends_the_pass(self, rig):
        rig.account.put(TOPICS, *"abcd")
        failure = ListingError("not now", error_class=ErrorClass.THROTTLED, code="Slow")
        rig.account.details = dict.fromkeys("abcd", failure)
        rig.plan(wish())
        rig.work()

        assert len(asked(rig)) == 1
        assert rig.scopes()[DETAILS].error_class == "throttled"

    def test_what_a_policy_forbids_in_one_region_hides_nothing_of_the_others(self, rig):
        """Fails if such a denial ends the pass, or if it says nothing about its neighbours."""
        there, here = [f"x{n:02}" for n in range(40)], [f"t{n:02}" for n in range(40)]
        rig.account.put(TOPICS, *there, lies_in="us-east-1")
        rig.account.put(TOPICS, *here)
        rig.account.details = dict.fromkeys(there, forbidden())
        rig.plan(wish())
        rig.work()

        names = asked(rig)
        assert set(here) <= set(names)
        assert len(set(names) & set(there)) == 5
        assert rig.statuses()[DETAILS] == "denied"
        assert rig.snapshot().unsynced == {"AccessDenied": 1}

        rig.account.put(TOPICS, "new")
        a_period_passes(rig)
        assert shown(rig)["new"][0] == 2

    def test_what_a_policy_forbids_of_some_items_hides_no_other(self, rig):
        """Fails if five denials count as many as five in a row."""
        names = [f"t{n:02}" for n in range(20)]
        rig.account.put(TOPICS, *names)
        rig.account.details = dict.fromkeys(names[::3], forbidden())
        rig.plan(wish())
        rig.work()

        assert asked(rig) == names

    def test_one_that_always_fails_does_not_keep_the_others_from_being_read(self, rig):
        rig.account.put(TOPICS, *"abcd")
        rig.account.details["a"] = ListingError(
            "broken", error_class=ErrorClass.TRANSIENT, code="InternalError"
        )
        rig.plan(wish())
        rig.work()

        assert {name for name, (level, _) in shown(rig).items() if level == 2} == set("bcd")
        assert rig.statuses()[DETAILS] == "failed"

    def test_what_was_known_stays_and_ages_while_it_can_not_be_read(self, topics):
        """Fails if a denied item counts as read: what is old would pass for young."""
        topics.account.details = {name: denied(name) for name in "abc"}

        a_period_passes(topics)

        assert topics.statuses()[DETAILS] == "denied"
        assert {level for level, _ in shown(topics).values()} == {2}
        age = "SELECT extract(epoch FROM now() - min(details_as_of)) FROM inventory"
        assert topics.value(age) >= PERIOD

    def test_one_that_nobody_understands_is_told(self, rig):
        rig.account.put(TOPICS, "a", "b")
        rig.account.details["a"] = MalformedItem("no number", resource_uid(CLOUD, "a"))
        rig.plan(wish())
        rig.work()

        row = rig.scopes()[DETAILS]
        assert (row.status, row.malformed_count) == ("partial", 1)
        assert shown(rig)["b"][0] == 2

    def test_one_that_goes_meanwhile_is_none(self, rig):
        rig.account.put(TOPICS, "a", "b")
        rig.account.details["a"] = None
        rig.plan(wish())
        rig.work()

        assert rig.statuses()[DETAILS] == "complete"
        assert shown(rig)["a"] == (1, {"Id": "a"})


class TestWhatCouldNotBeRead:
    """Fails if only what is due by its age is asked about again."""

    def test_is_asked_about_in_the_next_pass_however_soon_that_comes(self, rig):
        """The scope would be complete, and the fault forgotten, although nothing was asked."""
        rig.account.put(TOPICS, "a")
        rig.account.details["a"] = failing(ErrorClass.TRANSIENT)
        rig.plan(wish())
        rig.work()
        asked(rig)

        rig.age(40)  # a transient fault is asked again after half a minute
        rig.work()

        assert asked(rig) == ["a"]
        row = rig.scopes()[DETAILS]
        assert (row.status, row.consecutive_failures) == ("failed", 2)

        rig.account.details.clear()
        rig.age(70)
        rig.work()
        assert rig.statuses()[DETAILS] == "complete"
        assert shown(rig)["a"][0] == 2

    def test_is_asked_about_when_somebody_asks_for_a_run(self, topics):
        topics.account.details = {name: denied(name) for name in "abc"}
        a_period_passes(topics)

        topics.plan(wish(), requested_at="1")
        topics.work()
        assert topics.statuses()[DETAILS] == "denied"
        assert topics.snapshot().unsynced == {"AccessDenied": 1}

        topics.account.details.clear()
        topics.plan(wish(), requested_at="2")
        topics.work()
        assert topics.statuses()[DETAILS] == "complete"

    def test_one_that_nobody_understands_is_told_in_every_pass(self, rig):
        rig.account.put(TOPICS, "a", "b")
        rig.account.details["a"] = MalformedItem("no number", resource_uid(CLOUD, "a"))
        rig.plan(wish())
        rig.work()

        for token in "12":
            rig.plan(wish(), requested_at=token)
            rig.work()
            row = rig.scopes()[DETAILS]
            assert (row.status, row.malformed_count) == ("partial", 1)

    @pytest.mark.parametrize("item", [denied("a"), failing(ErrorClass.TRANSIENT)])
    def test_is_not_excused_by_a_budget_that_is_spent_in_the_same_pass(self, rig, item):
        """Fails if a spent budget hides what was found out before."""
        rig.account.put(TOPICS, "a", "b", "c")
        rig.account.details = dict.fromkeys("abc", item)
        rig.plan(wish(per_hour=4))
        rig.work()

        assert len(asked(rig)) == 2
        assert rig.scopes()[DETAILS].error_code == item.code

    def test_is_not_over_when_there_are_no_calls_left_to_ask(self, rig):
        """Fails without `detailing.unread`: a limit that somebody set would excuse a denial."""
        rig.account.put(TOPICS, "a")
        rig.account.details["a"] = denied("a")
        rig.plan(wish(per_hour=2))
        rig.work()
        asked(rig)

        rig.account.put(TOPICS, "b")
        rig.plan(wish(per_hour=2), requested_at="1")
        rig.work()

        assert asked(rig) == []
        row = rig.scopes()[DETAILS]
        assert (row.status, row.error_code) == ("denied", "AccessDenied")
        assert row.error_permission == "fake:GetTopic"
        assert row.error_message == str(denied("a"))
        assert rig.snapshot().unsynced == {"AccessDenied": 1}

        rig.account.details.clear()
        rig.age(4200)
        rig.work()
        assert asked(rig) == ["b"]  # what was never asked about comes first
        rig.age(4200)
        rig.work()
        assert asked(rig) == ["a"]
        assert rig.scopes()[DETAILS].error_code == "DetailBudgetSpent"
        assert rig.snapshot().unsynced == {}

    def test_keeps_its_word_where_the_ledger_has_forgotten_the_rest(self, rig):
        """Fails if what kept us out of the account counts as said of the item."""
        rig.account.put(TOPICS, "a")
        rig.account.details["a"] = denied("a")
        rig.plan(wish(per_hour=2))
        rig.work()
        rig.account.error = AccessError("no", reason="RoleNotAssumable")
        rig.plan(wish(per_hour=2), requested_at="1")
        rig.work()
        assert rig.scopes()[DETAILS].error_code == "RoleNotAssumable"

        rig.account.heal()
        rig.plan(wish(per_hour=2), requested_at="2")
        rig.work()

        row = rig.scopes()[DETAILS]
        assert (row.status, row.error_code) == ("partial", "AccessDenied")

    def test_holds_nobody_up_once_it_is_gone(self, rig):
        """Fails if `detailing.unread` counts items that no list shows any more."""
        rig.account.put(TOPICS, "a", "b")
        rig.account.details["a"] = denied("a")
        rig.plan(wish())
        rig.work()
        rig.account.remove(TOPICS, "a")

        a_period_passes(rig)

        assert rig.statuses()[DETAILS] == "complete"

    def test_the_rest_follows_at_once_where_there_is_more_than_a_pass_takes(self, rig, monkeypatch):
        # Instead of 50,000 items.
        monkeypatch.setattr(detailing, "PASS_ITEMS", 2)
        rig.account.put(TOPICS, *"abcde")
        rig.plan(wish())
        rig.work()

        assert asked(rig) == list("abcde")

    def test_does_not_follow_at_once_for_ever(self, rig, monkeypatch):
        """Fails if a full pass that told nothing is followed by the same: `work` would raise."""
        # Instead of 50,000 items.
        monkeypatch.setattr(detailing, "PASS_ITEMS", 2)
        rig.account.put(TOPICS, *"ab")
        nobody = MalformedItem("no number", resource_uid(CLOUD, "a"))
        rig.account.details = dict.fromkeys("ab", nobody)
        rig.plan(wish())
        rig.work()

        assert asked(rig) == ["a", "b"]


class TestNotThere:
    """What one item says of the whole service or region, others know better."""

    @pytest.mark.parametrize(
        ("error_class", "status"),
        [
            (ErrorClass.OPT_IN, "partial"),
            (ErrorClass.UNSUPPORTED, "partial"),
            (ErrorClass.CREDENTIALS, "denied"),
        ],
    )
    @pytest.mark.parametrize("place", [0, -1])
    def test_one_that_says_so_hides_no_other_and_is_not_excused(
        self, rig, error_class, status, place
    ):
        """Fails if such an answer ends the pass, and if it is believed of all."""
        names = [f"t{n:02}" for n in range(20)]
        rig.account.put(TOPICS, *names)
        in_turn = sorted(names, key=lambda name: resource_uid(CLOUD, name))
        rig.account.details[in_turn[place]] = failing(error_class)
        rig.plan(wish())
        rig.work()

        assert asked(rig) == names
        row = rig.scopes()[DETAILS]
        assert (row.status, row.error_code) == (status, "Broken")
        assert len(rig.snapshot().unsynced) == 1

    def test_what_others_told_before_counts_and_is_kept(self, rig):
        """Fails if only this pass counts: the next one asks only about what was not read.

        The details of all others would be forgotten after `retainDeletedDays`.
        """
        rig.account.put(TOPICS, *"abcd")
        rig.account.details["a"] = failing(ErrorClass.UNSUPPORTED)
        rig.plan(wish())
        rig.work()
        asked(rig)

        rig.plan(wish(), requested_at="1")
        rig.work()

        assert asked(rig) == ["a"]
        assert rig.statuses()[DETAILS] == "partial"
        execute(rig.engine, "UPDATE scope SET status_since = now() - interval '31 days'")
        MaintenanceService(rig.engine).run()
        assert {name for name, (level, _) in shown(rig).items() if level == 2} == set("bcd")

    def test_where_all_say_so_a_few_calls_find_it_out(self, rig):
        names = [f"t{n:02}" for n in range(20)]
        rig.account.put(TOPICS, *names)
        rig.account.details = dict.fromkeys(names, failing(ErrorClass.UNSUPPORTED))
        rig.plan(wish())
        rig.work()

        assert len(asked(rig)) == 5
        assert rig.statuses()[DETAILS] == "unsupported"
        assert rig.snapshot().unsynced == {}

    def test_it_is_believed_where_the_list_says_so_too(self, rig):
        """Fails if what was told before the region was closed counts for ever."""
        rig.account.put(TOPICS, *"abcdefgh")
        rig.plan(wish())
        rig.work()
        assert rig.statuses()[DETAILS] == "complete"
        closed = failing(ErrorClass.OPT_IN)
        rig.account.fail(TOPICS, closed)
        rig.account.details = dict.fromkeys("abcdefgh", closed)

        a_period_passes(rig)

        assert rig.statuses()[TOPICS.name] == "unsupported"
        assert rig.statuses()[DETAILS] == "unsupported"


class TestWhatIsStored:
    def test_state_time_and_tags_that_only_details_tell_outlive_the_next_list(self, rig):
        """Fails if a changed list empties what it does not tell."""
        created = datetime(2026, 1, 2, tzinfo=UTC)
        facts = Facts(state="ready", created_at=created, tags={"Team": "shop"})
        bare = {"state": None, "tag_source": TagSource.DETAILS}
        rig.account.put(TOPICS, "a", **bare)
        rig.account.tell("a", {"Size": 1}, facts=facts)
        rig.plan(wish())
        rig.work()
        rig.account.put(TOPICS, "a", **bare, document={"Id": "a", "V": 2})
        rig.account.details["a"] = denied("a")

        a_period_passes(rig)

        [row] = rows(rig.engine, "SELECT * FROM inventory WHERE name = 'a'")
        assert (row.state, row.created_at, row.tags) == ("ready", created, {"Team": "shop"})
        assert row.document == {"Id": "a", "V": 2, "Size": 1}

    def test_the_list_has_the_last_word_where_both_tell_something(self, rig):
        rig.account.put(TOPICS, "a", document={"Id": "a", "Size": 2})
        rig.account.tell("a", {"Id": "old", "More": 1})
        rig.plan(wish())
        rig.work()

        assert shown(rig)["a"] == (2, {"Id": "a", "Size": 2, "More": 1})

    def test_a_change_of_details_is_history(self, topics):
        topics.account.tell("a", {"Of": "a", "Size": 7})

        a_period_passes(topics)

        changes = rows(
            topics.engine,
            "SELECT operation, new FROM change WHERE uid = :uid AND facet = 'detail' ORDER BY at",
            uid=resource_uid(CLOUD, "a"),
        )
        assert [(change.operation, change.new) for change in changes] == [
            ("created", None),
            ("updated", {"Size": 7}),
        ]

    def test_details_leave_the_view_when_nobody_wants_them_any_more(self, topics):
        topics.plan(wish(per_hour=0), generation=2)
        topics.work()

        assert shown(topics) == {n: (1, {"Id": n}) for n in "abc"}

        topics.plan(wish(), generation=3)
        topics.work()
        assert {level for level, _ in shown(topics).values()} == {2}

    def test_details_that_nobody_wants_any_more_are_forgotten_after_their_days(self, topics):
        topics.plan(wish(per_hour=0), generation=2)
        topics.work()
        execute(
            topics.engine,
            "UPDATE scope SET retired_at = now() - interval '31 days' WHERE listing = :name",
            name=DETAILS,
        )
        MaintenanceService(topics.engine).run()

        assert topics.value("SELECT count(*) FROM facet WHERE facet = 'detail'") == 0
        assert topics.value("SELECT count(*) FROM detail") == 0
        assert topics.value("SELECT count(*) FROM facet WHERE facet = 'listed'") == 3

    def test_details_go_with_their_resource(self, topics):
        topics.account.remove(TOPICS, "a")
        a_period_passes(topics)
        execute(
            topics.engine,
            "UPDATE resource SET deleted_at = now() - interval '31 days'"
            " WHERE deleted_at IS NOT NULL",
        )
        MaintenanceService(topics.engine).run()

        assert topics.value("SELECT count(*) FROM detail") == 2
        assert topics.value("SELECT count(*) FROM facet WHERE facet = 'detail'") == 2

    def test_an_account_counts_as_tried_before_its_details_are(self, rig):
        rig.account.put(MACHINES, "m")
        rig.plan(wish())
        rig.work()
        execute(rig.engine, "UPDATE scope SET status = 'planned' WHERE tier = 2")

        assert rig.snapshot().accounts.tried == 1
