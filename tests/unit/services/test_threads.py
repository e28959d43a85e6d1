"""Threads that accounts share: each waits behind its own, and none has all of them."""

import threading
from functools import partial

import pytest

from cloudops.services.threads import ListingThreads
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.unit


@pytest.fixture
def threads():
    made = ListingThreads(2, spare=1)
    yield made
    made.shutdown()


class Gate:
    """Calls that last until they are let go, and how many there are at once."""

    def __init__(self):
        self.inside: list[str] = []
        self.go = threading.Event()

    def holds_two(self):
        return len(self.inside) == 2

    def call(self, who):
        def wait():
            self.inside.append(who)
            assert self.go.wait(60)
            return who

        return wait


def test_an_account_has_no_more_than_its_share(threads):
    """Fails if `submit` starts a thread for each call: the other account would wait."""
    gate = Gate()
    futures = [threads.submit("greedy", gate.call("greedy")) for _ in range(5)]
    eventually(gate.holds_two)

    assert threads.submit("other", lambda: "at once").result(60) == "at once"

    assert gate.inside == ["greedy"] * 2
    gate.go.set()
    assert [future.result(60) for future in futures] == ["greedy"] * 5


def test_has_its_share_again_after_a_pause(threads):
    """Fails if threads that have left an account are still counted."""
    for _ in range(3):
        gate = Gate()
        futures = [threads.submit("a", gate.call("a")) for _ in range(4)]
        eventually(gate.holds_two)
        gate.go.set()
        assert [future.result(60) for future in futures] == ["a"] * 4


def test_whoever_waits_is_told_of_an_error_and_the_thread_goes_on(threads):
    def fail():
        raise LookupError("no such thing")

    broken = [threads.submit("a", fail) for _ in range(5)]

    assert threads.submit("a", lambda: 1).result(60) == 1
    for future in broken:
        with pytest.raises(LookupError, match="no such thing"):
            future.result(60)


def test_what_was_cancelled_is_not_called(threads):
    gate, called = Gate(), list[int]()
    running = [threads.submit("a", gate.call("a")) for _ in range(2)]
    eventually(gate.holds_two)
    waiting = [threads.submit("a", partial(called.append, number)) for number in (1, 2)]

    assert waiting[0].cancel()
    assert not running[0].cancel()
    gate.go.set()
    waiting[1].result(60)

    assert called == [2]
