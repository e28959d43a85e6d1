"""STS lets in only whose token is proven: the issuer signed it, for AWS, about one it trusts."""

import base64
import json

import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError

from tests.fakes.aws.builders import instance
from tests.fakes.aws.control import RemoteFakeAws
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.oidc import Issuer, subject_of
from tests.integration.fakes.asking import CALLS

pytestmark = [pytest.mark.integration, pytest.mark.aws]

READER = subject_of("platform", "cloud-reader")


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def role(prod: AccountScript, issuer: Issuer) -> str:
    prod.oidc_provider(issuer.url, issuer.jwks)
    return prod.web_identity_role("entry", issuer.url, READER)


@pytest.fixture
def assume(connect, role):
    sts = connect("sts", signature_version=UNSIGNED)

    def call(token, arn=role):
        return sts.assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="cloudops", WebIdentityToken=token
        )

    return call


def refusal(assume, *arguments):
    with pytest.raises(ClientError) as caught:
        assume(*arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_proven_token_becomes_a_session_of_the_role(connect, prod, fake_aws, assume, issuer):
    prod.put(instance("i-1", region="eu-west-1"))
    answer = assume(issuer.token())

    assert answer["SubjectFromWebIdentityToken"] == READER
    assert answer["Audience"] == "sts.amazonaws.com"
    assert answer["Provider"] == f"arn:aws:iam::{prod.id}:oidc-provider/issuer.example.com"
    keys = {
        "access_key": answer["Credentials"]["AccessKeyId"],
        "secret_key": answer["Credentials"]["SecretAccessKey"],
        "token": answer["Credentials"]["SessionToken"],
    }
    identity = connect("sts", **keys).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{prod.id}:assumed-role/entry/cloudops"
    assert len(connect("ec2", **keys).describe_instances()["Reservations"]) == 1
    [call] = fake_aws.calls(operation="AssumeRoleWithWebIdentity")
    assert (call.account, call.principal, call.access_key) == (prod.id, READER, "")


def test_the_trust_policy_of_the_role_is_listed(connect, role):
    [listed] = connect("iam").get_account_authorization_details()["RoleDetailList"]

    [statement] = listed["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"]["Federated"].endswith(":oidc-provider/issuer.example.com")
    assert statement["Condition"] == {
        "StringEquals": {"issuer.example.com:aud": ["sts.amazonaws.com"]},
        "StringLike": {"issuer.example.com:sub": [READER]},
    }


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        pytest.param(
            {"audience": "https://kubernetes.default.svc"},
            "InvalidIdentityToken",
            "Incorrect token audience",
            id="audience",
        ),
        pytest.param(
            {"seconds": -1}, "ExpiredTokenException", "Token expired: current date", id="expired"
        ),
        pytest.param(
            {"iss": "https://other.example.com"},
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://other.example.com",
            id="issuer",
        ),
        pytest.param(
            {"header": {"kid": "unheard-of"}},
            "InvalidIdentityToken",
            "Couldn't retrieve verification key",
            id="key-id",
        ),
        pytest.param(
            {"header": {"alg": "none"}}, "InvalidIdentityToken", "not be validated", id="no-alg"
        ),
        pytest.param(
            {"service_account": "somebody"},
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            id="subject",
        ),
        pytest.param(
            {"namespace": "another"},
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            id="namespace",
        ),
    ],
)
def test_a_token_that_is_wrong_in_one_claim_opens_nothing(assume, issuer, changes, code, message):
    found, told = refusal(assume, issuer.token(**changes))

    assert found == code
    assert message in told


def test_a_foreign_key_under_a_known_id_is_found_out(assume, issuer):
    forger = Issuer(issuer.url, issuer.key_id)

    assert refusal(assume, forger.token())[0] == "InvalidIdentityToken"


def test_claims_changed_after_signing_are_found_out(assume, issuer):
    header, claims, signature = issuer.token(service_account="somebody").split(".")
    content = json.loads(base64.urlsafe_b64decode(claims + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(content | {"sub": READER}).encode())
    forged = f"{header}.{changed.decode().rstrip('=')}.{signature}"

    assert refusal(assume, forged)[0] == "InvalidIdentityToken"


@pytest.mark.parametrize("text", ["no token at all", "a.b.c", "e30.W10.", "é.é.é"])
def test_what_is_no_token_is_told(assume, text):
    assert refusal(assume, text)[0] == "InvalidIdentityToken"


def test_a_rotated_key_counts_once_it_is_published(assume, prod, issuer):
    rotated = Issuer(issuer.url, "second")

    assert refusal(assume, rotated.token())[0] == "InvalidIdentityToken"
    prod.oidc_provider(issuer.url, rotated.jwks)
    assume(rotated.token())
    prod.remove_oidc_provider(issuer.url)
    assert refusal(assume, rotated.token())[0] == "InvalidIdentityToken"


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        pytest.param("arn:aws:iam::111122223333:role/nobody", "AccessDenied", id="no-role"),
        pytest.param("arn:aws:iam::111122223333:role/for-keys", "AccessDenied", id="other-trust"),
        pytest.param(
            "arn:aws:iam::999900001111:role/entry", "InvalidIdentityToken", id="no-account"
        ),
        pytest.param("arn:aws:iam::111122223333:user/entry", "ValidationError", id="no-role-arn"),
    ],
)
def test_other_roles_stay_shut(assume, prod, issuer, arn, code):
    prod.role("for-keys")

    assert refusal(assume, issuer.token(), arn)[0] == code


def test_keys_do_not_open_a_role_that_trusts_tokens_only(connect, role):
    with pytest.raises(ClientError, match="AccessDenied"):
        connect("sts").assume_role(RoleArn=role, RoleSessionName="me")


def test_no_other_call_goes_without_a_signature(connect, role):
    sts = connect("sts", signature_version=UNSIGNED)

    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        CALLS["sts"](sts)


def test_faults_strike_it_like_any_other_call(fake_aws, assume, issuer):
    fake_aws.inject(Fault.throttle(), operation="AssumeRoleWithWebIdentity", times=1)

    assert refusal(assume, issuer.token())[0] == "Throttling"
    assume(issuer.token())


def test_issuers_and_roles_outlive_the_process(connect, issuer, tmp_path):
    state = tmp_path / "world.json"
    with RemoteFakeAws.spawn(state) as aws:
        prod = aws.account("111122223333")
        prod.oidc_provider(issuer.url, issuer.jwks)
        arn = prod.web_identity_role("entry", issuer.url, READER)
    with RemoteFakeAws.spawn(state) as aws:
        sts = connect("sts", signature_version=UNSIGNED, url=aws.url)
        sts.assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="me", WebIdentityToken=issuer.token()
        )
