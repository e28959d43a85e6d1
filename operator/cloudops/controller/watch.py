"""Kopf as an informer: it lists and watches; what it sees goes into a cache and a queue.

None of kopf's own reconciling is used (handlers with progress, timers,
daemons, finalizers, events): see docs/architecture.md for why.
"""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import kopf
import kubernetes.client

from cloudops.controller.cache import ObjectCache, key_of, version_of
from cloudops.controller.kube import GROUP, VERSION, Key
from cloudops.logs import get_logger
from cloudops.metrics import WATCH_ENDS

log = get_logger(__name__)

# Its warning that signals are ignored is not true of us: the main thread handles them.
logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)

DOMAIN: Final = "controller.cloudops.dev"
HEARTBEAT_SECONDS: Final = 0.2
CREDENTIALS_SECONDS: Final = 600  # ServiceAccount tokens are rotated on disk: read them again
STOP_SECONDS: Final = 10.0
FAREWELL_SECONDS: Final = 0.25  # aiohttp's TLS connections close only after a while


class JitteredBackoffs:
    """Endless delays that grow to 30 s; each `iter` starts afresh, as kopf needs per request.

    Endless, because when a finite list ends kopf raises and the whole watch dies.
    """

    def __iter__(self) -> Iterator[float]:
        longest = 1.0
        while True:
            yield random.uniform(longest / 2, longest)  # noqa: S311  jitter, no secret
            longest = min(longest * 2, 30.0)


class NoDiffBase(kopf.DiffBaseStorage):
    """Finds no differences.

    Kopf would copy each object deeply to compare it with its last state, which no handler asks
    for and which is a sixth of what an event costs.
    """

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> kopf.BodyEssence | None:
        return None

    def store(self, **_: Any) -> None:
        """Nothing is kept on the object."""


def kopf_settings() -> kopf.OperatorSettings:
    """Every setting that decides how the watch survives; the rest of kopf is unused."""
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 310
    settings.watching.connect_timeout = 30
    settings.watching.inactivity_timeout = 70
    settings.watching.chunk_size = 500
    settings.watching.reconnect_backoff = random.uniform(1.0, 2.0)  # noqa: S311  jitter
    # A worker of kopf's keeps its last event for so long: with 5 s, as it is by default, most
    # objects of a first list of thousands are in memory at once, as dicts.
    settings.queueing.idle_timeout = 0.2
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.networking.error_backoffs = JitteredBackoffs()
    # Its SIGKILL, so long after it ended by itself, would be that of our whole process.
    settings.process.ultimate_exiting_timeout = None
    # Never written, since no handler needs them; named so that nothing could be mistaken.
    settings.persistence.finalizer = f"{DOMAIN}/unused"
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=DOMAIN, v1=False)
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.persistence.consistency_timeout = 10
    return settings


@dataclass(frozen=True, slots=True)
class Watched:
    """A resource of our group.

    Attributes:
        plural: E.g. `cloudproviders`.
        namespaces: Where to watch; none = everywhere.
        is_served: Whether the API server knows it; asked before each start of kopf, which
            never looks again for what it did not find then.
    """

    plural: str
    namespaces: tuple[str, ...]
    is_served: Callable[[], bool]


class Watch:
    """Watches in a thread and an event loop of its own.

    Args:
        watched: What.
        configuration: How to reach the API server.
        on_change: Called with the key of every object that appeared, changed or was deleted.
        on_delete: Called with the key of every deleted object, before `on_change`.
    """

    def __init__(
        self,
        watched: Watched,
        configuration: kubernetes.client.Configuration,
        *,
        cache: ObjectCache,
        on_change: Callable[[Key], None],
        on_delete: Callable[[Key], None],
    ) -> None:
        self._watched = watched
        self._configuration = configuration
        self._cache = cache
        self._on_change = on_change
        self._on_delete = on_delete
        self._stop = threading.Event()
        self._last_heartbeat: float | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"watch-{watched.plural}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    def silent_seconds(self) -> float:
        """Since when neither kopf's event loop has turned, nor a start of it was tried."""
        last = self._last_heartbeat
        return 0.0 if last is None else time.monotonic() - last

    def receive(self, event: dict[str, Any]) -> None:
        """Take in one watch event, `{type: None | ADDED | MODIFIED | DELETED, object: …}`."""
        document = event["object"]
        key = key_of(document)
        if event["type"] == "DELETED":
            news = self._cache.remove(key, up_to=version_of(document))
            self._on_delete(key)
        else:
            news = self._cache.put(document)
        if news:
            self._on_change(key)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._last_heartbeat = time.monotonic()
            try:
                self._watch_once()
            except Exception:  # the outermost boundary of the thread: a watch must never end
                log.exception("the watch broke off", resource=self._watched.plural)
            self._stop.wait(random.uniform(1.0, 3.0))  # noqa: S311  jitter

    def _watch_once(self) -> None:
        """Kopf ends by itself on watch errors that it does not know; then it is started again."""
        if not self._watched.is_served():
            return
        log.info("watching", resource=self._watched.plural)
        try:
            asyncio.run(self._operate())
        finally:
            if not self._stop.is_set():
                WATCH_ENDS.labels(self._watched.plural).inc()

    async def _operate(self) -> None:
        # Kopf would wait for a flag of threads in one that outlives its loop, and so never end.
        stop_flag = asyncio.Event()
        try:
            await kopf.operator(
                registry=self._registry(stop_flag),
                settings=kopf_settings(),
                standalone=True,
                clusterwide=not self._watched.namespaces,
                namespaces=self._watched.namespaces,
                stop_flag=stop_flag,
            )
        finally:
            await asyncio.sleep(FAREWELL_SECONDS)

    def _registry(self, stop_flag: asyncio.Event) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        @kopf.on.startup(registry=registry)
        async def start_heartbeat(**_: Any) -> None:
            heartbeats.append(asyncio.create_task(self._beat(stop_flag), name="heartbeat"))

        @kopf.on.cleanup(registry=registry)
        async def stop_heartbeat(**_: Any) -> None:
            for heartbeat in heartbeats:  # else kopf waits 5 s for it
                heartbeat.cancel()

        @kopf.on.login(registry=registry)
        async def log_in(**_: Any) -> kopf.ConnectionInfo:
            return connection_info(self._configuration)

        @kopf.on.event(GROUP, VERSION, self._watched.plural, registry=registry)
        async def receive(event: Any, **_: Any) -> None:
            self.receive(event)

        heartbeats: list[asyncio.Task[None]] = []  # the loop itself holds tasks only weakly
        return registry

    async def _beat(self, stop_flag: asyncio.Event) -> None:
        """Show that the loop turns, and pass on in it what `stop` has set outside."""
        while not self._stop.is_set():
            self._last_heartbeat = time.monotonic()
            await asyncio.sleep(HEARTBEAT_SECONDS)
        stop_flag.set()


def connection_info(configuration: kubernetes.client.Configuration) -> kopf.ConnectionInfo:
    """Kopf's words for the credentials of our own client, so that both are always the same."""
    header = configuration.get_api_key_with_prefix("BearerToken") or ""
    scheme, _, token = header.rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        username=configuration.username or None,
        password=configuration.password or None,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        expiration=datetime.now(UTC) + timedelta(seconds=CREDENTIALS_SECONDS),
    )
