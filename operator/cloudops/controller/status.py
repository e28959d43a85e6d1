"""Writes `/status`, only when it says something new, and only of what was judged.

Server-side apply with the resourceVersion of the judged object: if the object
has changed meanwhile the API server refuses (409), and the caller judges again.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cloudops.controller.cache import Document, ObjectCache, key_of, trimmed
from cloudops.controller.kube import (
    API,
    ConflictError,
    Key,
    KubeClient,
    KubeError,
    NotFoundError,
    object_path,
)
from cloudops.domain.conditions import ConditionValue, Truth
from cloudops.domain.errors import NotLeaderError
from cloudops.metrics import CONDITION, STATUS_WRITES

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"

# Said at once when they change; all else may wait a little.
STATES: Final = ("observedGeneration", "lastHandledReconcileAt", "identity")


@dataclass(frozen=True, slots=True)
class StatusKind:
    """Which objects, under which field manager, and how often what may be refreshed.

    Attributes:
        conditions: Types that this field manager owns; all others are of other writers.
        fields: Likewise, the other fields of status.
        times: Names of fields, at any depth, that hold times of the ledger.
        counts_seconds: All else but states is written at most this often.
    """

    kind: str
    plural: str
    field_manager: str
    conditions: frozenset[str]
    fields: frozenset[str]
    times: frozenset[str]
    counts_seconds: float

    def own(self, status: Document) -> Document:
        """What of a status is ours: what others say is no difference to what we say."""
        conditions = [
            item for item in status.get("conditions", ()) if item["type"] in self.conditions
        ]
        fields = {name: value for name, value in status.items() if name in self.fields}
        return {**fields, "conditions": conditions}


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a status.

    Attributes:
        changed: Whether it was written.
        wait_seconds: When a change that was held back may be written; None = there is none.
    """

    changed: bool
    wait_seconds: float | None = None


@dataclass(slots=True)
class _Last:
    uid: str
    counts_at: float
    times_at: float


