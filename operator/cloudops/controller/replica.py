"""One replica of the controller: makes its parts, starts and stops them in order."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from cloudops.controller.cache import ObjectCache
from cloudops.controller.cloudprovider import PLURAL, CloudProviderReconciler, status_kind
from cloudops.controller.database_alarm import DatabaseAlarm
from cloudops.controller.epoch import RETRY_SECONDS, Epoch
from cloudops.controller.kube import Key, KubeClient, KubeError, is_served
from cloudops.controller.leader import EXIT_DEPOSED, Elector, LeaseTerms, new_identity
from cloudops.controller.list_diff import LONGEST_LAG_SECONDS, ListDiff, WatchLag
from cloudops.controller.planning import Plan
from cloudops.controller.queue import WorkQueue
from cloudops.controller.status import StatusWriter
from cloudops.controller.teller import Teller
from cloudops.controller.watch import Watch, Watched
from cloudops.controller.workers import Workers
from cloudops.domain.errors import CloudOpsError, StoreUnavailableError
from cloudops.health import HealthServer
from cloudops.kubernetes_access import load_configuration
from cloudops.logs import get_logger
from cloudops.settings import Settings

log = get_logger(__name__)

CONTROLLER: Final = "cloudprovider"
DRAIN_SECONDS: Final = 15.0
TELL_SECONDS: Final = 3.0
LONGEST_SILENCE_SECONDS: Final = 60.0
LONGEST_RECONCILE_SECONDS: Final = 300.0


class Replica:
    """All parts of one replica of the controller.

    Args:
        settings: Periods, allow-lists, addresses.
        plan: The way to the database.
        end_process: What a deposed leader does, and any replica whose cache is of no use.
    """

    def __init__(
        self, settings: Settings, plan: Plan, *, end_process: Callable[[int], Any] = os._exit
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._crds_missing = "nobody has looked for the CRDs"  # "" = they are served
        self._epoch = Epoch(plan)
        self._stop = threading.Event()
        self.port = 0  # of the health server, once it listens
        configuration = load_configuration()
        self._client = KubeClient(configuration)
        self._cache = ObjectCache()
        self._queue: WorkQueue[Key] = WorkQueue(CONTROLLER)
        self._lag = WatchLag(self._cache)
        self._elector = Elector(
            _terms(settings),
            KubeClient(configuration, heeds_retry_after=False),
            on_elected=self._lead,
            end_process=end_process,
        )
        self._workers = self._make_workers()
        self._list_diff = ListDiff(
            PLURAL,
            settings.watch_namespaces,
            self._client,
            plan,
            cache=self._cache,
            lag=self._lag,
            epoch=self._epoch.known,
            on_change=self._queue.add,
            on_rewind=partial(end_process, EXIT_DEPOSED),
            period_seconds=settings.list_diff_seconds,
        )
        self._watch = Watch(
            Watched(PLURAL, settings.watch_namespaces, self._look_for_crds),
            configuration,
            cache=self._cache,
            on_change=self._queue.add,
            on_delete=self._list_diff.deleted,
        )

    def run(self, stop: threading.Event) -> None:
        """Start everything, wait for `stop`, stop everything.

        Raises:
            InvalidInputError: Database and cluster don't belong together, or to this version.
        """
        self._stop = stop
        with self._health():
            if self._check_cluster():
                self._start()
                stop.wait()
                self._shut_down()

    def _make_workers(self) -> Workers:
        self._teller = Teller(self._client, self._settings.pod_name)
        writer = StatusWriter(
            status_kind(self._settings),
            self._client,
            self._cache,
            may_write=self._elector.may_write,
        )
        self._alarm = DatabaseAlarm(self._plan, self._settings, self._client, self._teller)
        reconciler = CloudProviderReconciler(
            self._settings,
            self._alarm,
            epoch=self._epoch.required,
            cache=self._cache,
            writer=writer,
            recorder=self._teller,
        )
        self._pace = reconciler.pace
        return Workers(
            CONTROLLER,
            self._queue,
            reconciler,
            threads=self._settings.reconcile_threads,
            deposed=self._elector.depose,
        )

    @contextlib.contextmanager
    def _health(self) -> Iterator[None]:
        server = HealthServer(
            (self._settings.http_host, self._settings.http_port),
            live={
                "watch": self._watch_lives,
                "lag": self._watch_is_in_step,
                "queue": self._queue_moves,
                "leader": self._election_goes_on,
            },
            ready={
                "database": self._database_answers,
                "crds": self._crds_are_served,
                "cache": self._cache_is_warm,
                "epoch": self._may_plan,
            },
        )
        server.start()
        self.port = server.port
        log.info("serving /livez, /readyz and /metrics", port=server.port)
        try:
            yield
        finally:
            server.stop()

    def _check_cluster(self) -> bool:
        """Wait for the CRDs and the database, and see that both are of one cluster.

        Returns:
            False if it was stopped while it waited.

        Raises:
            InvalidInputError: The database belongs to another cluster.
        """
        while not self._stop.is_set():
            if not self._look_for_crds():
                self._stop.wait(RETRY_SECONDS)
                continue
            try:
                system = self._client.get("/api/v1/namespaces/kube-system")
                self._plan.require_schema()
                self._plan.adopt_cluster(system["metadata"]["uid"])
            except (KubeError, StoreUnavailableError) as error:
                log.warning("waiting for the API server and the database", error=str(error))
                self._stop.wait(RETRY_SECONDS)
            else:
                return True
        return False

    def _look_for_crds(self) -> bool:
        """Whether the API server serves what we watch; /readyz says so from then on."""
        try:
            found = is_served(self._client, PLURAL)
            missing = "" if found else "the CRDs are not installed"
        except KubeError as error:
            missing = str(error)
        if missing and missing != self._crds_missing:
            log.warning("waiting for the CRDs", error=missing)
        self._crds_missing = missing
        return not missing

    def _start(self) -> None:
        self._watch.start()
        self._list_diff.start()
        threading.Thread(target=self._listen, name="changes", daemon=True).start()
        self._teller.start()
        self._elector.start()

    def _shut_down(self) -> None:
        """First no more writes, then no more Lease: a standby may begin at once."""
        log.info("stopping")
        if self._workers.stop(DRAIN_SECONDS):
            self._elector.stop()
        else:
            log.warning("a reconcile did not end in time; the Lease is left to expire")
        self._epoch.give_up()
        self._teller.stop(TELL_SECONDS)
        self._list_diff.stop()
        self._watch.stop()
        log.info("stopped")

    def _lead(self) -> None:
        """Draw the epoch that fences our writes, then work."""
        self._epoch.draw(self._elector.identity, self._stop)
        if not self._stop.is_set():
            log.info("leading", epoch=self._epoch.known())
            self._workers.start()
            self._list_diff.compare_soon()  # of what was deleted while nobody led, nobody told

    def _listen(self) -> None:
        """What workers have written into the ledger wakes its provider."""
        while not self._stop.is_set():
            try:
                for key in self._plan.changes(self._stop):
                    self._queue.add_after(key, self._pace.pause(key))
            except CloudOpsError as error:
                log.warning("lost touch with the ledger's changes", error=str(error))
            except Exception:  # the outermost boundary of the thread: polling goes on meanwhile
                log.exception("listening broke")
            self._stop.wait(RETRY_SECONDS)

    def _watch_lives(self) -> str:
        told = "the watch's event loop stands still"
        return _if_longer(self._watch.silent_seconds(), LONGEST_SILENCE_SECONDS, told)

    def _watch_is_in_step(self) -> str:
        return _if_longer(self._lag.seconds(), LONGEST_LAG_SECONDS, "the watch lags behind a list")

    def _queue_moves(self) -> str:
        running = self._queue.longest_running_seconds()
        return _if_longer(running, LONGEST_RECONCILE_SECONDS, "a reconcile does not end")

    def _election_goes_on(self) -> str:
        """A draw may wait for the database, and no restart helps while others try in vain."""
        longest = LONGEST_SILENCE_SECONDS + self._settings.leader_renew_seconds
        silent, drawing = self._elector.silent_seconds(), self._epoch.silent_seconds()
        return _if_longer(silent, longest, "the elector stands still") or _if_longer(
            drawing, LONGEST_RECONCILE_SECONDS, "drawing an epoch does not end"
        )

    def _may_plan(self) -> str:
        missing = self._epoch.missing_seconds()
        return _if_longer(missing, RETRY_SECONDS, "leads without an epoch")

    def _database_answers(self) -> str:
        """A probe comes more often than a reconcile: it sounds the leader's alarm, too."""
        self._alarm.ping(leads=self._elector.leads())
        return ""

    def _crds_are_served(self) -> str:
        return self._crds_missing

    def _cache_is_warm(self) -> str:
        return "" if self._lag.was_in_step() else "the first list is not complete"


def _if_longer(seconds: float, longest: float, problem: str) -> str:
    return f"{problem} since {seconds:.0f} s" if seconds > longest else ""


def _terms(settings: Settings) -> LeaseTerms:
    return LeaseTerms(
        namespace=settings.namespace,
        name=settings.leader_lease_name,
        identity=new_identity(settings.pod_name),
        lease_seconds=settings.leader_lease_seconds,
        renew_seconds=settings.leader_renew_seconds,
        retry_seconds=settings.leader_retry_seconds,
    )
