"""Buckets, places and lines, one rule at a time; any order of calls is the machine's affair."""

import math

import pytest

from cloudops.domain.rate_limits import (
    FORGOTTEN_AFTER_SECONDS,
    LONGEST_PAUSE_SECONDS,
    LONGEST_STEP_SECONDS,
    RECOVERY_SECONDS,
    SLOWEST_PER_SECOND,
    SLOWEST_SHARE,
    Bucket,
    Line,
    Place,
)

pytestmark = pytest.mark.unit


def go(line: Line, now: float, *buckets: Bucket) -> Place:
    """A call that is let through at once."""
    place = line.join(buckets)
    line.admit(now)
    assert place.may_go
    return place


def throttle(bucket: Bucket, now: float, retry_after: float = 0.0) -> bool:
    """A call goes, and is asked to slow down."""
    bucket.take(now)
    bucket.give_back()
    return bucket.throttled(now, bucket.halvings, retry_after)


class TestTokens:
    def test_a_full_bucket_lets_its_burst_go_at_once_and_then_keeps_the_rate(self):
        bucket = Bucket(100.0, per_second=2, burst=3)
        for _ in range(3):
            assert bucket.ready_in(100.0) == 0
            bucket.take(100.0)

        assert bucket.ready_in(100.0) == pytest.approx(0.5)
        assert bucket.ready_in(100.5) == 0

    def test_a_pause_brings_no_more_than_the_burst(self):
        bucket = Bucket(0.0, per_second=2, burst=3)
        bucket.take(0.0)

        assert bucket.tokens(1_000.0) == 3

    def test_a_limit_without_a_rate_only_counts_places(self):
        bucket = Bucket(0.0, max_concurrent=1)
        bucket.take(0.0)

        assert bucket.ready_in(0.0) == math.inf
        assert bucket.ready_in(0.0, needs_place=False) == 0
        bucket.give_back()
        assert bucket.ready_in(0.0) == 0


class TestThrottling:
    def test_halves_the_rate_and_empties_the_bucket(self):
        bucket = Bucket(0.0, per_second=8, burst=8)

        assert throttle(bucket, 0.0)

        assert (bucket.rate, bucket.tokens(0.0)) == (4, 0)
        assert bucket.ready_in(0.0) == pytest.approx(0.25)

    def test_of_calls_under_way_together_halves_it_once(self):
        bucket = Bucket(0.0, per_second=8, burst=8)
        seen = bucket.halvings

        assert [bucket.throttled(0.0, seen) for _ in range(5)] == [True, False, False, False, False]
        assert bucket.rate == 4

    @pytest.mark.parametrize(
        ("declared", "slowest"),
        [
            pytest.param(16, 16 * SLOWEST_SHARE, id="a-share"),
            pytest.param(1, SLOWEST_PER_SECOND, id="a-slow-one-less-so"),
            pytest.param(0.05, 0.05, id="a-very-slow-one-not-at-all"),
        ],
    )
    def test_never_stops_the_calls_altogether(self, declared, slowest):
        bucket = Bucket(0.0, per_second=declared)
        for _ in range(10):
            throttle(bucket, 0.0)

        assert bucket.rate == pytest.approx(slowest)
        assert not throttle(bucket, 0.0)

    def test_means_to_come_again_when_the_service_says(self):
        bucket = Bucket(0.0, per_second=10, burst=10)

        throttle(bucket, 0.0, retry_after=30)

        assert bucket.ready_in(0.0) >= 30
        assert bucket.ready_in(29.9) > 0
        assert bucket.ready_in(30.2) == 0

    @pytest.mark.parametrize("seconds", [86_400.0, math.inf])
    def test_stops_the_calls_for_minutes_at_most(self, seconds):
        bucket = Bucket(0.0, per_second=10, burst=10)

        throttle(bucket, 0.0, retry_after=seconds)

        assert bucket.ready_in(LONGEST_PAUSE_SECONDS - 0.1) > 0
        assert bucket.ready_in(LONGEST_PAUSE_SECONDS + 0.2) == 0

    def test_leaves_a_limit_without_a_rate_alone(self):
        assert not throttle(Bucket(0.0, max_concurrent=1), 0.0)


