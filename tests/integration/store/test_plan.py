"""What a discovery plans: accounts and their owners, leases, scopes, and what is retired."""

from datetime import UTC, datetime

import pytest

from cloudops.domain.ledger import LeaseKind
from cloudops.services.plan import PlanService
from cloudops.store import claims, leases
from cloudops.store.snapshot import read_snapshot
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
    rows,
    write_plan,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

OLD, YOUNG = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)


def planned(engine):
    """Scopes in the plan, and why the others are not."""
    found = rows(
        engine,
        "SELECT listing, region, retired_reason, retired_at IS NULL AS active FROM scope",
    )
    return {(row.listing, row.region): "" if row.active else row.retired_reason for row in found}


def settle(engine, *, hours=1):
    """Every scope was read, every lease given back."""
    execute(
        engine,
        "UPDATE scope SET status = 'complete', last_complete_at = now(), last_attempt_at = now(),"
        " next_due_at = now() + make_interval(hours => :hours)",
        hours=hours,
    )
    for lease in acquire(engine):
        with engine.begin() as connection:
            leases.finish(connection, lease, due_in_seconds=3600)


def due(engine):
    found = rows(engine, "SELECT kind, region FROM lease WHERE next_due_at <= now()")
    return {row.region for row in found if row.kind == "inventory"}


def inventory(engine):
    return {row.canonical_id for row in rows(engine, "SELECT canonical_id FROM inventory")}


def owner(engine, account_id=ACCOUNT):
    return one(
        engine,
        "SELECT (SELECT name FROM provider p WHERE p.id = a.provider_id) FROM account a"
        " WHERE account_id = :id",
        id=account_id,
    )


def snapshot(engine, name):
    with engine.begin() as connection:
        found = read_snapshot(connection, "platform", name)
    assert found is not None
    return found


def test_each_region_gets_its_listings_and_global_ones_come_once(engine):
    provider_id = write_provider(engine)

    write_plan(
        engine,
        provider_id,
        [account(regions=("r1", "r2"))],
        [listing("fake.machines"), listing("fake.roles", is_global=True, period=9)],
    )

    assert planned(engine) == {
        ("fake.machines", "r1"): "",
        ("fake.machines", "r2"): "",
        ("fake.roles", "global"): "",
    }
    assert due(engine) == {"r1", "r2", "global"}
    periods = rows(engine, "SELECT DISTINCT listing, period_seconds FROM scope")
    assert {row.listing: row.period_seconds for row in periods} == {
        "fake.machines": 900,
        "fake.roles": 9,
    }


def test_the_same_plan_again_changes_nothing(engine):
    provider_id = write_provider(engine)
    write_plan(engine, provider_id)
    settle(engine)
    before = rows(engine, "SELECT xmin, ctid FROM scope UNION ALL SELECT xmin, ctid FROM lease")

    write_plan(engine, provider_id)

    assert before == rows(
        engine, "SELECT xmin, ctid FROM scope UNION ALL SELECT xmin, ctid FROM lease"
    )


