"""Takes due leases, works them off in threads, and gives them back."""

import secrets
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from cloudops import logs
from cloudops.domain.errors import (
    CloudOpsError,
    LeaseLostError,
    StoreBusyError,
    StoreUnavailableError,
    WorkerStoppingError,
)
from cloudops.domain.ledger import Lease, LeaseKind
from cloudops.metrics import LEASES_LOST
from cloudops.services.discovery import DiscoveryService
from cloudops.services.inventory import InventoryService
from cloudops.services.leasing import LeasingService
from cloudops.services.pulse import Pulse
from cloudops.settings import Settings
from cloudops.store.leases import CRASHES_BEFORE_BACKOFF
from cloudops.worker.heartbeat import Heartbeat

_log = structlog.get_logger(__name__)


class Worker:
    """One process's share of the work; `run` returns when `stop` was called.

    Args:
        settings: Periods and thread counts.
        leasing: Takes, renews and returns leases.
        discovery: Works off discovery leases.
        inventory: Works off inventory leases.
    """

    def __init__(
        self,
        settings: Settings,
        leasing: LeasingService,
        discovery: DiscoveryService,
        inventory: InventoryService,
    ) -> None:
        self.holder = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        self._settings = settings
        self._leasing = leasing
        self._discovery = discovery
        self._inventory = inventory
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._last_look = time.monotonic()
        self._next_suspect = 0.0
        self._pool = ThreadPoolExecutor(settings.leases_at_once, "lease")
        self._running: dict[Future[None], Pulse] = {}
        self._broken_off: list[Lease] = []
        self._lock = threading.Lock()  # of the line above
        self._trouble = ""
        self.heartbeat = Heartbeat(
            lambda held: leasing.renew(held, self.holder),
            lease_seconds=settings.worker_lease_seconds,
            deadline_seconds=settings.listing_deadline_seconds,
        )

    def stop(self) -> None:
        """Take no more leases; finish or hand back those in hand."""
        self._stop.set()
        self._wake.set()

    def run(self) -> None:
        """Work until `stop`, then leave within `worker_stop_seconds`."""
        _log.info("worker started", holder=self.holder, threads=self._settings.worker_threads)
        self.heartbeat.start()
        while not self._stop.is_set():
            if not self._take():
                self._wake.wait(self._settings.worker_poll_seconds)
            self._wake.clear()
        self._finish()

    def quiet_seconds(self) -> float:
        """How long the loop has not looked for work; grows only if it hangs."""
        return time.monotonic() - self._last_look

    def hung_seconds(self) -> float:
        """How long the quietest lease in hand has shown no sign of life."""
        return max((pulse.quiet_seconds() for pulse in self._unfinished()), default=0.0)

    def works(self) -> bool:
        """Whether some thread still has a lease in hand, be it lost."""
        return bool(self._unfinished())

    def _unfinished(self) -> list[Pulse]:
        return [pulse for future, pulse in list(self._running.items()) if not future.done()]

    def trouble(self) -> str:
        """What the database said when it broke off the last lease; "" once one went through."""
        return self._trouble

    def _take(self) -> bool:
        """Take leases for the free threads; whether there were any."""
        self._last_look = time.monotonic()
        self._running = {f: pulse for f, pulse in self._running.items() if not f.done()}
        free = self._settings.leases_at_once - len(self._running)
        try:
            if free <= 0:
                self._leasing.watch()
                return False
            self._put_off()
            taken = self._leasing.acquire(self.holder, free, suspects=self._suspects_wanted())
        except StoreUnavailableError as error:
            _log.warning("no work to be had", error=str(error))
            return False
        for lease in taken:
            pulse = self.heartbeat.hold(lease)
            future = self._pool.submit(self._work, lease, pulse)
            future.add_done_callback(lambda _: self._wake.set())
            self._running[future] = pulse
        return bool(taken)

    def _suspects_wanted(self) -> int:
        """One at a time: two that may both end this process would blame each other.

        Looking for them goes through all that is due, so not every time.
        """
        innocent = all(one.attempts <= CRASHES_BEFORE_BACKOFF for one in self.heartbeat.held())
        if not innocent or time.monotonic() < self._next_suspect:
            return 0
        self._next_suspect = time.monotonic() + self._settings.worker_poll_seconds
        return 1

    def _put_off(self) -> None:
        """Leases that broke off while this process lives on are no crashes: give them back."""
        with self._lock:
            held = list(self._broken_off)
        if held:
            self._leasing.put_off(held)
            with self._lock:
                self._broken_off = self._broken_off[len(held) :]

    def _let_down(self, lease: Lease) -> None:
        """Put it off as soon as the database can be told: this process did not die of it."""
        self.heartbeat.drop(lease)  # a beat after it was put off would find it lost
        with self._lock:
            self._broken_off.append(lease)

    def _work(self, lease: Lease, pulse: Pulse) -> None:
        with logs.correlated(lease=lease.domain):
            try:
                if lease.kind is LeaseKind.DISCOVERY:
                    self._discovery.run(lease, pulse)
                else:
                    self._inventory.run(lease, pulse)
                self._trouble = ""
            except WorkerStoppingError:
                self._hand_back(lease)
            except LeaseLostError as error:
                _log.warning("lease lost", error=str(error))
                if pulse.lose():  # the fence noticed it before the heartbeat did
                    LEASES_LOST.inc()
            except CloudOpsError as error:
                _log.warning("lease broke off", error=str(error))
                if _is_database_away(error):
                    self._trouble = f"the last lease broke off: {error}"
                self._let_down(lease)
            except Exception:  # noqa: BLE001  the outermost boundary: this lease is put off, others go on
                _log.exception("lease failed")
                self._let_down(lease)
            finally:
                self.heartbeat.drop(lease)

    def _hand_back(self, lease: Lease) -> None:
        self.heartbeat.drop(lease)  # a beat after this would find it lost
        try:
            self._leasing.hand_back([lease])
        except StoreUnavailableError as error:
            _log.warning("lease not handed back, it will run out", error=str(error))

    def _finish(self) -> None:
        deadline = time.monotonic() + self._settings.worker_stop_seconds
        self.heartbeat.interrupt()
        for future in list(self._running):
            if not future.done():
                _wait(future, deadline - time.monotonic() - 1)
        hung = self.heartbeat.held()
        for lease in [*hung, *self._broken_off]:
            # A hung one's thread is in a call; once it is taken, the fence keeps it from writing.
            self._hand_back(lease)
        self.heartbeat.stop()
        self._pool.shutdown(wait=not self.works(), cancel_futures=True)
        _log.info("worker stopped", handed_back=len(hung))


def _is_database_away(error: CloudOpsError) -> bool:
    return isinstance(error, StoreUnavailableError) and not isinstance(error, StoreBusyError)


def _wait(future: Future[None], seconds: float) -> None:
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    done.wait(max(0.0, seconds))
