from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.session import Session

from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.hooks import CallCounter
from cloudops.collectors.aws.limits import REST
from cloudops.collectors.aws.sdk import Sdk
from cloudops.collectors.limits import Limits
from cloudops.collectors.turnstile import Turnstile

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def sdk() -> Sdk:
    return Sdk(connect_timeout_seconds=1, read_timeout_seconds=2, pool_size=3)


@pytest.fixture
def door(sdk: Sdk) -> Door:
    return door_of(sdk, "")


def door_of(sdk: Sdk, endpoint_url: str, session: Session | None = None) -> Door:
    return Door(
        sdk,
        session or sdk.session_of(Credentials("AKIA", "secret")),
        endpoint_url=endpoint_url,
        home="us-east-1",
        counter=CallCounter(),
        turnstile=Turnstile(Limits("aws", (), REST), "111122223333"),
    )


def test_a_client_is_made_once(door: Door):
    assert door._client("sts", "eu-west-1") is door._client("sts", "eu-west-1")
    assert door._client("sts", "eu-west-1") is not door._client("sts", "eu-west-2")


def test_clients_are_shared_by_all_identities(sdk: Sdk, door: Door):
    client = door._client("sts", "eu-west-1")

    assert door_of(sdk, "")._client("sts", "eu-west-1") is client
    assert door_of(sdk, "http://127.0.0.1:1")._client("sts", "eu-west-1") is not client


def test_what_knows_the_environment_shares_no_client_with_what_does_not(sdk: Sdk, door: Door):
    own = door_of(sdk, "", sdk.session())

    assert own._client("sts", "eu-west-1") is not door._client("sts", "eu-west-1")


def test_clients_wait_as_long_as_they_are_told_and_retry_once(door: Door):
    config: Any = door._client("s3", "eu-west-1").meta.config

    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (1, 2, 3)
    assert config.retries == {"mode": "standard", "total_max_attempts": 2}


@pytest.mark.parametrize(
    ("endpoint", "style"), [("", None), ("http://127.0.0.1:1", "path")], ids=["aws", "emulator"]
)
def test_buckets_are_a_path_where_there_is_one_host(sdk: Sdk, endpoint: str, style: str | None):
    config: Any = door_of(sdk, endpoint)._client("s3", "eu-west-1").meta.config

    assert (config.s3 or {}).get("addressing_style") == style


@pytest.mark.parametrize(
    ("service", "region", "known"),
    [
        pytest.param("ec2", "eu-west-1", True, id="regional"),
        pytest.param("ec2", "cn-north-1", True, id="another-partition"),
        pytest.param("ec2", "eu-west-99", False, id="no-such-region"),
        pytest.param("iam", "us-east-1", True, id="global-service"),
        pytest.param("iam", "us-gov-west-1", True, id="global-service-of-another-partition"),
        pytest.param("budgets", "us-gov-west-1", False, id="global-service-not-in-the-partition"),
        pytest.param("shield", "cn-north-1", False, id="global-service-not-in-another-one"),
        pytest.param("iam", "eu-west-99", True, id="global-service-in-a-region-of-tomorrow"),
        pytest.param("iam", "eusc-de-east-1", True, id="a-partition-of-which-little-is-known"),
    ],
)
def test_the_sdk_knows_which_endpoints_exist(door: Door, service: str, region: str, known):
    assert door.knows_endpoint(service, region) is known


def test_an_endpoint_of_the_spec_is_always_known(sdk: Sdk):
    assert door_of(sdk, "http://127.0.0.1:1").knows_endpoint("ec2", "eu-west-99")


@pytest.mark.parametrize(
    ("service", "operation", "pages"),
    [
        pytest.param("ec2", "DescribeInstances", True, id="pages"),
        pytest.param("ec2", "DescribeRegions", False, id="one-answer"),
        pytest.param("pinpoint", "GetApps", False, id="a-service-that-never-pages"),
    ],
)
def test_paging_rules_come_from_botocore(door: Door, service: str, operation: str, pages):
    assert (door.paginator(service, operation) is not None) == pages
