"""The Lease is deleted under a leader's feet."""

import pytest

from tests.e2e.conftest import Provider, StartWith
from tests.e2e.kubernetes.conftest import leads
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.database]

LEASE = ("lease", "cloudops-controller")
# Of its own accord such a leader would not look at the Lease for minutes.
TRUSTING = {
    "leader_lease_seconds": "300",
    "leader_renew_seconds": "200",
    "leader_retry_seconds": "150",
}


def test_a_leader_whose_lease_is_deleted_makes_it_anew_and_leads_on(
    provider: Provider, start: StartWith
):
    """Fails if a Lease that is not there counts as one that cannot be reached."""
    [leader] = start("controller")
    provider.apply(suspend=True)
    provider.wait_condition("Ready", "True", "Suspended")
    holder = _holder(provider)
    before = provider.rows("SELECT epoch, holder FROM leader")

    provider.kubectl("delete", *LEASE)
    eventually(lambda: _holder(provider) == holder, what="the Lease to be made anew")
    provider.apply(suspend=False)
    provider.wait_condition("Ready", "Unknown", "Progressing")

    assert leads(leader)
    assert "the Lease was gone; made anew" in leader.log_text()
    assert provider.rows("SELECT epoch, holder FROM leader") == before


def test_a_leader_that_slept_while_its_lease_was_deleted_writes_nothing_any_more(
    provider: Provider, start: StartWith
):
    """Fails without the epoch (`guard_epoch`): this one believes in its Lease for minutes."""
    [first] = start("controller", **TRUSTING)
    provider.apply(suspend=True)
    provider.wait_condition("Ready", "True", "Suspended")
    [second] = start("controller")

    first.pause()
    provider.kubectl("delete", *LEASE)
    eventually(lambda: leads(second), what="the second to take the Lease")
    provider.apply(suspend=False)
    provider.wait_condition("Ready", "Unknown", "Progressing")
    [before] = provider.rows("SELECT epoch, holder FROM leader")
    written = provider.read()["metadata"]["resourceVersion"]
    first.ended_by_test = True
    first.resume()
    eventually(lambda: first.exit_code is not None, timeout=60, what="the first to leave")

    assert first.exit_code == 75
    assert "leadership is lost" in first.log_text()
    assert provider.rows("SELECT epoch, holder FROM leader") == [before]
    assert provider.rows("SELECT suspended FROM provider") == [{"suspended": False}]
    assert provider.read()["metadata"]["resourceVersion"] == written
    assert leads(second)


def _holder(provider: Provider) -> str:
    answer = ("get", *LEASE, "-o=jsonpath={.spec.holderIdentity}", "--ignore-not-found")
    return provider.kubectl(*answer)
