"""Accounts that join an organization, shut, leave it and come back, seen by the ledger."""

from typing import Any

import pytest

from cloudops.domain.ledger import LeaseKind
from cloudops.domain.snapshot import AccountCounts, EntryState
from tests.fakes.aws.builders import bucket, instance, user
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.organization_script import OrganizationScript
from tests.integration.services.aws_rig import REGIONS, AwsRig, aws_spec, keys_of
from tests.integration.services.conftest import Worker
from tests.integration.store.seeding import ACCOUNT, execute, rows

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

MEMBERS = ("222233334444", "333344445555", "444455556666")
LEAVER, SUSPENDED = MEMBERS[1], "999900001111"
PERIOD = 100_000


def organization_spec(rig: AwsRig, **accounts: Any) -> dict[str, Any]:
    spec = aws_spec(rig.aws.url, brake={"percent": 30, "minimum": 20})
    spec["aws"]["accounts"] = {"discovery": "Organization", **accounts}
    return spec


@pytest.fixture
def rig(worker: Worker) -> AwsRig:
    """A management account with three members and a suspended one; all were read once."""
    rig = worker()
    rig.account.put(bucket("management-logs", region="eu-west-1"))
    organization = rig.aws.organization(rig.account)
    for id_ in MEMBERS:
        member = rig.aws.account(id_, regions=REGIONS, name=f"member-{id_}")
        member.role("cloudops-read", listed=False)
        member.put(instance(f"i-{id_}", region="eu-west-1"), user(f"ada-{id_}"))
        organization.put(id_)
    organization.put(SUSPENDED, name="closed", state="SUSPENDED")
    rig.aws.page_size("ListAccounts", 2)
    rig.plan(organization_spec(rig))
    rig.work()
    assert rig.live() == truth(rig)
    rig.aws.reset_calls()
    return rig


@pytest.fixture
def organization(rig: AwsRig) -> OrganizationScript:
    return OrganizationScript(rig.aws._do, "o-example0001")


def truth(rig: AwsRig, *ids: str) -> set[str]:
    return {arn for id_ in ids or (ACCOUNT, *MEMBERS) for arn in rig.aws.truth(id_)}


def discover(rig: AwsRig, seconds: float = PERIOD) -> None:
    """A discovery alone, so long after everything else."""
    rig.age(seconds)
    (lease,) = rig.acquire(LeaseKind.DISCOVERY)
    rig.run(lease)


def age_marks(rig: AwsRig, seconds: float) -> None:
    execute(
        rig.engine,
        "UPDATE claim SET missing_since = missing_since - make_interval(secs => :seconds)",
        seconds=seconds,
    )


def claimed(rig: AwsRig) -> set[str]:
    found = rows(rig.engine, "SELECT a.account_id FROM claim JOIN account a ON a.id = account_pk")
    return {row.account_id for row in found}


def retired(rig: AwsRig, account: str) -> set[str]:
    found = rows(
        rig.engine,
        "SELECT DISTINCT CASE WHEN retired_at IS NULL THEN '' ELSE retired_reason END AS reason"
        " FROM scope s JOIN account a ON a.id = s.account_pk WHERE a.account_id = :account",
        account=account,
    )
    return {row.reason for row in found}


def operations(rig: AwsRig, account: str) -> list[tuple[str, str]]:
    found = rows(
        rig.engine,
        "SELECT r.canonical_id AS id, c.operation FROM change c JOIN resource r USING (uid)"
        " JOIN account a ON a.id = r.account_pk WHERE a.account_id = :account ORDER BY c.at",
        account=account,
    )
    return [(row.id.rpartition("/")[2], row.operation) for row in found]


