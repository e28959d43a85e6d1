"""Every failure of the SDK has one class, one word and, where a grant helps, its name."""

import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    UnknownServiceError,
)

from cloudops import logs
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.errors import (
    RoleNotAssumedError,
    UnreadableResponseError,
    access_error,
    call_status,
    classify,
    listing_error,
)
from cloudops.domain.errors import ItemDeniedError
from cloudops.domain.ledger import ErrorClass

pytestmark = pytest.mark.unit

INSTANCES = next(listing for listing in LISTINGS if listing.name == "aws.ec2.instances")
URL = "https://ec2.eu-west-9.amazonaws.com"


def refused(
    code: str, message: str = "", *, status: int = 400, operation: str = "DescribeX"
) -> ClientError:
    metadata: Any = {"HTTPStatusCode": status}
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, operation
    )


@pytest.fixture
def hidden():
    """Registers what a Secret holds, and forgets it afterwards."""
    before = logs._hidden.copy()
    yield logs.hide
    logs._hidden.clear()
    logs._hidden.update(before)


def unresolved(errno: int) -> EndpointConnectionError:
    connection = OSError("connection failed")
    connection.__cause__ = socket.gaierror(errno, "no address")
    return EndpointConnectionError(endpoint_url=URL, error=connection)


@pytest.mark.parametrize(
    ("error", "error_class", "code"),
    [
        pytest.param(
            refused("UnauthorizedOperation"), "iam_deny", "UnauthorizedOperation", id="ec2-deny"
        ),
        pytest.param(refused("AccessDenied", status=403), "iam_deny", "AccessDenied", id="deny"),
        pytest.param(refused("Odd", status=403), "iam_deny", "Odd", id="any-403"),
        pytest.param(refused("", status=403), "iam_deny", "AccessDenied", id="403-no-code"),
        pytest.param(refused("403", status=403), "iam_deny", "AccessDenied", id="403-as-code"),
        pytest.param(refused("502", status=502), "transient", "Http502", id="502-as-code"),
        pytest.param(refused("ExpiredToken"), "iam_deny", "ExpiredToken", id="expired"),
        pytest.param(refused("AuthFailure", status=401), "iam_deny", "AuthFailure", id="auth"),
        pytest.param(
            refused("AccessDenied", "with an explicit deny in a service control policy"),
            "scp_deny",
            "AccessDenied",
            id="scp",
        ),
        pytest.param(
            refused("AccessDenied", "with an explicit deny in a permissions boundary"),
            "iam_deny",
            "AccessDenied",
            id="boundary-is-iam",
        ),
        pytest.param(
            refused("Throttling", "service control policy"),
            "throttled",
            "Throttling",
            id="scp-only-in-denials",
        ),
        pytest.param(refused("OptInRequired"), "opt_in", "OptInRequired", id="opt-in"),
        pytest.param(
            refused("RegionDisabledException", status=403),
            "opt_in",
            "RegionDisabledException",
            id="sts-opt-in",
        ),
        pytest.param(
            refused("RequestLimitExceeded", status=503),
            "throttled",
            "RequestLimitExceeded",
            id="ec2-throttle",
        ),
        pytest.param(refused("SlowDown", status=503), "throttled", "SlowDown", id="s3-throttle"),
        pytest.param(refused("Whatever", status=429), "throttled", "Whatever", id="any-429"),
        pytest.param(refused("InternalError", status=500), "transient", "InternalError", id="500"),
        pytest.param(
            refused("ServiceUnavailable", status=503), "transient", "ServiceUnavailable", id="503"
        ),
        pytest.param(refused("Odd"), "transient", "Odd", id="unknown-code"),
        pytest.param(
            refused("UnknownOperationException"),
            "unsupported",
            "UnknownOperationException",
            id="operation",
        ),
        pytest.param(refused("Odd", status=501), "unsupported", "Odd", id="501"),
        pytest.param(
            refused("NotImplemented", status=501), "unsupported", "NotImplemented", id="s3-501"
        ),
        # A proxy may say so of anything; of AWS it says nothing.
        pytest.param(refused("", status=501), "transient", "Http501", id="501-no-code"),
        pytest.param(refused("501", status=501), "transient", "Http501", id="501-as-code"),
        pytest.param(
            UnknownServiceError(service_name="x", known_service_names="y"),
            "unsupported",
            "UnknownEndpoint",
            id="service",
        ),
        pytest.param(
            ReadTimeoutError(endpoint_url=URL), "transient", "ReadTimeout", id="read-timeout"
        ),
        pytest.param(
            ConnectTimeoutError(endpoint_url=URL),
            "transient",
            "ConnectTimeout",
            id="connect-timeout",
        ),
        pytest.param(
            ConnectionClosedError(endpoint_url=URL), "transient", "ConnectionClosed", id="reset"
        ),
        pytest.param(
            UnreadableResponseError("x"), "transient", "UnreadableAnswer", id="broken-page"
        ),
        pytest.param(NoCredentialsError(), "iam_deny", "NoCredentials", id="no-credentials"),
        pytest.param(
            CredentialRetrievalError(provider="imds", error_msg="away"),
            "transient",
            "CredentialRetrieval",
            id="metadata-service-away",
        ),
    ],
)
def test_every_failure_has_a_class_and_a_word(error: Exception, error_class: str, code: str):
    """Fails if a 501 without a code counts as unsupported (`Http501`)."""
    failure = classify(error)

    assert (failure.error_class, failure.code) == (error_class, code)


