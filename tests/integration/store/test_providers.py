"""Provider rows: idempotent, fenced by the leader's epoch, one cluster a database."""

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cloudops.domain.errors import InvalidInputError, NotLeaderError, StoreUnavailableError
from cloudops.domain.ledger import LeaseKind
from cloudops.domain.provider import Identity, Origin
from cloudops.domain.snapshot import Entry, EntryState
from cloudops.services.plan import PlanService
from cloudops.store import entering, leases, providers, scopes
from cloudops.store.plan import mark_discovered
from tests.integration.store.seeding import (
    REGION,
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


def all_versions(engine):
    return [
        (row.tableoid, row.ctid, row.xmin, row.xmax)
        for table in ("provider", "lease", "scope", "leader", "account")
        for row in rows(engine, f"SELECT tableoid, ctid, xmin, xmax FROM {table} ORDER BY 2")  # noqa: S608  our own names
    ]


def due_discoveries(engine):
    return [
        (row.namespace, row.name)
        for row in rows(
            engine,
            "SELECT p.namespace, p.name FROM lease l JOIN provider p ON p.id = l.provider_id"
            " WHERE l.next_due_at <= now() ORDER BY 1",
        )
    ]


class TestWriting:
    def test_the_same_object_again_writes_nothing_at_all(self, engine, plan, epoch):
        plan.sync_provider(epoch, provider_record())
        before, wal = all_versions(engine), one(engine, "SELECT pg_current_wal_insert_lsn()")

        plan.sync_provider(epoch, provider_record())

        written = one(engine, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), :wal)", wal=wal)
        assert all_versions(engine) == before
        assert written < 1000

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"uid": "other"}, id="uid"),
            pytest.param({"generation": 2}, id="generation"),
            pytest.param({"suspended": True}, id="suspended"),
            pytest.param({"runnable": False}, id="runnable"),
            pytest.param({"requested_at": "x"}, id="requested"),
            pytest.param({"spec": {"type": "aws"}}, id="spec"),
        ],
    )
    def test_each_difference_is_written(self, engine, plan, epoch, changes):
        plan.sync_provider(epoch, provider_record())
        before = all_versions(engine)

        plan.sync_provider(epoch, provider_record(**changes))

        assert all_versions(engine) != before

    def test_a_changed_spec_makes_everything_due(self, engine):
        provider_id = write_provider(engine)
        write_plan(engine, provider_id)
        execute(engine, "UPDATE lease SET next_due_at = now() + interval '1 day'")
        execute(engine, "UPDATE scope SET next_due_at = now() + interval '1 day'")

        write_provider(engine, provider_record(spec={"type": "aws", "x": 1}, generation=2))

        discovery, inventory = sorted(acquire(engine), key=lambda lease: lease.kind)
        assert discovery.kind is LeaseKind.DISCOVERY
        with engine.begin() as connection:
            assert len(scopes.due_scopes(connection, inventory)) == 1

    def test_another_order_of_the_specs_members_is_no_change(self, engine):
        write_provider(engine, provider_record(spec={"a": 1, "b": 2}))
        changed_at = one(engine, "SELECT spec_changed_at FROM provider")

        write_provider(engine, provider_record(spec={"b": 2, "a": 1}, generation=2))

        assert one(engine, "SELECT spec_changed_at FROM provider") == changed_at

    def test_suspending_and_going_on_is_no_changed_spec(self, engine):
        write_provider(engine, provider_record(spec={"suspend": False}))
        changed_at = one(engine, "SELECT spec_changed_at FROM provider")

        write_provider(engine, provider_record(spec={"suspend": True}, suspended=True))
        write_provider(engine, provider_record(spec={"suspend": False}))

        assert one(engine, "SELECT spec_changed_at FROM provider") == changed_at

    def test_a_spec_that_no_column_takes_is_stored_without_what_is_odd(self, engine, plan, epoch):
        odd = provider_record(spec={"a\0": ["b\0", {"c": "d\\u0000"}]}, requested_at="e\0")

        plan.sync_provider(epoch, odd)

        assert one(engine, "SELECT spec FROM provider") == {
            "a\ufffd": ["b\ufffd", {"c": "d\\u0000"}]
        }
        assert one(engine, "SELECT requested_token FROM provider") == "e\ufffd"

    def test_a_request_is_dated_once(self, engine):
        write_provider(engine, provider_record(requested_at="token"))
        asked = one(engine, "SELECT requested_at FROM provider")

        write_provider(engine, provider_record(requested_at="token", generation=2))

        assert one(engine, "SELECT requested_at FROM provider") == asked

    def test_a_re_created_object_keeps_its_row(self, engine, plan, epoch):
        plan.sync_provider(epoch, provider_record())
        provider_id = one(engine, "SELECT id FROM provider")
        plan.mark_vanished(epoch, [("platform", "aws-prod")])
        assert plan.planned_providers() == []

        plan.sync_provider(epoch, provider_record(uid="new"))

        assert plan.planned_providers() == [("platform", "aws-prod")]
        assert one(engine, "SELECT id FROM provider") == provider_id
        assert len(acquire(engine)) == 1

    def test_what_was_never_runnable_gets_its_discovery_once_it_is(self, engine):
        write_provider(engine, provider_record(runnable=False))
        assert acquire(engine) == []

        write_provider(engine)

        assert len(acquire(engine)) == 1

    def test_a_file_that_is_collected_again_keeps_its_age(self, engine):
        """Else each run would hand its accounts to the next younger provider."""
        first = provider_record(uid="", created_at=datetime(2025, 1, 1, tzinfo=UTC))
        later = replace(first, created_at=datetime(2025, 6, 1, tzinfo=UTC), requested_at="again")
        for record in (first, later):
            with engine.begin() as connection:
                providers.write_provider(connection, record, origin=Origin.CLI)

        assert one(engine, "SELECT created_at FROM provider") == first.created_at

    def test_a_re_created_object_is_as_young_as_it_is(self, engine):
        write_provider(engine)
        moment = datetime(2025, 7, 1, tzinfo=UTC)

        write_provider(engine, provider_record(uid="new", created_at=moment))

        assert one(engine, "SELECT created_at FROM provider") == moment

    def test_rows_of_the_command_line_are_no_objects(self, engine, plan, epoch):
        with engine.begin() as connection:
            providers.write_provider(connection, provider_record(), origin=Origin.CLI)

        assert plan.planned_providers() == []
        plan.mark_vanished(epoch, [("platform", "aws-prod")])
        assert one(engine, "SELECT vanished_at FROM provider") is None

    def test_a_run_that_starts_during_the_write_sees_what_is_written(self, engine):
        """Read before the commit, the old spec would be taken for the new one's first run."""
        provider_id = write_provider(engine)
        answers = []
        with engine.begin() as writing:
            providers.write_provider(
                writing, provider_record(spec={"new": True}), origin=Origin.CLUSTER
            )
            reader = threading.Thread(
                target=lambda: answers.append(self.planned_spec(engine, provider_id))
            )
            reader.start()
            reader.join(1)
        reader.join(60)

        assert answers == [{"new": True}]

    def planned_spec(self, engine, provider_id):
        with engine.begin() as connection:
            return providers.planned_provider(connection, provider_id).spec


