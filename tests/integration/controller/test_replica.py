"""The whole controller on a real API server; the ledger is told by the test."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloudops.api.v1alpha1.contract import check_contract, kstatus
from cloudops.domain.snapshot import Entry, EntryState, HeldScope, Problem
from tests.fakes.plan import new_snapshot, read_snapshot
from tests.fixtures.waiting import eventually
from tests.integration.controller.conftest import AWS, Providers, quiet_for, requests, sample

pytestmark = pytest.mark.integration


DENIED = Problem(
    "UnauthorizedOperation",
    "ec2:DescribeVolumes",
    "aws.ec2.volumes",
    1,
    1,
    "111122223333",
    "eu-west-1",
    datetime(2026, 11, 24, tzinfo=UTC),
    "not authorized",
)


def events(providers: Providers) -> set[tuple[str, str]]:
    return {(event["type"], event["reason"]) for event in providers.events()}


def test_a_provider_goes_from_yaml_to_ready_and_tells_its_story(
    providers, start_replica, plan, key
):
    start_replica()
    providers.apply()
    eventually(lambda: providers.condition("Ready") == ("Unknown", "Progressing"))
    assert providers.condition("Reconciling") == ("True", "Progressing")
    assert providers.status()["observedGeneration"] == -1
    assert check_contract(providers.get()) == []
    assert kstatus(providers.get()) == "InProgress"

    plan.say(key, read_snapshot())
    providers.kubectl("wait", "--for=condition=Ready", "cloudproviders/aws", "--timeout=90s")
    status = providers.status()

    assert check_contract(providers.get()) == []
    assert kstatus(providers.get()) == "Current"
    assert status["observedGeneration"] == 1
    assert status["accounts"] == {"total": 2, "reachable": 2, "unreachable": 0}
    assert status["inventory"]["resources"] == 120
    assert providers.condition("InventorySynced") == ("True", "Succeeded")
    assert providers.condition("Reconciling") == ("", "")

    plan.change(key, unsynced={"AccessDenied": 4}, problems=(DENIED,), problems_total=1)
    eventually(lambda: providers.condition("InventorySynced") == ("False", "AccessDenied"))

    assert providers.condition("Ready") == ("True", "Succeeded")
    eventually(lambda: ("Warning", "AccessDenied") in events(providers))
    assert events(providers) >= {
        ("Normal", "Progressing"),
        ("Normal", "CredentialsAccepted"),
        ("Normal", "Ready"),
        ("Normal", "InventorySynced"),
    }
    described = providers.kubectl("describe", "cloudproviders/aws")
    assert "4 AccessDenied of 20 scopes. Grant ec2:DescribeVolumes." in described


def test_an_unchanged_provider_costs_no_patch(providers, start_replica, plan, key):
    start_replica()
    providers.apply()
    plan.say(key, read_snapshot())
    eventually(lambda: providers.condition("Ready") == ("True", "Succeeded"))
    quiet_for(2, lambda: requests("PATCH"))
    before = requests("PATCH"), requests("POST")
    reconciled = sample_reconciled()
    for _ in range(5):
        seen = sample_reconciled()
        plan.say(key, plan.snapshots[key])
        eventually(lambda: sample_reconciled() > seen)  # noqa: B023  asked before the next turn

    assert sample_reconciled() >= reconciled + 5
    assert (requests("PATCH"), requests("POST")) == before


def sample_reconciled() -> float:
    return sum(
        max(
            sample("controller_runtime_reconcile_total", controller="cloudprovider", result=result),
            0,
        )
        for result in ("success", "requeue_after")
    )


def test_a_new_spec_is_planned_and_judged_anew(providers, start_replica, plan, key):
    start_replica()
    providers.apply()
    plan.say(key, read_snapshot())
    eventually(lambda: providers.condition("Ready") == ("True", "Succeeded"))
    providers.apply(spec=AWS | {"inventory": {"syncPeriodSeconds": 60}})
    eventually(lambda: plan.records[key].generation == 2)
    eventually(lambda: providers.condition("Ready") == ("Unknown", "Progressing"))
    assert providers.status()["observedGeneration"] == 1

    plan.say(key, read_snapshot(2))

    eventually(lambda: providers.status()["observedGeneration"] == 2)


def test_suspending_and_resuming(providers, start_replica, plan, key):
    start_replica()
    providers.apply()
    plan.say(key, read_snapshot())
    eventually(lambda: providers.condition("Ready") == ("True", "Succeeded"))
    providers.kubectl(
        "patch", "cloudproviders/aws", "--type=merge", "--patch", '{"spec": {"suspend": true}}'
    )
    eventually(lambda: providers.condition("Ready") == ("True", "Suspended"))

    assert check_contract(providers.get()) == []
    assert plan.records[key].suspended
    assert providers.status()["observedGeneration"] == 2
    assert providers.condition("InventorySynced") == ("True", "Succeeded")

    providers.kubectl(
        "patch", "cloudproviders/aws", "--type=merge", "--patch", '{"spec": {"suspend": false}}'
    )
    plan.say(key, read_snapshot(3))

    eventually(lambda: providers.condition("Ready") == ("True", "Succeeded"))
    eventually(lambda: {("Normal", "Suspended"), ("Normal", "Resumed")} <= events(providers))


@pytest.mark.parametrize(
    "annotation", ["cloudops.dev/requestedAt", "reconcile.fluxcd.io/requestedAt"]
)
def test_a_request_is_passed_on_and_echoed(providers, start_replica, plan, key, annotation):
    start_replica()
    providers.apply()
    plan.say(key, read_snapshot())
    providers.annotate("aws", f"{annotation}=2026-11-24T12:00:00Z")
    eventually(lambda: plan.records[key].requested_at == "2026-11-24T12:00:00Z")
    plan.change(key, handled_request="2026-11-24T12:00:00Z")

    eventually(lambda: providers.status().get("lastHandledReconcileAt") == "2026-11-24T12:00:00Z")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        pytest.param(
            {
                "type": "gcp",
                "gcp": {
                    "credentials": {"source": "Secret", "secretRef": {"name": "gcp"}},
                    "parents": ["projects/p"],
                },
            },
            "NotSupportedYet",
            id="another-cloud",
        ),
        pytest.param(
            {"type": "aws", "aws": AWS["aws"] | {"endpointURL": "http://127.0.0.1:5000"}},
            "EndpointNotAllowed",
            id="endpoint",
        ),
        pytest.param(
            {"type": "aws", "aws": {"credentials": {"source": "Operator"}}},
            "IdentityNotAllowed",
            id="identity",
        ),
    ],
)
def test_what_is_not_acted_upon_stalls_and_is_never_leased(
    providers, start_replica, plan, key, spec, reason
):
    start_replica(identity_allowed_namespaces=("elsewhere",))
    providers.apply(spec=spec)
    eventually(lambda: providers.condition("Stalled") == ("True", reason))

    assert providers.condition("Ready") == ("False", reason)
    assert providers.status()["observedGeneration"] == 1
    assert check_contract(providers.get()) == []
    assert kstatus(providers.get()) == "Failed"
    assert not plan.records[key].runnable
    eventually(lambda: ("Warning", reason) in events(providers))


def test_rejected_credentials_become_stuck_by_time_alone(providers, start_replica, plan, key):
    start_replica(credentials_grace_seconds=4)
    providers.apply()
    now = datetime.now(UTC)
    rejected = Entry(EntryState.REJECTED, "InvalidClientTokenId", "The key is unknown.", now)
    eventually(lambda: key in plan.records)
    plan.say(key, replace(new_snapshot(), entry=rejected, spec_changed_at=now))
    eventually(lambda: providers.condition("Reconciling") == ("True", "ProgressingWithRetry"))

    assert providers.condition("Ready") == ("False", "CredentialsRejected")
    eventually(lambda: providers.condition("Stalled") == ("True", "CredentialsRejected"))
    assert providers.status()["observedGeneration"] == 1


def test_the_grace_is_counted_by_the_clock_that_wrote_the_times(
    providers, start_replica, plan, key
):
    """Fails if the controller's clock, an hour ahead here, is compared with the database's."""
    start_replica(credentials_grace_seconds=600)
    providers.apply()
    then = datetime.now(UTC) - timedelta(hours=1)
    rejected = Entry(EntryState.REJECTED, "InvalidClientTokenId", "The key is unknown.", then)
    eventually(lambda: key in plan.records)
    there = replace(new_snapshot(), entry=rejected, spec_changed_at=then)
    plan.say(key, replace(there, taken_at=then + timedelta(seconds=599)))
    eventually(lambda: providers.condition("Ready") == ("False", "CredentialsRejected"))

    assert providers.condition("Reconciling") == ("True", "ProgressingWithRetry")

    plan.say(key, replace(there, taken_at=then + timedelta(seconds=600)))
    eventually(lambda: providers.condition("Stalled") == ("True", "CredentialsRejected"))


def test_news_that_come_thick_and_fast_are_read_together(providers, start_replica, plan, key):
    """Fails if each of them leads to a reading of its own."""
    start_replica(poll_seconds=120)
    providers.apply()
    plan.say(key, read_snapshot())
    eventually(lambda: providers.condition("InventorySynced") == ("True", "Succeeded"))
    reads, began = len(plan.reads), time.monotonic()
    for number in range(40):
        plan.change(key, unsynced={"Throttled": number + 1})
        time.sleep(0.05)  # as workers do, which do not wait for the controller
    eventually(lambda: providers.condition("InventorySynced") == ("False", "Throttled"))

    assert 1 <= len(plan.reads) - reads <= 2 + (time.monotonic() - began)


def test_held_deletions_are_a_metric_that_ends_with_the_object(providers, start_replica, plan, key):
    def held() -> float:
        return sample("cloudops_deletions_held", namespace=key[0], provider="aws")

    start_replica()
    providers.apply()
    scope = HeldScope("aws.iam.users", "111122223333", "global", 40)
    plan.say(key, read_snapshot(held=(scope,), held_scopes=3, held_total=99))
    eventually(lambda: held() == 99)
    plan.change(key, held=(), held_scopes=0, held_total=0)
    eventually(lambda: held() == 0)
    providers.delete()

    eventually(lambda: held() == -1)


def test_a_deleted_provider_leaves_no_series_and_soon_no_plan(providers, start_replica, plan, key):
    def series() -> float:
        return sample(
            "cloudops_condition",
            kind="CloudProvider",
            namespace=key[0],
            name="aws",
            type="Ready",
            status="True",
        )

    start_replica()
    providers.apply()
    plan.say(key, read_snapshot())
    eventually(lambda: series() == 1)
    providers.delete()

    eventually(lambda: series() == -1)
    eventually(lambda: plan.vanished == {key})


def test_a_provider_that_was_deleted_while_nobody_led_is_soon_gone(
    providers, start_replica, plan, key
):
    """Fails if a new leader waits for its next lists, ten minutes apart: workers go on reading."""
    first = start_replica()
    providers.apply()
    eventually(lambda: key in plan.records)
    first.stop()
    providers.delete()
    start_replica()

    assert eventually(lambda: plan.vanished == {key})


def test_every_namespace_is_watched_when_none_is_named(
    providers, start_replica, plan, key, make_namespace, admin
):
    other = Providers(providers.cluster, admin, make_namespace())
    start_replica(watch_namespaces=())
    providers.apply()
    other.apply("azure-like")

    eventually(lambda: {key, (other.namespace, "azure-like")} <= set(plan.records))


def test_objects_that_were_there_before_are_found(providers, start_replica, plan, namespace):
    for number in range(3):
        providers.apply(f"aws-{number}")
    start_replica()

    eventually(lambda: len(plan.records) == 3)


def test_a_person_who_edits_status_is_overruled_when_something_changes(
    providers, start_replica, plan, key
):
    start_replica()
    providers.apply()
    plan.say(key, read_snapshot())
    eventually(lambda: providers.condition("Ready") == ("True", "Succeeded"))
    lie = {"status": {"accounts": {"total": 99}}}
    providers.kubectl(
        "patch", "cloudproviders/aws", "--subresource=status", "--type=merge", "-p", json.dumps(lie)
    )

    eventually(lambda: providers.status()["accounts"]["total"] == 2)
