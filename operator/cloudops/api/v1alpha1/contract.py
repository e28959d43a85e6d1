"""How other tools read our status: kstatus' algorithm and Flux's rules for conditions."""

from collections.abc import Callable, Mapping
from typing import Any

from cloudops.domain.conditions import ConditionType, Truth

KubeObject = Mapping[str, Any]

IN_PROGRESS = "InProgress"
FAILED = "Failed"
CURRENT = "Current"
TERMINATING = "Terminating"

# These exist only while True: a tool that waits must not find them as False.
WHILE_TRUE = (ConditionType.STALLED, ConditionType.RECONCILING)


def kstatus(obj: KubeObject) -> str:
    """What kstatus (Flux, `kubectl` plug-ins, Argo CD by convention) makes of an object.

    Ready=False is InProgress, never Failed, and an object without any
    condition is Current: hence Stalled, and observedGeneration -1 by default.
    """
    metadata, status = obj.get("metadata", {}), obj.get("status", {})
    if "deletionTimestamp" in metadata:
        return TERMINATING
    if status.get("observedGeneration", metadata.get("generation")) != metadata.get("generation"):
        return IN_PROGRESS
    for item in status.get("conditions", ()):
        if item["status"] != Truth.TRUE:
            continue
        if item["type"] == ConditionType.RECONCILING:
            return IN_PROGRESS
        if item["type"] == ConditionType.STALLED:
            return FAILED
    ready = _status_of(obj, ConditionType.READY)
    return CURRENT if ready in (None, Truth.TRUE) else IN_PROGRESS


def check_contract(obj: KubeObject) -> list[str]:
    """Which of Flux's rules for conditions the status of `obj` breaks, by their numbers.

    Ready may be Unknown beside Reconciling (FAIL0011), so the rule that asks
    for False there (FAIL0003) only refuses True. For a status that was just
    written: between an edit and its reconcile FAIL0007 and FAIL0008 are
    broken by nature.
    """
    return [f"{number}: {text}" for number, text, broken in _RULES if broken(obj)]


def _conditions(obj: KubeObject) -> list[Mapping[str, Any]]:
    return list(obj.get("status", {}).get("conditions", ()))


def _status_of(obj: KubeObject, kind: str) -> str | None:
    return next((item["status"] for item in _conditions(obj) if item["type"] == kind), None)


def _is_true(obj: KubeObject, kind: str) -> bool:
    return _status_of(obj, kind) == Truth.TRUE


def _is_ready(obj: KubeObject) -> bool:
    return _is_true(obj, ConditionType.READY)


def _generation(obj: KubeObject) -> int:
    return int(obj["metadata"]["generation"])


def _observed(obj: KubeObject) -> int:
    return int(obj.get("status", {}).get("observedGeneration", -1))


def _generations_of_conditions(obj: KubeObject) -> set[int]:
    return {int(item.get("observedGeneration", 0)) for item in _conditions(obj)}


def _is_there_but_not_true(obj: KubeObject, kind: str) -> bool:
    return _status_of(obj, kind) not in (None, Truth.TRUE)


_READY, _RECONCILING, _STALLED = (
    ConditionType.READY,
    ConditionType.RECONCILING,
    ConditionType.STALLED,
)
_Rule = tuple[str, str, Callable[[KubeObject], bool]]
_RULES: tuple[_Rule, ...] = (
    (
        "FAIL0001",
        "neither Reconciling nor Stalled is True beside Ready=True",
        lambda o: _is_ready(o) and any(_is_true(o, kind) for kind in WHILE_TRUE),
    ),
    ("FAIL0002", "Ready is always present", lambda o: _status_of(o, _READY) is None),
    (
        "FAIL0004",
        "Ready is False while Stalled",
        lambda o: _is_true(o, _STALLED) and _status_of(o, _READY) != Truth.FALSE,
    ),
    (
        "FAIL0005",
        "Reconciling and Stalled are never both present",
        lambda o: all(_status_of(o, kind) is not None for kind in WHILE_TRUE),
    ),
    (
        "FAIL0006",
        "observedGeneration is not beyond the generation",
        lambda o: _observed(o) > _generation(o),
    ),
    (
        "FAIL0007",
        "Ready=True only of the newest generation",
        lambda o: _is_ready(o) and _observed(o) < _generation(o),
    ),
    (
        "FAIL0008",
        "beside Ready=True every condition is of the newest generation",
        lambda o: _is_ready(o) and min(_generations_of_conditions(o)) < _generation(o),
    ),
    (
        "FAIL0009",
        "beside Ready=True every condition is of the root's observedGeneration",
        lambda o: _is_ready(o) and _generations_of_conditions(o) != {_observed(o)},
    ),
    (
        "FAIL0011",
        "Ready=Unknown only beside Reconciling=True",
        lambda o: _status_of(o, _READY) == Truth.UNKNOWN and not _is_true(o, _RECONCILING),
    ),
    (
        "WARN0003",
        "Reconciling is there only while True",
        lambda o: _is_there_but_not_true(o, _RECONCILING),
    ),
    (
        "WARN0004",
        "Stalled is there only while True",
        lambda o: _is_there_but_not_true(o, _STALLED),
    ),
    (
        "WARN0005",
        "every condition says its generation",
        lambda o: any(generation < 1 for generation in _generations_of_conditions(o)),
    ),
)
