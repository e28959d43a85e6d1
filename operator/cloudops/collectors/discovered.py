"""What a discovery finds: who we are, and which accounts and regions there are."""

from dataclasses import dataclass

from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import Identity


@dataclass(frozen=True, slots=True)
class AccountError:
    """Why an account, or its list of regions, could not be read.

    Attributes:
        reason: CamelCase word for problems, e.g. `RoleNotAssumable`.
        permission: What to grant; empty where no grant helps.
        error_class: What passes by itself says nothing about the account.
        entered: The account's own door is open; only its regions are not known.
        closed: The cloud says that the account is shut to everybody: nobody needs to try.
    """

    reason: str
    message: str
    permission: str = ""
    error_class: ErrorClass = ErrorClass.IAM_DENY
    entered: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class DiscoveredAccount:
    """One account that the provider covers; `regions` is None where they could not be read."""

    account_id: str
    name: str
    partition: str
    regions: tuple[str, ...] | None
    error: AccountError | None = None


@dataclass(frozen=True, slots=True)
class Discovery:
    """What one complete discovery found.

    Attributes:
        identity: Whose credentials they are; with its organization where that was listed.
        accounts: Those that are asked for.
        implicit: The spec names no account, the credentials' own is read.
        not_selected: Accounts of the organization that nobody asks for. Of one that is
            neither here nor in `accounts` the complete listing knows nothing.
    """

    identity: Identity
    accounts: tuple[DiscoveredAccount, ...]
    implicit: bool = False
    not_selected: tuple[str, ...] = ()