@pytest.mark.parametrize(
    ("error", "known", "error_class"),
    [
        pytest.param(unresolved(socket.EAI_NONAME), False, "unsupported", id="no-such-endpoint"),
        pytest.param(unresolved(socket.EAI_NONAME), True, "transient", id="resolver-is-wrong"),
        pytest.param(unresolved(socket.EAI_AGAIN), False, "transient", id="resolver-is-away"),
        pytest.param(
            EndpointConnectionError(endpoint_url=URL, error="text"),
            False,
            "transient",
            id="refused",
        ),
    ],
)
def test_a_missing_name_retires_rows_only_where_aws_has_no_endpoint(
    error: Exception, known, error_class: str
):
    assert classify(error, endpoint_known=known).error_class == error_class


def test_the_permission_to_grant_comes_from_the_message_or_the_row():
    told = refused("AccessDenied", "User: x is not authorized to perform: kms:ListKeys on y")
    untold = refused("UnauthorizedOperation", "You are not authorized to perform this operation.")

    assert listing_error(told, INSTANCES).permission == "kms:ListKeys"
    assert listing_error(untold, INSTANCES).permission == "ec2:DescribeInstances"


@pytest.mark.parametrize("code", ["ExpiredToken", "Throttling", "InternalError", "OptInRequired"])
def test_no_permission_is_asked_for_where_none_helps(code: str):
    assert listing_error(refused(code), INSTANCES).permission == ""


def test_none_helps_either_where_a_refresh_meets_credentials_that_do_not_work():
    expired = refused("ExpiredToken", operation="AssumeRole")
    foreign = refused("InvalidIdentityToken", operation="AssumeRoleWithWebIdentity")

    assert [listing_error(one, INSTANCES).permission for one in (expired, foreign)] == ["", ""]


def test_a_row_may_know_its_own_words_for_unsupported():
    row = replace(INSTANCES, unsupported_codes=("SubscriptionRequired",))

    error = listing_error(refused("SubscriptionRequired"), row)
    assert error.error_class is ErrorClass.UNSUPPORTED


def test_a_denied_refresh_of_assumed_credentials_names_the_role_and_not_the_row():
    error = listing_error(refused("AccessDenied", operation="AssumeRole"), INSTANCES)

    assert error.permission == "sts:AssumeRole"


@pytest.mark.parametrize(
    ("error", "reason", "permission"),
    [
        pytest.param(
            refused("AccessDenied", operation="AssumeRole"),
            "RoleNotAssumable",
            "sts:AssumeRole",
            id="role",
        ),
        pytest.param(
            refused("AccessDenied", operation="AssumeRoleWithWebIdentity", status=403),
            "RoleNotAssumable",
            "sts:AssumeRoleWithWebIdentity",
            id="role-by-token",
        ),
        pytest.param(
            refused("InvalidIdentityToken", operation="AssumeRoleWithWebIdentity"),
            "CredentialsRejected",
            "",
            id="token",
        ),
        pytest.param(
            refused("ExpiredTokenException", operation="AssumeRoleWithWebIdentity"),
            "CredentialsRejected",
            "",
            id="token-expired",
        ),
        pytest.param(
            refused("ExpiredToken", operation="AssumeRole"),
            "CredentialsRejected",
            "",
            id="source-of-the-role",
        ),
        pytest.param(
            refused("InvalidClientTokenId", status=403), "CredentialsRejected", "", id="key"
        ),
        pytest.param(refused("AccessDenied"), "CredentialsRejected", "", id="identity-denied"),
        pytest.param(NoCredentialsError(), "CredentialsRejected", "", id="none"),
        pytest.param(refused("Throttling"), "Throttled", "", id="throttled"),
        pytest.param(ReadTimeoutError(endpoint_url=URL), "Unreachable", "", id="timeout"),
    ],
)
def test_a_closed_door_says_why(error: Exception, reason: str, permission: str):
    closed = access_error(error)

    assert (closed.reason, closed.permission) == (reason, permission)


