"""`cloudops controller`: runs one replica until a signal, and says how it ended."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Final

from cloudops.app.controller import ControllerApp
from cloudops.controller.planning import Plan
from cloudops.controller.replica import Replica
from cloudops.domain.errors import CloudOpsError, InvalidInputError
from cloudops.logs import get_logger
from cloudops.settings import Settings

log = get_logger(__name__)

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_INVALID: Final = 2


def run(app: ControllerApp) -> int:
    """Run until SIGTERM or SIGINT; must be called in the main thread.

    Returns:
        0 after a graceful stop, 1 if it could not start, 2 if a setting is wrong or the
        database is another cluster's or version's. A leader that loses its Lease ends the
        process with 75.
    """
    return run_replica(app.settings, app.plan)


def run_replica(settings: Settings, plan: Plan) -> int:
    """As `run`."""
    stop = threading.Event()
    with _signals(stop):
        try:
            Replica(settings, plan).run(stop)
        except InvalidInputError as error:
            log.error("refused to start", error=str(error))  # noqa: TRY400  no trace for a person's mistake
            return EXIT_INVALID
        except CloudOpsError as error:
            log.error("could not start", error=str(error))  # noqa: TRY400  likewise
            return EXIT_FAILED
    return EXIT_OK


@contextlib.contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT ask for a graceful stop; a second one ends the process at once."""

    def ask(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
