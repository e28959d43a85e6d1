"""Which events tell the story of a CloudProvider: one for each change of state."""

from collections.abc import Iterator

from cloudops.controller.recorder import Happening
from cloudops.domain.conditions import ConditionType, ConditionValue, Truth
from cloudops.domain.provider_status import Judgement, PreviousStatus

SUSPENDED = "Suspended"


def tell(previous: PreviousStatus, judgement: Judgement) -> list[Happening]:
    """What has happened between `previous` and `judgement`, in the order of cause."""
    return [
        *_summary(previous, judgement),
        *_credentials(previous, judgement),
        *_inventory(previous, judgement),
        *_deletions(previous, judgement),
    ]


def _moved(old: ConditionValue | None, new: ConditionValue | None) -> bool:
    return (old and (old.status, old.reason)) != (new and (new.status, new.reason))


def _summary(previous: PreviousStatus, judgement: Judgement) -> Iterator[Happening]:
    old = previous.conditions.get(ConditionType.READY)
    new = judgement.condition(ConditionType.READY)
    stuck = judgement.condition(ConditionType.STALLED)
    was_stuck = ConditionType.STALLED in previous.conditions
    if new is None or (not _moved(old, new) and bool(stuck) == was_stuck):
        return
    if old and old.reason == SUSPENDED:
        yield Happening("Normal", "Resumed", "Reading goes on.")
    if new.status is Truth.TRUE:
        reason = new.reason if new.reason == SUSPENDED else "Ready"
        yield Happening("Normal", reason, new.message)
    elif new.status is Truth.UNKNOWN:
        yield Happening("Normal", new.reason, new.message)
    else:
        ending = " Nothing will change until somebody acts." if stuck and not was_stuck else ""
        yield Happening("Warning", new.reason, new.message + ending)


def _credentials(previous: PreviousStatus, judgement: Judgement) -> Iterator[Happening]:
    """Rejected ones are told by Ready already."""
    old = previous.conditions.get(ConditionType.CREDENTIALS_VALID)
    new = judgement.condition(ConditionType.CREDENTIALS_VALID)
    if new and new.status is Truth.TRUE and _moved(old, new):
        yield Happening("Normal", new.reason, new.message)


def _inventory(previous: PreviousStatus, judgement: Judgement) -> Iterator[Happening]:
    old = previous.conditions.get(ConditionType.INVENTORY_SYNCED)
    new = judgement.condition(ConditionType.INVENTORY_SYNCED)
    ready = judgement.condition(ConditionType.READY)
    if new is None or not _moved(old, new):
        return
    if new.status is Truth.TRUE:
        yield Happening("Normal", ConditionType.INVENTORY_SYNCED.value, new.message)
    elif new.status is Truth.FALSE and not (ready and ready.reason == new.reason):
        yield Happening("Warning", new.reason, new.message)


def _deletions(previous: PreviousStatus, judgement: Judgement) -> Iterator[Happening]:
    old = previous.conditions.get(ConditionType.DELETION_HELD)
    new = judgement.condition(ConditionType.DELETION_HELD)
    if new and not old:
        yield Happening("Warning", ConditionType.DELETION_HELD.value, new.message)
    elif old and not new:
        yield Happening("Normal", "DeletionReleased", "No deletion is held any more.")