class TestNarrowing:
    @pytest.fixture
    def ledger(self, engine):
        ledger = Ledger.plan(engine, "fake.machines", "fake.queues")
        ledger.pass_over([observe("machine")])
        ledger.pass_over([observe("queue")], name="fake.queues")
        with engine.begin() as connection:
            leases.finish(connection, ledger.lease)
        settle(engine)
        return ledger

    def replan(self, ledger, listings=("fake.machines", "fake.queues"), regions=(REGION,)):
        write_plan(
            ledger.engine,
            ledger.lease.provider_id,
            [account(regions=regions)],
            [listing(name) for name in listings],
        )

    def test_a_type_that_is_not_asked_for_leaves_the_view_and_is_not_deleted(self, engine, ledger):
        self.replan(ledger, listings=("fake.machines",))

        assert planned(engine)["fake.queues", REGION] == "TypeNotSelected"
        assert inventory(engine) == {"machine"}
        assert ledger.live() == {"machine", "queue"}

    def test_asked_for_again_its_rows_are_back_and_it_is_due(self, engine, ledger):
        self.replan(ledger, listings=("fake.machines",))
        self.replan(ledger)

        assert planned(engine)["fake.queues", REGION] == ""
        assert inventory(engine) == {"machine", "queue"}
        assert due(engine) == {REGION}

    def test_a_region_that_is_not_asked_for_leaves_the_view(self, engine, ledger):
        self.replan(ledger, regions=("other",))

        assert planned(engine)["fake.machines", REGION] == "RegionNotSelected"
        assert inventory(engine) == set()

    def test_a_region_that_comes_back_after_its_lease_went_to_rest_is_read_again(
        self, engine, ledger
    ):
        self.replan(ledger, regions=("other",))
        execute(engine, "UPDATE lease SET next_due_at = now() WHERE region = :r", r=REGION)
        settle(engine)
        assert one(engine, "SELECT next_due_at = 'infinity' FROM lease WHERE region = :r", r=REGION)

        self.replan(ledger, regions=(REGION, "other"))

        assert REGION in due(engine)

    def test_a_lease_that_nothing_is_left_of_rests_and_nobody_waits_for_it(self, engine, ledger):
        """Fails if it keeps its time: a run that was asked for would be over only then."""
        settle(engine)
        execute(
            engine,
            "UPDATE lease SET next_due_at = now() + interval '1 d' WHERE region = :r",
            r=REGION,
        )
        execute(engine, "UPDATE provider SET requested_at = now(), requested_token = 'now'")

        self.replan(ledger, regions=())

        assert one(engine, "SELECT next_due_at = 'infinity' FROM lease WHERE region = :r", r=REGION)

    def test_a_new_listing_makes_its_lease_due_at_once(self, engine, ledger):
        self.replan(ledger, listings=("fake.machines", "fake.queues", "fake.disks"))

        assert due(engine) == {REGION}

    def test_regions_that_could_not_be_read_retire_nothing(self, engine, ledger):
        write_plan(
            engine,
            ledger.lease.provider_id,
            [account(regions=None, reason="AccessDenied")],
            [listing("fake.machines"), listing("fake.queues")],
        )

        assert set(planned(engine).values()) == {""}

    def test_a_shorter_period_is_taken_over_at_once(self, engine, ledger):
        write_plan(
            engine,
            ledger.lease.provider_id,
            listings=[listing("fake.machines", period=60), listing("fake.queues")],
        )

        waits = rows(
            engine, "SELECT listing, extract(epoch FROM next_due_at - now()) AS wait FROM scope"
        )
        assert {row.listing: row.wait < 61 for row in waits} == {
            "fake.machines": True,
            "fake.queues": False,
        }
        assert one(
            engine,
            "SELECT next_due_at < now() + interval '61 s' FROM lease WHERE region = :r",
            r=REGION,
        )


