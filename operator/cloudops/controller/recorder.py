"""Events that people read with `kubectl describe`: few, aggregated, on state changes only.

The same thing said again about the same object raises the count of its event.
Events are best effort: one that can't be written is logged and forgotten.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from cloudops.controller.kube import KubeClient, KubeError, NotFoundError
from cloudops.logs import get_logger

log = get_logger(__name__)

COMPONENT: Final = "cloudops-controller"
BURST: Final = 25.0  # events an object may have at once ...
REFILL_SECONDS: Final = 300.0  # ... and then one every five minutes, as client-go
MOST_REMEMBERED: Final = 4096
LONGEST_NOTE: Final = 1024


@dataclass(frozen=True, slots=True)
class Happening:
    """Something worth telling; `reason` is one CamelCase word."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(slots=True)
class _Written:
    name: str
    count: int


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Recorder:
    """Thread-safe.

    Args:
        client: How to reach the API server.
        instance: Which replica speaks, usually the pod's name.
        clock: Seconds that never jump.
    """

    def __init__(
        self, client: KubeClient, instance: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._source = {"component": COMPONENT, "host": instance}
        self._clock = clock
        self._lock = threading.Lock()
        self._written: OrderedDict[tuple[str, Happening], _Written] = OrderedDict()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def record(self, document: Mapping[str, Any], happening: Happening) -> None:
        """Tell `happening` of the object `document`."""
        reference = _reference(document)
        if not self._may_speak(reference["uid"]):
            log.debug("too many events of one object", reason=happening.reason, **_who(reference))
            return
        try:
            self._write(reference, happening)
        except KubeError as error:
            log.warning("could not write an event", error=str(error), **_who(reference))

    def forget(self, uid: str) -> None:
        """The object is gone."""
        with self._lock:
            self._buckets.pop(uid, None)
            for key in [key for key in self._written if key[0] == uid]:
                del self._written[key]

    def _write(self, reference: dict[str, str], happening: Happening) -> None:
        events = f"/api/v1/namespaces/{reference['namespace']}/events"
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._lock:
            written = self._written.get((reference["uid"], happening))
        if written is not None:
            count = written.count + 1
            try:
                self._client.merge(
                    f"{events}/{written.name}", {"count": count, "lastTimestamp": now}
                )
            except NotFoundError:
                pass  # events live for an hour; tell it anew
            else:
                self._remember(reference, happening, _Written(written.name, count))
                return
        name = f"{reference['name']}.{secrets.token_hex(8)}"
        self._client.post(events, self._event(name, reference, happening, now))
        self._remember(reference, happening, _Written(name, 1))

    def _event(
        self, name: str, reference: dict[str, str], happening: Happening, now: str
    ) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": reference["namespace"]},
            "involvedObject": reference,
            "type": happening.type,
            "reason": happening.reason,
            "message": happening.message[:LONGEST_NOTE],
            "source": self._source,
            "reportingComponent": COMPONENT,
            "reportingInstance": self._source["host"],
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }

    def _remember(self, reference: dict[str, str], happening: Happening, written: _Written) -> None:
        with self._lock:
            self._written[(reference["uid"], happening)] = written
            self._written.move_to_end((reference["uid"], happening))
            while len(self._written) > MOST_REMEMBERED:
                self._written.popitem(last=False)

    def _may_speak(self, uid: str) -> bool:
        now = self._clock()
        with self._lock:
            bucket = self._buckets.setdefault(uid, _Bucket(BURST, now))
            self._buckets.move_to_end(uid)
            while len(self._buckets) > MOST_REMEMBERED:
                self._buckets.popitem(last=False)
            refilled = (now - bucket.filled_at) / REFILL_SECONDS
            bucket.tokens, bucket.filled_at = min(BURST, bucket.tokens + refilled), now
            if bucket.tokens < 1:
                return False
            bucket.tokens -= 1
            return True


def _reference(document: Mapping[str, Any]) -> dict[str, str]:
    metadata = document["metadata"]
    return {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "resourceVersion": metadata.get("resourceVersion", ""),
    }


def _who(reference: Mapping[str, str]) -> dict[str, str]:
    return {"kind": reference["kind"], "object": f"{reference['namespace']}/{reference['name']}"}
