"""What the ledger says of a provider: counts, ages, problems, and what is out of step."""

import pytest

from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import CONSEQUENCES, ErrorClass, LeaseKind
from cloudops.domain.provider import DeletionBrake, Identity
from cloudops.domain.schedule import Failure, judge_attempt
from cloudops.domain.snapshot import AccountCounts, Entry, EntryState, ScopeCounts
from cloudops.services.plan import PlanService
from cloudops.store import entering, leases, scopes
from tests.fakes.cloud import observe
from tests.integration.store.seeding import (
    ACCOUNT,
    REGION,
    Ledger,
    account,
    acquire,
    execute,
    listing,
    one,
    provider_record,
    write_plan,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

PERIOD = 900
LATE = 3 * PERIOD + 60


@pytest.fixture
def read(engine):
    service = PlanService(engine)

    def snapshot(name="aws-prod"):
        found = service.snapshot("platform", name)
        assert found is not None
        return found

    return snapshot


def attempt(ledger, name, error_class=None, code="", *, items=0, permission="", message="so"):
    """Record one attempt at a scope, complete without an error class."""
    failure = None
    if error_class is not None:
        failure = Failure(error_class, code or error_class.value, message, permission)
    with ledger.engine.begin() as connection:
        scope = ledger.scope(name)
        outcome = judge_attempt(
            scope,
            started_at=leases.database_now(connection),
            failure=failure,
            item_count=items,
            period_seconds=scope.period_seconds,
            spread=0.5,
        )
        scopes.record_outcomes(connection, [outcome])


def age(engine, seconds):
    """Let the ledger become so much older."""
    columns = ("last_complete_at", "last_attempt_at", "status_since", "planned_at")
    moved = ", ".join(f"{c} = {c} - make_interval(secs => :seconds)" for c in columns)
    execute(engine, f"UPDATE scope SET {moved}", seconds=seconds)  # noqa: S608  our own names


def test_an_unknown_provider_has_none(engine):
    assert PlanService(engine).snapshot("platform", "nobody") is None


def test_before_discovery_everything_is_nothing(engine, read):
    write_provider(engine)

    found = read()

    assert found.accounts == AccountCounts()
    assert found.scopes == ScopeCounts()
    assert found.entry == Entry(EntryState.UNTRIED)
    assert found.identity is None
    assert (found.generation, found.discovered_generation) == (1, 0)
    assert (found.resources, found.unsynced, found.problems) == (0, {}, ())
    assert found.taken_at is not None


def test_who_we_are_is_told(engine, read):
    provider_id = write_provider(engine)
    who = Identity("user/a", ACCOUNT, "aws-cn", "o-1")
    with engine.begin() as connection:
        entering.record_entry(connection, provider_id, Entry(EntryState.ACCEPTED), who)

    assert read().identity == who
    assert read().entry.state is EntryState.ACCEPTED


class TestAccounts:
    def test_an_account_is_tried_when_each_of_its_scopes_was(self, engine, read):
        ledger = Ledger.plan(engine, "fake.one", "fake.two")
        assert read().accounts == AccountCounts(total=1, tried=0, reachable=1)

        attempt(ledger, "fake.one")
        assert read().accounts.tried == 0
        attempt(ledger, "fake.two", ErrorClass.TRANSIENT)

        assert read().accounts == AccountCounts(total=1, tried=1, reachable=1)

    def test_one_that_cannot_be_entered_was_tried(self, engine, read):
        provider_id = write_provider(engine)
        write_plan(engine, provider_id, [account(regions=None, reason="RoleNotAssumable")])

        assert read().accounts == AccountCounts(total=1, tried=1, unreachable=1)

    def test_retired_scopes_are_not_waited_for(self, engine, read):
        ledger = Ledger.plan(engine, "fake.one", "fake.two")
        attempt(ledger, "fake.one")
        execute(engine, "UPDATE scope SET retired_at = now() WHERE listing = 'fake.two'")

        assert read().accounts.tried == 1
        assert read().scopes.total == 1


class TestResources:
    def test_live_rows_are_counted_with_their_last_change(self, engine, read):
        ledger = Ledger.plan(engine)
        ledger.pass_over([observe("a"), observe("b")])
        ledger.pass_over([observe("b")])
        ledger.sweep()

        found = read()

        assert (found.resources, found.deleted_last_24h) == (1, 1)
        assert found.last_change == one(engine, "SELECT max(changed_at) FROM resource")

    def test_what_was_deleted_yesterday_is_no_news(self, engine, read):
        ledger = Ledger.plan(engine)
        ledger.pass_over([observe("a")])
        ledger.pass_over([])
        ledger.sweep()
        execute(engine, "UPDATE resource SET deleted_at = deleted_at - interval '25 hours'")

        assert read().deleted_last_24h == 0

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param("retired_at = now()", id="retired"),
            pytest.param("status = 'unsupported', error_class = 'unsupported'", id="unsupported"),
        ],
    )
    def test_rows_that_left_the_view_do_not_count(self, engine, read, change):
        ledger = Ledger.plan(engine)
        ledger.pass_over([observe("a")])

        execute(engine, f"UPDATE scope SET {change}")  # noqa: S608  our own words

        assert read().resources == 0
        assert one(engine, "SELECT count(*) FROM inventory") == 0
        assert ledger.live() == {"a"}

    def test_the_oldest_complete_listing_is_told(self, engine, read):
        ledger = Ledger.plan(engine, "fake.one", "fake.two", "fake.three")
        attempt(ledger, "fake.one")
        age(engine, 500)
        attempt(ledger, "fake.two")

        assert read().oldest_complete == one(
            engine, "SELECT last_complete_at FROM scope WHERE listing = 'fake.one'"
        )


