"""Reading a CloudProvider: what it asks for, and what it says now."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cloudops.controller.cloudprovider import (
    previous_status,
    to_record,
    understand,
)
from cloudops.domain.conditions import Truth
from cloudops.settings import Settings

pytestmark = pytest.mark.unit

SETTINGS = Settings(namespace="cloudops-system")


def document(spec: dict[str, Any] | None = None, **metadata: object) -> dict[str, Any]:
    return {
        "apiVersion": "cloudops.dev/v1alpha1",
        "kind": "CloudProvider",
        "metadata": {
            "namespace": "platform",
            "name": "aws-prod",
            "uid": "u-1",
            "generation": 3,
            "resourceVersion": "7",
            "creationTimestamp": "2026-11-24T12:00:00Z",
            **metadata,
        },
        "spec": spec
        or {
            "type": "aws",
            "aws": {"credentials": {"source": "Secret", "secretRef": {"name": "aws"}}},
        },
    }


def test_a_good_spec_is_planned_and_runnable():
    wish = understand(document(), SETTINGS)
    record = to_record(document(), runnable=wish.refusal is None)

    assert (wish.refusal, wish.sync_period_seconds) == (None, 900)
    assert (record.namespace, record.name, record.uid) == ("platform", "aws-prod", "u-1")
    assert (record.cloud, record.generation, record.runnable) == ("aws", 3, True)
    assert record.created_at == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert record.spec == document()["spec"]
    assert not record.suspended
    assert record.requested_at == ""


def test_the_period_is_the_specs_own():
    spec = document()["spec"] | {"inventory": {"syncPeriodSeconds": 60}}

    assert understand(document(spec), SETTINGS).sync_period_seconds == 60


@pytest.mark.parametrize(
    ("spec", "reason", "told"),
    [
        pytest.param({"type": "aws"}, "InvalidSpec", "spec.aws", id="contradictory"),
        pytest.param({"type": "alibaba"}, "InvalidSpec", "spec.type", id="unheard-of"),
        pytest.param(
            {
                "type": "gcp",
                "gcp": {
                    "credentials": {"source": "Secret", "secretRef": {"name": "g"}},
                    "parents": ["projects/p"],
                },
            },
            "NotSupportedYet",
            "gcp",
            id="another-cloud",
        ),
        pytest.param(
            {"type": "aws", "aws": {"credentials": {"source": "Operator"}}},
            "IdentityNotAllowed",
            "platform",
            id="identity",
        ),
    ],
)
def test_a_spec_that_is_not_acted_upon_says_what_to_edit(spec, reason, told):
    refusal = understand(document(spec), SETTINGS).refusal

    assert refusal is not None
    assert refusal.reason == reason
    assert told in refusal.message


def test_suspension_and_requests_are_planned():
    spec = document()["spec"] | {"suspend": True}
    record = to_record(
        document(spec, annotations={"cloudops.dev/requestedAt": "now"}), runnable=False
    )

    assert (record.suspended, record.requested_at, record.runnable) == (True, "now", False)


def test_a_status_that_nobody_wrote_yet_says_nothing():
    assert previous_status(document()).observed_generation == -1
    assert previous_status(document()).conditions == {}


def test_the_conditions_of_other_writers_are_theirs():
    ready = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "fine"}
    fresh = {"type": "CostDataFresh", "status": "True", "reason": "Succeeded"}
    status = {"observedGeneration": 2, "conditions": [ready, fresh]}
    previous = previous_status({**document(), "status": status})

    assert previous.observed_generation == 2
    assert list(previous.conditions) == ["Ready"]
    assert previous.conditions["Ready"].status is Truth.TRUE
