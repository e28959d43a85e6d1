"""The controller in trouble: its database away, its Lease or epoch lost, its port taken."""

import socket
import threading
from typing import Any

import pytest

from cloudops.controller.leader import EXIT_DEPOSED
from cloudops.controller.replica import Replica
from cloudops.domain.errors import InvalidInputError
from cloudops.settings import Settings
from tests.fakes.plan import FakePlan, read_snapshot
from tests.fixtures.waiting import eventually
from tests.integration.controller.conftest import AWS, quick_settings, sample

pytestmark = pytest.mark.integration

DEPLOYMENT = "cloudops-controller"


def deployment_of(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": DEPLOYMENT, "namespace": namespace},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            },
        },
    }


def test_while_the_database_is_away_nothing_is_said_of_the_providers(
    providers, start_replica, plan, key, admin
):
    admin.post(f"/apis/apps/v1/namespaces/{key[0]}/deployments", deployment_of(key[0]))
    running = start_replica(deployment_name=DEPLOYMENT)
    providers.apply()
    plan.say(key, read_snapshot())
    eventually(lambda: providers.condition("Ready") == ("True", "Succeeded"))
    eventually(lambda: running.probe("/readyz")[0] == 200)
    before = providers.status()
    plan.away = True
    providers.annotate("aws", "x=y")

    def reasons() -> list[str]:
        return [event["reason"] for event in providers.events(DEPLOYMENT)]

    eventually(lambda: reasons() == ["DatabaseUnavailable"])
    status, text = running.probe("/readyz")
    assert status == 503
    assert "[-] database: the database is away" in text
    assert running.probe("/livez")[0] == 200
    assert providers.status() == before

    plan.away = False
    plan.say(key, read_snapshot(resources=121))

    eventually(lambda: providers.status()["inventory"]["resources"] == 121)
    eventually(lambda: sorted(reasons()) == ["DatabaseAvailable", "DatabaseUnavailable"])
    eventually(lambda: running.probe("/readyz")[0] == 200)


def test_only_a_call_that_reached_the_database_says_that_it_is_back(
    providers, start_replica, plan, key, admin
):
    """Fails if the reconcile of a deleted object, which asks nothing, counts as an answer."""

    def told() -> dict[str, int]:
        return {event["reason"]: event["count"] for event in providers.events(DEPLOYMENT)}

    def failures() -> float:
        return sample("controller_runtime_reconcile_errors_total", controller="cloudprovider")

    def series() -> float:
        labels = {"kind": "CloudProvider", "namespace": key[0], "type": "Ready", "status": "True"}
        return sample("cloudops_condition", name="goes", **labels)

    admin.post(f"/apis/apps/v1/namespaces/{key[0]}/deployments", deployment_of(key[0]))
    start_replica(deployment_name=DEPLOYMENT)
    providers.apply()
    providers.apply("goes")
    eventually(lambda: series() >= 0)
    plan.away = True
    providers.annotate("aws", "x=y")
    eventually(lambda: told() == {"DatabaseUnavailable": 1})
    providers.delete("goes")
    eventually(lambda: series() == -1)
    failed = failures()
    providers.annotate("aws", "x=z")
    eventually(lambda: failures() > failed)

    plan.away = False
    providers.annotate("aws", "x=back")

    eventually(lambda: "DatabaseAvailable" in told())
    assert told() == {"DatabaseUnavailable": 1, "DatabaseAvailable": 1}


def test_a_leader_without_any_object_tells_by_its_probe(start_replica, plan, key, admin, providers):
    """Fails if the probe only says "away": nothing else asks the database here."""

    def reasons() -> set[str]:
        running.probe("/readyz")
        return {event["reason"] for event in providers.events(DEPLOYMENT)}

    admin.post(f"/apis/apps/v1/namespaces/{key[0]}/deployments", deployment_of(key[0]))
    running = start_replica(deployment_name=DEPLOYMENT)
    eventually(lambda: plan.epoch == 1)
    plan.away = True
    eventually(lambda: reasons() == {"DatabaseUnavailable"})
    plan.away = False

    eventually(lambda: reasons() == {"DatabaseUnavailable", "DatabaseAvailable"})


