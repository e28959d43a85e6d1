"""Statuses on a real API server: written when they say something new, and never of old news."""

import time
from dataclasses import replace
from typing import Any

import pytest

from cloudops.controller.cache import ObjectCache
from cloudops.controller.cloudprovider import status_kind
from cloudops.controller.kube import ConflictError, KubeClient, KubeError
from cloudops.controller.status import StatusKind, StatusWriter
from cloudops.domain.conditions import ConditionValue, Truth
from cloudops.domain.errors import NotLeaderError
from cloudops.settings import Settings
from tests.integration.controller.conftest import PLURAL, Providers, requests, sample

pytestmark = pytest.mark.integration

READY = ConditionValue("Ready", Truth.TRUE, "Succeeded", "All is well.")
UNREADY = ConditionValue("Ready", Truth.FALSE, "CredentialsRejected", "No.")
RECONCILING = ConditionValue("Reconciling", Truth.TRUE, "ProgressingWithRetry", "Again.")
COUNTS_SECONDS, TIMES_SECONDS = 30.0, 600.0
COSTS = StatusKind(
    kind="CloudProvider",
    plural=PLURAL,
    field_manager="cloudops-costs",
    conditions=frozenset({"CostDataFresh"}),
    fields=frozenset({"costs"}),
    times=frozenset(),
    counts_seconds=0,
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Writer:
    """A writer with a clock, a Lease and a cache of its own."""

    def __init__(self, kube: KubeClient) -> None:
        self.clock, self.cache, self.leads = Clock(), ObjectCache(), True
        kind = replace(
            status_kind(Settings(poll_seconds=COUNTS_SECONDS)), field_manager="cloudops-test"
        )
        self.writer = StatusWriter(
            kind, kube, self.cache, may_write=lambda: self.leads, clock=self.clock
        )

    def write(self, document, *conditions, **fields):
        fields.setdefault("observedGeneration", document["metadata"]["generation"])
        return self.writer.write(
            document, conditions or (READY,), fields, times_seconds=TIMES_SECONDS
        )


@pytest.fixture
def writer(kube: KubeClient) -> Writer:
    return Writer(kube)


def inventory(resources: int, time_of_day: str) -> dict[str, Any]:
    return {"resources": resources, "oldestCompleteTime": f"2026-11-24T{time_of_day}Z"}


def test_a_new_object_is_not_current_before_it_was_judged(providers: Providers):
    assert providers.apply()["status"]["observedGeneration"] == -1


def test_a_status_is_written_under_the_reconcilers_own_field_manager(providers, writer):
    written = writer.write(providers.apply())
    after = providers.get()

    assert written.changed
    assert after["status"]["observedGeneration"] == 1
    assert providers.condition("Ready") == ("True", "Succeeded")
    [owner] = [m for m in after["metadata"]["managedFields"] if m["manager"] == "cloudops-test"]
    assert (owner["operation"], owner["subresource"]) == ("Apply", "status")


def test_an_unchanged_status_costs_no_request_at_all(providers, writer):
    writer.write(providers.apply(), READY, inventory=inventory(3, "12:00:00"))
    before = requests("PATCH")
    document = providers.get()
    for _ in range(3):
        again = writer.write(document, READY, inventory=inventory(3, "12:00:00"))

        assert (again.changed, again.wait_seconds) == (False, None)

    assert requests("PATCH") == before


def test_conditions_in_another_order_are_the_same_conditions(providers, writer):
    writer.write(providers.apply(), UNREADY, RECONCILING)
    again = writer.write(providers.get(), RECONCILING, UNREADY)

    assert (again.changed, again.wait_seconds) == (False, None)


def test_a_stranger_to_the_object_finds_nothing_to_write_either(providers, kube):
    Writer(kube).write(providers.apply())
    before = requests("PATCH")

    assert not Writer(kube).write(providers.get()).changed
    assert requests("PATCH") == before


def test_the_answer_is_what_the_next_judgement_sees(providers, writer):
    writer.cache.put(providers.apply())
    writer.write(providers.get())
    cached = writer.cache.get((providers.namespace, "aws"))

    assert cached is not None
    assert cached["status"] == providers.status()
    assert "managedFields" not in cached["metadata"]


def test_a_status_of_an_old_version_is_refused_and_nothing_is_written(providers, writer):
    judged = providers.apply()
    providers.apply(spec=judged["spec"] | {"suspend": True})
    before = sample("cloudops_status_writes_total", kind="CloudProvider", result="conflict")

    with pytest.raises(ConflictError):
        writer.write(judged)

    assert providers.status() == {"observedGeneration": -1}
    after = sample("cloudops_status_writes_total", kind="CloudProvider", result="conflict")
    assert after == max(before, 0) + 1

    writer.write(providers.get())

    assert providers.status()["observedGeneration"] == 2


def test_a_namesake_of_a_deleted_object_does_not_get_its_status(providers, writer):
    judged = providers.apply()
    providers.delete()
    providers.apply()

    with pytest.raises(ConflictError):
        writer.write(judged)


def test_a_deleted_object_is_no_error(providers, writer):
    judged = providers.apply()
    providers.delete()

    assert not writer.write(judged).changed


def test_whoever_may_not_write_does_not_ask_the_api_server(providers, writer):
    judged = providers.apply()
    writer.leads = False
    before = requests("PATCH")

    with pytest.raises(NotLeaderError):
        writer.write(judged)

    assert requests("PATCH") == before


def test_what_the_schema_forbids_is_an_error_that_names_the_field(providers, writer):
    with pytest.raises(KubeError, match="problemsTotal"):
        writer.write(providers.apply(), READY, problemsTotal=-1)


def test_transition_times_move_with_the_status_alone(providers, writer):
    def moved() -> str:
        return str(providers.status()["conditions"][0]["lastTransitionTime"])

    writer.write(providers.apply(), UNREADY, RECONCILING)
    first = moved()
    time.sleep(1.1)  # times have whole seconds
    reason = ConditionValue("Ready", Truth.FALSE, "DependencyNotReady", "No.")
    writer.write(providers.get(), reason)

    assert providers.condition("Ready") == ("False", "DependencyNotReady")
    assert moved() == first

    writer.write(providers.get(), READY)

    assert moved() > first


def test_conditions_that_ended_leave_the_object(providers, writer):
    writer.write(providers.apply(), UNREADY, RECONCILING)
    writer.write(providers.get(), READY)

    assert [c["type"] for c in providers.status()["conditions"]] == ["Ready"]


def test_conditions_of_other_writers_stay(providers, writer, kube):
    judged = providers.apply()
    Writer(kube)  # another reconciler, with a manager of its own
    other = StatusWriter(
        COSTS,
        kube,
        ObjectCache(),
        may_write=lambda: True,
    )
    fresh = ConditionValue("CostDataFresh", Truth.TRUE, "Succeeded", "")
    other.write(judged, [fresh], {}, times_seconds=0)
    writer.write(providers.get(), READY)
    writer.clock.now += COUNTS_SECONDS

    assert {c["type"] for c in providers.status()["conditions"]} == {"Ready", "CostDataFresh"}


def test_what_other_writers_say_is_no_reason_to_write(providers, writer, kube):
    """Fails if it is compared as well: the status never is what we say, and each look a PATCH."""
    costs = StatusWriter(COSTS, kube, ObjectCache(), may_write=lambda: True)
    fresh = ConditionValue("CostDataFresh", Truth.TRUE, "Succeeded", "")
    costs.write(providers.apply(), [fresh], {"costs": {"source": "API"}}, times_seconds=0)
    writer.write(providers.get(), READY, inventory=inventory(3, "12:00:00"))
    writer.clock.now += TIMES_SECONDS
    before = requests("PATCH")
    again = writer.write(providers.get(), READY, inventory=inventory(3, "12:00:00"))

    assert (again.changed, again.wait_seconds) == (False, None)
    assert not costs.write(
        providers.get(), [fresh], {"costs": {"source": "API"}}, times_seconds=0
    ).changed
    assert requests("PATCH") == before
    assert providers.status()["costs"] == {"source": "API"}


def test_counts_wait_and_states_do_not(providers, writer):
    writer.write(providers.apply(), READY, inventory=inventory(1, "12:00:00"))
    writer.clock.now += 10
    held_back = writer.write(providers.get(), READY, inventory=inventory(2, "12:00:00"))

    assert (held_back.changed, held_back.wait_seconds) == (False, COUNTS_SECONDS - 10)
    assert providers.status()["inventory"]["resources"] == 1
    assert writer.write(providers.get(), UNREADY, inventory=inventory(3, "12:00:00")).changed
    assert providers.status()["inventory"]["resources"] == 3

    writer.clock.now += COUNTS_SECONDS

    assert writer.write(providers.get(), UNREADY, inventory=inventory(4, "12:00:00")).changed


def test_a_message_alone_waits_like_a_count(providers, writer):
    writer.write(providers.apply(), READY)
    reworded = ConditionValue("Ready", Truth.TRUE, "Succeeded", "All is very well.")

    assert writer.write(providers.get(), reworded).wait_seconds == COUNTS_SECONDS


def test_times_alone_wait_longest(providers, writer):
    writer.write(providers.apply(), READY, inventory=inventory(1, "12:00:00"))
    writer.clock.now += TIMES_SECONDS - 1
    held_back = writer.write(providers.get(), READY, inventory=inventory(1, "12:15:00"))

    assert (held_back.changed, held_back.wait_seconds) == (False, 1)

    writer.clock.now += 1

    assert writer.write(providers.get(), READY, inventory=inventory(1, "12:15:00")).changed
    assert providers.status()["inventory"]["oldestCompleteTime"] == "2026-11-24T12:15:00Z"


def test_series_follow_the_conditions_and_end_with_the_object(providers, writer):
    def series(kind: str, status: str) -> float:
        return sample(
            "cloudops_condition",
            kind="CloudProvider",
            name="aws",
            namespace=providers.namespace,
            type=kind,
            status=status,
        )

    document = providers.apply()
    writer.write(document, UNREADY, RECONCILING)

    assert (series("Ready", "False"), series("Ready", "True")) == (1, 0)
    assert series("Reconciling", "True") == 1

    writer.write(providers.get(), READY)

    assert (series("Ready", "False"), series("Ready", "True")) == (0, 1)
    assert series("Reconciling", "True") == -1
    assert writer.writer.forget((providers.namespace, "aws")) == document["metadata"]["uid"]
    assert series("Ready", "True") == -1
    assert writer.writer.forget((providers.namespace, "aws")) == ""