def test_all_accounts_are_read_and_the_suspended_one_is_told_once(rig: AwsRig):
    """Fails if `_DESIRED` plans closed accounts: what nobody reads would count as unsynced."""
    snapshot = rig.snapshot()

    assert snapshot.accounts == AccountCounts(total=5, tried=5, reachable=4, unreachable=1)
    assert snapshot.identity is not None
    assert snapshot.identity.organization_id == "o-example0001"
    [problem] = snapshot.problems
    assert (problem.reason, problem.example_account, problem.accounts, problem.permission) == (
        "AccountSuspended",
        SUSPENDED,
        1,
        "",
    )
    assert snapshot.unsynced == {}
    assert rig.value("SELECT name FROM account WHERE account_id = :id", id=LEAVER) == (
        f"member-{LEAVER}"
    )


def test_a_suspended_account_is_not_asked_anything_period_after_period(rig: AwsRig):
    """Fails if `is_closed` keeps nobody from trying: a role would be asked for each period."""
    rig.period()
    rig.period()

    assert rig.aws.calls(account=SUSPENDED) == []
    assert rig.snapshot().accounts.unreachable == 1


class TestAnAccountThatIsSuspendedLater:
    def test_keeps_its_rows_and_is_left_alone(self, rig: AwsRig, organization: OrganizationScript):
        """Fails without `_REST_CLOSED`: it would be tried each period."""
        organization.put(LEAVER, state="PENDING_CLOSURE")
        discover(rig)
        rig.work()
        rig.aws.reset_calls()

        rig.period()
        rig.period()

        assert rig.aws.calls(account=LEAVER) == []
        assert rig.live() == truth(rig)
        assert retired(rig, LEAVER) == {""}
        reasons = {problem.reason for problem in rig.snapshot().problems}
        assert reasons == {"AccountSuspended", "AccountPendingClosure"}

    def test_is_read_again_once_it_is_active(self, rig: AwsRig, organization: OrganizationScript):
        organization.put(LEAVER, state="SUSPENDED")
        discover(rig)
        rig.work()
        rig.aws.account(LEAVER, regions=REGIONS).put(instance("i-new", region="eu-west-1"))
        organization.put(LEAVER, state="ACTIVE")

        discover(rig)
        rig.work()

        assert rig.live() == truth(rig)
        assert rig.snapshot().accounts.reachable == 4
        assert rig.snapshot().unsynced == {}


