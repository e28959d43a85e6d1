"""Expected failures.

`CloudOpsError`
 ├─ `InvalidInputError`      the user must edit something (command line: exit 2)
 ├─ `AccessError`            an account or provider can't be entered at all
 ├─ `ListingError`           one listing in one account and region could not be read
 │   └─ `ItemDeniedError`    one item of it may not be read
 ├─ `LeaseLostError`         another worker holds the lease now; nothing may be written
 ├─ `WorkerStoppingError`    this worker shuts down; its leases are handed back
 ├─ `NotLeaderError`         another controller leads now; nothing may be written
 └─ `StoreUnavailableError`  the database is away; nothing is known, nothing is written
     └─ `StoreBusyError`     it is there, but a lock or a statement took too long

Errors of SDKs are mapped to these where the SDK is called, with `raise … from`.
"""

from cloudops.domain.ledger import ErrorClass
from cloudops.domain.reasons import INTERNAL_ERROR


class CloudOpsError(Exception):
    """Base of all expected failures; messages hold no secrets."""


class InvalidInputError(CloudOpsError):
    """What a person wrote can't be used; the message says what to edit."""


class LeaseLostError(CloudOpsError):
    """The fencing number moved on: another worker holds this lease."""


class WorkerStoppingError(CloudOpsError):
    """The process was asked to stop; what is unfinished goes to another worker."""


class NotLeaderError(CloudOpsError):
    """The epoch moved on: another controller leads."""


class StoreUnavailableError(CloudOpsError):
    """The database can't be reached or was restarted; a later attempt may succeed."""


class StoreBusyError(StoreUnavailableError):
    """The database is there, but a lock or a statement took too long; try again."""


class AccessError(CloudOpsError):
    """An account, or the whole provider, can't be entered.

    Attributes:
        reason: CamelCase word for conditions and problems, e.g. `CredentialsRejected`.
        permission: What to grant, e.g. `sts:AssumeRole`; empty where no grant helps.
        error_class: Decides what happens to the scopes behind the closed door.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        permission: str = "",
        error_class: ErrorClass = ErrorClass.IAM_DENY,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.permission = permission
        self.error_class = error_class


class ListingError(CloudOpsError):
    """One listing broke off; rows that were read before it stay valid.

    Attributes:
        error_class: See `ErrorClass`; decides status, sweep and retry.
        code: The cloud's own error code, e.g. `UnauthorizedOperation`.
        permission: What to grant, where the cloud denied the call.
    """

    def __init__(
        self, message: str, *, error_class: ErrorClass, code: str, permission: str = ""
    ) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.code = code
        self.permission = permission


class ItemDeniedError(ListingError):
    """An item has a policy of its own, and that one denied the call: others may be readable."""


def bug_in(what: str, error: Exception) -> str:
    """What is told of a failure that nobody expected; its text may hold anything."""
    return f"a bug in {what} ({type(error).__name__}); the worker's log has the details"


def internal_error(what: str, error: Exception) -> AccessError:
    """A bug on the way in, which says nothing about who wanted in."""
    return AccessError(bug_in(what, error), reason=INTERNAL_ERROR, error_class=ErrorClass.TRANSIENT)
