"""Compares full lists with what the watch has delivered.

Kopf never forgets what was deleted while its watch was down, and a watch can
fall silent. A full list of metadata shows both. It also tells which providers
are gone for good, those that complete lists lacked twice, and that the API
server has forgotten what it had told.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from cloudops.controller.cache import ObjectCache
from cloudops.controller.kube import (
    API,
    METADATA_LIST,
    Key,
    KubeClient,
    KubeError,
    object_path,
)
from cloudops.controller.planning import Plan
from cloudops.domain.errors import CloudOpsError
from cloudops.logs import correlated, get_logger
from cloudops.metrics import WATCH_AGE

log = get_logger(__name__)

PAGE_SIZE: Final = 500
CONFIRM_SECONDS: Final = 5.0  # between the two lists that show that a provider is gone
_DOUBLINGS: Final = 6
LONGEST_LAG_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class FullList:
    """All objects of some namespaces (none named = of all) at one version each."""

    versions: dict[Key, int] = field(default_factory=dict)
    taken_at: dict[str, int] = field(default_factory=dict)  # namespace, "" = all → version

    def add(self, namespace: str, pages: Iterable[Mapping[str, Any]]) -> None:
        """All of a namespace, or nothing, if a page can't be had."""
        versions, taken_at = dict[Key, int](), -1
        for page in pages:
            taken_at = int(page["metadata"]["resourceVersion"])
            for item in page["items"] or ():  # an empty list is null
                metadata = item["metadata"]
                key = metadata["namespace"], metadata["name"]
                versions[key] = int(metadata["resourceVersion"])
        self.versions.update(versions)
        self.taken_at[namespace] = taken_at

    def version_for(self, namespace: str) -> int:
        return self.taken_at.get(namespace, self.taken_at.get("", -1))

    def covers(self, key: Key) -> bool:
        """Whether it would stand here, if it were there."""
        return self.version_for(key[0]) >= 0


def list_all(
    client: KubeClient, plural: str, namespaces: Sequence[str], page_size: int = PAGE_SIZE
) -> FullList:
    """Read complete lists of metadata, page by page.

    A namespace that may not be listed says nothing of the others: it may be gone, and with it
    the Role in it.

    Raises:
        KubeError: A page could not be read; nothing may be concluded.
    """
    result, refusal = FullList(), None
    for namespace in namespaces or ("",):
        try:
            result.add(namespace, _pages(client, object_path(API, plural, namespace), page_size))
        except KubeError as error:
            if not namespace or error.status != HTTPStatus.FORBIDDEN:
                raise
            log.warning("could not list a namespace", namespace=namespace, error=str(error))
            refusal = error
    if refusal is not None and not result.taken_at:
        raise refusal
    return result


def _pages(client: KubeClient, path: str, page_size: int) -> Iterator[dict[str, Any]]:
    query = {"limit": str(page_size)}
    while True:
        page = client.get(path, query, accept=METADATA_LIST)
        yield page
        token = page["metadata"].get("continue")
        if not token:
            return
        query = {"limit": str(page_size), "continue": token}


class WatchLag:
    """Since when the watch has not delivered what a list has shown."""

    def __init__(self, cache: ObjectCache, clock: Callable[[], float] = time.monotonic) -> None:
        self._cache = cache
        self._clock = clock
        self._lock = threading.Lock()
        self._missing: dict[Key, tuple[int, float]] = {}
        self._compared = False
        self._was_in_step = False
        WATCH_AGE.set_function(self.seconds)

    def compare(self, listed: FullList) -> None:
        """Note what the watch still has to deliver."""
        here, now = self._cache.versions(), self._clock()
        with self._lock:
            self._compared = True
            self._missing = {
                key: (version, self._missing.get(key, (0, now))[1])
                for key, version in listed.versions.items()
                if here.get(key, -1) < version
            }

    def seconds(self) -> float:
        """0 = in step, or nothing was compared yet."""
        here, now = self._cache.versions(), self._clock()
        with self._lock:
            self._missing = {
                key: (version, since)
                for key, (version, since) in self._missing.items()
                if here.get(key, -1) < version
            }
            return max((now - since for _, since in self._missing.values()), default=0.0)

    def was_in_step(self) -> bool:
        """Whether all that a list has shown was here once: the cache is warm."""
        self._was_in_step = self._was_in_step or (self._compared and self.seconds() == 0)
        return self._was_in_step