class TestScopes:
    def test_each_state_is_counted(self, engine, read):
        names = [f"fake.{error_class.value}" for error_class in ErrorClass]
        ledger = Ledger.plan(engine, *names, "fake.complete", "fake.planned")
        attempt(ledger, "fake.complete")
        for error_class in ErrorClass:
            attempt(ledger, f"fake.{error_class.value}", error_class)

        assert read().scopes == ScopeCounts(
            total=12,
            planned=1,
            complete=1,
            partial=3,
            denied=3,
            unsupported=2,
            throttled=1,
            failed=1,
        )

    def test_without_a_complete_listing_for_three_periods_it_is_overdue(self, engine, read):
        ledger = Ledger.plan(engine)
        attempt(ledger, "fake.machines")
        age(engine, 3 * PERIOD - 60)
        assert read().scopes.overdue == 0

        age(engine, 120)

        assert read().scopes.overdue == 1
        assert read().unsynced == {"Overdue": 1}

    def test_one_that_was_never_tried_is_overdue_too(self, engine, read):
        Ledger.plan(engine)
        assert read().unsynced == {}

        age(engine, LATE)

        assert read().unsynced == {"Overdue": 1}

    def test_one_that_is_read_less_often_because_it_is_empty_is_not(self, engine, read):
        ledger = Ledger.plan(engine)
        for _ in range(6):
            attempt(ledger, "fake.machines")
            ledger.by_listing = Ledger.reread(ledger)
        wait = one(engine, "SELECT extract(epoch FROM next_due_at - now()) FROM scope")
        assert wait > 4 * PERIOD

        age(engine, float(wait))
        assert read().scopes.overdue == 0
        age(engine, 3 * float(wait))

        assert read().scopes.overdue == 1

    def test_what_is_not_supported_is_never_overdue(self, engine, read):
        ledger = Ledger.plan(engine)
        attempt(ledger, "fake.machines", ErrorClass.UNSUPPORTED)

        age(engine, 10 * LATE)

        assert read().scopes.overdue == 0
        assert read().unsynced == {}


# The table of error classes: what counts against InventorySynced, and when.
AT_ONCE = {
    ErrorClass.IAM_DENY: "AccessDenied",
    ErrorClass.CREDENTIALS: "AccessDenied",
    ErrorClass.INCOMPLETE: "PartialListing",
    ErrorClass.MALFORMED_ITEM: "PartialListing",
}
AFTER_THREE_PERIODS = {ErrorClass.THROTTLED: "Throttled", ErrorClass.TRANSIENT: "Failed"}
NEVER = (ErrorClass.OPT_IN, ErrorClass.UNSUPPORTED, ErrorClass.BUDGET)


