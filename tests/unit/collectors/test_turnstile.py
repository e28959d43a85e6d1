"""The gate to an account: which limits apply, who shares them, and how a wait ends."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count

import pytest
from prometheus_client import REGISTRY
from prometheus_client.exposition import generate_latest
from structlog.testing import capture_logs

from cloudops.collectors.limits import (
    MAX_ACCOUNTS,
    MAX_BUCKETS,
    PATIENCE_SECONDS,
    DeclaredLimit,
    Limits,
    Share,
)
from cloudops.collectors.turnstile import Attempts, TooSlowError, Turnstile
from cloudops.domain.errors import LeaseLostError
from cloudops.domain.provider import RateLimit
from cloudops.domain.rate_limits import FORGOTTEN_AFTER_SECONDS
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.unit

HOUR = "0.00027"
CLOUDS = (f"cloud{number}" for number in count())


def declared(name: str, calls: str, rate: str = "1", burst: int = 1, **row) -> DeclaredLimit:
    service, _, action = calls.partition(":")
    return DeclaredLimit(limit=RateLimit(name, service, action, rate, burst), **row)


def limits_of(*rows: DeclaredLimit, rest: str = "1000", **options) -> Limits:
    """A cloud of its own: metrics are the process's."""
    quick = declared("default", "*:*", rest, 1000, share=Share.SERVICE)
    return Limits(next(CLOUDS), rows, quick, **options)


@pytest.fixture
def threads():
    with ThreadPoolExecutor(8) as pool:
        yield pool


def names(limits: Limits, own: tuple[RateLimit, ...], service: str, action: str) -> list[str]:
    return [key.row.limit.name for key in limits.keys(own, service, "eu-west-1", action)]


def value(name: str, limits: Limits, service: str, limit: str) -> float | None:
    """What a scrape shows of a limit."""
    labels = {"cloud": limits.cloud, "service": service, "limit": limit}
    return REGISTRY.get_sample_value(name, labels)


class TestWhichLimitsApply:
    ROWS = (
        declared("reads", "ec2:*"),
        declared("large", "ec2:DescribeInstances"),
        declared("all", "iam:*"),
    )

    @pytest.mark.parametrize(
        ("service", "action", "expected"),
        [
            pytest.param("ec2", "DescribeInstances", ["reads", "large"], id="all-that-name-it"),
            pytest.param("ec2", "DescribeVolumes", ["reads"], id="one"),
            pytest.param("sqs", "ListQueues", ["default"], id="else-the-rest"),
        ],
    )
    def test_of_the_built_in_ones(self, service, action, expected):
        assert names(limits_of(*self.ROWS), (), service, action) == expected

    def test_a_rate_of_the_users_takes_their_place(self):
        own = (RateLimit("slow", "ec2", "Describe*", "0.5"), RateLimit("other", "s3", "*", "1"))

        assert names(limits_of(*self.ROWS), own, "ec2", "DescribeInstances") == ["slow"]
        assert names(limits_of(*self.ROWS), own, "iam", "ListRoles") == ["all"]

    def test_a_cap_of_the_users_comes_on_top(self):
        """Fails if any row of the user's replaced the built-in ones: there would be no rate."""
        own = (RateLimit("few", max_concurrent=4),)

        assert names(limits_of(*self.ROWS), own, "iam", "ListRoles") == ["few", "all"]