class TestAnAccountThatLeaves:
    def test_is_kept_after_one_complete_listing(
        self, rig: AwsRig, organization: OrganizationScript
    ):
        """Fails if `_UNCLAIM` takes what one listing lacked."""
        organization.remove(LEAVER)

        discover(rig)
        rig.work()

        assert rig.live() == truth(rig)
        assert LEAVER in claimed(rig)
        assert retired(rig, LEAVER) == {""}

    def test_is_deleted_after_two(self, rig: AwsRig, organization: OrganizationScript):
        """Fails without `_GIVE_UP`: the account would be tried for ever."""
        organization.remove(LEAVER)
        discover(rig)
        age_marks(rig, 61)

        discover(rig)

        assert rig.live() == truth(rig) - truth(rig, LEAVER)
        assert LEAVER not in claimed(rig)
        assert retired(rig, LEAVER) == {"AccountLeft"}
        deleted = rows(
            rig.engine, "SELECT deleted_reason FROM resource WHERE deleted_at > '-infinity'"
        )
        assert {row.deleted_reason for row in deleted} == {"AccountLeft"}
        assert (f"i-{LEAVER}", "deleted") in operations(rig, LEAVER)
        assert rig.snapshot().accounts.total == 4
        rig.work()
        assert rig.snapshot().unsynced == {}

    def test_is_not_deleted_by_a_second_listing_that_begins_at_once(
        self, rig: AwsRig, organization: OrganizationScript
    ):
        """Fails without `confirm_seconds` in `_LEAVING`."""
        organization.remove(LEAVER)
        discover(rig)

        discover(rig)

        assert rig.live() == truth(rig)

    def test_is_asked_nothing_any_more(self, rig: AwsRig, organization: OrganizationScript):
        organization.remove(LEAVER)
        discover(rig)
        age_marks(rig, 61)
        discover(rig)
        rig.work()
        rig.aws.reset_calls()

        rig.period()

        assert rig.aws.calls(account=LEAVER) == []

    def test_is_forgiven_when_the_second_listing_shows_it(
        self, rig: AwsRig, organization: OrganizationScript
    ):
        """Fails if a mark outlives a listing that showed the account."""
        organization.remove(LEAVER)
        discover(rig)
        organization.put(LEAVER)
        discover(rig)
        organization.remove(LEAVER)
        age_marks(rig, 61)

        discover(rig)

        assert rig.live() == truth(rig)
        assert LEAVER in claimed(rig)

    def test_comes_back_with_its_rows_and_its_history(
        self, rig: AwsRig, organization: OrganizationScript
    ):
        """Fails unless the rows are marked as missing: what is unchanged would stay deleted."""
        organization.remove(LEAVER)
        discover(rig)
        age_marks(rig, 61)
        discover(rig)
        rig.work()
        organization.put(LEAVER)

        discover(rig)
        rig.work()

        assert rig.live() == truth(rig)
        assert rig.inventory_view() >= truth(rig)
        told = [operation for name, operation in operations(rig, LEAVER) if name == f"i-{LEAVER}"]
        assert told == ["created", "deleted", "revived"]
        assert retired(rig, LEAVER) == {""}
        assert rig.snapshot().unsynced == {}

    def test_is_only_handed_on_where_another_provider_names_it(
        self, rig: AwsRig, organization: OrganizationScript
    ):
        """Fails without `handed_on` in `_give_up`: an account that is read would lose its rows."""
        spec = aws_spec(rig.aws.url, ACCOUNT, LEAVER)
        rig.plan(spec, name="second", uid="uid-second")
        rig.work()
        organization.remove(LEAVER)
        discover_of(rig, "aws-prod")
        age_marks(rig, 61)

        discover_of(rig, "aws-prod")

        assert rig.live() == truth(rig)
        assert "deleted" not in {operation for _, operation in operations(rig, LEAVER)}
        rig.work()
        assert rig.live() == truth(rig)
        assert rig.snapshot("second").accounts.total == 1

    def test_that_nobody_asks_for_any_more_is_retired_at_once_and_not_deleted(self, rig: AwsRig):
        rig.plan(organization_spec(rig, exclude=[LEAVER]), generation=2)

        discover(rig)

        assert rig.live() == truth(rig)
        assert retired(rig, LEAVER) == {"AccountUnclaimed"}

    def test_a_worker_that_still_reads_there_stores_nothing_any_more(
        self, rig: AwsRig, organization: OrganizationScript
    ):
        """Fails without `_FENCE_WORKERS`."""
        organization.remove(LEAVER)
        discover(rig)
        age_marks(rig, 61)
        rig.age(PERIOD)
        taken = rig.acquire()
        (own,) = [lease for lease in taken if lease.kind is LeaseKind.DISCOVERY]
        reading = [lease for lease in taken if lease.account_id == LEAVER]

        rig.run(own)

        assert reading
        fences = rows(
            rig.engine,
            "SELECT fence, holder FROM lease WHERE id = ANY(:ids) ORDER BY id",
            ids=[lease.id for lease in reading],
        )
        before = [lease.fence for lease in sorted(reading, key=lambda lease: lease.id)]
        assert [(row.fence - 1, row.holder) for row in fences] == [(fence, "") for fence in before]


