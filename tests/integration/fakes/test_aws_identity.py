"""Who asks: keys, signatures, assumed roles and regions not opted into."""

import time

import pytest
from botocore.exceptions import ClientError

from tests.integration.fakes.asking import CALLS

pytestmark = [pytest.mark.integration, pytest.mark.aws]


def code_of(call, client):
    with pytest.raises(ClientError) as caught:
        call(client)
    return caught.value.response["Error"]["Code"]


def test_the_access_key_decides_the_account(connect, fake_aws, prod):
    fake_aws.account("999988887777", access_key="AKIAOTHER", principal="user/bob")
    assert connect("sts").get_caller_identity()["Account"] == prod.id
    other = connect("sts", access_key="AKIAOTHER", secret_key="secret-of-AKIAOTHER")
    identity = other.get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::999988887777:user/bob"
    assert identity["UserId"].startswith("AIDA")


@pytest.mark.parametrize(
    ("service", "unknown", "wrong_secret"),
    [
        pytest.param("ec2", "AuthFailure", "AuthFailure", id="ec2"),
        pytest.param("s3", "InvalidAccessKeyId", "SignatureDoesNotMatch", id="s3"),
        pytest.param("iam", "InvalidClientTokenId", "SignatureDoesNotMatch", id="iam"),
        pytest.param("sts", "InvalidClientTokenId", "SignatureDoesNotMatch", id="sts"),
        pytest.param(
            "resourcegroupstaggingapi",
            "UnrecognizedClientException",
            "InvalidSignatureException",
            id="tagging",
        ),
    ],
)
def test_wrong_keys_get_the_error_of_the_service(
    connect, fake_aws, prod, service, unknown, wrong_secret
):
    call = CALLS[service]
    call(connect(service))
    assert code_of(call, connect(service, access_key="AKIANOBODY")) == unknown
    assert code_of(call, connect(service, secret_key="guessed")) == wrong_secret
    assert code_of(call, connect(service, token="invented")) == unknown
    fake_aws.revoke("AKIAEXAMPLEPROD")
    assert code_of(call, connect(service)) == unknown


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        pytest.param(
            -6, r"Signature expired: \w+ is now earlier than \w+ \(\w+ - 5 min\.\)", id="late"
        ),
        pytest.param(
            6,
            r"Signature not yet current: \w+ is still later than \w+ \(\w+ \+ 5 min\.\)",
            id="early",
        ),
    ],
)
def test_who_signs_by_another_time_gets_the_error_of_the_service(
    connect, fake_aws, prod, signing_clock, minutes, told
):
    signing_clock(minutes * 60)

    codes = {service: code_of(call, connect(service)) for service, call in CALLS.items()}

    assert codes == {
        "ec2": "AuthFailure",
        "s3": "RequestTimeTooSkewed",
        "iam": "SignatureDoesNotMatch",
        "sts": "SignatureDoesNotMatch",
        "resourcegroupstaggingapi": "InvalidSignatureException",
    }
    with pytest.raises(ClientError, match=told):
        connect("sts").get_caller_identity()
    signing_clock(minutes * 40)
    connect("sts").get_caller_identity()


def assume(sts, arn, **arguments):
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="cloudops", **arguments)
    keys = answer["Credentials"]
    return answer, {
        "access_key": keys["AccessKeyId"],
        "secret_key": keys["SecretAccessKey"],
        "token": keys["SessionToken"],
    }