class TestWhoSharesABucket:
    @pytest.mark.parametrize(
        ("row", "other", "shared"),
        [
            pytest.param({}, ("ec2", "eu-west-1", "B"), True, id="all-calls"),
            pytest.param({}, ("ec2", "us-east-1", "A"), False, id="not-another-region"),
            pytest.param({"everywhere": True}, ("ec2", "us-east-1", "A"), True, id="everywhere"),
            pytest.param({"share": Share.ACTION}, ("ec2", "eu-west-1", "B"), False, id="action"),
            pytest.param({"share": Share.SERVICE}, ("ec2", "eu-west-1", "B"), True, id="service"),
            pytest.param({"share": Share.SERVICE}, ("s3", "eu-west-1", "A"), False, id="services"),
        ],
    )
    def test_is_said_by_its_row(self, row, other, shared):
        limits = limits_of(declared("one", "*:*", **row))

        assert (limits.keys((), "ec2", "eu-west-1", "A") == limits.keys((), *other)) is shared

    def test_two_leases_of_an_account_do_and_two_accounts_do_not(self):
        """Fails with a `Limits` for each session: the second lease would begin with a full one."""
        limits = limits_of(declared("one", "*:*", HOUR), patience_seconds=5)
        with Turnstile(limits, "1").call("ec2", "eu", "A") as first:
            first.begin()
        with Turnstile(limits, "1").of("2").call("ec2", "eu", "A") as elsewhere:
            elsewhere.begin()

        told = pytest.raises(TooSlowError, match=r"one \(0\.00027 calls a second\)")
        with Turnstile(limits, "1").call("ec2", "eu", "A") as second, told:
            second.begin()

    def test_an_edited_limit_begins_anew(self):
        limits = limits_of(patience_seconds=5)
        for rate in (HOUR, "0.00028"):
            gate = Turnstile(limits, "1", (RateLimit("mine", "*", "*", rate),))
            with gate.call("ec2", "eu", "A") as attempts:
                attempts.begin()

    def test_what_is_kept_is_bounded(self):
        limits = limits_of(declared("one", "*:*", "1000", 1, share=Share.ACTION))
        for number in range(MAX_ACCOUNTS + 10):
            with limits.account(f"account-{number}"):
                pass
        for number in range(MAX_BUCKETS * 2):
            with Turnstile(limits, "busy").call("ec2", "eu", f"Action{number}") as attempts:
                attempts.begin()

        assert len(limits._accounts) <= MAX_ACCOUNTS
        assert eventually(lambda: self.buckets_after_another_call(limits) <= MAX_BUCKETS + 1)

    def buckets_after_another_call(self, limits: Limits) -> int:
        with Turnstile(limits, "busy").call("ec2", "eu", "Another") as attempts:
            attempts.begin()
        with limits.account("busy") as account:
            return len(account.buckets)


class TestWaiting:
    def held(self, threads, limits: Limits, **gate) -> tuple[Attempts, ExitStack, Future[None]]:
        """One call under way at a cap of one, and another that waits in a thread."""
        stack = ExitStack()
        own = (RateLimit("one", max_concurrent=1),)
        attempts = stack.enter_context(Turnstile(limits, "1", own).call("ec2", "eu", "A"))
        attempts.begin()

        def wait() -> None:
            with Turnstile(limits, "1", own, **gate).call("ec2", "eu", "A") as second:
                second.begin()

        return attempts, stack, threads.submit(wait)

    def test_ends_when_a_place_is_free(self, threads):
        beats, limits = threading.Semaphore(0), limits_of()
        held, stack, waiting = self.held(threads, limits, progress=beats.release)
        with stack:
            assert beats.acquire(timeout=60)
            assert not waiting.done()
            held.end()
            waiting.result(60)

        # Whoever went at once is not counted.
        name = "cloudops_rate_limit_wait_seconds_count"
        assert value(name, limits, "*", "spec.rateLimits") == 1

    def test_shows_signs_of_life_all_the_time(self, threads):
        beats = threading.Semaphore(0)
        _, stack, waiting = self.held(threads, limits_of(), progress=beats.release)
        with stack:
            assert all(beats.acquire(timeout=60) for _ in range(3))
        waiting.result(60)

    def test_ends_at_once_where_the_lease_is_gone_and_leaves_the_line(self, threads):
        """Fails without the `except` in `begin`: the place stays in the line for ever."""

        def gone() -> None:
            raise LeaseLostError("it is gone")

        held, stack, waiting = self.held(threads, limits_of(), progress=gone)
        with stack:
            with pytest.raises(LeaseLostError):
                waiting.result(60)
            held.end()
            held.begin()

    def test_does_not_last_for_ever(self, threads):
        limits = limits_of(patience_seconds=0.2)
        _, stack, waiting = self.held(threads, limits)
        with stack, pytest.raises(TooSlowError, match=r"one \(few calls at a time\).*raise it"):
            waiting.result(60)

    def test_of_many_threads_never_lets_too_many_through(self, threads):
        limits = limits_of()
        own = (RateLimit("three", max_concurrent=3),)
        under_way, most, lock = 0, 0, threading.Lock()

        def call() -> None:
            nonlocal under_way, most
            with Turnstile(limits, "1", own).call("ec2", "eu", "A") as attempts:
                attempts.begin()
                with lock:
                    under_way += 1
                    most = max(most, under_way)
                with lock:
                    under_way -= 1

        for future in [threads.submit(call) for _ in range(200)]:
            future.result(60)

        assert 1 <= most <= 3

    def test_a_call_within_a_call_waits_for_no_place(self):
        """Credentials are refreshed within a call, and the cap may be of one."""
        gate = Turnstile(limits_of(patience_seconds=5), "1", (RateLimit("one", max_concurrent=1),))
        with gate.call("ec2", "eu", "A") as outer, gate.call("sts", "eu", "B") as inner:
            outer.begin()
            inner.begin()


