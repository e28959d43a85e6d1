"""Discovery: from a provider's wishes to accounts, leases and scopes, or to why not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cloudops.domain.errors import AccessError, LeaseLostError
from cloudops.domain.ledger import ErrorClass, LeaseKind
from cloudops.domain.snapshot import AccountCounts, EntryState
from tests.fakes.cloud import LISTINGS, MACHINES, QUEUES, spec_of
from tests.integration.services.rig import KEY
from tests.integration.store.seeding import ACCOUNT, rows, steal

pytestmark = [pytest.mark.integration, pytest.mark.database]

OTHER = "444455556666"


def discover(rig):
    (lease,) = rig.acquire(LeaseKind.DISCOVERY)
    rig.run(lease)


def due_in(rig):
    return rig.value(
        "SELECT extract(epoch FROM next_due_at - now()) FROM lease WHERE kind = 'discovery'"
    )


def test_a_provider_without_ids_reads_the_account_of_its_credentials(rig):
    rig.plan()

    discover(rig)

    found = rig.snapshot()
    assert found.entry.state is EntryState.ACCEPTED
    assert found.identity.account_id == ACCOUNT
    assert found.accounts == AccountCounts(total=1, reachable=1)
    assert set(rig.scopes()) == {listing.name for listing in LISTINGS}
    assert found.discovered_generation == found.generation


def test_it_is_due_again_after_the_sync_period(rig):
    rig.plan(spec_of(sync_period=1200))

    discover(rig)

    assert 1190 < due_in(rig) <= 1200


def test_periods_follow_their_class(rig):
    rig.plan(spec_of(sync_period=100))

    discover(rig)

    periods = {name: row.period_seconds for name, row in rig.scopes().items()}
    assert periods == {
        "fake.machines": 100,
        "fake.queues": 100,
        "fake.tagging": 100,
        "fake.disks": 400,
        "fake.roles": 9600,
    }


@pytest.mark.parametrize(
    ("types", "excluded", "planned"),
    [
        pytest.param(["Fake::Machine"], [], {"fake.machines"}, id="by-type"),
        pytest.param(["storage.*"], [], {"fake.disks"}, id="by-kind"),
        pytest.param(["Fake::*"], ["*::Q*", "compute.*"], {"fake.disks", "fake.roles"}, id="out"),
    ],
)
def test_listings_whose_types_nobody_asks_for_are_not_planned(rig, types, excluded, planned):
    rig.plan(spec_of(types=types, excluded=excluded))

    discover(rig)

    # The tagging pass has no types of its own and always goes along.
    assert set(rig.scopes()) == planned | {"fake.tagging"}


class TestAccounts:
    def test_each_named_account_is_planned(self, rig):
        rig.cloud.account(OTHER, regions=("r1", "r2"))
        rig.plan(spec_of(ACCOUNT, OTHER))

        discover(rig)

        domains = {lease.domain for lease in rig.acquire(LeaseKind.INVENTORY)}
        assert domains == {
            f"aws/{ACCOUNT}/eu-west-1",
            f"aws/{ACCOUNT}/global",
            f"aws/{OTHER}/r1",
            f"aws/{OTHER}/r2",
            f"aws/{OTHER}/global",
        }

    def test_one_that_cannot_be_entered_does_not_keep_the_others_out(self, rig):
        rig.cloud.account(OTHER).error = AccessError(
            "shut", reason="RoleNotAssumable", permission="sts:AssumeRole"
        )
        rig.plan(spec_of(ACCOUNT, OTHER))

        discover(rig)

        found = rig.snapshot()
        assert found.accounts == AccountCounts(total=2, tried=1, reachable=1, unreachable=1)
        (problem,) = found.problems
        assert (problem.reason, problem.permission, problem.example_account) == (
            "RoleNotAssumable",
            "sts:AssumeRole",
            OTHER,
        )

    def test_one_that_shuts_later_keeps_its_rows_and_its_scopes_say_so(self, rig):
        rig.account.put(MACHINES, "m")
        rig.plan(spec_of(ACCOUNT))
        rig.work()
        rig.account.error = AccessError("shut", reason="RoleNotAssumable")

        rig.period()

        assert set(rig.statuses().values()) == {"denied"}
        assert rig.inventory_view() == {"m"}
        assert rig.snapshot().unsynced == {"CredentialsRejected": len(LISTINGS)}

    def test_once_it_opens_everything_is_read_again(self, rig):
        rig.plan(spec_of(ACCOUNT))
        rig.work()
        rig.account.error = AccessError("shut", reason="RoleNotAssumable")
        rig.period()
        rig.account.heal()
        rig.age(950)  # the cold listing is due in a day

        rig.work()

        assert set(rig.statuses().values()) == {"complete"}


class TestRefusals:
    def test_credentials_that_are_not_accepted_are_told(self, rig):
        rig.cloud.keys.clear()
        rig.plan()

        discover(rig)

        entry = rig.snapshot().entry
        assert entry.state is EntryState.REJECTED
        assert (entry.reason, entry.message) == ("CredentialsRejected", "the key is not known")
        assert 890 < due_in(rig) <= 900

    def test_a_missing_secret_is_a_missing_dependency_and_looked_for_soon(self, rig):
        rig.secrets.data = {}
        rig.plan()

        discover(rig)

        entry = rig.snapshot().entry
        assert (entry.state, entry.reason) == (EntryState.DEPENDENCY_MISSING, "SecretNotFound")
        assert due_in(rig) <= 60

    def test_a_secret_that_goes_missing_later_changes_no_row(self, rig):
        rig.account.put(MACHINES, "m")
        rig.plan()
        rig.work()
        rig.secrets.data = {}

        rig.period()

        assert rig.snapshot().entry.state is EntryState.DEPENDENCY_MISSING
        assert rig.inventory_view() == {"m"}
        assert rig.snapshot().identity is not None

    @pytest.mark.parametrize("error_class", [ErrorClass.TRANSIENT, ErrorClass.THROTTLED])
    def test_a_silent_cloud_says_nothing_about_credentials_that_were_accepted(
        self, rig, error_class
    ):
        rig.plan()
        discover(rig)
        rig.secrets.error = AccessError("no answer", reason="Unreachable", error_class=error_class)
        rig.age(1000)

        discover(rig)

        assert rig.snapshot().entry.state is EntryState.ACCEPTED
        assert due_in(rig) <= 60

    def test_but_somebody_who_was_never_let_in_is_told_why(self, rig):
        rig.secrets.error = AccessError(
            "no answer", reason="Unreachable", error_class=ErrorClass.TRANSIENT
        )
        rig.plan()

        discover(rig)

        assert rig.snapshot().entry.reason == "Unreachable"

    def test_a_lost_lease_writes_nothing(self, rig):
        rig.plan()
        (lease,) = rig.acquire(LeaseKind.DISCOVERY)
        steal(rig.engine, lease)

        with pytest.raises(LeaseLostError):
            rig.run(lease)

        assert rig.scopes() == {}
        assert rig.snapshot().entry.state is EntryState.UNTRIED

    def test_a_lost_lease_records_no_refusal(self, rig):
        rig.secrets.data = {}
        rig.plan()
        (lease,) = rig.acquire(LeaseKind.DISCOVERY)
        steal(rig.engine, lease)

        with pytest.raises(LeaseLostError):
            rig.run(lease)

        assert rig.snapshot().entry.state is EntryState.UNTRIED


class TestSwappedCredentials:
    """A Secret that suddenly leads into another account."""

    @pytest.fixture
    def other(self, rig):
        rig.account.put(MACHINES, "mine")
        other = rig.cloud.account(OTHER, key="AKIAOTHER")
        other.put(MACHINES, "theirs")
        return other

    def swap(self, rig):
        rig.secrets.data["AWS_ACCESS_KEY_ID"] = "AKIAOTHER"

    def test_a_provider_without_ids_is_not_planned_anew(self, rig, other):
        rig.plan()
        rig.work()
        self.swap(rig)

        rig.period()

        entry = rig.snapshot().entry
        assert (entry.state, entry.reason) == (EntryState.REJECTED, "IdentityMismatch")
        assert OTHER in entry.message
        assert rig.inventory_view() == {"mine"}
        assert {(row.status, row.error_code) for row in rig.scopes().values()} == {
            ("denied", "IdentityMismatch")
        }

    @pytest.mark.parametrize(
        "facts",
        [
            pytest.param({"spec": spec_of(regions=["eu-*"]), "generation": 2}, id="other-regions"),
            pytest.param({"spec": spec_of(sync_period=1800), "generation": 2}, id="other-period"),
            pytest.param({"uid": "made-anew"}, id="object-made-anew"),
        ],
    )
    def test_an_edit_of_something_else_is_no_consent(self, rig, other, facts):
        """Fails if generations are compared: any edit would retire the whole inventory."""
        rig.plan()
        rig.work()
        self.swap(rig)
        rig.period()

        rig.plan(**facts)
        rig.work()
        rig.period()

        assert rig.snapshot().entry.reason == "IdentityMismatch"
        assert rig.inventory_view() == {"mine"}

    def test_until_somebody_asks_for_other_credentials(self, rig, other):
        rig.plan()
        rig.work()
        self.swap(rig)
        rig.period()
        spec: dict[str, Any] = spec_of()
        spec["aws"]["credentials"]["secretRef"]["name"] = "those-of-the-other"

        rig.plan(spec, generation=2)
        rig.work()

        assert rig.snapshot().entry.state is EntryState.ACCEPTED
        assert rig.inventory_view() == {"theirs"}
        assert rig.live() == {"mine", "theirs"}

    def test_restored_credentials_go_on_as_if_nothing_had_been(self, rig, other):
        rig.plan()
        rig.work()
        self.swap(rig)
        rig.period()
        rig.secrets.data["AWS_ACCESS_KEY_ID"] = KEY

        rig.period()

        assert rig.snapshot().entry.state is EntryState.ACCEPTED
        assert rig.inventory_view() == {"mine"}
        assert set(rig.statuses().values()) == {"complete"}

    def test_another_key_of_the_same_account_is_fine_but_on_probation(self, rig):
        others = [f"m{number}" for number in range(10)]
        rig.account.put(MACHINES, "a", *others)
        rig.account.put(QUEUES, "q")
        rig.plan()
        rig.work()
        rig.cloud.keys["AKIANEW"] = ACCOUNT
        rig.secrets.data["AWS_ACCESS_KEY_ID"] = "AKIANEW"
        rig.account.remove(MACHINES, "a")

        rig.period()
        assert rig.live() == {"a", "q", *others}
        rig.period()

        assert rig.live() == {"q", *others}


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        pytest.param({}, "read by CloudProvider platform/old, which is older", id="read"),
        pytest.param(
            {"suspended": True},
            "belongs to CloudProvider platform/old, which is suspended",
            id="suspended",
        ),
        pytest.param(
            {"runnable": False},
            "belongs to CloudProvider platform/old, which is stalled",
            id="stalled",
        ),
    ],
)
def test_whose_an_account_is_is_told_with_why_nobody_reads_it(rig, facts, told):
    """Fails if it says `read by` of an owner that reads nothing."""
    rig.plan(name="old")
    rig.work()
    rig.plan(name="young", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    rig.work()

    rig.plan(name="old", **facts)

    [problem] = rig.snapshot("young").problems
    assert problem.message == f"{told}; remove the account from one of the two"


def test_two_providers_over_one_account_share_it_by_age(rig):
    rig.account.put(MACHINES, "m")
    rig.plan(name="old")
    rig.work()
    rig.plan(name="young", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    rig.work()

    assert [p.reason for p in rig.snapshot("young").problems] == ["AccountClaimed"]
    rig.planning.mark_vanished(rig.epoch, [("platform", "old")])
    rig.period()

    assert rig.snapshot("young").problems == ()
    assert rig.snapshot("young").resources == 1
    assert rows(rig.engine, "SELECT uid FROM resource WHERE deleted_at IS NOT NULL") == []
