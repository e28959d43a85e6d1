"""What one sync from the command line found."""

from dataclasses import dataclass
from datetime import datetime

from cloudops.domain.ledger import ScopeStatus
from cloudops.domain.reading import AccountRow, ScopeRow
from cloudops.domain.reasons import NO_ACCOUNT, NOTHING_SELECTED
from cloudops.domain.snapshot import Entry, EntryState, Problem

READ = frozenset({ScopeStatus.COMPLETE.value, ScopeStatus.UNSUPPORTED.value})


def unselected(accounts: int, scopes: int, since: datetime) -> tuple[Problem, ...]:
    """The problem of a spec that leaves nothing to read; nobody else would name it."""
    if scopes:
        return ()
    reason, message = NOTHING_SELECTED if accounts else NO_ACCOUNT
    return (Problem(reason, "", "", accounts, 0, "", "", since, message),)


@dataclass(frozen=True, slots=True)
class SyncSummary:
    """The ledger after a sync.

    Attributes:
        resources: Live resources by type.
        api_calls: HTTP calls to the cloud.
    """

    entry: Entry
    accounts: tuple[AccountRow, ...]
    scopes: tuple[ScopeRow, ...]
    resources: dict[str, int]
    problems: tuple[Problem, ...]
    problems_total: int
    api_calls: int

    @property
    def scopes_by_status(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for scope in self.scopes:
            counts[scope.status] = counts.get(scope.status, 0) + 1
        return dict(sorted(counts.items()))

    @property
    def complete(self) -> bool:
        """Everything that was asked for was read; nothing at all is not everything."""
        return (
            self.entry.state is EntryState.ACCEPTED
            and bool(self.scopes)
            and not self.problems
            and all(account.reachable for account in self.accounts)
            and all(scope.status in READ for scope in self.scopes)
        )
