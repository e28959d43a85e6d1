"""A call that goes nowhere: whether that is an outage, or a fact about AWS."""

import socket
from typing import NoReturn

import pytest
from botocore.credentials import Credentials

from cloudops.collectors.aws.calling import Caller
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.hooks import CallCounter
from cloudops.collectors.aws.limits import LIMITS, REST
from cloudops.collectors.aws.partitions import HOME_REGIONS
from cloudops.collectors.aws.sdk import Sdk
from cloudops.collectors.limits import Limits
from cloudops.collectors.turnstile import Turnstile
from cloudops.collectors.vocabulary import RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.resource import GLOBAL_REGION

pytestmark = pytest.mark.unit

UNSUPPORTED = ("unsupported", "EndpointDoesNotExist")
OUTAGE = ("transient", "EndpointConnection")


@pytest.fixture(scope="module")
def sdk() -> Sdk:
    return Sdk(connect_timeout_seconds=1, read_timeout_seconds=1, pool_size=1)


@pytest.fixture
def no_name(monkeypatch) -> None:
    """A resolver that knows no name at all."""

    def resolve(*_asked: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def failure(sdk: Sdk, service: str, partition: str) -> tuple[str, str]:
    """How the ledger has it that the first global listing of a service went nowhere."""
    door = Door(
        sdk,
        sdk.session_of(Credentials("AKIA", "secret")),
        endpoint_url="",
        home=HOME_REGIONS[partition],
        counter=CallCounter(),
        turnstile=Turnstile(Limits("aws", LIMITS, REST), "111122223333"),
    )
    listing = next(
        row for row in LISTINGS if row.service == service and row.region_rule is RegionRule.GLOBAL
    )
    caller = Caller(door, listing)
    with pytest.raises(ListingError) as raised:
        caller.call(GLOBAL_REGION, listing.operation, {}, listing.permissions[0])
    door.close()
    return raised.value.error_class, raised.value.code


@pytest.mark.usefixtures("no_name")
@pytest.mark.parametrize(
    ("service", "partition", "expected"),
    [
        pytest.param("cloudfront", "aws-us-gov", UNSUPPORTED, id="not-in-the-partition"),
        pytest.param("savingsplans", "aws-us-gov", UNSUPPORTED, id="nor-this"),
        pytest.param("shield", "aws-cn", UNSUPPORTED, id="nor-in-another"),
        pytest.param("cloudfront", "aws", OUTAGE, id="in-the-partition"),
        pytest.param("cloudfront", "aws-cn", OUTAGE, id="in-another"),
        pytest.param("iam", "aws-us-gov", OUTAGE, id="everywhere"),
        pytest.param("iam", "aws-eusc", OUTAGE, id="a-partition-of-which-little-is-known"),
    ],
)
def test_a_global_service_that_the_partition_lacks_is_no_outage(sdk, service, partition, expected):
    """Fails if another partition's endpoint for all regions speaks for this one."""
    assert failure(sdk, service, partition) == expected
