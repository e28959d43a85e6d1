"""Conditions: their words, and how a list of them changes.

Conditions are values and the clock is the caller's. `Ready` means "reconciled
as asked", never "healthy"; `Reconciling` and `Stalled` exist only while True.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NotRequired, TypedDict, cast

from cloudops.domain.conditions import LONGEST_MESSAGE, ConditionType, Truth


class Reason(StrEnum):
    """The cause, in one word; also the reason of events and a label of metrics."""

    # Ready, Reconciling
    SUCCEEDED = "Succeeded"
    PROGRESSING = "Progressing"
    PROGRESSING_WITH_RETRY = "ProgressingWithRetry"
    SUSPENDED = "Suspended"
    DEPENDENCY_NOT_READY = "DependencyNotReady"
    # Stalled: a person must edit something
    INVALID_SPEC = "InvalidSpec"
    NOT_SUPPORTED_YET = "NotSupportedYet"
    ENDPOINT_NOT_ALLOWED = "EndpointNotAllowed"
    IDENTITY_NOT_ALLOWED = "IdentityNotAllowed"
    REFERENCE_NOT_GRANTED = "ReferenceNotGranted"
    # CredentialsValid
    CREDENTIALS_ACCEPTED = "CredentialsAccepted"
    CREDENTIALS_REJECTED = "CredentialsRejected"
    CREDENTIALS_UNTRIED = "CredentialsUntried"
    SECRET_NOT_FOUND = "SecretNotFound"  # noqa: S105  a word, not a password
    IDENTITY_MISMATCH = "IdentityMismatch"
    # InventorySynced
    ACCESS_DENIED = "AccessDenied"
    THROTTLED = "Throttled"
    PARTIAL_LISTING = "PartialListing"
    OVERDUE = "Overdue"
    FAILED = "Failed"
    # DeletionHeld
    DELETION_BRAKE = "DeletionBrake"


class Condition(TypedDict):
    """As it stands in status; `with_condition` adds the time."""

    type: str
    status: str
    reason: str
    message: str
    observedGeneration: int
    lastTransitionTime: NotRequired[str]


# These exist only while True: a tool that waits must not find them as False.
WHILE_TRUE = (ConditionType.STALLED, ConditionType.RECONCILING)
_ORDER = {
    kind.value: index
    for index, kind in enumerate(
        (ConditionType.READY, ConditionType.STALLED, ConditionType.RECONCILING)
    )
}


def condition(kind: str, status: str, reason: str, message: str, *, generation: int) -> Condition:
    """A condition without its time; a message over 1,024 characters is cut.

    Args:
        kind: A `ConditionType`.
        status: A `Truth`.
        reason: Usually a `Reason`; one CamelCase word.
        message: What happened and what to do; holds no secrets.
        generation: The `metadata.generation` that was judged.
    """
    return Condition(
        type=str(kind),
        status=str(Truth(status)),
        reason=str(reason),
        message=_cut(message),
        observedGeneration=generation,
    )


def with_condition(
    conditions: Iterable[Mapping[str, Any]], new: Condition, now: datetime
) -> list[Condition]:
    """`conditions` with `new` in place of the one of its type, Ready first.

    `lastTransitionTime` moves only if `status` does, so that an unchanged
    reconcile writes an unchanged status. A Reconciling or Stalled that is not
    True is removed.

    Args:
        conditions: As they stand in status.
        new: Made by `condition`.
        now: Aware; becomes UTC, to the second.
    """
    conditions = list(conditions)
    others = without_condition(conditions, new["type"])
    if new["type"] in WHILE_TRUE and new["status"] != Truth.TRUE:
        return others
    old = find_condition(conditions, new["type"])
    moved = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if old is not None and old["status"] == new["status"]:
        moved = old.get("lastTransitionTime", moved)
    timed: Condition = {**new, "message": _cut(new["message"]), "lastTransitionTime": moved}
    return sorted([*others, timed], key=_rank)


def without_condition(conditions: Iterable[Mapping[str, Any]], kind: str) -> list[Condition]:
    """`conditions` but the one of that type, in their order of rank."""
    return sorted((cast("Condition", c) for c in conditions if c["type"] != kind), key=_rank)


def find_condition(conditions: Iterable[Mapping[str, Any]], kind: str) -> Condition | None:
    return next((cast("Condition", c) for c in conditions if c["type"] == kind), None)


def at_generation(conditions: Iterable[Mapping[str, Any]], generation: int) -> list[Condition]:
    """The same verdicts, said of another generation, e.g. when only `suspend` changed."""
    return [cast("Condition", {**c, "observedGeneration": generation}) for c in conditions]


def _cut(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"


def _rank(item: Condition) -> tuple[int, str]:
    return _ORDER.get(item["type"], len(_ORDER)), item["type"]
