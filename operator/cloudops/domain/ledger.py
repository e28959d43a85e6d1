"""Scopes, their states, and what each class of error does to them.

A scope is one listing in one account and region: the unit of completeness,
sweep and freshness.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class ErrorClass(StrEnum):
    """Every failed read is one of these; classified once, where the SDK is called."""

    IAM_DENY = "iam_deny"
    SCP_DENY = "scp_deny"
    CREDENTIALS = "credentials"  # those that the account was entered with work no more
    OPT_IN = "opt_in"
    UNSUPPORTED = "unsupported"
    THROTTLED = "throttled"
    TRANSIENT = "transient"
    INCOMPLETE = "incomplete"  # a cap, a repeated token, a count mismatch, a half-read parent
    MALFORMED_ITEM = "malformed_item"
    BUDGET = "budget"  # the calls that the spec allows are spent


class ScopeStatus(StrEnum):
    """`PLANNED` was never tried; every other status is the outcome of the last attempt.

    But for `UNSUPPORTED` where the cloud is known not to offer a service: nothing was tried.
    """

    PLANNED = "planned"
    COMPLETE = "complete"
    PARTIAL = "partial"
    DENIED = "denied"
    UNSUPPORTED = "unsupported"
    THROTTLED = "throttled"
    FAILED = "failed"


class Retry(StrEnum):
    """When a failed scope is due again."""

    NEXT_PERIOD = "next_period"
    DAILY = "daily"
    BACKOFF = "backoff"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a class of error does to its scope.

    `excused_periods`: the scope counts against `InventorySynced` only after
    this many periods without a complete listing; None = never.
    """

    status: ScopeStatus
    retry: Retry
    excused_periods: int | None = 0
    only_with_live_rows: bool = False


CONSEQUENCES: dict[ErrorClass, Consequence] = {
    ErrorClass.IAM_DENY: Consequence(ScopeStatus.DENIED, Retry.NEXT_PERIOD),
    ErrorClass.SCP_DENY: Consequence(ScopeStatus.DENIED, Retry.DAILY, only_with_live_rows=True),
    # Its next lease enters with new ones, or is refused at the door.
    ErrorClass.CREDENTIALS: Consequence(ScopeStatus.DENIED, Retry.BACKOFF),
    ErrorClass.OPT_IN: Consequence(ScopeStatus.UNSUPPORTED, Retry.DAILY, None),
    ErrorClass.UNSUPPORTED: Consequence(ScopeStatus.UNSUPPORTED, Retry.DAILY, None),
    ErrorClass.THROTTLED: Consequence(ScopeStatus.THROTTLED, Retry.BACKOFF, 3),
    ErrorClass.TRANSIENT: Consequence(ScopeStatus.FAILED, Retry.BACKOFF, 3),
    ErrorClass.INCOMPLETE: Consequence(ScopeStatus.PARTIAL, Retry.NEXT_PERIOD),
    ErrorClass.MALFORMED_ITEM: Consequence(ScopeStatus.PARTIAL, Retry.NEXT_PERIOD),
    ErrorClass.BUDGET: Consequence(ScopeStatus.PARTIAL, Retry.NEXT_PERIOD, None),
}


PASSING: Final = frozenset({ErrorClass.TRANSIENT, ErrorClass.THROTTLED})
"""On the way in: it passes by itself, and says nothing about door or credentials."""

NOT_THERE: Final = frozenset({ErrorClass.OPT_IN, ErrorClass.UNSUPPORTED})
"""There is nothing to be listed, says the cloud; whoever was shown something knows better."""


class PeriodClass(StrEnum):
    """How often a listing is read, as a multiple of `syncPeriodSeconds`."""

    HOT = "hot"
    STANDARD = "standard"
    COLD = "cold"

    @property
    def multiple(self) -> int:
        return {PeriodClass.HOT: 1, PeriodClass.STANDARD: 4, PeriodClass.COLD: 96}[self]


class Consistency(StrEnum):
    """Whether one complete listing may delete (STRONG) or two must agree (EVENTUAL)."""

    STRONG = "strong"
    EVENTUAL = "eventual"


class LeaseKind(StrEnum):
    """`DISCOVERY` belongs to a provider, `INVENTORY` to an account and region."""

    DISCOVERY = "discovery"
    INVENTORY = "inventory"


@dataclass(frozen=True, slots=True)
class Lease:
    """A quota domain that one worker may talk to until `expires_at`.

    Attributes:
        domain: `aws/111122223333/eu-west-1`, `discovery/platform/aws-prod`.
        account_id: The cloud's id; "" for discovery, as is `region`.
        started_at: Database clock, as is `expires_at`.
        taken_at: The same moment by this process's clock that never jumps, or a little later.
        server_started_at: Of the database server that granted it.
        holder: The worker that took it.
    """

    id: int
    kind: LeaseKind
    domain: str
    fence: int
    attempts: int
    provider_id: int
    cloud: str
    account_id: str
    region: str
    started_at: datetime
    expires_at: datetime
    taken_at: float
    server_started_at: datetime | None = None
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """A planned scope as the worker needs it; `id` is the ledger row's key.

    `types`: of a listing with several types those that are asked for; empty = all.
    """

    id: int
    listing: str
    account_id: str
    region: str
    status: ScopeStatus
    last_complete_at: datetime | None
    consecutive_failures: int
    empty_streak: int
    item_count: int
    period_seconds: int
    account_pk: int
    types: tuple[str, ...] = ()
    crashed: bool = False  # a worker died while reading it, and it was not read since
    read_again: bool = False  # it was read since its lease was last finished
    has_rows: bool = True  # whether anything is stored that it showed once