@pytest.mark.parametrize("deployment", ["", pytest.param(DEPLOYMENT, id="missing")])
def test_without_a_deployment_the_trouble_is_told_by_probe_and_log(
    providers, start_replica, plan, key, deployment
):
    running = start_replica(deployment_name=deployment)
    providers.apply()
    eventually(lambda: key in plan.records)
    plan.away = True
    providers.annotate("aws", "x=y")
    eventually(lambda: running.probe("/readyz")[0] == 503)
    plan.away = False
    plan.say(key, read_snapshot())

    eventually(lambda: providers.condition("Ready") == ("True", "Succeeded"))


def test_a_database_that_goes_away_at_the_worst_moments_is_waited_for(
    providers, start_replica, plan, key
):
    plan.claims_to_fail = plan.listens_to_fail = 1
    start_replica()
    providers.apply()
    eventually(lambda: plan.records.get(key))
    plan.say(key, read_snapshot())

    eventually(lambda: providers.condition("Ready") == ("True", "Succeeded"))


def test_a_leader_that_cannot_draw_an_epoch_says_so_and_goes_on_trying(
    providers, start_replica, plan, key
):
    """Fails if an error that nobody expected ends the thread: it leads, and does nothing."""
    plan.claims_break = True
    running = start_replica()
    providers.apply()
    told = "[-] epoch: leads without an epoch since"
    eventually(lambda: told in running.probe("/readyz")[1])
    status, text = running.probe("/livez")
    assert status == 200  # another replica could not draw one either
    assert "[+] leader" in text
    plan.claims_break = False

    eventually(lambda: key in plan.records)
    eventually(lambda: running.probe("/readyz")[0] == 200)


def test_a_database_that_is_away_at_the_start_is_waited_for(providers, start_replica, plan, key):
    plan.away = True
    running = start_replica()
    eventually(lambda: "[-] crds" not in running.probe("/readyz")[1])
    assert running.probe("/livez")[0] == 200
    plan.away = False
    providers.apply()
    eventually(lambda: key in plan.records)


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"cluster_uid": "another"}, id="database-of-another-cluster"),
        pytest.param({"schema_error": "run cloudops migrate"}, id="database-of-another-version"),
    ],
)
def test_a_database_that_does_not_fit_is_refused(kube, namespace, trouble):
    plan = FakePlan(**trouble)
    replica = Replica(Settings(**quick_settings(namespace)), plan)

    with pytest.raises(InvalidInputError):
        replica.run(threading.Event())

    assert plan.epoch == 0


def test_a_taken_port_is_told_at_once(kube, namespace):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        replica = Replica(Settings(**{**quick_settings(namespace), "http_port": port}), FakePlan())

        with pytest.raises(InvalidInputError, match=str(port)):
            replica.run(threading.Event())


def test_a_standby_is_ready_and_takes_over_with_an_epoch_of_its_own(
    providers, start_replica, plan, key
):
    first = start_replica()
    eventually(lambda: plan.epoch == 1)
    second = start_replica()
    eventually(lambda: second.probe("/readyz")[0] == 200)
    providers.apply()
    plan.say(key, read_snapshot())
    eventually(lambda: providers.condition("Ready") == ("True", "Succeeded"))
    first.stop()
    eventually(lambda: plan.epoch == 2)
    providers.apply(spec=AWS | {"suspend": True})
    eventually(lambda: providers.condition("Ready") == ("True", "Suspended"))

    assert [epoch for epoch, _ in plan.writes] == sorted(epoch for epoch, _ in plan.writes)
    assert plan.writes[-1] == (2, key)
    assert len(set(plan.holders)) == 2


def test_a_leader_whose_epoch_is_over_ends(providers, start_replica, plan):
    running = start_replica()
    eventually(lambda: plan.epoch == 1)
    plan.claim_epoch("somebody else")
    providers.apply()

    assert eventually(lambda: running.exits)[0] == EXIT_DEPOSED
    eventually(lambda: not running.replica._elector.may_write())
    assert providers.status() == {"observedGeneration": -1}


def test_metrics_say_who_leads_and_how_the_queue_is(providers, start_replica, plan):
    running = start_replica()
    eventually(lambda: plan.epoch == 1)
    text = running.probe("/metrics")[1]

    assert 'leader_election_master_status{name="cloudops-controller"} 1.0' in text
    assert 'workqueue_depth{name="cloudprovider"}' in text
    assert 'rest_client_requests_total{code="200"' in text
    assert "cloudops_watch_lag_seconds 0.0" in text
