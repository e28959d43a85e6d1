"""Which scopes count against `InventorySynced`, and under which word. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cloudops.domain.ledger import CONSEQUENCES, ErrorClass, ScopeStatus
from cloudops.domain.reasons import CREDENTIAL_REASONS, DEPENDENCY_REASONS

# A scope that was not reached says what kept its lease out.
_AT_THE_DOOR = {
    **dict.fromkeys(DEPENDENCY_REASONS, "DependencyNotReady"),
    **dict.fromkeys(CREDENTIAL_REASONS, "CredentialsRejected"),
}
_REASONS = {
    ScopeStatus.DENIED: "AccessDenied",
    ScopeStatus.PARTIAL: "PartialListing",
    ScopeStatus.THROTTLED: "Throttled",
    ScopeStatus.FAILED: "Failed",
}


@dataclass(frozen=True, slots=True)
class ScopeGroup:
    """Scopes of one provider that are alike in everything that matters here.

    Attributes:
        late: No complete listing for three periods.
        has_rows: They hold live rows; asked only where it matters.
        oldest_complete: Start of their oldest complete listing.
    """

    status: str
    error_class: str
    error_code: str
    late: bool
    has_rows: bool
    reachable: bool | None
    scopes: int
    oldest_complete: datetime | None

    @property
    def overdue(self) -> bool:
        """Late, and not for want of support or of calls that the spec allows."""
        excused = self.status == ScopeStatus.UNSUPPORTED or self.error_class == ErrorClass.BUDGET
        return self.late and not excused


def unsynced_reasons(groups: Iterable[ScopeGroup]) -> dict[str, int]:
    """Count the scopes that keep the inventory from being in step, by reason."""
    counts: dict[str, int] = {}
    for group in groups:
        reason = _reason(group)
        if reason:
            counts[reason] = counts.get(reason, 0) + group.scopes
    return counts


def _reason(group: ScopeGroup) -> str:
    if group.status in (ScopeStatus.COMPLETE, ScopeStatus.PLANNED):
        return "Overdue" if group.late else ""
    consequence = CONSEQUENCES[ErrorClass(group.error_class)]
    if consequence.excused_periods is None:
        return ""
    kept_out = _AT_THE_DOOR.get(group.error_code)
    # An account that nobody could enter never had a chance to show any.
    if consequence.only_with_live_rows and not (group.has_rows or kept_out):
        return ""
    if consequence.excused_periods and not group.late:
        return ""
    return kept_out or _REASONS[ScopeStatus(group.status)]
