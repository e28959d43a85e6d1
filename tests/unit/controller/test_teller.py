"""Events that wait for their turn: nobody waits for them, and few are lost."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from cloudops.controller.kube import KubeUnavailableError
from cloudops.controller.recorder import Happening
from cloudops.controller.teller import Teller
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.unit

READY = Happening("Normal", "Ready", "All is well.")


class SlowClient:
    """Takes an event when the test opens the gate; refuses those of the object `bad`."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.names: list[str] = []

    def post(self, _path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        assert self.gate.wait(30)
        name: str = body["involvedObject"]["name"]
        if name == "bad":
            raise KubeUnavailableError("no answer", 0)
        if name == "broken":
            raise TypeError("a bug")
        self.names.append(name)
        return {}


def document(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "cloudops.dev/v1alpha1",
        "kind": "CloudProvider",
        "metadata": {"namespace": "n", "name": name, "uid": f"uid-{name}", "resourceVersion": "1"},
        "spec": {"much": "more"},
    }


@pytest.fixture
def client():
    client = SlowClient()
    yield client
    client.gate.set()


@pytest.fixture
def teller(client):
    teller = Teller(client, "controller-0", most_waiting=3)
    teller.start()
    yield teller
    client.gate.set()
    teller.stop(30)


def test_nobody_waits_for_an_event_and_it_is_told_all_the_same(client, teller):
    """Fails with `Recorder` in its place: the first `record` would wait for the gate."""
    teller.record(document("a"), READY)
    teller.record(document("b"), READY)
    assert client.names == []

    client.gate.set()

    eventually(lambda: client.names == ["a", "b"])


def test_what_waits_is_told_before_the_end(client, teller):
    teller.record(document("a"), READY)
    teller.record(document("b"), READY)
    threading.Timer(0.2, client.gate.set).start()

    teller.stop(30)

    assert client.names == ["a", "b"]


def test_an_end_comes_even_when_nothing_fits_any_more(client, teller):
    """Fails with a `put` that waits for ever."""
    teller.record(document("first"), READY)
    eventually(teller._waiting.empty, what="the thread to be at the first")
    for number in range(3):
        teller.record(document(str(number)), READY)

    teller.stop(0.1)
    client.gate.set()

    eventually(lambda: not teller._thread.is_alive())
    assert client.names == ["first"]


def test_an_end_waits_no_longer_than_it_was_told_to(client, teller):
    teller.record(document("a"), READY)

    teller.stop(0.1)

    assert client.names == []


def test_what_does_not_fit_is_lost_and_the_rest_is_not(client, teller):
    teller.record(document("first"), READY)
    eventually(teller._waiting.empty, what="the thread to be at the first")
    for number in range(5):
        teller.record(document(str(number)), READY)

    client.gate.set()
    teller.stop(30)

    assert client.names == ["first", "0", "1", "2"]


@pytest.mark.parametrize("name", ["bad", "broken"])
def test_an_event_that_can_not_be_written_keeps_none_from_being_told(client, teller, name):
    client.gate.set()
    teller.record(document(name), READY)
    teller.record(document("after"), READY)

    eventually(lambda: client.names == ["after"])


def test_only_what_an_event_needs_is_kept(client, teller):
    teller.record(document("first"), READY)
    eventually(teller._waiting.empty, what="the thread to be at the first")
    teller.record(document("second"), READY)

    (kept, _) = teller._waiting.queue[0]
    assert "spec" not in kept
    assert kept["metadata"]["uid"] == "uid-second"
