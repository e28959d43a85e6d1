"""The threads that take keys from the queue and reconcile them."""

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from cloudops.controller.kube import ConflictError, Key, KubeError
from cloudops.controller.queue import WorkQueue
from cloudops.domain.errors import CloudOpsError, NotLeaderError
from cloudops.logs import correlated, get_logger
from cloudops.metrics import (
    RECONCILE_ACTIVE,
    RECONCILE_ERRORS,
    RECONCILE_MAX,
    RECONCILE_PANICS,
    RECONCILE_SECONDS,
    RECONCILE_TOTAL,
)

log = get_logger(__name__)

RESULTS: Final = ("success", "requeue", "requeue_after", "error")


class Reconciler(Protocol):
    """Brings one object's plan and status in line with its spec."""

    def reconcile(self, key: Key) -> float | None:
        """Do so once; safe to repeat.

        Returns:
            Seconds after which to look again without any news; None = never.
        """
        ...


class Workers:
    """`start` and `stop` once.

    Args:
        controller: Label of the metrics, and the name of the object in log lines.
        deposed: Called with a reason when a write shows that another replica leads.
    """

    def __init__(
        self,
        controller: str,
        queue: WorkQueue[Key],
        reconciler: Reconciler,
        *,
        threads: int,
        deposed: Callable[[str], None],
    ) -> None:
        self._controller = controller
        self._queue = queue
        self._reconciler = reconciler
        self._deposed = deposed
        self._threads = [
            threading.Thread(target=self._run, name=f"{controller}-{number}", daemon=True)
            for number in range(threads)
        ]
        for result in RESULTS:  # a rate needs a zero to start from
            RECONCILE_TOTAL.labels(controller, result)
        RECONCILE_MAX.labels(controller).set(threads)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> bool:
        """Take no more keys; True if all in hand were finished within `seconds`."""
        self._queue.close()
        return self._queue.drain(seconds)

    def _run(self) -> None:
        while (key := self._queue.get()) is not None:
            started = time.monotonic()
            RECONCILE_ACTIVE.labels(self._controller).inc()
            try:
                with correlated(**{self._controller: "/".join(key)}):
                    result = self._work(key)
            finally:
                RECONCILE_ACTIVE.labels(self._controller).dec()
                self._queue.done(key)
            RECONCILE_TOTAL.labels(self._controller, result).inc()
            RECONCILE_SECONDS.labels(self._controller).observe(time.monotonic() - started)

    def _work(self, key: Key) -> str:
        try:
            seconds = self._reconciler.reconcile(key)
        except ConflictError as error:
            log.debug("judged an old version; will judge again", error=str(error))
            self._queue.retry(key)
            return "requeue"
        except NotLeaderError as error:
            self._deposed(str(error))
            return self._failed(key)
        except CloudOpsError as error:
            asked = error.retry_after_seconds if isinstance(error, KubeError) else 0.0
            retry_seconds = self._queue.retry(key, at_least=asked)
            log.warning("reconcile failed", error=str(error), retry_seconds=round(retry_seconds, 1))
            return self._failed(key, retried=True)
        except Exception:  # the outermost boundary: one broken object must not end the thread
            log.exception("reconcile broke")
            RECONCILE_PANICS.labels(self._controller).inc()
            return self._failed(key)
        self._queue.forget(key)
        if seconds is None:
            return "success"
        self._queue.requeue(key, seconds)
        return "requeue_after"

    def _failed(self, key: Key, *, retried: bool = False) -> str:
        RECONCILE_ERRORS.labels(self._controller).inc()
        if not retried:
            self._queue.retry(key)
        return "error"
