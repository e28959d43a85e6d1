"""Conditions as plain values, without times; the controller adds those when it writes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_MESSAGE: Final = 1024


class ConditionType(StrEnum):
    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    CREDENTIALS_VALID = "CredentialsValid"
    INVENTORY_SYNCED = "InventorySynced"
    DELETION_HELD = "DeletionHeld"


class Truth(StrEnum):
    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class ConditionValue:
    """One condition; `reason` is one CamelCase word, `message` a sentence without secrets."""

    type: str
    status: Truth
    reason: str
    message: str

    @property
    def is_true(self) -> bool:
        return self.status is Truth.TRUE

    def shortened(self) -> "ConditionValue":
        """The same with a message of at most 1,024 characters."""
        if len(self.message) <= LONGEST_MESSAGE:
            return self
        message = self.message[: LONGEST_MESSAGE - 1] + "…"
        return ConditionValue(self.type, self.status, self.reason, message)
