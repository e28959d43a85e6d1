"""What went wrong, in the operator's words: every SDK failure is classified here, once."""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    TokenRetrievalError,
    UnknownRegionError,
    UnknownServiceError,
)

from cloudops.collectors.aws.clock_skew import CLOCK_SKEWED, is_clock_skewed
from cloudops.collectors.aws.error_codes import (
    CODES,
    CREDENTIAL_CODES,
    ENTRY_REASONS,
    HANDLER_CODES,
    STATUS_CODES,
    STATUSES,
)
from cloudops.collectors.aws.error_texts import clean_message, own_words, words_of_aws
from cloudops.collectors.turnstile import TooSlowError
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.errors import AccessError, ItemDeniedError, ListingError
from cloudops.domain.ledger import ErrorClass

UNREADABLE_ANSWER: Final = "UnreadableAnswer"
INVALID_PARAMETERS: Final = "InvalidParameters"

# Only the calls by which a role is assumed take anything from the spec on the way in.
_ASSUMING: Final = frozenset({"AssumeRole", "AssumeRoleWithWebIdentity"})
_ROLE_PERMISSIONS: Final = frozenset(f"sts:{operation}" for operation in _ASSUMING)
# A listing that is not there has no rows, and what it had leaves the view. That the
# way in is not there says nothing of the kind: an account that is not signed up is
# shut, and an endpoint without STS is none of AWS's.
_AT_THE_DOOR: Final = {
    ErrorClass.OPT_IN: ErrorClass.IAM_DENY,
    ErrorClass.UNSUPPORTED: ErrorClass.TRANSIENT,
}
_ROLE_MISSPELT: Final = frozenset({INVALID_PARAMETERS, "ValidationError"})
_CURES: Final = {
    "sts:AssumeRole": (
        " (its trust policy has to accept the caller, who needs sts:AssumeRole on it)"
    ),
    "sts:AssumeRoleWithWebIdentity": " (its trust policy has to accept {})",
}
# In AWS's words: the item has a policy of its own, and that one says no.
_OWN_POLICY: Final = "resource-based policy"
THROTTLED: Final = "throttled"
"""What `call_status` calls an answer that asks to slow down."""

_METRIC_STATUS: Final = {
    ErrorClass.IAM_DENY: "denied",
    ErrorClass.SCP_DENY: "denied",
    ErrorClass.OPT_IN: "denied",
    ErrorClass.THROTTLED: THROTTLED,
}
_DENIED_ACTION: Final = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z0-9*]+)")


class UnreadableResponseError(Exception):
    """The SDK could not make sense of a response that arrived."""


class StaleCredentialsError(Exception):
    """Credentials were refreshed, and by the worker's clock the new ones have expired, too."""


