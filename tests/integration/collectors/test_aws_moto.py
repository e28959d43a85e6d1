"""Listings against moto, whose answers were not written by us."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.vocabulary import Access, RegionRule
from cloudops.domain.provider import AwsAccounts
from cloudops.domain.resource import Facet, Observation
from tests.integration.collectors.moto_gaps import NOT_IN_MOTO
from tests.integration.collectors.reading import shown_by

pytestmark = [pytest.mark.integration, pytest.mark.aws]

REGIONS = {RegionRule.REGIONAL: ("us-east-1", "eu-west-1"), RegionRule.GLOBAL: ("global",)}
OWN, MEMBER = "123456789012", "210987654321"
CANARY = "canary-in-user-data"
TRUST = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"""
ALLOW = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
"Action": "s3:ListAllMyBuckets", "Resource": "*"}]}"""


@pytest.fixture
def estate(moto_server: str) -> str:
    """A machine with user data, a tagged bucket, and one identity of each kind."""

    make_client: Any = boto3.client  # its stubs know service names only as literals

    def client(service: str, region: str = "us-east-1") -> Any:
        return make_client(
            service,
            region_name=region,
            endpoint_url=moto_server,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    tags = [{"Key": "Name", "Value": "web"}]
    client("ec2", "eu-west-1").run_instances(
        ImageId="ami-12c6146b",
        MinCount=3,
        MaxCount=3,
        UserData=CANARY,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    s3 = client("s3")
    s3.create_bucket(Bucket="invoices")
    s3.put_bucket_tagging(Bucket="invoices", Tagging={"TagSet": [{"Key": "Env", "Value": "prod"}]})
    iam = client("iam")
    iam.create_user(UserName="ada", Tags=[{"Key": "Team", "Value": "shop"}])
    iam.create_group(GroupName="operators")
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=TRUST)
    iam.create_policy(PolicyName="listing", PolicyDocument=ALLOW)
    return moto_server


def everything(session: AwsAccountSession) -> list[Observation]:
    found: list[Observation] = []
    for listing in (row for row in LISTINGS if row.name not in NOT_IN_MOTO):
        for region in (
            ("us-east-1", "eu-west-1")
            if listing.region_rule is RegionRule.REGIONAL
            else ("global",)
        ):
            found.extend(shown_by(session, listing, region))
    return found


def test_a_whole_account_is_read(estate: str, cloud: AwsCloud, access: Callable[..., Access]):
    found = everything(cloud.open(access(estate), OWN))

    # moto's accounts come with networks, keys and the like, which nobody named.
    wanted = {
        ("AWS::EC2::Instance", "web"),
        ("AWS::EC2::SecurityGroup", "default"),
        ("AWS::S3::Bucket", "invoices"),
        ("AWS::IAM::User", "ada"),
        ("AWS::IAM::Group", "operators"),
        ("AWS::IAM::Role", "web"),
    }
    heads = [o.head for o in found if o.head is not None]
    types = {native_type for native_type, _ in wanted}
    assert {(head.type, head.name) for head in heads if head.type in types} == wanted
    assert f"arn:aws:iam::{OWN}:policy/listing" in {head.canonical_id for head in heads}
    assert b'{"Env":"prod"}' in {o.document for o in found if o.facet is Facet.TAGS}


def test_no_user_data_comes_along(estate: str, cloud: AwsCloud, access: Callable[..., Access]):
    for observation in everything(cloud.open(access(estate), OWN)):
        assert CANARY.encode() not in observation.document + observation.volatile


def test_a_member_account_is_entered_and_has_resources_of_its_own(
    estate: str, cloud: AwsCloud, access: Callable[..., Access]
):
    wanted = access(estate, accounts=AwsAccounts(ids=(OWN, MEMBER)))

    found = cloud.discover(wanted)
    session = cloud.open(wanted, MEMBER)
    assert {a.account_id for a in found.accounts if a.regions} == {OWN, MEMBER}
    assert session.identity.account_id == MEMBER
    assert all(
        f":{MEMBER}:" in o.head.canonical_id for o in everything(session) if o.head is not None
    )