class TestOwnership:
    def provider(self, engine, name, created_at, **plan_of):
        provider_id = write_provider(engine, provider_record(name, created_at=created_at))
        write_plan(engine, provider_id, **plan_of)
        return provider_id

    def test_the_older_one_reads_and_the_other_says_so(self, engine):
        self.provider(engine, "young", YOUNG)
        self.provider(engine, "old", OLD)
        self.provider(engine, "young", YOUNG)

        assert owner(engine) == "old"
        (problem,) = snapshot(engine, "young").problems
        assert (problem.reason, problem.example_account) == ("AccountClaimed", ACCOUNT)
        assert "platform/old" in problem.message
        assert snapshot(engine, "old").problems == ()
        assert snapshot(engine, "young").accounts.total == 0

    def test_of_the_same_age_the_smaller_uid_reads(self, engine):
        self.provider(engine, "b", OLD)
        self.provider(engine, "a", OLD)

        assert owner(engine) == "a"

    def test_when_an_older_one_takes_over_its_discovery_is_due(self, engine):
        self.provider(engine, "young", YOUNG)
        old = write_provider(engine, provider_record("old", created_at=OLD))
        execute(engine, "UPDATE lease SET next_due_at = 'infinity'")

        write_plan(engine, old)

        assert owner(engine) == "old"
        assert old in {lease.provider_id for lease in acquire(engine)}

    def test_when_the_older_one_vanishes_the_other_takes_over_with_all_rows(self, engine):
        ledger = Ledger.plan(engine, "fake.machines", name="old")
        ledger.pass_over([observe("machine")])
        with engine.begin() as connection:
            leases.finish(connection, ledger.lease)
        young = self.provider(engine, "young", datetime(2026, 1, 1, tzinfo=UTC))
        settle(engine)
        service = PlanService(engine)
        epoch = service.claim_epoch("pod")

        service.mark_vanished(epoch, [("platform", "old")])

        assert owner(engine) == "young"
        (discovery,) = acquire(engine, provider_id=young)
        assert discovery.kind is LeaseKind.DISCOVERY
        write_plan(engine, young)
        assert snapshot(engine, "young").problems == ()
        assert inventory(engine) == {"machine"}
        assert one(
            engine,
            "SELECT next_due_at < now() + interval '2 h' FROM lease WHERE region = :r",
            r=REGION,
        )

    def test_what_nobody_claims_any_more_is_retired(self, engine):
        ledger = Ledger.plan(engine)
        ledger.pass_over([observe("machine")])
        service = PlanService(engine)

        service.mark_vanished(service.claim_epoch("pod"), [("platform", "aws-prod")])

        assert owner(engine) is None
        assert planned(engine) == {("fake.machines", REGION): "AccountUnclaimed"}
        assert inventory(engine) == set()
        assert ledger.live() == {"machine"}
        assert service.snapshot("platform", "aws-prod") is None

    def test_an_account_that_a_discovery_does_not_name_any_more_is_retired(self, engine):
        provider_id = self.provider(engine, "aws", OLD)

        write_plan(engine, provider_id, accounts=[account("444455556666")])

        assert owner(engine) is None
        assert owner(engine, "444455556666") == "aws"
        reasons = rows(engine, "SELECT DISTINCT retired_reason FROM scope")
        assert {row.retired_reason for row in reasons} == {"", "AccountUnclaimed"}

    def test_claimed_again_after_all_its_rows_are_back(self, engine):
        ledger = Ledger.plan(engine)
        ledger.pass_over([observe("machine")])
        with engine.begin() as connection:
            leases.finish(connection, ledger.lease)
        service = PlanService(engine)
        service.mark_vanished(service.claim_epoch("pod"), [("platform", "aws-prod")])

        provider_id = write_provider(engine, provider_record(uid="another"))
        write_plan(engine, provider_id)

        assert inventory(engine) == {"machine"}
        assert due(engine) == {REGION}

    def test_claims_are_listed(self, engine):
        provider_id = self.provider(engine, "aws", OLD, accounts=[account("222"), account("111")])

        with engine.begin() as connection:
            assert claims.claimed_accounts(connection, provider_id) == ["111", "222"]


class TestClosedAccount:
    """An account that can't be entered: its scopes say so, its rows stay."""

    @pytest.fixture
    def ledger(self, engine):
        ledger = Ledger.plan(engine)
        ledger.pass_over([observe("machine")])
        with engine.begin() as connection:
            leases.finish(connection, ledger.lease)
        settle(engine, hours=24)
        return ledger

    def close(self, engine, ledger, reason="RoleNotAssumable"):
        write_plan(engine, ledger.lease.provider_id, [account(regions=None, reason=reason)])

    def test_its_scopes_are_denied_with_the_reason(self, engine, ledger):
        self.close(engine, ledger)

        ((row),) = rows(engine, "SELECT status, error_class, error_code, error_message FROM scope")
        assert tuple(row) == (
            "denied",
            "iam_deny",
            "RoleNotAssumable",
            "RoleNotAssumable happened",
        )
        assert inventory(engine) == {"machine"}

    def test_since_when_is_kept_while_the_reason_stays(self, engine, ledger):
        self.close(engine, ledger)
        since = rows(engine, "SELECT s.status_since, a.error_since FROM scope s, account a")
        self.close(engine, ledger)

        assert since == rows(engine, "SELECT s.status_since, a.error_since FROM scope s, account a")

    def test_once_it_opens_what_was_denied_is_read_at_once(self, engine, ledger):
        """A listing with a long period would else say `denied` for a day."""
        self.close(engine, ledger)

        write_plan(engine, ledger.lease.provider_id)

        assert due(engine) == {REGION}
        assert one(engine, "SELECT error_reason FROM account") == ""

    def test_an_account_that_was_never_closed_is_not_read_more_often(self, engine, ledger):
        write_plan(engine, ledger.lease.provider_id)

        assert due(engine) == set()

    def test_a_new_account_that_is_closed_has_no_scopes_yet(self, engine):
        provider_id = write_provider(engine)

        write_plan(engine, provider_id, [account(regions=None, reason="RoleNotAssumable")])

        assert planned(engine) == {}
        assert snapshot(engine, "aws-prod").accounts.unreachable == 1
