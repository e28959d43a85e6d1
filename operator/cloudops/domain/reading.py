"""What readers ask of the inventory, and what they get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """Members AND; "" and empty mean any; `type` (or kind) and `region` may be globs."""

    type: str = ""
    account: str = ""
    region: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One live resource; `as_of` is the start of the last complete listing that covers it."""

    canonical_id: str
    type: str
    kind: str
    account_id: str
    region: str
    name: str | None
    state: str | None
    tags: Mapping[str, str] | None
    created_at: datetime | None
    changed_at: datetime
    as_of: datetime | None
    listing_status: str


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """One row of the ledger."""

    account_id: str
    region: str
    listing: str
    status: str
    item_count: int
    last_complete_at: datetime | None
    next_due_at: datetime
    held_count: int
    error_code: str
    error_permission: str
    error_message: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account of a provider; `reachable` is None before it was tried."""

    account_id: str
    name: str
    reachable: bool | None
    error_reason: str
    error_message: str
