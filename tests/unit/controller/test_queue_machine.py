"""The work queue under any order of calls, against a model of what was asked for."""

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cloudops.controller.queue import WorkQueue

pytestmark = pytest.mark.unit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class QueueMachine(RuleBasedStateMachine):
    """Any order of calls against a model: who asked for which key, and by when."""

    keys = strategies.sampled_from("abcd")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.queue: WorkQueue[str] = WorkQueue("machine", clock=self.clock)
        self.in_hand: set[str] = set()
        self.wanted: set[str] = set()
        self.due: dict[str, float] = {}

    def note_due(self, key: str, seconds: float) -> None:
        self.due[key] = min(self.due.get(key, self.clock.now + seconds), self.clock.now + seconds)

    @rule(key=keys)
    def add(self, key):
        self.queue.add(key)
        self.wanted.add(key)

    @rule(key=keys, seconds=strategies.integers(0, 20))
    def add_after(self, key, seconds):
        self.queue.add_after(key, seconds)
        self.note_due(key, seconds)

    @rule(key=keys)
    def retry(self, key):
        self.note_due(key, self.queue.retry(key))

    @rule(seconds=strategies.integers(1, 15))
    def wait(self, seconds):
        self.clock.now += seconds

    @rule()
    def take(self):
        self.wanted |= {key for key, due in self.due.items() if due <= self.clock.now}
        free = self.wanted - self.in_hand
        key = self.queue.try_get()

        assert (key is not None) == bool(free)  # nothing is lost, nothing comes unasked

        if key is not None:
            assert key in free  # never in two hands
            self.wanted.discard(key)
            self.due.pop(key, None)
            self.in_hand.add(key)

    @precondition(lambda self: self.in_hand)
    @rule(data=strategies.data())
    def give_back(self, data):
        key = data.draw(strategies.sampled_from(sorted(self.in_hand)))
        self.queue.done(key)
        self.in_hand.discard(key)

    @invariant()
    def ages_are_never_negative(self):
        assert self.queue.unfinished_seconds() >= self.queue.longest_running_seconds() >= 0

    def teardown(self):
        """Whatever was asked for is handed out in the end."""
        for key in list(self.in_hand):
            self.give_back_now(key)
        self.clock.now += 10_000
        expected = self.wanted | set(self.due)
        seen = set()
        while (late := self.queue.try_get()) is not None:
            seen.add(late)
            self.queue.done(late)

        assert seen == expected

    def give_back_now(self, key: str) -> None:
        self.queue.done(key)
        self.in_hand.discard(key)


TestAnyOrderOfCalls = QueueMachine.TestCase
TestAnyOrderOfCalls.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
