"""`cloudops worker`: wait for the database, work, stop when told to."""

import os
import signal
import threading
from collections.abc import Callable

import structlog

from cloudops.app.worker import WorkerApp
from cloudops.domain.errors import StoreUnavailableError
from cloudops.health import HealthServer
from cloudops.settings import Settings
from cloudops.worker.loop import Worker

MAINTENANCE_SECONDS = 3600
MAINTENANCE_RETRY_SECONDS = 60
# A call gives up after its own time-outs; one that did not in five deadlines never will.
HUNG_DEADLINES = 5
START_RETRY_SECONDS = 3
HUNG_EXIT = 75  # EX_TEMPFAIL: threads hang in a call, the process must not wait for them

_log = structlog.get_logger(__name__)


def run(open_app: Callable[[], WorkerApp], settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code.

    Args:
        open_app: Wires the worker; called again while the database is away. Meanwhile it is
            alive and not ready: restarting it would not bring the database back.
        settings: The worker's.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    address = settings.http_host, settings.http_port
    server = HealthServer(address, live={}, ready={"database": lambda: "not reached yet"})
    server.start()
    try:
        app = _open(open_app, stop)
        return 0 if app is None else _work(app, server, stop)
    finally:
        server.stop()


def _work(app: WorkerApp, server: HealthServer, stop: threading.Event) -> int:
    worker = Worker(app.settings, app.leasing, app.discovery, app.inventory)
    _check(server, app, worker)
    threading.Thread(target=_maintain, args=(app, stop), name="maintenance", daemon=True).start()
    loop = threading.Thread(target=worker.run, name="worker", daemon=True)
    loop.start()
    while not stop.wait(1.0) and loop.is_alive():
        pass
    broken = not stop.is_set()
    stop.set()
    worker.stop()
    loop.join(app.settings.worker_stop_seconds)
    return _leave(worker, loop) or int(broken)


def _open(open_app: Callable[[], WorkerApp], stop: threading.Event) -> WorkerApp | None:
    while not stop.is_set():
        try:
            return open_app()
        except StoreUnavailableError as error:
            _log.warning("waiting for the database", error=str(error))
            stop.wait(START_RETRY_SECONDS)
    return None


def _check(server: HealthServer, app: WorkerApp, worker: Worker) -> None:
    settings = app.settings

    def live() -> str:
        quiet = worker.quiet_seconds()
        limit = settings.listing_deadline_seconds + settings.worker_poll_seconds * 4
        return f"the loop has hung for {quiet:.0f} s" if quiet > limit else ""

    def threads() -> str:
        """Its lease went to others long ago, but its thread is missing for all others."""
        hung = worker.hung_seconds()
        limit = settings.listing_deadline_seconds * HUNG_DEADLINES
        return f"a thread has hung in a call for {hung:.0f} s" if hung > limit else ""

    def ready() -> str:
        app.leasing.require_schema()
        return ""

    server.check(
        live={"loop": live, "threads": threads},
        ready={"database": ready, "work": worker.trouble},
    )


def _maintain(app: WorkerApp, stop: threading.Event) -> None:
    while not stop.is_set():
        pause = min(MAINTENANCE_RETRY_SECONDS, MAINTENANCE_SECONDS)
        try:
            app.maintenance.run()
        except StoreUnavailableError as error:
            _log.warning("maintenance put off", error=str(error))
        except Exception:  # noqa: BLE001  the thread's outermost boundary: later it may work
            _log.exception("maintenance failed")
        else:
            pause = MAINTENANCE_SECONDS
        stop.wait(pause)


def _leave(worker: Worker, loop: threading.Thread) -> int:
    """Threads that hang in a cloud's call would keep the interpreter from ending."""
    if loop.is_alive() or worker.works():
        _log.warning("leaving hung calls behind")
        os._exit(HUNG_EXIT)
    return 0