class TestVanishing:
    @pytest.fixture
    def planned(self, engine):
        provider_id = write_provider(engine)
        write_plan(engine, provider_id, listings=[listing("fake.queues", absent=(REGION,))])
        return provider_id

    def left(self, engine):
        statement = (
            "SELECT (SELECT count(*) FROM claim), (SELECT count(*) FROM not_offered),"
            " (SELECT count(*) FROM lease WHERE kind = 'discovery')"
        )
        return tuple(rows(engine, statement)[0])

    def test_its_plan_is_forgotten(self, engine, plan, epoch, planned):
        plan.mark_vanished(epoch, [("platform", "aws-prod")])

        assert self.left(engine) == (0, 0, 0)

    def test_a_discovery_that_is_under_way_keeps_its_lease(self, engine, plan, epoch, planned):
        (lease, *_) = acquire(engine)
        plan.mark_vanished(epoch, [("platform", "aws-prod")])

        assert self.left(engine) == (0, 0, 1)
        with engine.begin() as connection:
            leases.finish(connection, lease, due_in_seconds=900)
        assert acquire(engine) == []

    def test_one_that_comes_back_is_discovered_anew(self, engine, plan, epoch, planned):
        plan.mark_vanished(epoch, [("platform", "aws-prod")])
        plan.sync_provider(epoch, provider_record(uid="another"))

        (lease,) = acquire(engine)

        assert (lease.kind, lease.provider_id) == (LeaseKind.DISCOVERY, planned)