class NoTokenError(Exception):
    """No token of the ServiceAccount could be had; `refusal` says why."""

    def __init__(self, refusal: AccessError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class RoleNotAssumedError(Exception):
    """One role of the way in could not be assumed, or not again.

    Attributes:
        role_arn: The role.
        cause: What the SDK raised.
        subject: The ServiceAccount whose token was shown, as trust policies write it;
            "" where none was, or where it could not be read.
    """

    def __init__(self, role_arn: str, cause: Exception, subject: str = "") -> None:
        super().__init__(f"{role_arn}: {cause}")
        self.role_arn = role_arn
        self.cause = cause
        self.subject = subject


_SDK_ERRORS: Final = (
    ((UnreadableResponseError,), ErrorClass.TRANSIENT, UNREADABLE_ANSWER),
    ((StaleCredentialsError,), ErrorClass.TRANSIENT, "StaleCredentials"),
    ((TooSlowError,), ErrorClass.THROTTLED, "RateLimit"),
    (
        (NoCredentialsError, PartialCredentialsError, TokenRetrievalError),
        ErrorClass.IAM_DENY,
        "NoCredentials",
    ),
    ((UnknownServiceError, UnknownRegionError), ErrorClass.UNSUPPORTED, "UnknownEndpoint"),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One classified failure.

    Attributes:
        permission: What the cloud said is missing, if it did.
        own_policy: The cloud said that the policy of the item itself does not allow it.
    """

    error_class: ErrorClass
    code: str
    message: str
    permission: str = ""
    own_policy: bool = False


def classify(error: Exception, *, endpoint_known: bool = True) -> Failure:
    """Name what happened.

    Args:
        error: What the SDK raised.
        endpoint_known: The SDK knows an endpoint of that service in that region,
            so a name that does not resolve is an outage and not a fact about AWS.
    """
    if isinstance(error, RoleNotAssumedError):
        return _with_role(error, classify(error.cause, endpoint_known=endpoint_known))
    return _told(error) or _untold(error, endpoint_known=endpoint_known)


def listing_error(
    error: Exception, listing: Listing, *, permission: str = "", endpoint_known: bool = True
) -> ListingError:
    """The failure of one call of `listing`.

    Args:
        error: What the SDK raised.
        listing: The row.
        permission: What that call needs, if AWS does not say; else the row's first.
        endpoint_known: See `classify`.
    """
    failure = classify(error, endpoint_known=endpoint_known)
    error_class = failure.error_class
    if failure.code in listing.unsupported_codes:
        error_class = ErrorClass.UNSUPPORTED
    denied = error_class in {ErrorClass.IAM_DENY, ErrorClass.SCP_DENY}
    if denied and _is_of_the_way_in(error, failure.code):
        error_class = ErrorClass.CREDENTIALS
    missing = failure.permission or permission or listing.permissions[0]
    if isinstance(error, NoTokenError):
        missing = error.refusal.permission
    elif failure.code in CREDENTIAL_CODES:
        missing = ""  # with credentials that don't work no grant helps
    kind = ItemDeniedError if failure.own_policy else ListingError
    return kind(
        failure.message,
        error_class=error_class,
        code=failure.code,
        permission=missing if denied else "",
    )


def access_error(
    error: Exception, *, denied: str = "CredentialsRejected", permission: str = ""
) -> AccessError:
    """The failure of a call on the way in: AssumeRole…, GetCallerIdentity, DescribeRegions.

    Args:
        error: What the SDK raised.
        denied: The reason where the call itself was denied.
        permission: What to grant then, unless AWS names it.
    """
    if isinstance(error, NoTokenError):
        return error.refusal
    failure = classify(error)
    reason, missing = "Unreachable", ""
    error_class = _AT_THE_DOOR.get(failure.error_class, failure.error_class)
    if error_class is ErrorClass.THROTTLED:
        reason = "Throttled"
    elif failure.code == CLOCK_SKEWED:
        reason = CLOCK_SKEWED
    elif failure.code in ENTRY_REASONS:
        reason = ENTRY_REASONS[failure.code]
    elif failure.code in _ROLE_MISSPELT:
        # Only an edit helps: what passes by itself is something else.
        reason, error_class = "RoleNotAssumable", ErrorClass.IAM_DENY
    elif error_class in {ErrorClass.IAM_DENY, ErrorClass.SCP_DENY}:
        missing = failure.permission or permission
        reason = "RoleNotAssumable" if missing in _ROLE_PERMISSIONS else denied
    return AccessError(failure.message, reason=reason, permission=missing, error_class=error_class)


def call_status(parsed: Any) -> str:
    """The metric's word for one HTTP call: ok, denied, throttled or error."""
    if not parsed:
        return "error"
    status = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status < 300:  # noqa: PLR2004  HTTP's own limit between success and the rest
        return "ok"
    if is_clock_skewed(parsed):
        return "error"
    return _METRIC_STATUS.get(_class_of(parsed.get("Error", {}).get("Code", ""), status), "error")


def _told(error: Exception) -> Failure | None:
    """What carries its own explanation."""
    if isinstance(error, ClientError):
        return _client_failure(error)
    if isinstance(error, NoTokenError):
        told = error.refusal
        return Failure(told.error_class, told.reason, str(told), told.permission)
    if isinstance(error, ParamValidationError):
        # Its report quotes the values; the second line names the parameter first.
        parameter = str(error).partition("\n")[2].partition(", value:")[0]
        return Failure(ErrorClass.TRANSIENT, INVALID_PARAMETERS, clean_message(parameter))
    return None


def _untold(error: Exception, *, endpoint_known: bool) -> Failure:
    """What is known by its kind alone."""
    message = clean_message(own_words(error))
    if not endpoint_known and isinstance(error, EndpointConnectionError) and _no_such_name(error):
        return Failure(ErrorClass.UNSUPPORTED, "EndpointDoesNotExist", message)
    for kinds, error_class, code in _SDK_ERRORS:
        if isinstance(error, kinds):
            return Failure(error_class, code, message)
    return Failure(ErrorClass.TRANSIENT, type(error).__name__.removesuffix("Error"), message)


def _client_failure(error: ClientError) -> Failure:
    answer: Any = error.response
    code = str(answer.get("Error", {}).get("Code", ""))
    text = str(answer.get("Error", {}).get("Message", ""))
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if is_clock_skewed(answer):
        # Without AWS's own words, which are others each time.
        told = f"{error.operation_name}: check the worker's clock, AWS refuses its time ({code})"
        return Failure(ErrorClass.TRANSIENT, CLOCK_SKEWED, told)
    if not code or code.isdecimal():  # nothing in the answer could be read
        code = STATUS_CODES.get(status, f"Http{status}")
    error_class = _class_of(code, status)
    action = _DENIED_ACTION.search(text)
    if action and code in HANDLER_CODES:
        error_class = ErrorClass.IAM_DENY
    if error_class is ErrorClass.IAM_DENY and "service control policy" in text:
        error_class = ErrorClass.SCP_DENY
    permission = action.group(1) if action else ""
    # Assumed credentials are refreshed inside other calls; then the error is theirs.
    if error.operation_name in _ASSUMING:
        permission = f"sts:{error.operation_name}"
    message = words_of_aws(error.operation_name, code, text)
    own_policy = error_class is ErrorClass.IAM_DENY and _OWN_POLICY in text
    return Failure(error_class, code, message, permission, own_policy)


def _is_of_the_way_in(error: Exception, code: str) -> bool:
    """Not the listing was denied, but whoever asked for it, who had been let in before."""
    return isinstance(error, RoleNotAssumedError | NoTokenError) or code in CREDENTIAL_CODES


def _with_role(error: RoleNotAssumedError, failure: Failure) -> Failure:
    """Name the role first, and what helps, since AWS's own words may be long."""
    told = f"{error.role_arn} can't be assumed"
    denied = failure.error_class is ErrorClass.IAM_DENY and failure.code not in CREDENTIAL_CODES
    if denied and failure.permission in _ROLE_PERMISSIONS:
        told += _CURES[failure.permission].format(error.subject or "the ServiceAccount")
    return replace(failure, message=clean_message(f"{told}: {failure.message}"))


def _class_of(code: str, status: int) -> ErrorClass:
    return CODES.get(code) or STATUSES.get(status) or ErrorClass.TRANSIENT


def _no_such_name(error: EndpointConnectionError) -> bool:
    """Whether the resolver said that the name does not exist, not that it is away."""
    return any(
        isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME
        for cause in _causes(error)
    )


def _causes(error: BotoCoreError) -> Iterator[BaseException]:
    cause = error.kwargs.get("error")
    while isinstance(cause, BaseException):
        yield cause
        cause = cause.__cause__ or cause.__context__