class TestThrottling:
    def slowed(self, limits: Limits) -> list[bool]:
        answers = []
        for _ in range(6):
            with Turnstile(limits, "1").call("ec2", "eu", "A") as attempts:
                attempts.begin()
                answers.append(attempts.throttled())
        return answers

    def test_slows_down_until_it_can_do_so_no_more(self):
        limits = limits_of(rest="1600")

        assert self.slowed(limits) == [True, True, True, True, False, False]
        assert [state.rate for state in limits.states()] == [100]

    def test_says_so_with_the_limit_and_the_account(self):
        with capture_logs() as told:
            self.slowed(limits_of(rest="1600"))

        assert {line["event"] for line in told} == {"rate halved"}
        assert [line["rate"] for line in told] == [800, 400, 200, 100]
        assert told[0].items() >= {"limit": "default", "account": "1", "call": "ec2:A"}.items()

    def test_is_not_believed_that_asks_for_a_pause_of_a_day(self):
        """Fails without a bound: every call of the account would be given up until then."""
        now = 0.0
        limits = limits_of(clock=lambda: now)
        with Turnstile(limits, "1").call("ec2", "eu", "A") as attempts:
            attempts.begin()
            attempts.throttled(86_400)

        now = PATIENCE_SECONDS
        with Turnstile(limits, "1").call("ec2", "eu", "A") as attempts:
            attempts.begin()

    def test_an_outcome_without_an_attempt_changes_nothing(self):
        limits = limits_of(rest="1600")
        with Turnstile(limits, "1").call("ec2", "eu", "A") as attempts:
            attempts.succeeded()
            assert not attempts.throttled()

        assert list(limits.states()) == []


