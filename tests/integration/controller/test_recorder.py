"""Events on a real API server: one for each thing said, however often it is said."""

import pytest

from cloudops.controller.kube import KubeClient
from cloudops.controller.recorder import BURST, REFILL_SECONDS, Happening, Recorder
from tests.integration.controller.conftest import Providers

pytestmark = pytest.mark.integration

DENIED = Happening("Warning", "AccessDenied", "4 AccessDenied of 20 scopes. Grant ec2:Describe*.")
SYNCED = Happening("Normal", "InventorySynced", "Each of 20 scopes is complete.")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorder(kube: KubeClient, clock: Clock) -> Recorder:
    return Recorder(kube, "controller-0", clock=clock)


def counts(providers: Providers) -> dict[str, int]:
    return {event["reason"]: event["count"] for event in providers.events()}


def test_the_same_thing_said_again_raises_a_count(providers, recorder):
    document = providers.apply()
    for _ in range(3):
        recorder.record(document, DENIED)
    recorder.record(document, SYNCED)

    assert counts(providers) == {"AccessDenied": 3, "InventorySynced": 1}


def test_an_event_says_of_what_by_whom_and_how_bad(providers, recorder):
    document = providers.apply()
    recorder.record(document, DENIED)
    [event] = providers.events()

    assert event["involvedObject"]["uid"] == document["metadata"]["uid"]
    assert (event["type"], event["message"]) == ("Warning", DENIED.message)
    assert event["source"] == {"component": "cloudops-controller", "host": "controller-0"}
    assert event["firstTimestamp"] == event["lastTimestamp"]


def test_describe_tells_the_story(providers, recorder):
    recorder.record(providers.apply(), DENIED)

    assert "Grant ec2:Describe*" in providers.kubectl("describe", "cloudproviders/aws")


def test_an_event_that_expired_is_told_anew(providers, recorder):
    document = providers.apply()
    recorder.record(document, DENIED)
    providers.kubectl("delete", "events", "--all")
    recorder.record(document, DENIED)

    assert counts(providers) == {"AccessDenied": 1}


def test_what_is_told_of_a_namesake_is_counted_apart(providers, recorder):
    document = providers.apply()
    recorder.record(document, DENIED)
    providers.delete()
    recorder.forget(document["metadata"]["uid"])
    recorder.record(providers.apply(), DENIED)

    assert [event["count"] for event in providers.events()] == [1, 1]


def test_one_object_cannot_flood_the_cluster(providers, recorder, clock):
    document = providers.apply()
    for number in range(int(BURST) + 10):
        recorder.record(document, Happening("Normal", "Ready", f"Number {number}."))

    assert len(providers.events()) == BURST

    clock.now += REFILL_SECONDS
    recorder.record(document, SYNCED)
    recorder.record(document, DENIED)

    assert len(providers.events()) == BURST + 1


def test_an_event_that_cannot_be_written_stops_nobody(providers, recorder):
    document = providers.apply()
    document["metadata"]["namespace"] = "no-such-namespace"

    recorder.record(document, DENIED)

    assert providers.events() == []


def test_long_messages_are_cut(providers, recorder):
    recorder.record(providers.apply(), Happening("Normal", "Ready", "x" * 5000))

    assert len(providers.events()[0]["message"]) == 1024


def test_memory_is_bounded(providers, recorder, monkeypatch):
    monkeypatch.setattr("cloudops.controller.recorder.MOST_REMEMBERED", 2)
    for name in ("one", "two", "three"):
        recorder.record(providers.apply(name), DENIED)

    assert len(recorder._written) == 2
    assert len(recorder._buckets) == 2