class TestAListingThatLacksManyAccountsAtOnce:
    """Complete, plausible, repeated, and wrong: as if a page of them had been left out."""

    def lack(self, rig: AwsRig, organization: OrganizationScript, *ids: str) -> None:
        """Two listings, far enough apart, do not show them."""
        for id_ in ids:
            organization.remove(id_)
        discover(rig)
        age_marks(rig, 61)
        discover(rig)

    def held(self, rig: AwsRig) -> set[tuple[str, str, str, int]]:
        found = rig.snapshot().held
        return {(one.listing, one.account_id, one.region, one.count) for one in found}

    def test_deletes_none_and_says_which_wait(self, rig: AwsRig, organization: OrganizationScript):
        """Fails without `_held`: twice the same wrong answer would delete them all."""
        self.lack(rig, organization, *MEMBERS)
        age_marks(rig, PERIOD)
        discover(rig)

        assert rig.live() == rig.inventory_view() == truth(rig)
        assert claimed(rig) == {ACCOUNT, *MEMBERS, SUSPENDED}
        assert self.held(rig) == {("", id_, "", 2) for id_ in MEMBERS}
        assert rig.snapshot().held_total == 6

    def test_they_are_read_on_meanwhile(self, rig: AwsRig, organization: OrganizationScript):
        self.lack(rig, organization, *MEMBERS)
        rig.aws.account(LEAVER, regions=REGIONS).put(instance("i-new", region="eu-west-1"))

        rig.period()
        discover(rig)

        assert rig.live() == truth(rig)
        assert ("", LEAVER, "", 3) in self.held(rig)

    def test_lets_them_go_once_a_person_says_so(
        self, rig: AwsRig, organization: OrganizationScript
    ):
        """Fails if the brake of the spec is not asked: nothing would ever release them."""
        self.lack(rig, organization, *MEMBERS)
        spec = organization_spec(rig)
        spec["inventory"]["deletionBrake"] = {"percent": 100, "minimum": 20}

        rig.plan(spec, generation=2)
        discover(rig)

        assert rig.live() == truth(rig, ACCOUNT)
        assert claimed(rig) == {ACCOUNT, SUSPENDED}
        assert self.held(rig) == set()

    def test_holds_nothing_any_more_once_it_shows_them(
        self, rig: AwsRig, organization: OrganizationScript
    ):
        """Fails without `held_count = 0` in `_CLAIM`."""
        self.lack(rig, organization, *MEMBERS)
        for id_ in MEMBERS:
            organization.put(id_)

        discover(rig)

        assert self.held(rig) == set()
        assert rig.live() == truth(rig)

    def test_of_one_large_account_too(self, rig: AwsRig, organization: OrganizationScript):
        """Fails if only the number of accounts counts."""
        script = rig.aws.account(LEAVER, regions=REGIONS)
        script.put(instance(f"i-{n}", region="eu-west-1") for n in range(30))
        rig.period()

        self.lack(rig, organization, LEAVER)

        assert rig.live() == truth(rig)
        assert self.held(rig) == {("", LEAVER, "", 32)}

    def test_two_small_ones_may_go(self, rig: AwsRig, organization: OrganizationScript):
        self.lack(rig, organization, *MEMBERS[:2])

        assert rig.live() == truth(rig, ACCOUNT, MEMBERS[2])
        assert self.held(rig) == set()

    def test_what_another_provider_reads_is_handed_on_all_the_same(
        self, rig: AwsRig, organization: OrganizationScript
    ):
        """Fails if `handed_on` accounts count among those that lose their rows."""
        rig.plan(aws_spec(rig.aws.url, ACCOUNT, LEAVER), name="second", uid="uid-second")
        rig.work()
        for id_ in MEMBERS:
            organization.remove(id_)
        discover_of(rig, "aws-prod")
        age_marks(rig, 61)

        discover_of(rig, "aws-prod")

        assert claimed(rig) == {ACCOUNT, LEAVER, SUSPENDED}
        assert rig.live() == truth(rig, ACCOUNT, LEAVER)


def discover_of(rig: AwsRig, name: str) -> None:
    rig.age(PERIOD)
    taken = rig.acquire(LeaseKind.DISCOVERY)
    (own,) = [lease for lease in taken if lease.domain == f"discovery/platform/{name}"]
    rig.leasing.hand_back([lease for lease in taken if lease is not own])
    rig.run(own)


