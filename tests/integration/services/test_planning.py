"""What a discovery plans of services that are not everywhere, and of very many accounts."""

from collections.abc import Callable

import pytest

from cloudops.domain.errors import LeaseLostError, WorkerStoppingError
from cloudops.domain.ledger import LeaseKind
from cloudops.domain.provider import Origin
from cloudops.services.pulse import Pulse
from cloudops.store import providers
from cloudops.store.deriving import ACCOUNTS_AT_ONCE
from tests.fakes.cloud import MACHINES, QUEUES, spec_of
from tests.integration.store.seeding import ACCOUNT, provider_record, steal

pytestmark = [pytest.mark.integration, pytest.mark.database]


class TellingPulse(Pulse):
    """Does something before each sign of life but the first ones."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        self._left = 0
        self._then: Callable[[], None] = lambda: None

    def after(self, beats: int, then: Callable[[], None]) -> None:
        self._left, self._then = beats, then

    def beat(self) -> None:
        self._left -= 1
        if self._left < 0:
            self._then()
        super().beat()


def discover(rig):
    (lease,) = rig.acquire(LeaseKind.DISCOVERY)
    rig.run(lease)


class TestNotOffered:
    """A service that the cloud does not offer in a region."""

    def test_is_never_asked_and_says_so(self, rig):
        rig.cloud.absent = {QUEUES.name: {"eu-west-1"}}
        rig.account.put(QUEUES, "q")
        asked = []
        rig.cloud.on_page = lambda listing, region, _: asked.append((listing, region))
        rig.plan(spec_of(ACCOUNT))

        rig.work()

        found = rig.snapshot()
        assert (QUEUES.name, "eu-west-1") not in asked
        assert MACHINES.name in {listing for listing, _ in asked}
        assert found.scopes.unsupported == 1
        assert found.scopes.complete == found.scopes.total - 1
        assert found.unsynced == {}

    def test_is_read_once_the_sdk_knows_it_there(self, rig):
        rig.cloud.absent = {QUEUES.name: {"eu-west-1"}}
        rig.account.put(QUEUES, "q")
        rig.plan(spec_of(ACCOUNT))
        rig.work()

        rig.cloud.absent = {}
        rig.period()

        assert "q" in rig.inventory_view()
        assert rig.snapshot().scopes.unsupported == 0


class TestManyAccounts:
    IDS = tuple(f"{number:012}" for number in range(1, ACCOUNTS_AT_ONCE + 2))
    BEATS = len(IDS) + 2  # one a call and one after them, and one before the first transaction

    @pytest.fixture
    def many(self, rig):
        """More than are planned in one transaction."""
        for id_ in self.IDS:
            rig.cloud.account(id_)
        rig.plan(spec_of(*self.IDS, types=["Fake::Machine"]))
        (lease,) = rig.acquire(LeaseKind.DISCOVERY)
        return lease

    def planned(self, rig):
        return rig.value("SELECT count(DISTINCT account_pk) FROM scope")

    def test_all_are_planned(self, rig, many):
        rig.run(many)

        assert self.planned(rig) == len(self.IDS)

    def test_a_worker_that_stops_in_between_leaves_the_rest_to_the_next(self, rig, many):
        pulse = TellingPulse(many.domain)
        pulse.after(self.BEATS, pulse.stop)
        with pytest.raises(WorkerStoppingError):
            rig.discovery.run(many, pulse)
        assert self.planned(rig) == ACCOUNTS_AT_ONCE
        assert rig.snapshot().discovered_generation == 0

        rig.leasing.hand_back([many])
        discover(rig)

        assert self.planned(rig) == len(self.IDS)
        assert rig.snapshot().discovered_generation == 1

    def test_a_worker_that_lost_its_lease_plans_no_further_account(self, rig, many):
        pulse = TellingPulse(many.domain)
        pulse.after(self.BEATS, lambda: steal(rig.engine, many))
        with pytest.raises(LeaseLostError):
            rig.discovery.run(many, pulse)

        assert self.planned(rig) == ACCOUNTS_AT_ONCE


class TestAnAccountThatACommandHadCollected:
    """`cloudops collect` leaves a provider behind that nobody reads."""

    @staticmethod
    def begin(rig):
        record = provider_record("tried", uid="")
        with rig.engine.begin() as connection:
            return providers.write_provider(connection, record, origin=Origin.CLI)

    @staticmethod
    def work(rig, provider_id):
        while taken := rig.leasing.acquire("command", 100, provider_id):
            for lease in taken:
                rig.run(lease)

    def end(self, rig, provider_id):
        self.work(rig, provider_id)
        with rig.engine.begin() as connection:
            providers.rest(connection, provider_id)

    def collect(self, rig):
        self.end(rig, self.begin(rig))

    def vanish(self, rig):
        rig.planning.mark_vanished(rig.epoch, [("platform", "aws-prod")])

    def test_shows_what_the_command_found_until_somebody_reads_on(self, rig):
        rig.account.put(MACHINES, "m")

        self.collect(rig)
        rig.period()

        assert rig.inventory_view() == {"m"}

    def test_does_not_fall_back_to_it_from_a_provider_that_goes(self, rig):
        """Fails without `MAY_OWN`: the rows of a deleted provider would be shown for ever."""
        rig.account.put(MACHINES, "m")
        self.collect(rig)
        rig.plan()
        rig.work()

        self.vanish(rig)

        assert rig.inventory_view() == set()
        assert rig.live() == {"m"}

    def test_is_taken_over_by_a_command_that_runs(self, rig):
        rig.account.put(MACHINES, "m")
        rig.plan()
        rig.work()
        running = self.begin(rig)
        self.work(rig, running)
        self.vanish(rig)
        rig.account.put(MACHINES, "new")
        rig.age(100_000)

        self.end(rig, running)

        assert rig.inventory_view() == {"m", "new"}
