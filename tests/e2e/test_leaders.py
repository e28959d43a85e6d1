"""Of several controllers one leads at a time; who led before writes nothing any more."""

import pytest

from tests.e2e.conftest import REGIONS, Provider, StartWith, leads, wait_healed
from tests.fakes.aws.builders import instance
from tests.fakes.aws.script import AccountScript
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]


def test_two_controllers_started_at_once_never_lead_together(
    provider: Provider,
    estate: AccountScript,
    start: StartWith,
):
    """Fails without the election: both would draw an epoch at once and write the plan."""
    _, *both = start("worker", "controller", "controller")
    eventually(lambda: any(map(leads, both)), what="one of the two to lead")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")

    assert sorted(map(leads, both)) == [False, True]
    assert provider.live() == estate.truth()


def test_a_killed_leader_is_followed_by_the_standby(
    provider: Provider,
    estate: AccountScript,
    start: StartWith,
):
    """Fails if a standby waits for the Lease to be given back (`_is_free` without its clock)."""
    _, first = start("worker", "controller")
    eventually(lambda: leads(first), what="the first to lead")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    [standby] = start("controller")
    [before] = provider.rows("SELECT epoch FROM leader")

    first.kill()
    eventually(lambda: leads(standby), what="the standby to lead")

    estate.put(instance("i-later", region=REGIONS[0]))
    provider.run_now()
    wait_healed(provider)
    assert provider.live() == estate.truth()
    [after] = provider.rows("SELECT epoch FROM leader")
    assert after["epoch"] > before["epoch"]


def test_a_leader_that_stood_still_beyond_its_lease_writes_nothing_stale(
    provider: Provider,
    estate: AccountScript,
    start: StartWith,
):
    """Fails without epoch and monotonic deadline: the old leader would undo `suspend`."""
    _, first = start("worker", "controller")
    eventually(lambda: leads(first), what="the first to lead")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    [second] = start("controller")

    first.pause()
    eventually(lambda: leads(second), timeout=120, what="the second to take over")
    provider.apply(suspend=True)
    provider.wait_condition("Ready", "True", "Suspended")
    [before] = provider.rows("SELECT epoch, holder FROM leader")
    first.ended_by_test = True
    first.resume()
    eventually(lambda: first.exit_code is not None, what="the old leader to leave")

    [after] = provider.rows("SELECT epoch, holder FROM leader")
    assert after == before
    assert provider.condition("Ready")["reason"] == "Suspended"
    assert provider.rows("SELECT suspended FROM provider") == [{"suspended": True}]
    assert provider.live() == estate.truth()
