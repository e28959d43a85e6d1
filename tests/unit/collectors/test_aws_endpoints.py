"""Where AWS does not offer a service: what the SDK's data says, and what it does not."""

from dataclasses import replace

import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.sdk import Sdk
from cloudops.collectors.vocabulary import RegionRule
from cloudops.domain.provider import (
    AwsConnection,
    AwsCredentials,
    CredentialSource,
    ProviderSpec,
)
from cloudops.domain.resource import GLOBAL_REGION

pytestmark = pytest.mark.unit

# Of the SDK that is pinned: AWS never takes a service out of a region that has it.
FIRST_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
ROW = next(row for row in LISTINGS if row.name == "aws.ec2.instances")
GLOBAL = {"region_rule": RegionRule.GLOBAL}
TAGGING = "resourcegroupstaggingapi"


@pytest.fixture(scope="module")
def cloud() -> AwsCloud:
    return AwsCloud(redaction_key=bytes(16))


def spec(endpoint_url: str = "") -> ProviderSpec:
    credentials = AwsCredentials(CredentialSource.OPERATOR)
    return ProviderSpec("aws", aws=AwsConnection(credentials, endpoint_url=endpoint_url))


def without(cloud, service, partition="aws", **facts):
    return cloud.regions_without(replace(ROW, service=service, **facts), partition, spec())


@pytest.mark.parametrize(
    ("service", "partition", "region"),
    [
        pytest.param("macie2", "aws", "mx-central-1", id="a-young-region"),
        pytest.param("memorydb", "aws", "af-south-1", id="an-old-region"),
        pytest.param("macie2", "aws-cn", "cn-north-1", id="nowhere-in-the-partition"),
    ],
)
def test_a_service_that_the_sdk_knows_elsewhere_is_not_offered(cloud, service, partition, region):
    assert region in without(cloud, service, partition)


@pytest.mark.parametrize(
    ("service", "partition", "facts"),
    [
        pytest.param("ec2", "aws", {}, id="in-every-region"),
        pytest.param("iam", "aws", {}, id="one-endpoint-for-all-regions"),
        pytest.param("no-such-service-yet", "aws", {}, id="an-unknown-service"),
        pytest.param("macie2", "aws-of-tomorrow", {}, id="an-unknown-partition"),
        pytest.param("macie2", "aws-eusc", {}, id="a-partition-of-which-little-is-known"),
        pytest.param("s3control", "aws", {}, id="a-part-of-a-service-that-is-everywhere"),
        pytest.param("iam", "aws-us-gov", GLOBAL, id="a-global-listing"),
        pytest.param("wafv2", "aws-us-gov", GLOBAL, id="a-global-listing-of-a-regional-service"),
        pytest.param("savingsplans", "aws-cn", GLOBAL, id="an-endpoint-that-says-no-region"),
        pytest.param("no-such-service-yet", "aws", GLOBAL, id="an-unknown-global-service"),
        pytest.param("shield", "aws-of-tomorrow", GLOBAL, id="global-in-an-unknown-partition"),
        pytest.param("shield", "aws-eusc", GLOBAL, id="global-where-little-is-known"),
        pytest.param("s3control", "aws-iso-f", GLOBAL, id="a-global-part-of-a-service"),
        pytest.param(
            TAGGING, "aws-us-gov", {**GLOBAL, "home_of": "route53"}, id="where-another-is-at-home"
        ),
        pytest.param(
            TAGGING, "aws-us-gov", {**GLOBAL, "home_of": "nothing-yet"}, id="of-an-unknown-service"
        ),
    ],
)
def test_what_the_sdk_does_not_know_is_asked(cloud, service, partition, facts):
    assert without(cloud, service, partition, **facts) == frozenset()


@pytest.mark.parametrize(
    ("service", "partition", "facts"),
    [
        pytest.param("account", "aws-us-gov", {}, id="no-contacts-in-govcloud"),
        pytest.param("budgets", "aws-us-gov", {}, id="no-budgets-in-govcloud"),
        pytest.param("cloudfront", "aws-us-gov", {}, id="no-cloudfront-in-govcloud"),
        pytest.param("savingsplans", "aws-us-gov", {}, id="no-savings-plans-in-govcloud"),
        pytest.param("shield", "aws-us-gov", {}, id="no-shield-in-govcloud"),
        pytest.param("shield", "aws-cn", {}, id="no-shield-in-china"),
        pytest.param(TAGGING, "aws-us-gov", {"home_of": "cloudfront"}, id="of-what-is-not-there"),
    ],
)
def test_a_global_listing_of_what_the_partition_lacks_is_not_offered(
    cloud, service, partition, facts
):
    """Fails if a host that does not exist is called: a proxy makes that a failure for ever."""
    assert without(cloud, service, partition, **GLOBAL, **facts) == {GLOBAL_REGION}


def test_a_region_that_the_sdk_does_not_know_is_asked(cloud):
    assert "xx-nowhere-1" not in without(cloud, "macie2")


def test_names_that_are_no_regions_are_left_out(cloud):
    assert all("fips" not in name and "global" not in name for name in without(cloud, "memorydb"))


@pytest.mark.parametrize(
    "facts", [{"service": "macie2"}, {"service": "shield", **GLOBAL}], ids=["regional", "global"]
)
def test_at_an_endpoint_of_the_spec_everything_is_asked(cloud, facts):
    row = replace(ROW, **facts)

    assert cloud.regions_without(row, "aws-cn", spec("http://127.0.0.1:1")) == frozenset()


@pytest.mark.parametrize("row", LISTINGS, ids=lambda row: row.name)
def test_every_row_is_read_in_the_first_region_of_aws(cloud, row):
    assert cloud.regions_without(row, "aws", spec()).isdisjoint(
        {FIRST_REGIONS["aws"], GLOBAL_REGION}
    )


@pytest.mark.parametrize("partition", FIRST_REGIONS)
def test_most_rows_are_read_in_every_partition(cloud, partition):
    absent = [
        row.name
        for row in LISTINGS
        if cloud.regions_without(row, partition, spec()) & {FIRST_REGIONS[partition], GLOBAL_REGION}
    ]

    assert len(absent) < len(LISTINGS) / 10


@pytest.mark.parametrize(
    ("service", "first", "home"),
    [
        ("iam", "us-east-1", "us-east-1"),
        ("route53", "us-east-1", "us-east-1"),
        ("cloudfront", "us-east-1", "us-east-1"),
        ("iam", "cn-north-1", "cn-north-1"),
        ("route53", "cn-north-1", "cn-northwest-1"),
        ("cloudfront", "cn-north-1", "cn-northwest-1"),
        ("iam", "us-gov-west-1", "us-gov-west-1"),
        ("route53", "us-gov-west-1", "us-gov-west-1"),
        ("no-such-service-yet", "eusc-de-east-1", "eusc-de-east-1"),
    ],
)
def test_a_service_that_is_there_once_a_partition_has_its_home(service, first, home):
    """Fails if the partition's home is everybody's: in China Route 53 lives elsewhere."""
    sdk = Sdk(connect_timeout_seconds=1, read_timeout_seconds=1, pool_size=1)

    assert sdk.home_of(service, first) == home
