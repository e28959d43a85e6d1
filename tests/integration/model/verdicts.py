"""What the ledger has to say of a listing, judged by what went over the wire.

The fake's log tells how each call ended; the tables here tell, independently of
the operator's own, what that means.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from tests.fakes.aws.calls import Call
from tests.fakes.aws.faults import Fault


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row of the ledger, as far as a fault decides it; `code` "" = any word will do."""

    status: str
    error_class: str = ""
    code: str = ""

    def fits(self, status: str, error_class: str, code: str) -> bool:
        words = (self.status, self.error_class) == (status, error_class)
        return words and (code == self.code if self.code or not self.error_class else bool(code))


COMPLETE = Verdict("complete")
ANOTHER_ACCOUNT = Verdict("denied", "iam_deny", "IdentityMismatch")
PARTIAL = Verdict("partial", "malformed_item", "MalformedItem")

# Which spoilt items nobody can understand: one without an id, or with a time that is none.
_UNREADABLE_ITEMS = frozenset({"missing-id", "empty-id"})
_CLASSES = {
    "throttled": ("throttled", ["RequestLimitExceeded", "SlowDown", "Throttling"]),
    "opt_in": ("unsupported", ["OptInRequired", "NotSignedUp", "SubscriptionRequiredException"]),
    "iam_deny": ("denied", ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"]),
    "credentials": (
        "denied",
        [
            *("AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId"),
            *("UnrecognizedClientException", "RequestExpired", "ExpiredToken"),
            "ExpiredTokenException",
        ],
    ),
    "transient": (
        "failed",
        ["InternalError", "ServiceFailure", "InternalFailure", "InternalServiceException"],
    ),
}
_BY_CODE = {
    **{
        code: Verdict(status, class_, code)
        for class_, (status, codes) in _CLASSES.items()
        for code in codes
    },
    "ThrottlingException": Verdict("throttled", "throttled", "ThrottlingException"),
}
_DENIALS = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
_UNREADABLE_ANSWERS = frozenset({"cut_page", "broken_page", "empty_body", "foreign_page"})
_DOORS = {
    "throttled": Verdict("throttled", "throttled", "Throttled"),
    "transient": Verdict("failed", "transient", "Unreachable"),
}


def of_listing(calls: Sequence[Call], faults: Collection[Fault]) -> set[Verdict]:
    """How a listing may have ended that made `calls`; `faults` are those that could strike it."""
    last = calls[-1]
    if last.code:
        return _of_error(last, faults)
    kinds = set(last.faults)
    if not last.status or kinds & _UNREADABLE_ANSWERS:
        return {Verdict("failed", "transient")}  # nothing came, not all of it, or no answer
    if "repeat_token" in kinds:
        return {Verdict("partial", "incomplete", "RepeatedToken")}
    if "empty_page" in kinds:
        return {Verdict("partial", "incomplete", "EmptyPages")}
    return _of_items(calls, faults)


def of_door(calls: Sequence[Call]) -> set[Verdict]:
    """What a lease's scopes say if the way in ended with `calls`.

    Where nothing went wrong and yet nothing was read, it led into another account.
    """
    last = calls[-1]
    if last.status == HTTPStatus.OK and not _UNREADABLE_ANSWERS & set(last.faults):
        return {ANOTHER_ACCOUNT}
    verdict = _BY_CODE[last.code] if last.code else _DOORS["transient"]
    if verdict.error_class in _DOORS:
        return {_DOORS[verdict.error_class]}
    refused = last.operation == "AssumeRole" and last.code in _DENIALS
    reason = "RoleNotAssumable" if refused else "CredentialsRejected"
    if verdict.error_class == "opt_in":
        reason = "AccountNotSubscribed"
    classes = ("iam_deny", "scp_deny") if last.code in _DENIALS else ("iam_deny",)
    return {Verdict("denied", class_, reason) for class_ in classes}


def _of_error(last: Call, faults: Collection[Fault]) -> set[Verdict]:
    verdict = _BY_CODE[last.code]
    if verdict.error_class == "opt_in" and last.page:
        return {Verdict("partial", "incomplete", last.code)}
    variants = {fault.variant for fault in faults if fault.kind == "deny"}
    if last.code not in _DENIALS or "deny" not in last.faults or "scp" not in variants:
        return {verdict}
    by_scp = Verdict("denied", "scp_deny", last.code)
    return {by_scp} if variants == {"scp"} else {verdict, by_scp}


def _of_items(calls: Sequence[Call], faults: Collection[Fault]) -> set[Verdict]:
    struck = [call for call in calls if "malformed" in call.faults and call.items]
    variants = {fault.variant for fault in faults if fault.kind == "malformed"}
    if not struck or not variants & _UNREADABLE_ITEMS:
        return {COMPLETE}
    return {PARTIAL} if variants <= _UNREADABLE_ITEMS else {PARTIAL, COMPLETE}
