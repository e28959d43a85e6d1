"""What a try of a provider's way in found, before anything is stored. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from cloudops.domain.ledger import CONSEQUENCES, ErrorClass, ScopeStatus
from cloudops.domain.provider import Identity
from cloudops.domain.reasons import NO_ACCOUNT, NOTHING_SELECTED

_GRANTABLE = frozenset({ErrorClass.IAM_DENY, ErrorClass.CREDENTIALS})


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why one step failed.

    Attributes:
        reason: The cloud's error code, or a reason as in `status.problems`.
        permission: What was denied; "" where nothing was.
    """

    error_class: ErrorClass
    reason: str
    message: str
    permission: str = ""

    @property
    def status(self) -> ScopeStatus:
        """What the ledger would call a scope with this trouble."""
        return CONSEQUENCES[self.error_class].status

    @property
    def excused(self) -> bool:
        """Nothing is there to be read, and nothing is missing."""
        return self.status is ScopeStatus.UNSUPPORTED

    @property
    def grant(self) -> str:
        """The permission that would cure it; a service control policy has none."""
        return self.permission if self.error_class in _GRANTABLE else ""


@dataclass(frozen=True, slots=True)
class Check:
    """One listing that was tried in one region; without trouble it can be read there.

    Attributes:
        untried: The permission of a call that nothing was there to try it with: of that one,
            and of what only it would have led to, nothing is known. "" where there is none.
    """

    listing: str
    region: str
    trouble: Trouble | None
    untried: str = ""


@dataclass(frozen=True, slots=True)
class AccountDiagnosis:
    """One account.

    Attributes:
        principal: Who we are there; "" where it could not be entered.
        regions: The enabled and selected ones; None where they could not be read.
        trouble: Why it could not be entered, or why its regions could not be read.
        checks: What was tried in it.
    """

    account_id: str
    name: str
    principal: str
    regions: tuple[str, ...] | None
    trouble: Trouble | None
    checks: tuple[Check, ...] = ()

    @property
    def unread(self) -> tuple[Check, ...]:
        """Checks that failed and are not excused."""
        return tuple(one for one in self.checks if one.trouble and not one.trouble.excused)

    @property
    def untried(self) -> tuple[str, ...]:
        """Listings that had nothing to try in any region, in order."""
        tried = {one.listing for one in self.checks if not (one.untried or one.trouble)}
        names = dict.fromkeys(one.listing for one in self.checks if one.untried)
        return tuple(name for name in names if name not in tried)

    @property
    def missing(self) -> tuple[str, ...]:
        """Permissions that the account's reader lacks, sorted."""
        troubles = [check.trouble for check in self.checks]
        if self.principal:  # else the trouble is of whoever stands before the door
            troubles.append(self.trouble)
        return tuple(sorted({one.grant for one in troubles if one and one.grant}))


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found; `trouble` is set where the provider's own credentials don't work."""

    identity: Identity | None
    accounts: tuple[AccountDiagnosis, ...] = ()
    trouble: Trouble | None = None

    @property
    def healthy(self) -> bool:
        """Everything that was tried can be read; nothing at all is not everything."""
        troubles = any(a.trouble or a.unread for a in self.accounts)
        return self.trouble is None and not troubles and self.unselected is None

    @property
    def unselected(self) -> tuple[str, str] | None:
        """Reason and sentence where the spec leaves nothing to try."""
        if self.trouble is not None:
            return None
        if not self.accounts:
            return NO_ACCOUNT
        tried = any(account.checks or account.trouble for account in self.accounts)
        return None if tried else NOTHING_SELECTED

    @property
    def untried(self) -> tuple[str, ...]:
        """Listings that had nothing to try in at least one account, in order."""
        return tuple(dict.fromkeys(name for a in self.accounts for name in a.untried))

    @property
    def shut_out(self) -> bool:
        """Somebody on the way in, not a reader, lacks a permission."""
        doors = [self.trouble, *(a.trouble for a in self.accounts if not a.principal)]
        return any(trouble and trouble.grant for trouble in doors)

    @property
    def missing(self) -> Mapping[str, tuple[str, ...]]:
        """Reader's principal → the permissions it lacks; those that lack none are left out."""
        return {a.principal: a.missing for a in self.accounts if a.missing}