def test_an_assumed_role_acts_in_its_own_account(connect, fake_aws, prod):
    member = fake_aws.account("444455556666")
    arn = member.role("cloudops-read", external_id="x-1", trusts=[prod.id])
    answer, keys = assume(connect("sts"), arn, ExternalId="x-1")
    assert answer["Credentials"]["Expiration"].timestamp() == pytest.approx(
        time.time() + 3600, abs=60
    )
    identity = connect("sts", **keys).get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::444455556666:assumed-role/cloudops-read/cloudops"
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    details = connect("iam", **keys).get_account_authorization_details()
    (listed,) = details["RoleDetailList"]
    assert listed["Arn"] == arn
    statement = listed["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "x-1"}}
    assert code_of(CALLS["ec2"], connect("ec2", **(keys | {"token": "other"}))) == "AuthFailure"


@pytest.mark.parametrize(
    ("role", "arguments"),
    [
        pytest.param("cloudops-read", {"ExternalId": "wrong"}, id="wrong external id"),
        pytest.param("cloudops-read", {}, id="no external id"),
        pytest.param("no-such-role", {"ExternalId": "x-1"}, id="no such role"),
        pytest.param("for-others", {}, id="not trusted"),
    ],
)
def test_a_role_that_can_not_be_assumed_is_denied_without_a_hint(
    connect, fake_aws, prod, role, arguments
):
    member = fake_aws.account("444455556666")
    member.role("cloudops-read", external_id="x-1")
    member.role("for-others", trusts=["arn:aws:iam::111122223333:user/somebody-else"])
    arn = f"arn:aws:iam::444455556666:role/{role}"
    with pytest.raises(ClientError) as caught:
        assume(connect("sts"), arn, **arguments)
    error = caught.value.response["Error"]
    assert error["Code"] == "AccessDenied"
    assert error["Message"] == (
        f"User: arn:aws:iam::{prod.id}:user/cloudops is not authorized to perform: "
        f"sts:AssumeRole on resource: {arn}"
    )
    assert fake_aws.call_count("sts", "AssumeRole", account="444455556666") == 1


def test_sessions_expire_and_removed_roles_hand_out_no_more(connect, fake_aws, prod):
    arn = prod.role("reader", listed=False)
    assert prod.truth() == set()
    _, keys = assume(connect("sts"), arn)
    assert fake_aws.expire_sessions() == 1
    codes = {service: code_of(call, connect(service, **keys)) for service, call in CALLS.items()}
    assert codes == {
        "ec2": "RequestExpired",
        "s3": "ExpiredToken",
        "iam": "ExpiredToken",
        "sts": "ExpiredToken",
        "resourcegroupstaggingapi": "ExpiredTokenException",
    }
    prod.remove_role("reader")
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(connect("sts"), arn)
    listed = prod.role("listed")
    assert prod.truth() == {listed}
    prod.remove_role("listed")
    assert prod.truth() == set()


def test_a_session_can_be_made_to_end_by_itself(connect, prod):
    arn = prod.role("brief", session_seconds=0.01)
    _, keys = assume(connect("sts"), arn)
    sts = connect("sts", **keys)

    def ask_until_refused():
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            sts.get_caller_identity()

    with pytest.raises(ClientError, match="ExpiredToken"):
        ask_until_refused()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"DurationSeconds": 50_000}, id="too long"),
        pytest.param({"RoleArn": "arn:aws:iam::1:user/not-a-role-at-all"}, id="not a role"),
    ],
)
def test_nonsense_for_assume_role_is_a_validation_error(connect, prod, arguments):
    arn = prod.role("reader")
    with pytest.raises(ClientError, match="ValidationError"):
        connect("sts").assume_role(**({"RoleArn": arn, "RoleSessionName": "me"} | arguments))


@pytest.mark.parametrize("region", ["me-south-1", "ap-east-1"])
def test_a_region_not_opted_into_refuses_the_key(connect, prod, region):
    assert code_of(CALLS["ec2"], connect("ec2", region)) == "AuthFailure"
    tagging = connect("resourcegroupstaggingapi", region)
    assert code_of(CALLS["resourcegroupstaggingapi"], tagging) == "UnrecognizedClientException"


def test_sts_and_s3_work_in_regions_that_nobody_named(connect, prod):
    connect("sts", "sa-east-1").get_caller_identity()
    connect("s3", "sa-east-1").list_buckets()
    assert code_of(CALLS["sts"], connect("sts", "me-south-1")) == "InvalidClientTokenId"


def test_another_partition_has_its_own_arns(connect, fake_aws):
    china = fake_aws.account(
        "777766665555", regions=["cn-north-1"], access_key="AKIACHINA", partition="aws-cn"
    )
    arn = china.role("reader")
    assert arn == "arn:aws-cn:iam::777766665555:role/reader"
    keys = {"access_key": "AKIACHINA", "secret_key": "secret-of-AKIACHINA"}
    identity = connect("sts", "cn-north-1", **keys).get_caller_identity()
    assert identity["Arn"].startswith("arn:aws-cn:iam::")
    (region,) = connect("ec2", "cn-north-1", **keys).describe_regions()["Regions"]
    assert region["Endpoint"] == "ec2.cn-north-1.amazonaws.com.cn"


def test_an_unsigned_request_is_refused(connect, prod):
    from botocore import UNSIGNED  # noqa: PLC0415  a name of this one test

    unsigned = connect("s3", signature_version=UNSIGNED)
    assert code_of(CALLS["s3"], unsigned) == "MissingAuthenticationToken"


def test_an_id_that_is_a_secret_key_is_quoted(connect, prod):
    swapped = connect("sts", access_key="wJalrXUtnFEMI/K7MDENG", secret_key="AKIA")

    with pytest.raises(ClientError, match=r"IncompleteSignature.* got 'wJalrXUtnFEMI/K7MDENG/"):
        swapped.get_caller_identity()