class TestForgetting:
    """Of an account that nobody calls any more: its lease has moved, or its provider is gone."""

    def call(self, limits: Limits, outcome: str = "succeeded") -> None:
        with Turnstile(limits, "1").call("ec2", "eu", "A") as attempts:
            attempts.begin()
            getattr(attempts, outcome)()

    def test_a_slow_rate_is_told_until_nobody_needed_it_for_long(self):
        """Fails without `is_forgotten` in `states`: it would be told until the restart."""
        now = 0.0
        limits = limits_of(rest="16", clock=lambda: now)
        self.call(limits, "throttled")

        now = FORGOTTEN_AFTER_SECONDS - 1
        assert value("cloudops_rate_limit_slowed_domains", limits, "ec2", "default") == 1
        now = FORGOTTEN_AFTER_SECONDS
        assert value("cloudops_rate_limit_slowed_domains", limits, "ec2", "default") is None

    def test_who_then_calls_begins_anew(self):
        now = 0.0
        limits = limits_of(rest="16", clock=lambda: now)
        self.call(limits, "throttled")

        now = FORGOTTEN_AFTER_SECONDS
        self.call(limits)
        assert [state.rate for state in limits.states()] == [16]

    def test_whoever_calls_now_and_then_is_remembered(self):
        """Between two passes nothing is called, which proves nothing."""
        now = 0.0
        limits = limits_of(rest="16", clock=lambda: now)
        for _ in range(3):
            self.call(limits, "throttled")
            now += FORGOTTEN_AFTER_SECONDS - 1
        self.call(limits)

        (state,) = limits.states()
        assert state.rate < state.declared

    def test_a_call_under_way_keeps_its_place(self, threads):
        now = 0.0
        own = (RateLimit("one", max_concurrent=1),)
        limits = limits_of(clock=lambda: now, patience_seconds=-1)
        with Turnstile(limits, "1", own).call("ec2", "eu", "A") as held:
            held.begin()
            now = 2 * FORGOTTEN_AFTER_SECONDS
            with Turnstile(limits, "1", own).call("ec2", "eu", "A") as second:
                threads.submit(pytest.raises, TooSlowError, second.begin).result(60)

    def test_makes_room(self):
        now = 0.0
        limits = limits_of(declared("one", "*:*", "16", share=Share.ACTION), clock=lambda: now)
        for number in range(MAX_BUCKETS + 1):
            with Turnstile(limits, "1").call("ec2", "eu", f"Action{number}") as attempts:
                attempts.begin()
                attempts.throttled()

        now = FORGOTTEN_AFTER_SECONDS
        self.call(limits)
        with limits.account("1") as account:
            assert len(account.buckets) == 1


class TestMetrics:
    def test_show_the_slowest_of_all_quota_domains(self):
        limits = limits_of(declared("reads", "ec2:*", "160", 160))
        for account in ("1", "2"):
            for region in ("eu", "us"):
                with Turnstile(limits, account).call("ec2", region, "A") as attempts:
                    attempts.begin()
                    if (account, region) == ("2", "us"):
                        attempts.throttled()

        shown = [
            value(f"cloudops_rate_limit_{name}", limits, "ec2", "reads")
            for name in ("calls_per_second", "slowed_domains", "throttles_total")
        ]
        assert shown == [80, 1, 1]
        tokens = value("cloudops_rate_limit_tokens", limits, "ec2", "reads")
        assert tokens is not None
        assert tokens <= 160

    def test_name_no_limit_of_a_user(self):
        """There are as many of them as users care to write."""
        limits = limits_of()
        for number in range(3):
            own = (RateLimit(f"mine-{number}", "ec2", "*", "5"),)
            with Turnstile(limits, "1", own).call("ec2", "eu", "A") as attempts:
                attempts.begin()

        assert value("cloudops_rate_limit_calls_per_second", limits, "ec2", "spec.rateLimits")
        assert "mine-" not in generate_latest(REGISTRY).decode()

    @pytest.mark.parametrize("glob", ["e*c2", "ec?", "[e]c2", "*"])
    def test_show_no_glob_of_a_user(self, glob):
        limits, own = limits_of(), (RateLimit("mine", glob, "*", "5"),)
        with Turnstile(limits, "1", own).call("ec2", "eu", "A") as attempts:
            attempts.begin()
            attempts.throttled()

        names = ("calls_per_second", "slowed_domains", "throttles_total")
        shown = [
            value(f"cloudops_rate_limit_{name}", limits, "*", "spec.rateLimits") for name in names
        ]
        assert shown == [2.5, 1, 1]
