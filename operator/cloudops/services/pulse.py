"""Signs of life of a lease, between the threads that work and the one that renews."""

import threading
import time

from cloudops.domain.errors import LeaseLostError, WorkerStoppingError


class Pulse:
    """One per held lease.

    Working threads call `beat` after each page and commit; the heartbeat
    renews only while they do, so a hung call loses its lease.
    """

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self._last = time.monotonic()
        self._lost = threading.Event()
        self._stopping = threading.Event()
        self._given_back = threading.Event()

    def beat(self) -> None:
        """Note progress.

        Raises:
            LeaseLostError: The lease is gone; go no further.
            WorkerStoppingError: The process stops; go no further.
        """
        self._last = time.monotonic()
        if self._lost.is_set():
            raise LeaseLostError(f"lease {self._domain} ran out or was taken")
        if self._stopping.is_set():
            raise WorkerStoppingError(f"lease {self._domain} is handed back")

    def quiet_seconds(self) -> float:
        """How long ago the last sign of life was."""
        return time.monotonic() - self._last

    def give_back(self) -> None:
        """The work is done, the lease is about to be returned: call this before its last commit.

        After that commit the row looks as if somebody had taken it, and soon
        somebody may have. Only the commit itself can still find the lease lost.
        """
        self._given_back.set()

    @property
    def is_given_back(self) -> bool:
        return self._given_back.is_set()

    def lose(self) -> bool:
        """The lease is gone; whether that is news."""
        news = not self._lost.is_set()
        self._lost.set()
        return news

    def stop(self) -> None:
        self._stopping.set()