class StatusWriter:
    """Thread-safe, as long as one object is in one thread at a time.

    Args:
        kind: See `StatusKind`.
        client: How to reach the API server.
        cache: Takes what the API server answered, so that the next judgement sees it.
        may_write: Asked right before each write.
        clock: Seconds that never jump.
    """

    def __init__(
        self,
        kind: StatusKind,
        client: KubeClient,
        cache: ObjectCache,
        *,
        may_write: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kind = kind
        self._client = client
        self._cache = cache
        self._may_write = may_write
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[Key, _Last] = {}
        self._series: dict[Key, set[tuple[str, str]]] = {}

    def write(
        self,
        document: Document,
        conditions: Sequence[ConditionValue],
        fields: Mapping[str, Any],
        *,
        times_seconds: float,
    ) -> Written:
        """Make the status of `document` say `conditions` and `fields`.

        Args:
            document: The object as it was judged.
            conditions: All conditions that shall be present.
            fields: All other fields; absent values are left out.
            times_seconds: Changes of nothing but times are written at most this often.

        Raises:
            ConflictError: The object has changed since; judge again.
            NotLeaderError: Writing is another replica's work now.
            KubeError: The API server could not be reached, or refuses what we wrote.
        """
        old = self._kind.own(document.get("status") or {})
        generation = document["metadata"]["generation"]
        new = {"conditions": _with_times(conditions, old, generation), **fields}
        self._expose(key_of(document), conditions)
        wait = self._seconds_to_wait(document, old, new, times_seconds)
        if wait is None:
            return Written(changed=False)
        if wait > 0:
            return Written(changed=False, wait_seconds=wait)
        return Written(changed=self._apply(document, new))

    def forget(self, key: Key) -> str:
        """The object is gone, and so are its series; returns its uid, "" if it is unknown."""
        with self._lock:
            last = self._last.pop(key, None)
            series = self._series.pop(key, set())
        for kind, status in series:
            CONDITION.remove(*self._labels(key, kind, status))
        return last.uid if last else ""

    def _seconds_to_wait(
        self, document: Document, old: Document, new: Document, times_seconds: float
    ) -> float | None:
        """0 = write now; None = there is nothing to write."""
        if _states(old) != _states(new):
            return 0.0
        with self._lock:
            last = self._last.get(key_of(document))
        known = last is not None and last.uid == document["metadata"]["uid"]
        now = self._clock()
        if _comparable(old, self._kind.times) != _comparable(new, self._kind.times):
            due = last.counts_at + self._kind.counts_seconds if last and known else now
        elif _comparable(old, frozenset()) != _comparable(new, frozenset()):
            due = last.times_at + times_seconds if last and known else now
        else:
            return None
        return max(due - now, 0.0)

    def _apply(self, document: Document, status: Document) -> bool:
        """Whether it was written; False = the object is gone."""
        namespace, name = key_of(document)
        metadata = document["metadata"]
        body = {
            "apiVersion": document["apiVersion"],
            "kind": document["kind"],
            "metadata": {
                "namespace": namespace,
                "name": name,
                "resourceVersion": metadata["resourceVersion"],
            },
            "status": status,
        }
        path = f"{object_path(API, self._kind.plural, namespace, name)}/status"
        if not self._may_write():
            raise NotLeaderError("the Lease may have expired; status is not written")
        try:
            answer = self._client.apply(path, body, field_manager=self._kind.field_manager)
        except ConflictError:
            self._count("conflict")
            raise
        except NotFoundError:
            self._count("gone")  # the watch will tell
            return False
        except KubeError:
            self._count("error")
            raise
        self._count("written")
        self._cache.put(trimmed(answer))
        now = self._clock()
        with self._lock:
            self._last[namespace, name] = _Last(metadata["uid"], now, now)
        return True

    def _count(self, result: str) -> None:
        STATUS_WRITES.labels(self._kind.kind, result).inc()

    def _labels(self, key: Key, kind: str, status: str) -> tuple[str, ...]:
        namespace, name = key
        return (self._kind.kind, name, namespace, kind, status)

    def _expose(self, key: Key, conditions: Sequence[ConditionValue]) -> None:
        """One series per condition and status; those of conditions that ended are removed."""
        series = {(value.type, status.value) for value in conditions for status in Truth}
        with self._lock:
            ended = self._series.get(key, set()) - series
            self._series[key] = series
        for kind, status in ended:
            CONDITION.remove(*self._labels(key, kind, status))
        for value in conditions:
            for status in Truth:
                gauge = CONDITION.labels(*self._labels(key, value.type, status.value))
                gauge.set(1 if value.status is status else 0)


def _with_times(
    values: Sequence[ConditionValue], old: Document, generation: int
) -> list[dict[str, Any]]:
    """As JSON; a condition keeps its time while its status stays."""
    now = datetime.now(UTC).strftime(TIME_FORMAT)
    since = {
        (known["type"], known["status"]): known["lastTransitionTime"]
        for known in old.get("conditions", ())
    }
    return [
        {
            "type": str(value.type),
            "status": value.status.value,
            "reason": value.reason,
            "message": value.message,
            "observedGeneration": generation,
            "lastTransitionTime": since.get((value.type, value.status), now),
        }
        for value in values
    ]


def _states(status: Document) -> Document:
    """What may not wait: a watcher acts upon it."""
    conditions = {
        item["type"]: (item["status"], item["reason"], item.get("observedGeneration"))
        for item in status.get("conditions", ())
    }
    return {"conditions": conditions, **{name: status.get(name) for name in STATES}}


def _comparable(status: Document, without: frozenset[str]) -> Any:
    """What counts as the same when it is said again; the order of conditions does not."""
    conditions = {item["type"]: item for item in status.get("conditions", ())}
    return _reduced({**status, "conditions": conditions}, without)


def _reduced(value: Any, without: frozenset[str]) -> Any:
    """`value` with times of the ledger reduced to whether they are there."""
    if isinstance(value, Mapping):
        return {
            key: "present" if key in without else _reduced(item, without)
            for key, item in value.items()
            if key != "lastTransitionTime"
        }
    if isinstance(value, list | tuple):
        return [_reduced(item, without) for item in value]
    return value
