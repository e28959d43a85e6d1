"""What becomes of a key after its reconcile went well, late, wrong or to pieces."""

import threading
import time

import pytest
from prometheus_client import REGISTRY

from cloudops.controller.kube import ConflictError, Key, KubeUnavailableError
from cloudops.controller.queue import WorkQueue
from cloudops.controller.workers import Workers
from cloudops.domain.errors import NotLeaderError, StoreUnavailableError

pytestmark = pytest.mark.unit

KEY: Key = ("platform", "aws")
PREFIX = "controller_runtime_reconcile"


class Scripted:
    """Answers, or raises, what the script says; then tells that it was all."""

    def __init__(self, *script: float | Exception | None) -> None:
        self.script = list(script)
        self.calls = 0
        self.over = threading.Event()

    def reconcile(self, key: Key) -> float | None:
        step = self.script[self.calls] if self.calls < len(self.script) else None
        self.calls += 1
        if self.calls >= len(self.script):
            self.over.set()
        if isinstance(step, Exception):
            raise step
        return step


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"controller": "scripted", **labels}) or 0.0


@pytest.fixture
def run():
    deposed: list[str] = []
    started: list[Workers] = []

    def run(*script: float | Exception | None) -> list[str]:
        queue: WorkQueue[Key] = WorkQueue("scripted")
        reconciler = Scripted(*script)
        workers = Workers("scripted", queue, reconciler, threads=3, deposed=deposed.append)
        workers.start()
        started.append(workers)
        queue.add(KEY)

        assert reconciler.over.wait(60)
        assert workers.stop(60)
        assert reconciler.calls == len(script)
        return deposed

    return run


def results() -> dict[str, float]:
    names = ("success", "requeue", "requeue_after", "error")
    return {name: sample(f"{PREFIX}_total", result=name) for name in names}


@pytest.mark.parametrize(
    ("script", "result"),
    [
        pytest.param((None,), "success", id="nothing-more-to-do"),
        pytest.param((600.0,), "requeue_after", id="look-again-later"),
        pytest.param((ConflictError("changed", 409), None), "requeue", id="judged-an-old-version"),
        pytest.param((StoreUnavailableError("away"), None), "error", id="expected-error"),
        pytest.param((ValueError("bug"), None), "error", id="unexpected-error"),
    ],
)
def test_results_are_counted_and_failures_are_tried_again(run, script, result):
    before = results()
    run(*script)

    assert results()[result] == before[result] + 1


def test_a_server_that_says_when_to_come_again_is_left_alone_until_then(run):
    """Fails without `at_least`: the first retry comes within half a second."""
    before = time.monotonic()
    run(KubeUnavailableError("too much", 429, 1.0), None)

    assert time.monotonic() - before >= 1.0


def test_a_broken_reconcile_is_counted_as_a_panic(run):
    before = sample(f"{PREFIX}_panics_total"), sample(f"{PREFIX}_errors_total")
    run(ValueError("bug"), None)

    assert sample(f"{PREFIX}_panics_total") == before[0] + 1
    assert sample(f"{PREFIX}_errors_total") == before[1] + 1


def test_losing_to_another_leader_is_told_at_once(run):
    assert run(NotLeaderError("epoch 1 is over"), None) == ["epoch 1 is over"]


def test_a_conflict_is_no_error(run):
    before = sample(f"{PREFIX}_errors_total")
    run(ConflictError("changed", 409), None)

    assert sample(f"{PREFIX}_errors_total") == before


def test_threads_and_busy_threads_are_shown(run):
    run(None)

    assert sample("controller_runtime_max_concurrent_reconciles") == 3
    assert sample("controller_runtime_active_workers") == 0


def test_stopping_waits_for_what_is_in_hand_only_so_long():
    release = threading.Event()
    begun = threading.Event()

    class Hanging:
        def reconcile(self, key: Key) -> float | None:
            begun.set()
            release.wait(60)
            return None

    queue: WorkQueue[Key] = WorkQueue("scripted")
    workers = Workers("scripted", queue, Hanging(), threads=1, deposed=print)
    workers.start()
    queue.add(KEY)

    assert begun.wait(60)
    assert not workers.stop(0.05)

    release.set()

    assert workers.stop(60)
