"""The API server is restarted, away for long, or has no time for us."""

import http.client
import itertools
import time
from dataclasses import replace

import pytest

from tests.cluster.controlplane import LocalCluster
from tests.e2e.conftest import Provider, StartWith
from tests.e2e.kubernetes.conftest import (
    NO_COMPARISON,
    PATIENT,
    REGION,
    StartBehind,
    leads,
    metric,
    status_writes,
    told,
)
from tests.fakes.aws.builders import bucket, instance
from tests.fakes.aws.script import AccountScript
from tests.fakes.kubernetes_faults import Refusal
from tests.fakes.kubernetes_proxy import KubernetesProxy
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

EXIT_DEPOSED = 75
STORM_SECONDS = 8
MOST_PER_SECOND = 10
RETRY_AFTER_SECONDS = 3
# Those of an operator that nobody has configured.
DEFAULT_TERMS = {
    "leader_lease_seconds": "15",
    "leader_renew_seconds": "10",
    "leader_retry_seconds": "2",
}


@pytest.fixture
def estate(account: AccountScript) -> AccountScript:
    account.put(instance("i-1", region=REGION), bucket("logs", region=REGION))
    return account


def test_a_restarted_api_server_is_watched_again_and_told_nothing_twice(
    provider: Provider, estate: AccountScript, start: StartWith, cluster: LocalCluster
):
    """Fails if a status is written that says what the object says already."""
    controller, _ = start("controller", "worker", **PATIENT, **NO_COMPARISON)
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    eventually(lambda: "InventorySynced" in {reason for reason, *_ in told(provider)})
    before = provider.read(), told(provider), status_writes(controller)

    cluster.restart_apiserver()
    another = replace(provider, name="another")
    another.apply(suspend=True)
    another.wait_condition("Ready", "True", "Suspended")
    after = provider.read(), told(provider), status_writes(controller)
    provider.run_now()

    assert after == (before[0], before[1], before[2] + 1)
    assert provider.live() == estate.truth()
    assert provider.deleted() == set()


def test_an_api_server_that_is_away_beyond_the_lease_is_waited_for(
    provider: Provider, estate: AccountScript, start: StartWith, cluster: LocalCluster
):
    """Fails without the watchdog's deadline, and if who starts again gives up at once."""
    controller, _ = start("controller", "worker")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")

    cluster.stop_apiserver()
    controller.ended_by_test = True
    eventually(lambda: controller.exit_code is not None, what="the leader to leave")
    controller.start()  # as its kubelet does
    eventually(lambda: "[-] crds: GET /apis: no answer" in controller.get("/readyz")[1])
    alive, meanwhile = controller.get("/livez")[0], provider.live()
    cluster.start_apiserver()
    controller.wait_ready(timeout=120)
    provider.apply(suspend=True)
    provider.wait_condition("Ready", "True", "Suspended")

    assert "the Lease was not renewed in time" in controller.log_text()
    assert alive == http.client.OK
    assert meanwhile == provider.live() == estate.truth()
    assert provider.deleted() == set()
    assert leads(controller)


def test_a_storm_of_429_is_sat_out(
    provider: Provider, estate: AccountScript, start_behind: StartBehind, proxy: KubernetesProxy
):
    """Fails if refused requests are sent again at once (`WorkQueue.retry` without its backoff),

    or sooner than the server asks (without `_require_leave`).
    """
    controller, _ = start_behind("controller", "worker", **PATIENT, **NO_COMPARISON)
    provider.apply()
    provider.wait_condition("InventorySynced", "True")

    began = time.monotonic()
    storm = proxy.inject(Refusal.too_many_requests(RETRY_AFTER_SECONDS))
    proxy.drop_watches()
    provider.rows("UPDATE scope SET next_due_at = now() RETURNING id")
    provider.rows("UPDATE lease SET next_due_at = now() WHERE kind = 'inventory' RETURNING id")
    provider.apply(inventory={**provider.inventory, "syncPeriodSeconds": 1800})
    eventually(lambda: _codes(provider) == {"SecretUnavailable"}, what="the ledger to tell")
    eventually(lambda: time.monotonic() > began + STORM_SECONDS, what="the storm to last")
    eventually(lambda: len(_status_writes(proxy, began)) > 2, what="three tries to write it")
    writes = _status_writes(proxy, began)
    rate = storm.hits / (time.monotonic() - began)
    alive, meanwhile = controller.get("/livez")[0], provider.live()
    refused = metric(controller, "rest_client_requests_total", code="429")
    proxy.clear()
    eventually(lambda: provider.status().get("observedGeneration") == 2, what="the new spec")
    eventually(lambda: _codes(provider) == {""}, what="everything to be read again")

    assert rate < MOST_PER_SECOND
    assert all(later - one >= RETRY_AFTER_SECONDS for one, later in itertools.pairwise(writes))
    assert alive == http.client.OK
    assert refused > 0
    assert meanwhile == provider.live() == estate.truth()
    assert provider.deleted() == set()
    provider.wait_condition("InventorySynced", "True")


def test_a_storm_of_429_that_outlasts_the_lease_costs_a_leader_and_nothing_else(
    provider: Provider, estate: AccountScript, start_behind: StartBehind, proxy: KubernetesProxy
):
    """Fails without the watchdog's deadline: a leader whose Lease may have run out would go on."""
    controller, _ = start_behind("controller", "worker", **DEFAULT_TERMS, **NO_COMPARISON)
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    before = provider.read()

    controller.ended_by_test = True
    proxy.inject(Refusal.too_many_requests())
    eventually(lambda: controller.exit_code is not None, what="the leader to leave")
    provider.apply(inventory={**provider.inventory, "syncPeriodSeconds": 1800})
    controller.start()  # as its kubelet does
    eventually(lambda: "429" in controller.get("/readyz")[1], what="it to meet the storm")
    meanwhile = provider.read()["status"], provider.live()
    proxy.clear()
    controller.wait_ready(timeout=120)
    eventually(lambda: provider.status().get("observedGeneration") == 2, what="the new spec")

    assert "the Lease was not renewed in time" in controller.log_text()
    assert meanwhile == (before["status"], estate.truth())
    assert leads(controller)
    assert provider.live() == estate.truth()
    assert provider.deleted() == set()


def _status_writes(proxy: KubernetesProxy, began: float) -> list[float]:
    """When a status was to be written."""
    calls = proxy.calls(lambda call: call.method == "PATCH" and call.path.endswith("/status"))
    return [call.at for call in calls if call.at >= began]


def _codes(provider: Provider) -> set[str]:
    """What the ledger says of all scopes."""
    return {scope["error_code"] for scope in provider.scopes().values()}