class TestRecovery:
    def test_calls_that_succeed_bring_the_rate_back_and_no_further(self):
        bucket = Bucket(0.0, per_second=10)
        throttle(bucket, 0.0)
        rates = []
        for second in range(1, int(RECOVERY_SECONDS) + 1):
            bucket.succeeded(float(second), bucket.halvings)
            rates.append(bucket.rate)

        assert rates == sorted(rates)
        assert rates[0] == pytest.approx(5 + 10 / RECOVERY_SECONDS)
        assert rates[-1] == 10

    def test_a_pause_proves_little(self):
        bucket = Bucket(0.0, per_second=12)
        throttle(bucket, 0.0)

        bucket.succeeded(10_000.0, bucket.halvings)

        assert bucket.rate == pytest.approx(6 + 12 * LONGEST_STEP_SECONDS / RECOVERY_SECONDS)

    def test_a_call_that_went_before_the_jam_proves_nothing(self):
        bucket = Bucket(0.0, per_second=10)
        seen = bucket.halvings
        throttle(bucket, 0.0)

        bucket.succeeded(5.0, seen)

        assert bucket.rate == 5

    def test_a_bucket_may_be_forgotten_once_nobody_would_notice(self):
        bucket = Bucket(0.0, per_second=10, burst=5)
        assert bucket.is_as_new(0.0)

        bucket.take(0.0)
        assert not bucket.is_as_new(0.0)  # it is not full
        assert not bucket.is_as_new(100.0)  # a call is under way
        bucket.give_back()
        assert bucket.is_as_new(100.0)
        throttle(bucket, 100.0)
        assert not bucket.is_as_new(200.0)  # it is slow

    def test_a_bucket_that_nobody_needed_for_long_is_forgotten(self):
        bucket = Bucket(0.0, per_second=10)
        throttle(bucket, 0.0)
        bucket.asked_at = 100.0

        assert not bucket.is_forgotten(99.0 + FORGOTTEN_AFTER_SECONDS)
        assert bucket.is_forgotten(100.0 + FORGOTTEN_AFTER_SECONDS)
        bucket.take(100.0)
        assert not bucket.is_forgotten(100.0 + FORGOTTEN_AFTER_SECONDS)  # a call is under way


class TestLine:
    def test_a_call_takes_of_each_of_its_buckets_or_of_none(self):
        """Fails if `admit` takes while it looks: the token of the quick one would be gone."""
        line, quick, slow = Line(), Bucket(0.0, per_second=1), Bucket(0.0, per_second=1)
        go(line, 0.0, slow)
        both = line.join((quick, slow))
        assert not line.admit(0.0)
        assert quick.tokens(0.0) == 1

        line.leave(both)

        assert quick.tokens(0.0) == 1
        go(line, 0.0, quick)

    def test_whoever_came_first_goes_first(self):
        line, bucket = Line(), Bucket(0.0, per_second=1)
        go(line, 0.0, bucket)
        first, second = line.join((bucket,)), line.join((bucket,))

        line.admit(1.0)
        assert (first.may_go, second.may_go) == (True, False)
        line.admit(2.0)
        assert second.may_go

    def test_a_call_that_waits_for_a_slow_service_holds_up_no_other(self):
        line = Line()
        shared, slow = Bucket(0.0, per_second=5, burst=5), Bucket(0.0, per_second=0.01)
        go(line, 0.0, shared, slow)
        waiting = line.join((shared, slow))

        go(line, 0.0, shared)
        assert not waiting.may_go

    def test_what_comes_free_goes_to_the_first_who_waits_for_it(self):
        """Fails if `admit` goes through the line from its end."""
        line = Line()
        scarce, rate = Bucket(0.0, max_concurrent=1), Bucket(0.0, per_second=1, burst=9)
        held = go(line, 0.0, scarce)
        earlier = line.join((rate, scarce))
        later = line.join((scarce,))
        line.leave(held)

        line.admit(0.0)

        assert (earlier.may_go, later.may_go) == (True, False)

    def test_a_place_is_free_again_once_its_call_is_over(self):
        line, bucket = Line(), Bucket(0.0, max_concurrent=1)
        held = go(line, 0.0, bucket)
        waiting = line.join((bucket,))
        assert not line.admit(0.0)

        line.leave(held)
        line.admit(0.0)

        assert waiting.may_go
        assert bucket.under_way == 1

    def test_a_call_within_a_call_takes_no_place(self):
        """Else it would wait for the very call that waits for it, or for others who do."""
        line, bucket = Line(), Bucket(0.0, max_concurrent=1)
        go(line, 0.0, bucket)
        line.join((bucket,))
        inner = line.join((bucket,), takes_places=False)

        line.admit(0.0)
        assert inner.may_go
        line.leave(inner)
        assert bucket.under_way == 1

    def test_an_outcome_counts_for_every_bucket_of_the_call(self):
        line, one, other = Line(), Bucket(0.0, per_second=8), Bucket(0.0, per_second=4)
        place = go(line, 0.0, one, other)

        assert place.throttled(0.0) == [one, other]
        assert (one.rate, other.rate) == (4, 2)
        later = line.join((one, other))
        line.admit(10.0)
        later.succeeded(10.0)
        assert (one.rate > 4, other.rate > 2) == (True, True)