class TestEpochs:
    def test_each_leader_draws_a_higher_one(self, engine, plan):
        drawn = [plan.claim_epoch(holder) for holder in ("a", "b", "a")]

        assert drawn == sorted(set(drawn))
        assert one(engine, "SELECT holder FROM leader") == "a"

    @pytest.mark.parametrize("known", [True, False], ids=["same-as-before", "changed"])
    def test_an_old_one_may_not_write(self, engine, plan, epoch, known):
        plan.sync_provider(epoch, provider_record())
        plan.claim_epoch("pod-b")

        with pytest.raises(NotLeaderError):
            plan.sync_provider(epoch, provider_record(generation=1 if known else 2))

        assert one(engine, "SELECT generation FROM provider") == 1

    def test_an_old_one_may_not_make_one(self, engine, plan, epoch):
        plan.claim_epoch("pod-b")

        with pytest.raises(NotLeaderError):
            plan.sync_provider(epoch, provider_record())

        assert rows(engine, "SELECT FROM provider") == []

    def test_an_old_one_may_not_retire(self, engine, plan, epoch):
        plan.sync_provider(epoch, provider_record())
        plan.claim_epoch("pod-b")

        with pytest.raises(NotLeaderError):
            plan.mark_vanished(epoch, [("platform", "aws-prod")])

        assert one(engine, "SELECT vanished_at FROM provider") is None


class TestCluster:
    def test_the_first_cluster_takes_the_database(self, engine, plan):
        plan.adopt_cluster("uid-1")
        plan.adopt_cluster("uid-1")

        assert one(engine, "SELECT cluster_uid FROM installation") == "uid-1"

    def test_another_one_is_refused(self, engine, plan):
        plan.adopt_cluster("uid-1")

        with pytest.raises(InvalidInputError, match="another cluster"):
            plan.adopt_cluster("uid-2")

        assert one(engine, "SELECT cluster_uid FROM installation") == "uid-1"


