"""Errors that the AWS fake is told to answer with, and where and how often they strike."""

import pytest
from botocore.exceptions import ClientError

from tests.fakes.aws.faults import Fault
from tests.fakes.aws.protocols import TAGGING
from tests.integration.fakes.asking import CALLS

pytestmark = [pytest.mark.integration, pytest.mark.aws]


def error_of(call, client):
    with pytest.raises(ClientError) as caught:
        call(client)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(
            Fault.throttle(),
            {
                "ec2": ("RequestLimitExceeded", 503),
                "s3": ("SlowDown", 503),
                "iam": ("Throttling", 400),
                "sts": ("Throttling", 400),
                TAGGING: ("ThrottlingException", 400),
            },
            id="throttle",
        ),
        pytest.param(
            Fault.deny(),
            {
                "ec2": ("UnauthorizedOperation", 403),
                "s3": ("AccessDenied", 403),
                "iam": ("AccessDenied", 403),
                "sts": ("AccessDenied", 403),
                TAGGING: ("AccessDeniedException", 400),
            },
            id="deny",
        ),
        pytest.param(
            Fault.opt_in(),
            {
                "ec2": ("OptInRequired", 403),
                "s3": ("NotSignedUp", 403),
                "iam": ("OptInRequired", 403),
                "sts": ("OptInRequired", 403),
                TAGGING: ("SubscriptionRequiredException", 400),
            },
            id="opt-in",
        ),
        pytest.param(
            Fault.opt_in("auth"),
            {
                "ec2": ("AuthFailure", 401),
                "s3": ("InvalidAccessKeyId", 403),
                "iam": ("InvalidClientTokenId", 403),
                "sts": ("InvalidClientTokenId", 403),
                TAGGING: ("UnrecognizedClientException", 400),
            },
            id="region not opted into",
        ),
        pytest.param(
            Fault.expired(),
            {
                "ec2": ("RequestExpired", 400),
                "s3": ("ExpiredToken", 400),
                "iam": ("ExpiredToken", 403),
                "sts": ("ExpiredToken", 403),
                TAGGING: ("ExpiredTokenException", 400),
            },
            id="expired",
        ),
        pytest.param(
            Fault.server_error(),
            {
                "ec2": ("InternalError", 500),
                "s3": ("InternalError", 500),
                "iam": ("ServiceFailure", 500),
                "sts": ("InternalFailure", 500),
                TAGGING: ("InternalServiceException", 500),
            },
            id="500",
        ),
        pytest.param(
            Fault.error("Custom<&>", "why", 418),
            dict.fromkeys(CALLS, ("Custom<&>", 418)),
            id="any other",
        ),
    ],
)
def test_errors_have_the_code_of_the_service(connect, fake_aws, prod, fault, expected):
    fake_aws.inject(fault)
    seen = {service: error_of(call, connect(service)) for service, call in CALLS.items()}
    assert seen == expected
    assert {call.faults[0] for call in fake_aws.calls()} == {fault.kind}
    assert {call.service: call.code for call in fake_aws.calls()} == {
        service: code for service, (code, _) in expected.items()
    }


@pytest.mark.parametrize(
    ("service", "variant", "message"),
    [
        pytest.param(
            "ec2",
            "identity",
            "You are not authorized to perform this operation. User: {user} is not authorized to "
            "perform: ec2:DescribeInstances because no identity-based policy allows the "
            "ec2:DescribeInstances action",
            id="ec2",
        ),
        pytest.param(
            "ec2",
            "scp",
            "You are not authorized to perform this operation. User: {user} is not authorized to "
            "perform: ec2:DescribeInstances with an explicit deny in a service control policy",
            id="scp",
        ),
        pytest.param(
            "s3",
            "explicit",
            "User: {user} is not authorized to perform: s3:ListAllMyBuckets with an explicit deny "
            "in an identity-based policy",
            id="s3",
        ),
        pytest.param(
            "iam",
            "boundary",
            "User: {user} is not authorized to perform: iam:GetAccountAuthorizationDetails on "
            "resource: * because no permissions boundary allows the "
            "iam:GetAccountAuthorizationDetails action",
            id="iam",
        ),
        pytest.param(
            TAGGING,
            "identity",
            "User: {user} is not authorized to perform: tag:GetResources because no "
            "identity-based policy allows the tag:GetResources action",
            id="tagging",
        ),
    ],
)
def test_denials_speak_like_the_real_ones(connect, fake_aws, prod, service, variant, message):
    fake_aws.inject(Fault.deny(variant), service=service)
    with pytest.raises(ClientError) as caught:
        CALLS[service](connect(service))
    user_arn = f"arn:aws:iam::{prod.id}:user/cloudops"
    assert caught.value.response["Error"]["Message"] == message.format(user=user_arn)


def test_an_account_that_can_not_be_entered_is_named_by_the_roles_account(connect, fake_aws, prod):
    member = fake_aws.account("444455556666")
    arn = member.role("reader")
    fake_aws.inject(Fault.deny(), operation="AssumeRole", account=member.id)
    with pytest.raises(ClientError, match=f"sts:AssumeRole on resource: {arn}"):
        connect("sts").assume_role(RoleArn=arn, RoleSessionName="me")


def test_rules_strike_only_where_and_as_often_as_they_say(connect, fake_aws, prod):
    other = fake_aws.account("999988887777", access_key="AKIAOTHER")
    rule = fake_aws.inject(
        Fault.deny(),
        service="ec2",
        operation="DescribeI*",
        account=prod.id,
        region="eu-*",
        skip=1,
        times=2,
    )
    ec2 = connect("ec2")
    connect("ec2", "us-east-1").describe_instances()
    ec2.describe_volumes()
    connect("ec2", access_key="AKIAOTHER", secret_key="secret-of-AKIAOTHER").describe_instances()
    assert fake_aws.call_count(account=other.id) == 1
    outcomes = []
    for _ in range(5):
        try:
            ec2.describe_instances()
            outcomes.append("ok")
        except ClientError:
            outcomes.append("denied")
    assert outcomes == ["ok", "denied", "denied", "ok", "ok"]
    assert fake_aws.hits(rule) == 2


def test_probability_is_repeatable_by_seed(connect, fake_aws, prod):
    def outcomes(seed):
        fake_aws.clear_faults()
        fake_aws.inject(Fault.server_error(), service="tagging", probability=0.5, seed=seed)
        fake_aws.reset_calls()
        client = connect(TAGGING)
        for _ in range(30):
            try:
                client.get_resources()
            except ClientError:
                continue
        return [call.status for call in fake_aws.calls()]

    first = outcomes(1)
    assert set(first) == {200, 500}
    assert outcomes(1) == first
    assert outcomes(2) != first


def test_boto3_retries_a_throttle_and_sees_retry_after(connect, fake_aws, prod):
    fake_aws.inject(Fault.throttle(retry_after=7), times=1)
    answer = connect(
        "ec2", retries={"total_max_attempts": 3, "mode": "standard"}
    ).describe_regions()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    fake_aws.inject(Fault.throttle(retry_after=7, code="ThrottledException"))
    with pytest.raises(ClientError) as caught:
        connect(TAGGING).get_resources()
    assert caught.value.response["Error"]["Code"] == "ThrottledException"
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["retry-after"] == "7"
