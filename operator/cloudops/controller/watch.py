"""Kopf as an informer: it lists and watches; what it sees goes into a cache and a queue.

None of kopf's own reconciling is used (handlers with progress, timers,
daemons, finalizers, events): see docs/architecture.md for why.
"""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import kopf
import kubernetes.client

from cloudops.controller.cache import ObjectCache, key_of, version_of
from cloudops.controller.kube import GROUP, VERSION, Key
from cloudops.logs import get_logger

log = get_logger(__name__)

# Its warning that signals are ignored is not true of us: the main thread handles them.
logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)

DOMAIN: Final = "controller.cloudops.dev"
HEARTBEAT_SECONDS: Final = 1.0
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
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.networking.error_backoffs = JitteredBackoffs()
    settings.process.ultimate_exiting_timeout = 20
    # Never written, since no handler needs them; named so that nothing could be mistaken.
    settings.persistence.finalizer = f"{DOMAIN}/unused"
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=DOMAIN, v1=False)
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=DOMAIN, v1=False)
    settings.persistence.consistency_timeout = 10
    return settings


class Watch:
    """One resource of our group, in a thread and an event loop of its own.

    Args:
        plural: E.g. `cloudproviders`.
        namespaces: Where to watch; none = everywhere.
        configuration: How to reach the API server.
        on_change: Called with the key of every object that appeared, changed or was deleted.
        on_delete: Called with the key of every deleted object, before `on_change`.
    """

    def __init__(
        self,
        plural: str,
        namespaces: Sequence[str],
        configuration: kubernetes.client.Configuration,
        *,
        cache: ObjectCache,
        on_change: Callable[[Key], None],
        on_delete: Callable[[Key], None],
    ) -> None:
        self._plural = plural
        self._namespaces = tuple(namespaces)
        self._configuration = configuration
        self._cache = cache
        self._on_change = on_change
        self._on_delete = on_delete
        self._stop = threading.Event()
        self._last_heartbeat = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"watch-{plural}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    def silent_seconds(self) -> float:
        """Since when kopf's event loop has not turned."""
        return time.monotonic() - self._last_heartbeat

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
        """Kopf ends by itself on watch errors that it does not know; then it is started again."""
        while not self._stop.is_set():
            try:
                asyncio.run(self._operate())
            except Exception:  # the outermost boundary of the thread: a watch must never end
                log.exception("the watch broke off", resource=self._plural)
            if not self._stop.wait(random.uniform(1.0, 3.0)):  # noqa: S311  jitter
                log.warning("the watch is started again", resource=self._plural)

    async def _operate(self) -> None:
        try:
            await kopf.operator(
                registry=self._registry(),
                settings=kopf_settings(),
                standalone=True,
                clusterwide=not self._namespaces,
                namespaces=self._namespaces,
                stop_flag=self._stop,
            )
        finally:
            await asyncio.sleep(FAREWELL_SECONDS)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        @kopf.on.startup(registry=registry)
        async def start_heartbeat(**_: Any) -> None:
            heartbeats.append(asyncio.create_task(self._beat(), name="heartbeat"))

        @kopf.on.cleanup(registry=registry)
        async def stop_heartbeat(**_: Any) -> None:
            for heartbeat in heartbeats:  # else kopf waits 5 s for it
                heartbeat.cancel()

        @kopf.on.login(registry=registry)
        async def log_in(**_: Any) -> kopf.ConnectionInfo:
            return connection_info(self._configuration)

        @kopf.on.event(GROUP, VERSION, self._plural, registry=registry)
        async def receive(event: Any, **_: Any) -> None:
            self.receive(event)

        heartbeats: list[asyncio.Task[None]] = []  # the loop itself holds tasks only weakly
        return registry

    async def _beat(self) -> None:
        while True:
            self._last_heartbeat = time.monotonic()
            await asyncio.sleep(HEARTBEAT_SECONDS)


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
