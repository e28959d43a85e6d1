"""What the watch has delivered: trimmed and packed JSON per object."""

import threading
import zlib
from typing import Any, cast

import orjson

from cloudops.controller.kube import Key

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Document = dict[str, Any]


def key_of(document: Document) -> Key:
    metadata = document["metadata"]
    return metadata["namespace"], metadata["name"]


def version_of(document: Document) -> int:
    """The resourceVersion; of one kind in one cluster, a larger one is younger."""
    return int(document["metadata"]["resourceVersion"])


def trimmed(document: Document) -> Document:
    """Without what nobody here reads and what is often most of an object."""
    metadata = {k: v for k, v in document["metadata"].items() if k != "managedFields"}
    if "annotations" in metadata:
        metadata["annotations"] = {
            k: v for k, v in metadata["annotations"].items() if k != LAST_APPLIED
        }
    return {**document, "metadata": metadata}


class ObjectCache:
    """Thread-safe; packed JSON, because 10,000 objects with their statuses are 10 MB so.

    As plain JSON they are 41 MB, and as dicts some hundreds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._objects: dict[Key, tuple[int, bytes]] = {}

    def put(self, document: Document) -> bool:
        """Keep `document` unless a younger version is here; whether it was news."""
        version = version_of(document)
        content = zlib.compress(orjson.dumps(trimmed(document)), level=1)
        with self._lock:
            known, _ = self._objects.get(key_of(document), (-1, b""))
            if known >= version:
                return False
            self._objects[key_of(document)] = (version, content)
            return True

    def remove(self, key: Key, *, up_to: int) -> bool:
        """Forget `key` unless it is younger than `up_to`; whether it was there."""
        with self._lock:
            known, _ = self._objects.get(key, (-1, b""))
            if known < 0 or known > up_to:
                return False
            del self._objects[key]
            return True

    def get(self, key: Key) -> Document | None:
        with self._lock:
            _, content = self._objects.get(key, (-1, b""))
        return cast("Document", orjson.loads(zlib.decompress(content))) if content else None

    def versions(self) -> dict[Key, int]:
        """The resourceVersion of every object."""
        with self._lock:
            return {key: version for key, (version, _) in self._objects.items()}
