"""What AWS's error codes mean, as data."""

from typing import Final

from cloudops.domain.ledger import ErrorClass
from cloudops.domain.reasons import NOT_SUBSCRIBED

DENIED_CODES: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "ForbiddenException",
        "NotAuthorized",
        "NotAuthorizedException",
        "UnauthorizedAccess",
        "UnauthorizedException",
        "UnauthorizedOperation",
    }
)
# The credentials themselves don't work. In a region that is not enabled AWS
# answers likewise, but the same answer follows a revoked key: nothing may be
# retired because of it.
CREDENTIAL_CODES: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IDPRejectedClaim",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidIdentityToken",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "NoCredentials",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
# AWS refuses what is signed by a clock that is more than five minutes off. Some codes say
# nothing else; others also mean a wrong key, or one that has expired.
SKEW_CODES: Final = frozenset({"RequestInTheFuture", "RequestTimeTooSkewed"})
SKEW_OR_KEY_CODES: Final = frozenset(
    {"AuthFailure", "InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"}
)
OPT_IN_CODES: Final = frozenset(
    {"NotSignedUp", "OptInRequired", "RegionDisabledException", "SubscriptionRequiredException"}
)
THROTTLE_CODES: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
UNSUPPORTED_CODES: Final = frozenset(
    {
        "InvalidAction",
        "NotImplemented",
        "OperationNotSupportedException",
        "UnknownOperation",
        "UnknownOperationException",
        "UnsupportedOperation",
        "UnsupportedOperationException",
    }
)
# Cloud Control passes on what a type's handler was told, under a code of its own.
HANDLER_CODES: Final = frozenset(
    {"GeneralServiceException", "HandlerFailureException", "HandlerInternalFailureException"}
)
CODES: Final = {
    **dict.fromkeys(DENIED_CODES | CREDENTIAL_CODES, ErrorClass.IAM_DENY),
    **dict.fromkeys(OPT_IN_CODES, ErrorClass.OPT_IN),
    **dict.fromkeys(THROTTLE_CODES, ErrorClass.THROTTLED),
    **dict.fromkeys(UNSUPPORTED_CODES, ErrorClass.UNSUPPORTED),
    # What `STATUS_CODES` makes of an answer that names no error: a proxy says so of
    # anything, and rows leave the view only where the service itself does.
    "Http501": ErrorClass.TRANSIENT,
}

# What they mean on the way in.
ENTRY_REASONS: Final = {
    **dict.fromkeys(CREDENTIAL_CODES, "CredentialsRejected"),
    **dict.fromkeys(OPT_IN_CODES, NOT_SUBSCRIBED),
}

# Where a proxy or a broken answer leaves nothing but an HTTP status.
STATUSES: Final = {
    401: ErrorClass.IAM_DENY,
    403: ErrorClass.IAM_DENY,
    429: ErrorClass.THROTTLED,
    501: ErrorClass.UNSUPPORTED,
}
STATUS_CODES: Final = {
    401: "Unauthorized",
    403: "AccessDenied",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}
