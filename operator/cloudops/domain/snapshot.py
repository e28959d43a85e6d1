"""What the ledger knows of one provider at one moment: the input of its status."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cloudops.domain.provider import Identity


class EntryState(StrEnum):
    """Outcome of the last attempt to use the provider's own credentials."""

    UNTRIED = "untried"
    ACCEPTED = "accepted"
    DEPENDENCY_MISSING = "dependency_missing"  # Secret, key or ServiceAccount not there
    REJECTED = "rejected"  # the cloud does not accept them, or they belong to someone else
    UNREACHABLE = "unreachable"  # the cloud gave no answer: nothing is known of them


@dataclass(frozen=True, slots=True)
class Entry:
    """How the door looks: state, word and sentence, since when, what to grant, and its class."""

    state: EntryState = EntryState.UNTRIED
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    permission: str = ""
    error_class: str = ""


@dataclass(frozen=True, slots=True)
class AccountCounts:
    """`tried`: each of its scopes was attempted once, or it could not be entered."""

    total: int = 0
    tried: int = 0
    reachable: int = 0
    unreachable: int = 0

    @property
    def unknown(self) -> bool:
        """Whether nobody knows of any of them if it can be read."""
        return self.total > 0 and not (self.reachable or self.unreachable)


@dataclass(frozen=True, slots=True)
class ScopeCounts:
    """Scopes by state; `overdue` overlaps the others: no complete listing for 3 periods."""

    total: int = 0
    planned: int = 0
    complete: int = 0
    partial: int = 0
    denied: int = 0
    unsupported: int = 0
    throttled: int = 0
    failed: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Unread scopes or accounts of one cause, aggregated over accounts and regions.

    `by_policy`: a policy above the account denies it, so that no grant inside helps.
    """

    reason: str
    permission: str
    listing: str
    accounts: int
    regions: int
    example_account: str
    example_region: str
    since: datetime
    message: str
    by_policy: bool = False


@dataclass(frozen=True, slots=True)
class HeldScope:
    """A scope whose deletions a brake holds; a whole account where listing and region are ""."""

    listing: str
    account_id: str
    region: str
    count: int


@dataclass(frozen=True, slots=True)
class ProviderSnapshot:
    """Read in one transaction.

    Attributes:
        generation: `metadata.generation` of the spec that the plan holds.
        discovered_generation: Generation that the last successful discovery used; 0 = none.
        handled_request: Last `requestedAt` token whose run is over.
        unsynced: Scopes that count against InventorySynced, by reason
            (`DependencyNotReady`, `CredentialsRejected`, `AccessDenied`, `PartialListing`,
            `Throttled`, `Failed`, `Overdue`), only reasons with a count.
        spec_changed_at: When the plan last took a changed spec.
        credentials_changed_at: When a discovery last found another Secret than before.
    """

    generation: int
    discovered_generation: int
    handled_request: str
    entry: Entry
    identity: Identity | None
    accounts: AccountCounts
    scopes: ScopeCounts
    resources: int
    deleted_last_24h: int
    oldest_complete: datetime | None
    last_change: datetime | None
    spec_changed_at: datetime
    unsynced: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    problems_total: int = 0
    held: tuple[HeldScope, ...] = ()  # the first few; the totals are over all
    held_scopes: int = 0
    held_total: int = 0
    taken_at: datetime | None = None  # database clock
    credentials_changed_at: datetime | None = None

    @property
    def changed_at(self) -> datetime:
        """The last change of what opens the way in: of the spec, or of its Secret."""
        return max(self.spec_changed_at, self.credentials_changed_at or self.spec_changed_at)
