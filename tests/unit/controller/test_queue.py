"""The work queue: never two hands on one key, and no change is lost."""

import itertools
import random
import threading
from collections import Counter

import pytest
from prometheus_client import REGISTRY

from cloudops.controller.queue import LONGEST_BACKOFF_SECONDS, WorkQueue

pytestmark = pytest.mark.unit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock) -> WorkQueue[str]:
    return WorkQueue("test", clock=clock, rng=random.Random(1))  # noqa: S311  repeatable jitter


def metric(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"name": "test"}) or 0.0


def test_a_key_that_is_added_often_is_handed_out_once(queue):
    for _ in range(10):
        queue.add("a")

    assert (queue.try_get(), queue.try_get()) == ("a", None)


def test_keys_come_in_the_order_of_their_adding(queue):
    for key in "bca":
        queue.add(key)

    assert [queue.try_get() for _ in range(3)] == ["b", "c", "a"]


def test_a_key_added_while_in_hand_is_handed_out_again_afterwards(queue):
    queue.add("a")
    queue.try_get()
    queue.add("a")

    assert queue.try_get() is None

    queue.done("a")

    assert queue.try_get() == "a"


def test_a_delayed_key_comes_when_it_is_due(queue, clock):
    queue.add_after("a", 5)

    assert queue.try_get() is None

    clock.now = 5

    assert queue.try_get() == "a"


def test_of_two_delays_the_shorter_counts(queue, clock):
    queue.add_after("a", 5)
    queue.add_after("a", 2)
    queue.add_after("a", 9)
    clock.now = 2

    assert queue.try_get() == "a"

    queue.done("a")
    clock.now = 100

    assert queue.try_get() is None


def test_a_key_that_comes_early_does_not_come_again_for_its_delay(queue, clock):
    queue.add_after("a", 5)
    queue.add("a")
    queue.try_get()
    queue.done("a")
    clock.now = 10

    assert queue.try_get() is None


def test_a_key_that_is_due_while_in_hand_comes_afterwards(queue, clock):
    queue.add("a")
    queue.try_get()
    queue.add_after("a", 1)
    clock.now = 2

    assert queue.try_get() is None

    queue.done("a")

    assert queue.try_get() == "a"


def test_requeue_spreads_by_five_percent(queue):
    delays = []
    for number in range(200):
        queue.requeue(str(number), 100)
        delays.append(queue._due[str(number)])

    assert min(delays) >= 95
    assert max(delays) <= 105
    assert max(delays) - min(delays) > 5


def test_retries_wait_longer_each_time_up_to_a_limit(queue):
    delays = [queue.retry("a") for _ in range(14)]

    assert 0.25 <= delays[0] <= 0.5
    assert all(later > earlier / 2 for earlier, later in itertools.pairwise(delays))
    assert LONGEST_BACKOFF_SECONDS / 2 <= delays[-1] <= LONGEST_BACKOFF_SECONDS


def test_no_retry_comes_sooner_than_was_asked_for(queue):
    delays = [queue.retry(str(number), at_least=7) for number in range(200)]

    assert min(delays) >= 7
    assert max(delays) <= 7 * 1.5
    assert max(delays) - min(delays) > 1  # or all would come back together


def test_what_was_asked_for_shortens_no_retry(queue):
    delays = [queue.retry("a", at_least=7) for _ in range(14)]

    assert delays[-1] >= LONGEST_BACKOFF_SECONDS / 2


def test_a_success_forgets_the_failures(queue):
    for _ in range(8):
        queue.retry("a")
    queue.forget("a")

    assert queue.retry("a") <= 0.5


def test_a_closed_queue_hands_out_nothing_and_takes_nothing(queue):
    queue.add("a")
    queue.close()
    queue.add("b")
    queue.add_after("c", 0)

    assert queue.try_get() is None
    assert queue.get() is None


def test_closing_wakes_who_waits(queue):
    answers: list[str | None] = []
    waiting = threading.Thread(target=lambda: answers.append(queue.get()))
    waiting.start()
    queue.close()
    waiting.join(60)

    assert answers == [None]


def test_a_waiting_hand_takes_what_becomes_due():
    queue: WorkQueue[str] = WorkQueue("test")
    queue.add_after("a", 0.05)

    assert queue.get() == "a"


def test_drain_waits_for_what_is_in_hand():
    queue: WorkQueue[str] = WorkQueue("test")
    queue.add("a")
    queue.try_get()
    queue.close()

    assert not queue.drain(0.05)

    threading.Timer(0.05, queue.done, ["a"]).start()

    assert queue.drain(60)


def test_metrics_tell_depth_adds_retries_and_times(queue, clock):
    adds, retries = metric("workqueue_adds_total"), metric("workqueue_retries_total")
    queue.add("a")
    queue.add("a")
    queue.add("b")
    queue.retry("c")

    assert metric("workqueue_depth") == 2
    assert metric("workqueue_adds_total") == adds + 2
    assert metric("workqueue_retries_total") == retries + 1

    queue.try_get()
    clock.now = 4
    queue.try_get()
    clock.now = 10

    assert metric("workqueue_unfinished_work_seconds") == 16
    assert metric("workqueue_longest_running_processor_seconds") == 10


def test_many_hands_never_hold_one_key_at_once():
    queue: WorkQueue[int] = WorkQueue("test")
    held: Counter[int] = Counter()
    worst: list[int] = []
    handled: Counter[int] = Counter()
    lock = threading.Lock()

    def work() -> None:
        while (key := queue.get()) is not None:
            with lock:
                held[key] += 1
                worst.append(held[key])
            with lock:
                held[key] -= 1
                handled[key] += 1
            queue.done(key)

    hands = [threading.Thread(target=work) for _ in range(8)]
    for hand in hands:
        hand.start()
    for number in range(3000):
        queue.add(number % 7)
    while queue.depth():
        pass
    assert queue.drain(60)
    queue.close()
    for hand in hands:
        hand.join(60)

    assert max(worst) == 1
    assert set(handled) == set(range(7))