class TestAListingThatIsNotReadToItsEnd:
    @pytest.mark.parametrize(
        "fault",
        [
            pytest.param(Fault.throttle(), id="throttled"),
            pytest.param(Fault.server_error(), id="500"),
            pytest.param(Fault.broken_page(), id="broken"),
            pytest.param(Fault.deny(), id="denied"),
        ],
    )
    @pytest.mark.usefixtures("hasty_sdk")
    def test_gives_up_no_account_however_often(
        self, rig: AwsRig, organization: OrganizationScript, fault: Fault
    ):
        """Fails if accounts of the pages before the fault are taken for all accounts.

        The leaver was missed once already; what is broken confirms nothing.
        """
        organization.remove(LEAVER)
        discover(rig)
        age_marks(rig, 61)
        rule = rig.aws.inject(fault, operation="ListAccounts", page=1)

        for _ in range(3):
            discover(rig)

        assert rig.aws.hits(rule)
        assert rig.live() == truth(rig)
        assert claimed(rig) == {ACCOUNT, *MEMBERS, SUSPENDED}
        rig.aws.clear_faults()
        discover(rig)
        assert LEAVER not in claimed(rig)
        assert rig.snapshot().entry.state is EntryState.ACCEPTED

    def test_what_passes_leaves_the_status_as_it_is_and_is_tried_again_soon(self, rig: AwsRig):
        rig.aws.inject(Fault.throttle(), operation="ListAccounts")

        discover(rig)

        assert rig.snapshot().entry.state is EntryState.ACCEPTED
        assert rig.value(
            "SELECT next_due_at <= now() + interval '61 s' FROM lease WHERE kind = 'discovery'"
        )

    def test_a_denial_names_the_permission_and_keeps_everything(self, rig: AwsRig):
        """Fails if a denied listing is an empty one."""
        rig.aws.inject(Fault.deny(), operation="ListAccounts")

        rig.period()

        entry = rig.snapshot().entry
        assert (entry.state, entry.reason, entry.permission) == (
            EntryState.REJECTED,
            "AccessDenied",
            "organizations:ListAccounts",
        )
        problems = {(one.reason, one.permission) for one in rig.snapshot().problems}
        assert ("AccessDenied", "organizations:ListAccounts") in problems
        assert {row.status for row in rig.scopes().values()} == {"complete"}
        assert rig.live() == truth(rig)
        rig.aws.clear_faults()
        rig.period()
        assert [one.reason for one in rig.snapshot().problems] == ["AccountSuspended"]

    def test_a_denial_at_the_very_first_names_the_permission(self, worker: Worker):
        rig = worker()
        rig.aws.organization(rig.account)
        rig.aws.inject(Fault.deny(), operation="ListAccounts")
        rig.plan(organization_spec(rig))

        rig.work()

        [problem] = rig.snapshot().problems
        assert (problem.reason, problem.permission) == (
            "AccessDenied",
            "organizations:ListAccounts",
        )


def test_one_member_that_does_not_let_us_in_is_unreachable_alone(
    rig: AwsRig, organization: OrganizationScript
):
    organization.put("555566667777", name="stranger")

    rig.period()

    snapshot = rig.snapshot()
    assert snapshot.accounts == AccountCounts(total=6, tried=6, reachable=4, unreachable=2)
    problems = {(one.reason, one.permission, one.example_account) for one in snapshot.problems}
    assert ("RoleNotAssumable", "sts:AssumeRole", "555566667777") in problems
    assert rig.live() == truth(rig)


def test_credentials_of_another_organization_retire_nothing(rig: AwsRig):
    """Fails without `_refuse_other_organization`: every account would be given up at once."""
    other = rig.aws.account("777788889999", access_key="AKIAOTHERORG00000001", secret_key="x")
    rig.aws.organization(other, "o-example0002")
    rig.secrets.data = keys_of("AKIAOTHERORG00000001")
    other.key("AKIAOTHERORG00000001", rig.secrets.data["AWS_SECRET_ACCESS_KEY"])

    discover(rig)

    def assert_refused():
        entry = rig.snapshot().entry
        assert (entry.state, entry.reason) == (EntryState.REJECTED, "IdentityMismatch")
        assert rig.live() == truth(rig)
        assert claimed(rig) == {ACCOUNT, *MEMBERS, SUSPENDED}

    assert_refused()
    rig.plan(organization_spec(rig, exclude=["*-sandbox"]), generation=2)
    discover(rig)
    assert_refused()