class TestUnsynced:
    @pytest.fixture
    def ledger(self, engine):
        return Ledger.plan(engine)

    @pytest.mark.parametrize(("error_class", "reason"), AT_ONCE.items())
    def test_these_count_at_once(self, ledger, read, error_class, reason):
        attempt(ledger, "fake.machines", error_class)

        assert read().unsynced == {reason: 1}

    @pytest.mark.parametrize(("error_class", "reason"), AFTER_THREE_PERIODS.items())
    def test_these_count_after_three_periods(self, engine, ledger, read, error_class, reason):
        attempt(ledger, "fake.machines")
        attempt(ledger, "fake.machines", error_class)
        assert read().unsynced == {}

        age(engine, LATE)

        assert read().unsynced == {reason: 1}

    @pytest.mark.parametrize("error_class", NEVER)
    def test_these_never_count(self, engine, ledger, read, error_class):
        attempt(ledger, "fake.machines", error_class)
        age(engine, LATE)

        assert read().unsynced == {}

    @pytest.mark.parametrize(
        ("complete", "unsynced"),
        [
            pytest.param(True, {"AccessDenied": 1}, id="rows-of-a-complete-listing"),
            pytest.param(False, {"AccessDenied": 1}, id="rows-of-a-partial-listing"),
            pytest.param(None, {}, id="no-rows"),
        ],
    )
    def test_a_denial_by_the_organisation_counts_only_over_live_rows(
        self, ledger, read, complete, unsynced
    ):
        if complete is not None:
            ledger.pass_over([observe("a")], complete=complete)
        attempt(ledger, "fake.machines", ErrorClass.SCP_DENY)

        assert read().unsynced == unsynced

    @pytest.mark.parametrize(
        "code", ["CredentialsRejected", "IdentityMismatch", "RoleNotAssumable"]
    )
    def test_a_door_that_is_shut_is_told_from_a_permission(self, ledger, read, code):
        attempt(ledger, "fake.machines", ErrorClass.IAM_DENY, code)

        assert read().unsynced == {"CredentialsRejected": 1}

    def test_what_fails_now_this_way_now_that_way_is_not_excused_for_ever(
        self, engine, ledger, read
    ):
        """Never complete, it is as old as its plan, however young its last failure is."""
        for error_class in (ErrorClass.TRANSIENT, ErrorClass.THROTTLED) * 2:
            attempt(ledger, "fake.machines", error_class)
            age(engine, PERIOD)

        assert read().unsynced == {"Throttled": 1}

    def test_every_class_has_a_case_here(self):
        assert {*AT_ONCE, *AFTER_THREE_PERIODS, *NEVER, ErrorClass.SCP_DENY} == set(CONSEQUENCES)