def dated(code: str, seconds: float, *, status: int = 400) -> ClientError:
    """Refused with a text that tells no time, by a cloud whose clock is so far ahead."""
    error = refused(code, "We did not accept that.", status=status)
    sent = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=False)
    error.response["ResponseMetadata"]["HTTPHeaders"] = {"date": sent}
    return error


Error = ClientError | Callable[[], ClientError]
OLD = "Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (… - 15 min.)"
EARLY = "Signature not yet current: 20190305T002809Z is still later than 20190304T214315Z (…)"
LATE = "Request timestamp: Thu, 11 Aug 2011 09:17:16 GMT expired. It must be within 300 secs"


def made(error: Error) -> ClientError:
    """What is dated has to be made when it is looked at."""
    return error if isinstance(error, ClientError) else error()


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(refused("RequestTimeTooSkewed", "too large.", status=403), id="s3"),
        pytest.param(refused("RequestInTheFuture"), id="future"),
        pytest.param(refused("SignatureDoesNotMatch", OLD, status=403), id="sts-old"),
        pytest.param(refused("SignatureDoesNotMatch", EARLY, status=403), id="sts-early"),
        pytest.param(refused("InvalidSignatureException", OLD), id="json-old"),
        pytest.param(refused("InvalidSignatureException", EARLY), id="json-early"),
        pytest.param(refused("RequestExpired", LATE), id="tells-the-timestamp"),
        pytest.param(partial(dated, "AuthFailure", 3600, status=401), id="ec2-late-worker"),
        pytest.param(partial(dated, "AuthFailure", -3600, status=401), id="ec2-early-worker"),
        pytest.param(partial(dated, "RequestExpired", 400), id="a-little-more-than-is-tolerated"),
    ],
)
def test_a_wrong_clock_is_told_as_one_and_passes(error: Error):
    error = made(error)
    skewed, shut = listing_error(error, INSTANCES), access_error(error, denied="AccessDenied")

    assert (skewed.error_class, skewed.code, skewed.permission) == ("transient", "ClockSkewed", "")
    assert (shut.error_class, shut.reason, shut.permission) == ("transient", "ClockSkewed", "")
    assert str(skewed).startswith("DescribeX: check the worker's clock")
    assert call_status(error.response) == "error"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(
            refused("SignatureDoesNotMatch", "Check your key and signing method."), id="key"
        ),
        pytest.param(refused("RequestExpired", "Request has expired."), id="session-has-expired"),
        pytest.param(partial(dated, "AuthFailure", 200, status=401), id="within-what-is-tolerated"),
        pytest.param(partial(dated, "ExpiredToken", 3600), id="of-the-token-alone"),
    ],
)
def test_wrong_keys_are_no_wrong_clock(error: Error):
    assert access_error(made(error)).reason == "CredentialsRejected"


def test_messages_hold_no_key_ids_and_no_signed_request():
    text = "The signature of AKIAIOSFODNN7EXAMPLE does not match.\n\nx-amz-security-token:abc"

    message = classify(refused("SignatureDoesNotMatch", text)).message
    assert message == "DescribeX: The signature of <access key id> does not match."


def test_a_header_that_aws_quotes_is_told_to_nobody():
    """Fails if AWS's words are taken over where it can't take the header apart."""
    text = "Credential must have exactly 5 slash-delimited elements, got 'wJalrXUtn/K7MD/2026'"

    shut = access_error(refused("IncompleteSignature", text))

    assert shut.reason == "CredentialsRejected"
    told = "DescribeX: AWS can't read the signature: check the access key id (IncompleteSignature)"
    assert str(shut) == told


@pytest.mark.parametrize("value", ["what-the-secret-holds", "its-first-line\nits-second-line"])
def test_what_a_secret_holds_is_told_in_no_message(hidden, value: str):
    hidden(value)

    message = classify(refused("Odd", f"we were sent {value.splitlines()[0]}")).message
    assert message == "DescribeX: we were sent [redacted]"


def test_what_the_http_client_says_of_its_headers_is_not_told():
    """Fails if its words are taken over (`own_words`): they quote the header."""
    said = ValueError("Invalid header value b'FwoGZXIvYXdzE\\nsecond-half'")

    failure = classify(HTTPClientError(error=said))

    assert (failure.error_class, failure.code) == ("transient", "HTTPClient")
    assert failure.message == "An HTTP Client raised an unhandled exception: ValueError"


