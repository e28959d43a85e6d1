"""Reasons of problems and conditions that more than one module has to know."""

from typing import Final

CLAIMED: Final = "AccountClaimed"

# Where a spec leaves nothing to read: no account, or none of its scopes.
NO_ACCOUNT: Final = ("NoAccountSelected", "No account is selected; edit the spec's accounts.")
NOTHING_SELECTED: Final = (
    "NothingSelected",
    "No listing reads what is selected: edit spec.inventory.types or the regions.",
)

CRASHED: Final = "WorkerCrashed"

REGION_DENIED: Final = "RegionDenied"
"""Of the one problem for a region of an account in which nothing may be read."""

INTERNAL_ERROR: Final = "InternalError"
"""Of a bug of ours: what it kept from being done is tried again, and says so meanwhile."""

# Problems that name no listing, and yet are of no account that can't be entered.
NO_DOORS: Final = (CLAIMED, CRASHED, INTERNAL_ERROR, REGION_DENIED)

# Where the way in ended before the cloud was asked.
DEPENDENCY_REASONS: Final = frozenset(
    {
        "SecretNotFound",
        "SecretKeyMissing",
        "SecretAccessDenied",
        "SecretUnavailable",
        "ServiceAccountNotFound",
        "TokenNotAllowed",
        "TokenUnavailable",
    }
)

NOT_SUBSCRIBED: Final = "AccountNotSubscribed"
"""Of an account that the cloud answers as if it had never been signed up."""

# Where the cloud said no to those who came in.
CREDENTIAL_REASONS: Final = frozenset(
    {"CredentialsRejected", "IdentityMismatch", NOT_SUBSCRIBED, "RoleNotAssumable"}
)

# What the operator's settings leave to nobody, or not to this namespace.
NOT_ALLOWED_REASONS: Final = frozenset({"IdentityNotAllowed", "EndpointNotAllowed"})

# A scope with one of these was not asked for what it lists: its account could not be entered.
DOOR_REASONS: Final = DEPENDENCY_REASONS | CREDENTIAL_REASONS | NOT_ALLOWED_REASONS
