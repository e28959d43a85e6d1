"""One full pass in the foreground, as `cloudops collect` makes it."""

import pytest

from cloudops.app.worker import WorkerApp
from cloudops.domain.errors import LeaseLostError, StoreUnavailableError
from cloudops.services.collecting import CollectingService
from cloudops.services.maintenance import MaintenanceService
from cloudops.settings import Settings
from cloudops.worker import once
from tests.fakes.cloud import MACHINES, ROLES, spec_of
from tests.integration.store.seeding import acquire, execute

pytestmark = [pytest.mark.integration, pytest.mark.database]


@pytest.fixture
def app(rig):
    rig.account.put(MACHINES, "m1", "m2", "m3", "m4")
    rig.account.put(ROLES, "r1", region="global")
    maintenance = MaintenanceService(rig.engine)
    return WorkerApp(Settings(), rig.leasing, rig.discovery, rig.inventory, maintenance)


@pytest.fixture
def collect(rig, app):
    def collect(spec=None):
        collecting = CollectingService(rig.engine)
        provider_id = collecting.plan("platform", "aws-prod", spec or spec_of())
        told = []
        once.run_once(app, collecting, provider_id, lambda done, left: told.append((done, left)))
        return collecting.summary("platform", "aws-prod", provider_id, 7), told

    return collect


def test_everything_is_read_once_and_progress_is_told(collect, rig):
    summary, told = collect()

    assert summary.complete
    assert summary.api_calls == 7
    assert summary.resources == {"Fake::Machine": 4, "Fake::Role": 1}
    assert summary.scopes_by_status == {"complete": 5}
    assert told[0] == (0, 1)
    assert told[-1] == (3, 0)
    assert rig.value("SELECT count(*) FROM lease WHERE holder <> ''") == 0


def test_a_second_pass_reads_everything_again(collect, rig):
    collect()
    rig.account.remove(MACHINES, "m1")

    summary, _ = collect()

    assert summary.resources["Fake::Machine"] == 3


def test_a_pass_that_takes_longer_than_its_period_ends(collect, rig):
    """What is due again before the rest was read is for another run."""
    opening = rig.cloud.open

    def slow(access, account_id, progress):
        execute(rig.engine, "UPDATE scope SET next_due_at = now() - interval '1 day'")
        execute(rig.engine, "UPDATE lease SET next_due_at = now() - interval '1 day'")
        return opening(access, account_id, progress)

    rig.cloud.open = slow

    summary, told = collect()

    assert summary.complete
    assert len(told) < 20


def test_a_lease_that_another_worker_holds_is_waited_for(collect, app, rig, monkeypatch):
    monkeypatch.setattr(once, "POLL_SECONDS", 0.05)
    collect()
    rig.age(100_000)
    provider_id = rig.value("SELECT id FROM provider")
    theirs = acquire(rig.engine, holder="other", limit=1, provider_id=provider_id)
    told = []

    def progress(done, left):
        told.append((done, left))
        if told.count((2, 1)) == 3:  # nothing else is left to do
            rig.leasing.hand_back(theirs)

    collecting = CollectingService(rig.engine)
    collecting.plan("platform", "aws-prod", spec_of())
    once.run_once(app, collecting, provider_id, progress)

    assert told[-1] == (3, 0)
    assert collecting.summary("platform", "aws-prod", provider_id, 0).complete


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(StoreUnavailableError("away"), id="database-away"),
        pytest.param(KeyboardInterrupt(), id="interrupted"),
        pytest.param(LeaseLostError("gone"), id="lost"),
    ],
)
def test_what_breaks_it_off_leaves_its_lease_for_others(collect, rig, error):
    def broken(*_):
        raise error

    rig.cloud.open = broken

    with pytest.raises(type(error)):
        collect()

    assert rig.value("SELECT count(*) FROM lease WHERE holder <> ''") == 0
    assert rig.value("SELECT count(*) FROM lease WHERE next_due_at <= now()") >= 1


def test_an_edited_file_is_another_generation_and_the_same_file_is_not(rig):
    collecting = CollectingService(rig.engine)
    generations = []
    for spec in (spec_of(), spec_of(), spec_of(regions=["eu-*"])):
        collecting.plan("platform", "aws-prod", spec)
        generations.append(rig.value("SELECT generation FROM provider"))

    assert generations[0] == generations[1] != generations[2]
    assert min(generations) > 0