def test_messages_are_short():
    assert len(classify(refused("Odd", "x" * 5000)).message) == 300


@pytest.mark.parametrize(
    ("parsed", "word"),
    [
        pytest.param({"ResponseMetadata": {"HTTPStatusCode": 200}}, "ok", id="ok"),
        pytest.param(
            {"ResponseMetadata": {"HTTPStatusCode": 403}, "Error": {"Code": "AccessDenied"}},
            "denied",
            id="denied",
        ),
        pytest.param(
            {"ResponseMetadata": {"HTTPStatusCode": 503}, "Error": {"Code": "SlowDown"}},
            "throttled",
            id="throttled",
        ),
        pytest.param({"ResponseMetadata": {"HTTPStatusCode": 500}}, "error", id="error"),
        pytest.param(None, "error", id="no-answer"),
    ],
)
def test_the_metric_has_four_words(parsed: Any, word: str):
    assert call_status(parsed) == word


def test_a_role_that_can_not_exist_is_told_without_its_external_id():
    report = "Invalid length for parameter ExternalId, value: s3cr3t, valid min length: 2"

    closed = access_error(ParamValidationError(report=report))
    assert (closed.reason, closed.permission) == ("RoleNotAssumable", "")
    assert str(closed) == "Invalid length for parameter ExternalId"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ParamValidationError(report="Invalid length for RoleArn"), id="refused-here"),
        pytest.param(refused("ValidationError", operation="AssumeRole"), id="refused-there"),
    ],
)
def test_a_misspelt_role_does_not_pass_by_itself(error: Exception):
    assert access_error(error).error_class is ErrorClass.IAM_DENY


ROLE = "arn:aws:iam::444455556666:role/cloudops-read"
READER = "system:serviceaccount:platform:cloud-reader"


@pytest.mark.parametrize(
    ("operation", "subject", "told"),
    [
        pytest.param(
            "AssumeRole",
            "",
            f"{ROLE} can't be assumed (its trust policy has to accept the caller,"
            " who needs sts:AssumeRole on it): AssumeRole: no",
            id="by-keys",
        ),
        pytest.param(
            "AssumeRoleWithWebIdentity",
            READER,
            f"{ROLE} can't be assumed (its trust policy has to accept {READER}):"
            " AssumeRoleWithWebIdentity: no",
            id="by-token",
        ),
        pytest.param(
            "AssumeRoleWithWebIdentity",
            "",
            f"{ROLE} can't be assumed (its trust policy has to accept the ServiceAccount):"
            " AssumeRoleWithWebIdentity: no",
            id="by-a-token-of-nobody",
        ),
    ],
)
def test_a_role_that_is_denied_is_named_with_the_cure(operation: str, subject: str, told: str):
    error = RoleNotAssumedError(ROLE, refused("AccessDenied", "no", operation=operation), subject)

    closed, broken = access_error(error), listing_error(error, INSTANCES)
    assert (str(closed), str(broken)) == (told, told)
    assert closed.reason == "RoleNotAssumable"
    assert closed.permission == broken.permission == f"sts:{operation}"


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        pytest.param(refused("Throttling", operation="AssumeRole"), "Throttled", id="throttled"),
        pytest.param(ReadTimeoutError(endpoint_url=URL), "Unreachable", id="timeout"),
        pytest.param(
            refused("ExpiredToken", operation="AssumeRole"), "CredentialsRejected", id="expired"
        ),
        pytest.param(
            refused("ValidationError", operation="AssumeRole"), "RoleNotAssumable", id="misspelt"
        ),
    ],
)
def test_where_no_policy_helps_the_role_is_named_without_a_cure(cause: Exception, reason: str):
    closed = access_error(RoleNotAssumedError(ROLE, cause))

    assert closed.reason == reason
    assert str(closed).startswith(f"{ROLE} can't be assumed: ")
    assert closed.error_class == access_error(cause).error_class


def test_a_denial_by_the_items_own_policy_is_recognised_behind_the_longest_name():
    """Fails if AWS's words are looked for in what a message has room for."""
    text = f"User: {ROLE} is not authorized to perform: sqs:GetQueueAttributes on resource: "
    own = refused("AccessDenied", f"{text}{'q' * 300} because no resource-based policy allows it")
    identity = refused("AccessDenied", f"{text}x because no identity-based policy allows it")

    assert isinstance(listing_error(own, INSTANCES), ItemDeniedError)
    assert not isinstance(listing_error(identity, INSTANCES), ItemDeniedError)
