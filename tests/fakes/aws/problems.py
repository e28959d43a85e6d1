"""Which error the real services answer with, code and message, protocol by protocol."""

from tests.fakes.aws.calls import Call
from tests.fakes.aws.protocols import TAGGING, ApiError, family

_Problem = tuple[str, int, str]

_INVALID_TOKEN = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_NOT_VALIDATED = "AWS was not able to validate the provided access credentials"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)
_OPT_IN = "The AWS Access Key Id needs a subscription for the service"

# Problem → service → (code, HTTP status, message).
PROBLEMS: dict[str, dict[str, _Problem]] = {
    "throttle": {
        "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
        "s3": ("SlowDown", 503, "Please reduce your request rate."),
        "iam": ("Throttling", 400, "Rate exceeded"),
        "sts": ("Throttling", 400, "Rate exceeded"),
        TAGGING: ("ThrottlingException", 400, "Rate exceeded"),
    },
    "opt_in": {
        "ec2": ("OptInRequired", 403, _OPT_IN),
        "s3": ("NotSignedUp", 403, "Your account is not signed up"),
        "iam": ("OptInRequired", 403, _OPT_IN),
        "sts": ("OptInRequired", 403, _OPT_IN),
        TAGGING: ("SubscriptionRequiredException", 400, _OPT_IN),
    },
    "unknown_key": {
        "ec2": ("AuthFailure", 401, _NOT_VALIDATED),
        "s3": (
            "InvalidAccessKeyId",
            403,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        "iam": ("InvalidClientTokenId", 403, _INVALID_TOKEN),
        "sts": ("InvalidClientTokenId", 403, _INVALID_TOKEN),
        TAGGING: ("UnrecognizedClientException", 400, _INVALID_TOKEN),
    },
    "bad_signature": {
        "ec2": ("AuthFailure", 401, _NOT_VALIDATED),
        "s3": ("SignatureDoesNotMatch", 403, _MISMATCH),
        "iam": ("SignatureDoesNotMatch", 403, _MISMATCH),
        "sts": ("SignatureDoesNotMatch", 403, _MISMATCH),
        TAGGING: ("InvalidSignatureException", 400, _MISMATCH),
    },
    # The message of those that tell the times is made where the times are known.
    "skewed": {
        "ec2": ("AuthFailure", 401, _NOT_VALIDATED),
        "s3": (
            "RequestTimeTooSkewed",
            403,
            "The difference between the request time and the current time is too large.",
        ),
        "iam": ("SignatureDoesNotMatch", 403, ""),
        "sts": ("SignatureDoesNotMatch", 403, ""),
        TAGGING: ("InvalidSignatureException", 400, ""),
    },
    "expired": {
        "ec2": ("RequestExpired", 400, "Request has expired."),
        "s3": ("ExpiredToken", 400, "The provided token has expired."),
        "iam": ("ExpiredToken", 403, _EXPIRED),
        "sts": ("ExpiredToken", 403, _EXPIRED),
        TAGGING: ("ExpiredTokenException", 400, _EXPIRED),
    },
    "server_error": {
        "ec2": ("InternalError", 500, "An internal error has occurred"),
        "s3": ("InternalError", 500, "We encountered an internal error. Please try again."),
        "iam": ("ServiceFailure", 500, "The request processing has failed"),
        "sts": ("InternalFailure", 500, "The request processing has failed"),
        TAGGING: ("InternalServiceException", 500, "The request processing failed"),
    },
}
_DENIED: dict[str, tuple[str, int]] = {
    "ec2": ("UnauthorizedOperation", 403),
    "s3": ("AccessDenied", 403),
    "iam": ("AccessDenied", 403),
    "sts": ("AccessDenied", 403),
    TAGGING: ("AccessDeniedException", 400),
}
_ACTIONS = {("s3", "ListBuckets"): "s3:ListAllMyBuckets"}
# Where the IAM prefix is not the SDK's name.
_PREFIXES = {
    TAGGING: "tag",
    "cloudcontrol": "cloudformation",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
}


def _like(service: str) -> str:
    """Whose errors a service's look like, where it has none of its own here."""
    if service in _DENIED:
        return service
    return "iam" if family(service) == "query" else TAGGING


def problem(kind: str, service: str) -> ApiError:
    code, status, message = PROBLEMS[kind][_like(service)]
    return ApiError(code, message, status)


def incomplete(credential: str) -> ApiError:
    """Quotes what was sent, as AWS does: an id with a `/` in it is likely the other key."""
    told = (
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        f"keyid/date/region/service/term, got '{credential}'"
    )
    return ApiError("IncompleteSignature", told, 400)


def denial(call: Call, variant: str = "identity", resource: str = "") -> ApiError:
    """The real message; `variant` as in `Fault.deny`, or "" for one that gives no reason."""
    action = _ACTIONS.get((call.service, call.operation))
    action = action or f"{_PREFIXES.get(call.service, call.service)}:{call.operation}"
    if not resource and call.service == "iam":
        resource = "*"
    on_resource = f" on resource: {resource}" if resource else ""
    reason = {
        "": "",
        "identity": f" because no identity-based policy allows the {action} action",
        "explicit": " with an explicit deny in an identity-based policy",
        "scp": " with an explicit deny in a service control policy",
        "boundary": f" because no permissions boundary allows the {action} action",
    }[variant]
    message = f"User: {call.principal} is not authorized to perform: {action}{on_resource}{reason}"
    if call.service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    code, status = _DENIED[_like(call.service)]
    return ApiError(code, message, status)
