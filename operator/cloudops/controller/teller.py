"""Events in a thread of their own: no status waits until an event is written.

When a controller meets thousands of objects at once, each status is followed by
an event. Written in between, they would keep the statuses waiting for a third
of the time.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from cloudops.controller.kube import KubeClient
from cloudops.controller.recorder import Happening, Recorder
from cloudops.logs import get_logger

log = get_logger(__name__)

# Half a kilobyte each; what comes on top is lost, as events may be.
MOST_WAITING: Final = 20_000
# With more than this waiting, statuses are being written by the thousand: they go first ...
CROWD: Final = 100
PAUSE_SECONDS: Final = 0.05
# ... the more so while more and more comes.
GROWING_PAUSE_SECONDS: Final = 0.5

_Told = tuple[dict[str, Any], Happening]


class Teller(Recorder):
    """A recorder whose `record` returns at once; `start` and `stop` once.

    Args:
        client: How to reach the API server.
        instance: Which replica speaks.
        most_waiting: Events that are kept until they can be written.
    """

    def __init__(
        self, client: KubeClient, instance: str, *, most_waiting: int = MOST_WAITING
    ) -> None:
        super().__init__(client, instance)
        self._waiting: queue.Queue[_Told | None] = queue.Queue(most_waiting)
        self._hurry = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Tell what is waiting, as far as that goes within `seconds`."""
        deadline = time.monotonic() + seconds
        self._hurry.set()
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=seconds)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._stopped.set()

    def record(self, document: Mapping[str, Any], happening: Happening) -> None:
        """Tell `happening` of the object `document`, soon."""
        try:
            self._waiting.put_nowait((_identified(document), happening))
        except queue.Full:
            log.debug("an event too many", reason=happening.reason)

    def _run(self) -> None:
        before = 0
        while (told := self._waiting.get()) is not None and not self._stopped.is_set():
            try:
                super().record(*told)
            except Exception:  # the outermost boundary of the thread: the next event may work
                log.exception("telling broke")
            if (size := self._waiting.qsize()) > CROWD:
                self._hurry.wait(GROWING_PAUSE_SECONDS if size > before else PAUSE_SECONDS)
            before = size


def _identified(document: Mapping[str, Any]) -> dict[str, Any]:
    """What an event needs of its object; the rest would only lie in memory."""
    metadata = document["metadata"]
    names = ("namespace", "name", "uid", "resourceVersion")
    return {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "metadata": {name: metadata[name] for name in names if name in metadata},
    }