class TestEntry:
    def record(self, engine, provider_id, entry, identity=None, *, passing=False):
        with engine.begin() as connection:
            entering.record_entry(connection, provider_id, entry, identity, passing=passing)

    def read(self, engine):
        ((row),) = rows(
            engine,
            "SELECT entry_state, entry_reason, entry_message, entry_since, identity FROM provider",
        )
        return row

    def test_since_moves_with_the_reason_and_not_with_the_message(self, engine):
        provider_id = write_provider(engine)
        self.record(engine, provider_id, Entry(EntryState.REJECTED, "Why", "once"))
        first = self.read(engine)
        self.record(engine, provider_id, Entry(EntryState.REJECTED, "Why", "twice"))
        second = self.read(engine)
        self.record(engine, provider_id, Entry(EntryState.REJECTED, "Other", "twice"))
        third = self.read(engine)

        assert first.entry_since == second.entry_since < third.entry_since
        assert second.entry_message == "twice"

    def use(self, engine, provider_id, digest):
        with engine.begin() as connection:
            entering.record_credentials(connection, provider_id, digest)

    def test_since_moves_with_the_credentials(self, engine):
        """Fails if another key inherits the time for which the old one was rejected."""
        provider_id, since = write_provider(engine), []
        for digest in (b"old", b"old", b"new", b"new"):
            self.use(engine, provider_id, digest)
            self.record(engine, provider_id, Entry(EntryState.REJECTED, "Why", "so"))
            since.append(self.read(engine).entry_since)

        assert since[0] == since[1] < since[2] == since[3]

    def test_the_same_credentials_again_write_nothing(self, engine):
        provider_id = write_provider(engine)
        self.use(engine, provider_id, b"old")
        before = all_versions(engine)

        self.use(engine, provider_id, b"old")

        assert all_versions(engine) == before

    def test_no_answer_says_nothing_of_credentials_that_are_others_now(self, engine):
        provider_id = write_provider(engine)
        self.use(engine, provider_id, b"old")
        self.record(engine, provider_id, Entry(EntryState.REJECTED, "Why", "so"))
        self.use(engine, provider_id, b"new")

        silent = Entry(EntryState.UNREACHABLE, "Unreachable", "no answer")
        self.record(engine, provider_id, silent, passing=True)

        assert self.read(engine).entry_state == EntryState.UNREACHABLE

    def test_who_we_were_stays_known_while_the_door_is_shut(self, engine):
        provider_id = write_provider(engine)
        self.record(engine, provider_id, Entry(EntryState.ACCEPTED), Identity("user/a", "1"))

        self.record(engine, provider_id, Entry(EntryState.REJECTED, "Why", "so"))

        assert self.read(engine).identity["principal"] == "user/a"

    @pytest.mark.parametrize(
        ("known", "edited", "kept"),
        [
            pytest.param(EntryState.ACCEPTED, False, True, id="accepted"),
            pytest.param(EntryState.ACCEPTED, True, False, id="accepted-under-another-spec"),
            pytest.param(EntryState.REJECTED, False, True, id="rejected"),
            pytest.param(EntryState.REJECTED, True, False, id="rejected-under-another-spec"),
            pytest.param(EntryState.DEPENDENCY_MISSING, False, False, id="missing"),
            pytest.param(EntryState.UNTRIED, False, False, id="untried"),
        ],
    )
    def test_no_answer_leaves_what_is_known_of_them_under_this_spec(
        self, engine, known, edited, kept
    ):
        provider_id = write_provider(engine)
        self.record(engine, provider_id, Entry(known, "Why", "so"))
        if known is EntryState.ACCEPTED:
            with engine.begin() as connection:
                mark_discovered(connection, provider_id, 1, b"wishes")
        if edited:
            write_provider(engine, provider_record(spec={"type": "aws", "x": 1}, generation=2))

        silent = Entry(EntryState.UNREACHABLE, "Unreachable", "no answer")
        self.record(engine, provider_id, silent, passing=True)

        assert self.read(engine).entry_state == (known if kept else EntryState.UNREACHABLE)

    def test_the_same_again_writes_nothing(self, engine):
        provider_id = write_provider(engine)
        who = Identity("user/a", "1")
        self.record(engine, provider_id, Entry(EntryState.ACCEPTED), who)
        before = all_versions(engine)

        self.record(engine, provider_id, Entry(EntryState.ACCEPTED), who)

        assert all_versions(engine) == before

    def test_a_message_that_cannot_be_stored_is_stored_without_what_is_odd(self, engine):
        provider_id = write_provider(engine)

        self.record(engine, provider_id, Entry(EntryState.REJECTED, "Why", "a\0b\ud800c"))

        assert self.read(engine).entry_message == "a\ufffdb\ufffdc"


