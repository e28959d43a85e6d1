"""The number under which a leader writes to the plan, drawn once the Lease is its own."""

import threading
import time
from collections.abc import Callable
from typing import Final

from cloudops.controller.planning import Plan
from cloudops.domain.errors import CloudOpsError
from cloudops.logs import get_logger

log = get_logger(__name__)

RETRY_SECONDS: Final = 2.0


class Epoch:
    """Drawn in one thread, read in others.

    Args:
        plan: The way to the database.
        clock: Seconds that never jump.
    """

    def __init__(self, plan: Plan, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._clock = clock
        self._number: int | None = None
        self._wanted_at: float | None = None  # None = nobody asked for one
        self._tried_at = 0.0

    def draw(self, holder: str, stop: threading.Event) -> None:
        """Try until there is one, or until `stop` is set."""
        self._tried_at = self._wanted_at = self._clock()
        while self._number is None and not stop.is_set():
            self._tried_at = self._clock()
            try:
                self._number = self._plan.claim_epoch(holder)
            except CloudOpsError as error:
                log.warning("leads, but has no epoch yet", error=str(error))
                stop.wait(RETRY_SECONDS)
            except Exception:  # the outermost boundary of the thread: the next try may work
                log.exception("leads, but drawing an epoch broke")
                stop.wait(RETRY_SECONDS)

    def give_up(self) -> None:
        """Nothing is written any more."""
        self._number = self._wanted_at = None

    def known(self) -> int | None:
        """None = this replica does not lead, or can't write yet."""
        return self._number

    def required(self) -> int:
        """For who starts after it was drawn."""
        if self._number is None:
            raise RuntimeError("no epoch was drawn")
        return self._number

    def missing_seconds(self) -> float:
        """Since when this replica leads without one; 0 = it has one, or does not lead."""
        return self._since(self._wanted_at)

    def silent_seconds(self) -> float:
        """Since when the try to draw one that is under way has not ended; 0 = there is none."""
        return self._since(self._tried_at if self._wanted_at is not None else None)

    def _since(self, moment: float | None) -> float:
        return 0.0 if moment is None or self._number is not None else self._clock() - moment