class TestProblems:
    def test_one_cause_is_one_problem_over_accounts_and_regions(self, engine, read):
        provider_id = write_provider(engine)
        accounts = [account("111", ("r2", "r3")), account("222", ("r1",))]
        write_plan(engine, provider_id, accounts, [listing("fake.one"), listing("fake.two")])
        execute(
            engine,
            "UPDATE scope SET status = 'denied', error_class = 'iam_deny', error_code = 'Denied',"
            " error_permission = 'fake:One', error_message = 'not allowed'"
            " WHERE listing = 'fake.one'",
        )

        (problem,) = read().problems

        assert (problem.reason, problem.permission) == ("Denied", "fake:One")
        assert (problem.listing, problem.accounts, problem.regions) == ("fake.one", 2, 3)
        assert problem.message == "not allowed"
        # An example that does not exist would send somebody on a wild-goose chase.
        assert (problem.example_account, problem.example_region) == ("111", "r2")

    def test_since_is_the_oldest_and_moves_only_with_the_reason(self, engine, read):
        ledger = Ledger.plan(engine)
        attempt(ledger, "fake.machines", ErrorClass.IAM_DENY, message="one")
        since = read().problems[0].since
        attempt(ledger, "fake.machines", ErrorClass.IAM_DENY, message="two")
        assert read().problems[0].since == since

        attempt(ledger, "fake.machines", ErrorClass.IAM_DENY, "Other")

        assert read().problems[0].since > since

    def test_the_first_twenty_by_accounts_and_then_by_key(self, engine, read):
        names = [f"fake.l{number:02}" for number in range(23)]
        provider_id = write_provider(engine)
        write_plan(
            engine,
            provider_id,
            [account("111"), account("222")],
            [listing(name) for name in ("fake.read", *names)],
        )
        execute(engine, "UPDATE scope SET status = 'complete' WHERE listing = 'fake.read'")
        execute(
            engine,
            "UPDATE scope SET status = 'denied', error_class = 'iam_deny', error_code = 'Denied'"
            " WHERE listing = 'fake.l22' OR listing <> 'fake.read'"
            " AND account_pk = (SELECT min(id) FROM account)",
        )

        found = read()

        assert found.problems_total == 23
        assert [problem.listing for problem in found.problems] == ["fake.l22", *names[:19]]

    @pytest.mark.parametrize("count", [9, 10])
    def test_a_region_where_nothing_may_be_read_is_one(self, engine, read, count):
        provider_id = write_provider(engine)
        names = [f"fake.l{number:02}" for number in range(count)]
        accounts = [account("111", ("r1", "r2")), account("222", ("r1",))]
        write_plan(engine, provider_id, accounts, [listing(name) for name in names])
        execute(engine, "UPDATE scope SET status = 'complete'")
        execute(
            engine,
            "UPDATE scope SET status = 'denied', error_class = 'scp_deny', error_code = 'Denied',"
            " error_permission = 'fake:' || listing, error_message = listing || ' is denied'"
            " FROM account a WHERE a.id = account_pk AND (a.account_id = '222' OR region = 'r2')",
        )

        found = read()

        if count < 10:
            assert [problem.listing for problem in found.problems] == names
            return
        (problem,) = found.problems
        assert found.problems_total == 1
        assert (problem.reason, problem.by_policy) == ("RegionDenied", True)
        assert (problem.permission, problem.listing) == ("fake:fake.l00", "")
        assert (problem.accounts, problem.regions) == (2, 2)
        assert (problem.example_account, problem.example_region) == ("111", "r2")
        assert problem.message == (
            "each of its 10 listings is denied, the first with: fake.l00 is denied"
        )

    def test_regions_that_lack_other_permissions_are_one_all_the_same(self, engine, read):
        """Fails if the permission, which is an example, tells one problem from another."""
        provider_id = write_provider(engine)
        names = [f"fake.l{number:02}" for number in range(12)]
        plan = [account("111", ("r1", "r2"))], [listing(name) for name in names]
        write_plan(engine, provider_id, *plan)
        execute(
            engine,
            "UPDATE scope SET status = 'denied', error_class = 'iam_deny', error_code = 'No',"
            " error_message = listing, error_permission = CASE WHEN listing = 'fake.l00' THEN ''"
            " ELSE region || ':' || listing END",
        )

        (problem,) = read().problems

        assert (problem.permission, problem.example_region) == ("r1:fake.l01", "r1")
        assert problem.message.endswith("the first with: fake.l01")

    def test_a_region_that_the_organization_shuts_is_another_cause(self, engine, read):
        """Fails if one advice is told for both: no grant opens what a policy above shuts."""
        provider_id = write_provider(engine)
        names = [f"fake.l{number:02}" for number in range(12)]
        plan = [account("111", ("r1", "r2"))], [listing(name) for name in names]
        write_plan(engine, provider_id, *plan)
        execute(
            engine,
            "UPDATE scope SET status = 'denied', error_code = 'No', error_permission = 'fake:One',"
            " error_class = CASE region WHEN 'r1' THEN 'iam_deny' ELSE 'scp_deny' END",
        )

        found = read().problems

        assert {(p.reason, p.example_region, p.by_policy) for p in found} == {
            ("RegionDenied", "r1", False),
            ("RegionDenied", "r2", True),
        }

    @pytest.mark.parametrize("status", ["complete", "partial", "failed", "throttled"])
    def test_a_region_that_answers_once_has_each_denial_named(self, engine, read, status):
        provider_id = write_provider(engine)
        names = [f"fake.l{number:02}" for number in range(12)]
        write_plan(engine, provider_id, [account("111")], [listing(name) for name in names])
        execute(
            engine,
            "UPDATE scope SET status = 'denied', error_class = 'iam_deny', error_code = 'No'",
        )
        execute(engine, "UPDATE scope SET status = :s WHERE listing = 'fake.l00'", s=status)

        found = {problem.listing for problem in read().problems if problem.reason == "No"}

        assert found >= set(names[1:])

    def test_what_is_not_there_does_not_keep_a_region_from_being_denied(self, engine, read):
        provider_id = write_provider(engine)
        names = [f"fake.l{number:02}" for number in range(12)]
        write_plan(engine, provider_id, [account("111")], [listing(name) for name in names])
        execute(
            engine,
            "UPDATE scope SET status = 'denied', error_class = 'iam_deny', error_code = 'No'",
        )
        execute(
            engine,
            "UPDATE scope SET status = 'unsupported', error_class = 'opt_in'"
            " WHERE listing = 'fake.l00'",
        )
        execute(engine, "UPDATE scope SET status = 'planned' WHERE listing = 'fake.l01'")

        (problem,) = read().problems

        assert (problem.reason, problem.by_policy) == ("RegionDenied", False)

    def test_details_of_nothing_do_not_keep_a_region_from_being_denied(self, engine, read):
        """Where no list can be read, there is nobody to ask about: details are complete."""
        provider_id = write_provider(engine)
        names = [f"fake.l{number:02}" for number in range(12)]
        write_plan(engine, provider_id, [account("111")], [listing(name) for name in names])
        execute(
            engine,
            "UPDATE scope SET status = 'denied', error_class = 'iam_deny', error_code = 'No'",
        )
        execute(
            engine,
            "UPDATE scope SET status = 'complete', error_class = '', error_code = '', tier = 2"
            " WHERE listing = 'fake.l00'",
        )

        (problem,) = read().problems

        assert problem.reason == "RegionDenied"

    def test_states_that_are_no_problem_are_none(self, engine, read):
        ledger = Ledger.plan(engine, "fake.one", "fake.two", "fake.three")
        attempt(ledger, "fake.one")
        attempt(ledger, "fake.two", ErrorClass.OPT_IN)

        assert read().problems == ()
        assert read().problems_total == 0

    def test_a_closed_account_is_one_problem_and_not_one_a_scope(self, engine, read):
        ledger = Ledger.plan(engine, "fake.one", "fake.two")
        error = AccessError("shut", reason="RoleNotAssumable", permission="sts:AssumeRole")
        with engine.begin() as connection:
            scopes.record_account(connection, ledger.lease, error)
            scopes.deny_lease(connection, ledger.lease, error)

        (problem,) = read().problems

        assert (problem.reason, problem.permission) == ("RoleNotAssumable", "sts:AssumeRole")
        assert (problem.listing, problem.example_account, problem.regions) == ("", ACCOUNT, 0)
        assert not problem.by_policy

    def test_what_the_organization_denies_stands_apart_from_what_is_not_granted(self, engine, read):
        """Fails if a role that lacks a grant hides one that a policy above keeps shut."""
        provider_id = write_provider(engine)
        write_plan(
            engine,
            provider_id,
            [account("111", None, "Shut"), account("222", None, "Shut", error_class="scp_deny")],
        )

        found = read().problems

        assert [(p.reason, p.example_account, p.by_policy) for p in found] == [
            ("Shut", "111", False),
            ("Shut", "222", True),
        ]

    def test_an_account_that_kills_workers_is_one(self, engine, read):
        provider_id = write_provider(engine)
        write_plan(engine, provider_id)
        for _ in range(4):
            assert read().problems == ()
            execute(engine, "UPDATE lease SET expires_at = NULL")
            acquire(engine, suspects=2)

        (problem,) = read().problems

        # The discovery's own lease crashed as well; it is of no account and region.
        assert (problem.reason, problem.example_region) == ("WorkerCrashed", REGION)
        assert (problem.accounts, problem.regions) == (1, 1)


