"""Reads what an API server has noted of every request: who asked for what, and who allowed it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditedRequest:
    """One request for a resource.

    Attributes:
        user: E.g. `system:serviceaccount:cloudops-system:cloudops-worker`.
        resource: With its subresource, e.g. `cloudproviders/status`.
        namespace, name: "" where it named none.
        decision: `allow` or `forbid`.
        reason: What decided, in words.
    """

    user: str
    verb: str
    group: str
    resource: str
    namespace: str
    name: str
    decision: str
    reason: str


def audited_requests(log: Path, user: str) -> Iterator[AuditedRequest]:
    """What `user` has asked for so far; what names no resource is left out."""
    for line in log.read_text().splitlines():
        entry: dict[str, Any] = json.loads(line)
        if entry["user"]["username"] == user and "resource" in entry.get("objectRef", {}):
            yield _request(entry)


def _request(entry: dict[str, Any]) -> AuditedRequest:
    about, notes = entry["objectRef"], entry.get("annotations", {})
    parts = (about["resource"], about.get("subresource", ""))
    return AuditedRequest(
        user=entry["user"]["username"],
        verb=entry["verb"],
        group=about.get("apiGroup", ""),
        resource="/".join(part for part in parts if part),
        namespace=about.get("namespace", ""),
        name=about.get("name", ""),
        decision=notes.get("authorization.k8s.io/decision", ""),
        reason=notes.get("authorization.k8s.io/reason", ""),
    )
