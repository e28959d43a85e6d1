"""Which specs are not acted upon: not yet, not from there, not to that host."""

import pytest

from cloudops.domain.provider import (
    AccountDiscovery,
    AwsAccounts,
    AwsConnection,
    AwsCredentials,
    CredentialSource,
)
from cloudops.services.refusals import endpoint_allowed, refuse_aws, refuse_cloud
from cloudops.settings import Settings

pytestmark = pytest.mark.unit

SECRET = AwsCredentials(CredentialSource.SECRET, secret_name="aws")
OPERATOR = AwsCredentials(CredentialSource.OPERATOR)


def settings(**values: object) -> Settings:
    return Settings(namespace="cloudops-system", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("cloud", ["azure", "gcp", "focus"])
def test_other_clouds_are_not_read_yet(cloud):
    refusal = refuse_cloud(cloud)

    assert refusal is not None
    assert refusal.reason == "NotSupportedYet"
    assert cloud in refusal.message


@pytest.mark.parametrize("source", [CredentialSource.SECRET, CredentialSource.WORKLOAD_IDENTITY])
def test_aws_is_read_from_any_namespace_with_an_identity_of_its_own(source):
    assert refuse_cloud("aws") is None
    assert refuse_aws(AwsConnection(AwsCredentials(source)), "platform", settings()) is None


def test_a_token_goes_to_no_host_that_is_not_allowed():
    """Fails if the endpoint is judged for Secrets alone: a tenant could collect tokens."""
    vouched = AwsCredentials(CredentialSource.WORKLOAD_IDENTITY)
    aws = AwsConnection(vouched, endpoint_url="https://sts.attacker.example")
    refusal = refuse_aws(aws, "platform", settings())

    assert refusal is not None
    assert refusal.reason == "EndpointNotAllowed"


def test_an_organization_is_read():
    aws = AwsConnection(SECRET, AwsAccounts(AccountDiscovery.ORGANIZATION))

    assert refuse_aws(aws, "platform", settings()) is None


@pytest.mark.parametrize(
    ("namespace", "allowed", "refused"),
    [
        pytest.param("cloudops-system", (), False, id="own-namespace-by-default"),
        pytest.param("platform", (), True, id="no-other-by-default"),
        pytest.param("platform", ("platform", "finops"), False, id="allowed"),
        pytest.param("cloudops-system", ("platform",), True, id="own-not-in-a-given-list"),
    ],
)
def test_the_operators_identity_is_for_allowed_namespaces(namespace, allowed, refused):
    configured = settings(identity_allowed_namespaces=allowed)
    refusal = refuse_aws(AwsConnection(OPERATOR), namespace, configured)

    assert (refusal.reason if refusal else None) == ("IdentityNotAllowed" if refused else None)


def test_an_endpoint_is_refused_unless_its_host_is_allowed():
    aws = AwsConnection(SECRET, endpoint_url="http://127.0.0.1:5000")
    refusal = refuse_aws(aws, "platform", settings())

    assert refusal is not None
    assert refusal.reason == "EndpointNotAllowed"
    assert refuse_aws(aws, "platform", settings(endpoints_allowed=("127.0.0.1",))) is None


ALLOWED = ("127.0.0.1", "vpce.example.com", "[::1]", "moto:5000")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5000",
        "https://vpce.example.com/path",
        "https://VPCE.Example.com",
        "https://vpce.example.com.",
        "http://[::1]:5000",
        "http://moto:5000",
    ],
)
def test_allowed_hosts_are_recognised(url):
    assert endpoint_allowed(url, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example.com",
        "http://127.0.0.1.evil.example.com",
        "http://127.0.0.1@evil.example.com",
        "http://evil.example.com#@127.0.0.1",
        "http://evil.example.com?@127.0.0.1",
        "http://evil.example.com\\@127.0.0.1",
        "http://127.0.0.1\\@evil.example.com",
        "http://evil.example.com\n127.0.0.1",
        "http://moto:5001",
        "http://moto",
        "http://127.0.0.1:port",
        "http://[::1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "//127.0.0.1",
        "127.0.0.1",
        "http://",
        "http://127。0。0。1",
    ],
)
def test_no_trick_gets_another_host_through(url):
    assert not endpoint_allowed(url, ALLOWED)
