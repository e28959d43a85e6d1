"""Who may talk to a quota domain: taken once, prolonged, given back, run out."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from cloudops.domain.errors import LeaseLostError
from cloudops.domain.ledger import LeaseKind
from cloudops.store import claims, leases, providers
from tests.integration.store.seeding import (
    HOLDER,
    Ledger,
    account,
    acquire,
    execute,
    listing,
    one,
    provider_record,
    rows,
    steal,
    write_plan,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]


@pytest.fixture
def inventory(engine):
    """A planned account whose discovery rests: one lease is due."""
    provider_id = write_provider(engine)
    write_plan(engine, provider_id)
    execute(engine, "UPDATE lease SET next_due_at = 'infinity' WHERE kind = 'discovery'")
    return provider_id


def finish(engine, lease, **options):
    with engine.begin() as connection:
        leases.finish(connection, lease, **options)
    with engine.begin() as connection:
        leases.settle_request(connection, lease.provider_id)


def expire(engine, seconds=1):
    execute(
        engine,
        "UPDATE lease SET expires_at = now() - make_interval(secs => :seconds)"
        " WHERE expires_at IS NOT NULL",
        seconds=seconds,
    )


def due_in(engine, lease):
    """Seconds until the lease is due; None = it rests."""
    return one(
        engine,
        "SELECT CASE WHEN next_due_at < 'infinity' THEN"
        " CAST(extract(epoch FROM next_due_at - now()) AS float) END"
        " FROM lease WHERE id = :id",
        id=lease.id,
    )


class TestTaking:
    def test_a_lease_tells_what_its_holder_needs(self, engine, inventory):
        (lease,) = acquire(engine)

        assert lease.domain == "aws/111122223333/eu-west-1"
        assert (lease.kind, lease.cloud) == (LeaseKind.INVENTORY, "aws")
        assert (lease.account_id, lease.region) == ("111122223333", "eu-west-1")
        assert (lease.provider_id, lease.fence, lease.attempts) == (inventory, 1, 1)

    def test_what_somebody_holds_is_not_taken(self, engine, inventory):
        acquire(engine)

        assert acquire(engine, holder="other") == []

    def test_what_is_not_due_is_not_taken(self, engine, inventory):
        execute(engine, "UPDATE lease SET next_due_at = now() + interval '1 second'")

        assert acquire(engine) == []

    def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_fence(self, engine, inventory):
        (first,) = acquire(engine)
        expire(engine)

        (second,) = acquire(engine, holder="other")

        assert second.id == first.id
        assert second.fence == first.fence + 1

    def test_fences_rise_over_all_that_can_happen_to_a_lease(self, engine, inventory):
        fences = []
        ends = (
            lambda _lease: expire(engine),
            partial(finish, engine),
            partial(self.hand_back, engine),
        )
        for end in ends:
            (lease,) = acquire(engine)
            fences.append(lease.fence)
            end(lease)
            execute(engine, "UPDATE lease SET next_due_at = now() WHERE kind = 'inventory'")
        (lease,) = acquire(engine)

        assert [*fences, lease.fence] == [1, 2, 3, 4]

    def hand_back(self, engine, lease):
        with engine.begin() as connection:
            leases.hand_back(connection, [lease])

    def test_the_database_clock_alone_says_when_a_lease_has_run_out(self, engine, inventory):
        (lease,) = acquire(engine, seconds=60)

        left = one(
            engine,
            "SELECT extract(epoch FROM expires_at - now()) FROM lease WHERE id = :id",
            id=lease.id,
        )
        assert 55 < left <= 60

    def test_the_most_overdue_comes_first(self, engine):
        provider_id = write_provider(engine)
        write_plan(engine, provider_id, [account(regions=("r1", "r2", "r3"))])
        for region, hours in (("r1", 1), ("r2", 3), ("r3", 2)):
            execute(
                engine,
                "UPDATE lease SET next_due_at = now() - make_interval(hours => :hours)"
                " WHERE region = :region",
                hours=hours,
                region=region,
            )

        taken = acquire(engine, limit=2)

        assert [lease.region for lease in taken] == ["r2", "r3"]

    def test_one_provider_can_be_asked_for(self, engine, inventory):
        other = write_provider(engine, provider_record("other"))

        assert [lease.provider_id for lease in acquire(engine, provider_id=other)] == [other]

    def test_many_connections_never_share_a_lease(self, engine):
        provider_id = write_provider(engine)
        write_plan(engine, provider_id, [account(regions=[f"r{n}" for n in range(60)])])
        barrier = threading.Barrier(8)

        def work(number):
            barrier.wait()
            mine = []
            while taken := acquire(engine, holder=f"w{number}", limit=2):
                mine += [(lease.id, lease.fence) for lease in taken]
            return mine

        with ThreadPoolExecutor(8) as pool:
            parts = list(pool.map(work, range(8)))
        everything = [key for part in parts for key in part]

        assert len(everything) == 61  # and the discovery
        assert len({lease_id for lease_id, _ in everything}) == 61
        assert {fence for _, fence in everything} == {1}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"suspended": True}, id="suspended"),
        pytest.param({"runnable": False}, id="not-runnable"),
    ],
)
class TestResting:
    def test_nothing_of_the_provider_is_taken(self, engine, inventory, changes):
        write_provider(engine, provider_record(**changes))

        assert acquire(engine) == []
        assert one(engine, "SELECT count(*) FROM lease WHERE next_due_at < 'infinity'") == 0

    def test_a_run_that_is_under_way_ends_at_rest(self, engine, inventory, changes):
        (lease,) = acquire(engine)
        write_provider(engine, provider_record(**changes))

        finish(engine, lease)

        assert due_in(engine, lease) is None

    def test_it_goes_on_where_it_was(self, engine, inventory, changes):
        write_provider(engine, provider_record(**changes))
        write_provider(engine)

        assert {lease.kind for lease in acquire(engine)} == set(LeaseKind)


def test_a_vanished_providers_leases_rest(engine, inventory):
    with engine.begin() as connection:
        providers.vanish_providers(connection, [("platform", "aws-prod")])
        claims.settle_owners(connection)

    assert acquire(engine) == []


class TestCrashes:
    def crash(self, engine, times):
        for _ in range(times):
            execute(engine, "UPDATE lease SET expires_at = NULL")
            assert len(acquire(engine)) == 1

    def test_twice_is_no_pattern(self, engine, inventory):
        self.crash(engine, 2)
        expire(engine, 1)

        assert len(acquire(engine)) == 1

    @pytest.mark.parametrize(
        ("crashes", "pause"),
        [pytest.param(3, 60, id="third"), pytest.param(4, 120, id="fourth")],
    )
    def test_from_the_third_on_each_pause_is_twice_as_long(self, engine, inventory, crashes, pause):
        self.crash(engine, crashes)
        expire(engine, pause - 5)
        assert acquire(engine) == []

        expire(engine, pause + 1)

        assert len(acquire(engine)) == 1

    def test_however_many_there_were_everything_is_still_taken(self, engine, inventory):
        """Fails if deaths are counted without end: no worker could take anything any more."""
        acquire(engine)
        execute(
            engine,
            "UPDATE lease SET attempts = 32767, expires_at = now() - interval '1 day'"
            " WHERE kind = 'inventory'",
        )
        execute(engine, "UPDATE lease SET next_due_at = now() WHERE kind = 'discovery'")

        assert {lease.kind for lease in acquire(engine)} == set(LeaseKind)

    def test_a_finished_run_forgets_them(self, engine, inventory):
        self.crash(engine, 3)
        execute(engine, "UPDATE lease SET expires_at = NULL")
        (lease,) = acquire(engine)

        finish(engine, lease)

        assert one(engine, "SELECT attempts FROM lease WHERE id = :id", id=lease.id) == 0

    def test_something_finished_forgets_them_while_the_run_goes_on(self, engine, inventory):
        (lease,) = acquire(engine)
        with engine.begin() as connection:
            leases.clear_attempts(connection, lease)

        assert one(engine, "SELECT attempts FROM lease WHERE id = :id", id=lease.id) == 0

    def test_forgetting_does_not_wait_for_a_load(self, engine, inventory):
        (lease,) = acquire(engine)
        with engine.begin() as loading:
            leases.guard(loading, lease)
            with engine.begin() as connection:
                leases.clear_attempts(connection, lease)

    def test_another_workers_are_not_forgotten(self, engine, inventory):
        (lease,) = acquire(engine)
        steal(engine, lease)
        with engine.begin() as connection:
            leases.clear_attempts(connection, lease)

        assert one(engine, "SELECT attempts FROM lease WHERE id = :id", id=lease.id) == 1


class TestRenewing:
    def renew(self, engine, *held, holder=HOLDER):
        with engine.begin() as connection:
            return leases.renew(connection, held, holder=holder, seconds=60)

    def test_it_lasts_longer(self, engine, inventory):
        (lease,) = acquire(engine, seconds=5)

        assert self.renew(engine, lease) == {lease.id}
        assert one(
            engine,
            "SELECT expires_at > now() + interval '50 s' FROM lease WHERE id = :id",
            id=lease.id,
        )

    def test_one_that_ran_out_but_was_not_taken_is_still_ours(self, engine, inventory):
        (lease,) = acquire(engine)
        expire(engine)

        assert self.renew(engine, lease) == {lease.id}
        assert acquire(engine, holder="other") == []

    def test_one_that_was_taken_is_lost(self, engine, inventory):
        (lease,) = acquire(engine)
        expire(engine)
        (theirs,) = acquire(engine, holder="other")

        assert self.renew(engine, lease) == set()
        assert self.renew(engine, theirs, holder="other") == {theirs.id}

    def test_none_is_fine(self, engine, inventory):
        assert self.renew(engine) == set()

    def test_a_load_transaction_is_not_waited_for(self, engine, inventory):
        (lease,) = acquire(engine)
        with engine.begin() as loading:
            leases.guard(loading, lease)

            assert self.renew(engine, lease) == {lease.id}


class TestFinishing:
    def test_a_lease_that_was_lost_is_not_finished(self, engine, inventory):
        (lease,) = acquire(engine)
        steal(engine, lease)

        with pytest.raises(LeaseLostError):
            finish(engine, lease)

        assert one(engine, "SELECT holder FROM lease WHERE id = :id", id=lease.id) == "thief"

    def test_it_is_due_again_with_its_first_due_scope(self, engine):
        provider_id = write_provider(engine)
        write_plan(engine, provider_id, listings=[listing("one"), listing("two")])
        execute(
            engine,
            "UPDATE scope SET next_due_at = now() + CASE listing WHEN 'one' THEN"
            " interval '100 s' ELSE interval '500 s' END",
        )
        lease = next(le for le in acquire(engine) if le.kind is LeaseKind.INVENTORY)

        finish(engine, lease)

        assert 95 < due_in(engine, lease) <= 100

    def test_without_scopes_it_rests(self, engine, inventory):
        (lease,) = acquire(engine)
        execute(engine, "UPDATE scope SET retired_at = now()")

        finish(engine, lease)

        assert due_in(engine, lease) is None

    def test_a_discovery_is_due_again_after_what_it_is_told(self, engine):
        write_provider(engine)
        (lease,) = acquire(engine)

        finish(engine, lease, due_in_seconds=900)

        assert 895 < due_in(engine, lease) <= 900

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"requested_at": "now"}, id="a-request"),
            pytest.param({"spec": {"type": "aws", "other": 1}}, id="another-spec"),
        ],
    )
    def test_what_was_asked_during_the_run_makes_it_due_at_once(self, engine, inventory, changes):
        (lease,) = acquire(engine)
        execute(engine, "UPDATE scope SET next_due_at = now() + interval '1 day'")
        write_provider(engine, provider_record(**changes))

        finish(engine, lease)

        assert due_in(engine, lease) <= 0

    def test_what_was_asked_before_the_run_does_not(self, engine, inventory):
        write_provider(engine, provider_record(requested_at="now"))
        lease = next(le for le in acquire(engine) if le.kind is LeaseKind.INVENTORY)
        execute(engine, "UPDATE scope SET next_due_at = now() + interval '1 day'")

        finish(engine, lease)

        assert due_in(engine, lease) > 80_000

    def test_an_account_that_nobody_reads_any_more_ends_at_rest(self, engine, inventory):
        (lease,) = acquire(engine)
        execute(engine, "UPDATE account SET provider_id = NULL")

        finish(engine, lease)

        assert due_in(engine, lease) is None
        assert one(engine, "SELECT holder FROM lease WHERE id = :id", id=lease.id) == ""


class TestHandingBack:
    def test_another_worker_goes_on_at_once_and_no_crash_is_counted(self, engine, inventory):
        (lease,) = acquire(engine)
        with engine.begin() as connection:
            leases.hand_back(connection, [lease])

        (again,) = acquire(engine, holder="other")

        assert (again.id, again.attempts) == (lease.id, 1)

    def test_what_another_worker_took_stays_theirs(self, engine, inventory):
        (lease,) = acquire(engine)
        steal(engine, lease)
        with engine.begin() as connection:
            leases.hand_back(connection, [lease])

        assert one(engine, "SELECT holder FROM lease WHERE id = :id", id=lease.id) == "thief"

    def test_nor_does_a_fence_that_was_granted_twice_give_away_theirs(self, engine, inventory):
        """Fails without `holder`: a server that took over may have lost the first grant."""
        (lease,) = acquire(engine)
        execute(engine, "UPDATE lease SET holder = 'thief' WHERE id = :id", id=lease.id)
        with engine.begin() as connection:
            leases.hand_back(connection, [lease])

        assert one(engine, "SELECT holder FROM lease WHERE id = :id", id=lease.id) == "thief"


class TestRequests:
    """`requestedAt` is answered once everything has been read since."""

    def handled(self, engine):
        return one(engine, "SELECT handled_token FROM provider")

    def test_it_is_handled_when_the_last_lease_is_done(self, engine):
        provider_id = write_provider(engine)
        write_plan(engine, provider_id, [account(regions=("r1", "r2"))])
        write_provider(engine, provider_record(requested_at="token"))
        taken = acquire(engine)
        assert len(taken) == 3

        for lease in taken:
            assert self.handled(engine) == ""
            finish(engine, lease, due_in_seconds=900)

        assert self.handled(engine) == "token"

    def test_a_run_that_began_before_it_does_not_count(self, engine, inventory):
        (lease,) = acquire(engine)
        write_provider(engine, provider_record(requested_at="token"))

        finish(engine, lease)
        assert self.handled(engine) == ""
        for again in acquire(engine):
            finish(engine, again, due_in_seconds=900)

        assert self.handled(engine) == "token"

    def test_a_lease_that_rests_is_not_waited_for(self, engine, inventory):
        execute(engine, "UPDATE scope SET retired_at = now()")
        write_provider(engine, provider_record(requested_at="token"))
        (lease,) = acquire(engine)

        finish(engine, lease, due_in_seconds=900)

        assert self.handled(engine) == "token"

    def test_a_newer_one_replaces_it(self, engine):
        write_provider(engine, provider_record(requested_at="one"))
        (lease,) = acquire(engine)
        write_provider(engine, provider_record(requested_at="two"))
        finish(engine, lease, due_in_seconds=900)
        assert self.handled(engine) == ""

        (again,) = acquire(engine)
        finish(engine, again, due_in_seconds=900)

        assert self.handled(engine) == "two"


class TestUnfinished:
    """What `collect` waits for."""

    def unfinished(self, engine, provider_id):
        with engine.begin() as connection:
            return leases.unfinished(connection, provider_id)

    def test_every_lease_that_was_not_read_since_the_request_counts(self, engine, inventory):
        write_provider(engine, provider_record(requested_at="token"))
        assert self.unfinished(engine, inventory) == 2

        for lease in acquire(engine):
            finish(engine, lease, due_in_seconds=900)

        assert self.unfinished(engine, inventory) == 0

    def test_what_is_due_again_already_was_read_all_the_same(self, engine, inventory):
        """Else a pass that takes longer than its period would never end."""
        write_provider(engine, provider_record(requested_at="token"))
        for lease in acquire(engine):
            finish(engine, lease, due_in_seconds=0)
        execute(engine, "UPDATE lease SET next_due_at = now()")

        assert self.unfinished(engine, inventory) == 0

    def test_what_another_worker_holds_is_waited_for(self, engine, inventory):
        acquire(engine)
        write_provider(engine, provider_record(requested_at="token"))

        assert self.unfinished(engine, inventory) == 2


def test_a_guard_of_a_lease_that_is_gone_says_so(engine):
    ledger = Ledger.plan(engine)
    with engine.begin() as connection, pytest.raises(LeaseLostError):
        leases.guard(connection, replace(ledger.lease, id=-1))


def test_leases_of_an_account_without_a_provider_are_nobodys(engine, inventory):
    execute(engine, "UPDATE account SET provider_id = NULL")

    assert acquire(engine) == []
    assert rows(engine, "SELECT id FROM lease WHERE holder <> ''") == []