class ListDiff:
    """Runs in a thread of its own, on every replica; only the leader retires providers.

    Args:
        plural: What to list.
        namespaces: Which are watched; none = all.
        epoch: The leader's number, None on a standby.
        on_change: Called with each key that turned out to be gone.
        on_rewind: Called when the API server's versions have gone back: nothing here is true.
        period_seconds: Between two comparisons.
    """

    def __init__(  # noqa: PLR0913  each is a neighbour that it compares
        self,
        plural: str,
        namespaces: Sequence[str],
        client: KubeClient,
        plan: Plan,
        *,
        cache: ObjectCache,
        lag: WatchLag,
        epoch: Callable[[], int | None],
        on_change: Callable[[Key], None],
        on_rewind: Callable[[], None],
        period_seconds: float,
    ) -> None:
        self._plural = plural
        self._namespaces = tuple(namespaces)
        self._client = client
        self._plan = plan
        self._cache = cache
        self._lag = lag
        self._epoch = epoch
        self._on_change = on_change
        self._on_rewind = on_rewind
        self._period_seconds = period_seconds
        self._lacking: set[Key] = set()  # planned, but not in the list before this one
        self._deleted: set[Key] = set()  # the watch has seen them deleted
        self._failures = 0  # comparisons that failed, one after the other
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="list-diff", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._wake.set()
        self._thread.join(CONFIRM_SECONDS)

    def deleted(self, key: Key) -> None:
        """The watch has seen `key` deleted: confirm it soon."""
        self._deleted.add(key)
        self._wake.set()

    def compare_soon(self) -> None:
        """Nobody may have led, or looked, for a while."""
        self._wake.set()

    def compare(self) -> None:
        """One comparison.

        Raises:
            KubeError: A list was not complete; nothing was concluded.
            StoreUnavailableError: The plan could not be read.
        """
        before = self._cache.versions()
        listed = list_all(self._client, self._plural, self._namespaces)
        if self._is_older(listed, before):
            log.error("resourceVersions went back, as after a restored backup: starting afresh")
            self._on_rewind()
            return
        self._lag.compare(listed)
        for key in self._cache.versions():
            gone = key not in listed.versions and listed.covers(key)
            if gone and self._cache.remove(key, up_to=listed.version_for(key[0])):
                log.info("deleted while the watch was down", object="/".join(key))
                self._on_change(key)
        self._rest_unwatched()
        self._retire(listed)

    def _is_older(self, listed: FullList, before: Mapping[Key, int]) -> bool:
        """Whether a list lacks what was delivered before it was asked for.

        A list is as young as all that. Where it is not, etcd was restored from a backup: the
        watch waits for versions that do not come for long, and the cache refuses all others.
        """
        return any(
            listed.versions.get(key, listed.version_for(key[0])) < version
            for key, version in before.items()
            if listed.covers(key)
        )

    def _rest_unwatched(self) -> None:
        """A namespace that left the settings: nobody follows its objects any more."""
        epoch = self._epoch()
        if epoch is None or not self._namespaces:
            return
        if outside := self._plan.rest_outside(epoch, self._namespaces):
            log.warning(
                "providers rest: their namespaces are not watched any more",
                providers=["/".join(key) for key in outside],
            )

    def _retire(self, listed: FullList) -> None:
        """Providers that two complete lists lacked are gone; one lack proves nothing."""
        epoch = self._epoch()
        if epoch is None and not self._deleted:
            return
        # What is in namespaces that are not watched, or can't be listed, is left alone, but for
        # what went with its namespace: the watch has told.
        planned = {
            key
            for key in self._plan.planned_providers()
            if listed.covers(key) or key in self._deleted
        }
        self._deleted.difference_update(listed.versions, set(self._deleted) - planned)
        if epoch is None:  # what is left of them is to be confirmed by whoever leads next
            return
        lacking = {key for key in planned - set(listed.versions) if self._cache.get(key) is None}
        vanished = sorted(lacking & self._lacking)
        if vanished:
            self._plan.mark_vanished(epoch, vanished)
            log.info("providers are gone", providers=["/".join(key) for key in vanished])
        self._lacking = lacking - set(vanished)
        self._deleted.difference_update(vanished)

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            with correlated(list_diff=self._plural):
                self._failures = 0 if self._try_to_compare() else self._failures + 1
            self._wake.wait(self._pause())
            if self._wake.is_set() and not self._stopped:
                time.sleep(min(1.0, self._period_seconds))  # a storm of deletions is one list

    def _pause(self) -> float:
        """Until the first comparison nobody is ready: one that failed is repeated soon."""
        if self._failures:
            soon: float = CONFIRM_SECONDS * 2 ** min(self._failures - 1, _DOUBLINGS)
            return min(soon, self._period_seconds)
        return CONFIRM_SECONDS if self._is_in_doubt() else self._period_seconds

    def _is_in_doubt(self) -> bool:
        """Whether providers may be gone that workers still read: who leads finds out soon."""
        return self._epoch() is not None and bool(self._deleted or self._lacking)

    def _try_to_compare(self) -> bool:
        try:
            self.compare()
        except KubeError as error:
            log.warning("could not list", error=str(error))
        except CloudOpsError as error:
            log.warning("could not compare the plan", error=str(error))
        except Exception:  # the outermost boundary of the thread: the next comparison may work
            log.exception("the comparison broke")
        else:
            return True
        return False