def test_everything_says_so_while_the_database_is_away(plan, epoch, postgres):
    postgres.stop()

    for attempt in (
        plan.ping,
        plan.require_schema,
        plan.planned_providers,
        lambda: plan.claim_epoch("pod-a"),
        lambda: plan.adopt_cluster("uid"),
        lambda: plan.sync_provider(epoch, provider_record()),
        lambda: plan.mark_vanished(epoch, [("a", "b")]),
        lambda: plan.rest_outside(epoch, ["a"]),
        lambda: plan.snapshot("platform", "aws-prod"),
    ):
        with pytest.raises(StoreUnavailableError):
            attempt()

    postgres.start()
    plan.ping()


class TestRest:
    """Of what is in namespaces that nobody watches any more."""

    def test_it_is_read_no_more_until_its_object_is_seen_again(self, engine, plan, epoch):
        plan.sync_provider(epoch, provider_record())
        plan.sync_provider(epoch, provider_record(namespace="watched", uid="other"))

        assert plan.rest_outside(epoch, ["watched"]) == [("platform", "aws-prod")]
        assert plan.rest_outside(epoch, ["watched"]) == []
        assert due_discoveries(engine) == [("watched", "aws-prod")]

        plan.sync_provider(epoch, provider_record())
        assert due_discoveries(engine) == [("platform", "aws-prod"), ("watched", "aws-prod")]

    def test_what_was_read_by_hand_is_none_of_it(self, engine, plan, epoch):
        with engine.begin() as connection:
            providers.write_provider(connection, provider_record(), origin=Origin.CLI)

        assert plan.rest_outside(epoch, ["watched"]) == []
        assert due_discoveries(engine) == [("platform", "aws-prod")]

    def test_a_controller_that_leads_no_more_lays_nothing_to_rest(self, engine, plan, epoch):
        plan.sync_provider(epoch, provider_record())
        plan.claim_epoch("another")

        with pytest.raises(NotLeaderError):
            plan.rest_outside(epoch, ["watched"])
        assert due_discoveries(engine) == [("platform", "aws-prod")]


class TestRecreation:
    """Another object of the same name adopts the rows, but not what was said of the old one."""

    def test_it_starts_over_with_discovery_and_credentials(self, engine):
        provider_id = write_provider(engine)
        with engine.begin() as connection:
            mark_discovered(connection, provider_id, 1, b"wishes")
            entering.record_entry(
                connection, provider_id, Entry(EntryState.ACCEPTED), Identity("arn", "1")
            )

        assert write_provider(engine, provider_record(uid="another")) == provider_id

        snapshot = PlanService(engine).snapshot("platform", "aws-prod")
        assert snapshot is not None
        assert snapshot.discovered_generation == 0
        assert snapshot.entry.state is EntryState.UNTRIED
        assert snapshot.identity is None

    def test_an_edit_of_the_same_object_keeps_what_is_known(self, engine):
        provider_id = write_provider(engine)
        with engine.begin() as connection:
            mark_discovered(connection, provider_id, 1, b"wishes")

        write_provider(engine, provider_record(generation=2, spec={"more": True}))

        assert one(engine, "SELECT discovered_generation FROM provider") == 1


class TestCommandLine:
    """Rows of `cloudops collect` are its own affair."""

    @pytest.fixture
    def by_hand(self, engine):
        with engine.begin() as connection:
            record = provider_record("by-hand", created_at=datetime(2001, 1, 1, tzinfo=UTC))
            return providers.write_provider(connection, record, origin=Origin.CLI)

    def test_workers_leave_them_alone(self, engine, by_hand):
        assert acquire(engine) == []
        assert len(acquire(engine, provider_id=by_hand)) == 1

    def test_they_rest_after_their_one_sync(self, engine, by_hand):
        with engine.begin() as connection:
            providers.rest(connection, by_hand)

        assert acquire(engine, provider_id=by_hand) == []

    def test_a_provider_of_the_cluster_takes_an_account_over(self, engine, by_hand):
        write_plan(engine, by_hand)
        of_the_cluster = write_provider(engine)

        write_plan(engine, of_the_cluster)

        assert one(engine, "SELECT provider_id FROM account") == of_the_cluster
