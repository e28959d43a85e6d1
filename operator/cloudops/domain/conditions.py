"""Conditions as plain values, without times; the controller adds those when it writes."""

import re
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

    def within_bounds(self) -> "ConditionValue":
        """As the API takes it: a reason of word characters, a message of 1,024 at most.

        Reasons may be a cloud's own error codes, such as `Client.UnauthorizedOperation`.
        """
        reason = re.sub(r"[^A-Za-z0-9_]|^[^A-Za-z]+", "", self.reason) or "Unknown"
        message = self.message
        if len(message) > LONGEST_MESSAGE:
            message = message[: LONGEST_MESSAGE - 1] + "…"
        return ConditionValue(self.type, self.status, reason, message)
