"""Any order of calls against the promises: never too fast, never too many, nobody forgotten."""

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cloudops.domain.rate_limits import RECOVERY_SECONDS, Bucket, Line, Place

pytestmark = pytest.mark.unit

RATES = (0.0, 0.2, 1.0, 7.0)
KINDS = strategies.sets(strategies.integers(0, 3), min_size=1, max_size=3)


class LineMachine(RuleBasedStateMachine):
    """Four buckets, with and without rate and cap, and calls under some of them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0
        self.line = Line()
        self.buckets = [
            Bucket(self.now, per_second=0.2, burst=1),
            Bucket(self.now, per_second=1, burst=4, max_concurrent=3),
            Bucket(self.now, per_second=7, burst=10),
            Bucket(self.now, max_concurrent=2),
        ]
        self.waiting: list[Place] = []
        self.going: list[Place] = []
        self.went: dict[Bucket, list[float]] = {bucket: [] for bucket in self.buckets}

    def admit(self) -> None:
        """Let go who may, and hold the line to its order."""
        self.line.admit(self.now)
        left: list[Place] = []
        for place in self.waiting:
            if not place.may_go:
                left.append(place)
                continue
            # Who asks for the same is served in order.
            assert not [one for one in left if set(one.buckets) == set(place.buckets)]
            self.going.append(place)
            for bucket in place.buckets:
                self.went[bucket].append(self.now)
        self.waiting = left

    @rule(kinds=KINDS)
    def ask(self, kinds):
        place = self.line.join(tuple(self.buckets[kind] for kind in sorted(kinds)))
        self.waiting.append(place)
        self.admit()

    @rule(seconds=strategies.floats(0.001, 20))
    def wait(self, seconds):
        self.now += seconds
        self.admit()

    @precondition(lambda self: self.going)
    @rule(data=strategies.data(), how=strategies.sampled_from(["ok", "throttled", "broken"]))
    def end(self, data, how):
        place = data.draw(strategies.sampled_from(self.going))
        if how == "ok":
            place.succeeded(self.now)
        elif how == "throttled":
            place.throttled(self.now, data.draw(strategies.sampled_from([0.0, 0.0, 3.0])))
        self.going.remove(place)
        self.line.leave(place)
        self.admit()

    @precondition(lambda self: self.waiting)
    @rule(data=strategies.data())
    def give_up(self, data):
        place = data.draw(strategies.sampled_from(self.waiting))
        self.waiting.remove(place)
        self.line.leave(place)
        self.admit()

    @invariant()
    def never_faster_than_declared(self):
        """In every span of time: at most the burst, and what comes in that time."""
        for bucket, times in self.went.items():
            if not bucket.per_second:
                continue
            for first, began in enumerate(times):
                allowed = bucket.burst + (times[-1] - began) * bucket.per_second
                assert len(times) - first <= allowed + 1e-3

    @invariant()
    def never_more_under_way_than_allowed(self):
        for bucket in self.buckets:
            assert bucket.under_way == sum(bucket in place.buckets for place in self.going)
            if bucket.max_concurrent:
                assert bucket.under_way <= bucket.max_concurrent

    @invariant()
    def never_above_what_was_declared_nor_at_rest(self):
        for bucket in self.buckets:
            assert bucket.per_second / 16 <= bucket.rate <= bucket.per_second

    @invariant()
    def nobody_waits_without_a_reason(self):
        assert all(place.waits_for(self.now) for place in self.waiting)

    def teardown(self):
        """In the end everybody goes, and everything is as quick as it was."""
        for place in list(self.going):
            self.going.remove(place)
            self.line.leave(place)
        for _ in range(1_000):
            if not self.waiting:
                break
            self.now += 10
            self.admit()
            for place in list(self.going):
                place.succeeded(self.now)
                self.going.remove(place)
                self.line.leave(place)
        assert not self.waiting
        self.recover()
        assert all(bucket.rate == bucket.per_second for bucket in self.buckets)

    def recover(self) -> None:
        self.now += 60
        for _ in range(int(RECOVERY_SECONDS)):
            self.now += 10
            place = self.line.join(tuple(self.buckets))
            self.admit_alone(place)

    def admit_alone(self, place: Place) -> None:
        self.line.admit(self.now)
        while not place.may_go:
            self.now += 10
            self.line.admit(self.now)
        place.succeeded(self.now)
        self.line.leave(place)


TestAnyOrderOfCalls = LineMachine.TestCase
TestAnyOrderOfCalls.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