class TestHeld:
    def test_scopes_whose_deletions_are_held_come_with_their_counts(self, engine, read):
        ledger = Ledger.plan(engine)
        ledger.pass_over([observe(f"m{number}") for number in range(10)])
        ledger.pass_over([])
        ledger.sweep(brake=DeletionBrake(percent=30, minimum=1))

        (held,) = read().held

        assert (held.listing, held.account_id, held.region, held.count) == (
            "fake.machines",
            ACCOUNT,
            REGION,
            10,
        )

    def test_the_largest_come_first(self, engine, read):
        Ledger.plan(engine, *(f"fake.l{number:02}" for number in range(25)))
        execute(engine, "UPDATE scope SET held_count = CAST(right(listing, 2) AS integer)")

        found = [held.count for held in read().held]

        assert found == list(range(24, 4, -1))


def test_another_providers_ledger_is_not_mixed_in(engine, read):
    Ledger.plan(engine, account_id="111", name="one").pass_over([observe("a")])
    Ledger.plan(engine, account_id="222", name="two").pass_over([observe("b")], complete=False)

    assert (read("one").resources, read("one").scopes.complete, read("one").problems) == (1, 1, ())
    assert (read("two").resources, read("two").scopes.partial) == (1, 1)


def test_a_request_that_was_handled_is_told(engine, read):
    write_provider(engine, provider_record(requested_at="token"))
    assert read().handled_request == ""
    (lease,) = acquire(engine)
    assert lease.kind is LeaseKind.DISCOVERY
    with engine.begin() as connection:
        leases.finish(connection, lease, due_in_seconds=900)
    with engine.begin() as connection:
        leases.settle_request(connection, lease.provider_id)

    assert read().handled_request == "token"


def test_an_account_whose_regions_nobody_knows_is_not_in_step(engine, read):
    """Its global scopes may all be complete: what else there is, is unknown."""
    provider_id = write_provider(engine)
    write_plan(engine, provider_id, [account(regions=None)])

    assert read().unsynced == {"Failed": 1}
    execute(engine, "UPDATE account SET error_reason = 'AccessDenied'")
    assert read().unsynced == {"AccessDenied": 1}
