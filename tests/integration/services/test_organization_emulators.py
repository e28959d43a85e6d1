"""One organization in two emulators, neither of which was written by us, makes one ledger."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from sqlalchemy import Engine

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from tests.fakes.cloud import FakeSecrets
from tests.fixtures.ministack import Ministack
from tests.integration.services.aws_rig import aws_cloud, aws_spec, keys_of
from tests.integration.services.rig import ServiceRig
from tests.integration.store.seeding import rows

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

# moto knows no other account at first; ministack takes it from the access key.
OWN = "123456789012"
REGIONS = ("eu-west-1", "us-east-1")
HOME = REGIONS[0]
OPEN, CLOSED = ("own", "web", "data"), "closed"
TYPES = {
    "DynamoDB::Table": ["{}"],
    "EC2::Volume": ["", ""],
    "IAM::User": ["{}"],
    "S3::Bucket": ["{}-logs"],
    "SQS::Queue": [f"{{}}-{region}" for region in REGIONS],
}
"""Type → the names of what each open account has of it; volumes have none."""
LISTED_IN = {
    "aws.dynamodb.tables": REGIONS,
    "aws.ec2.volumes": REGIONS,
    "aws.iam.authorization-details": ("global",),
    "aws.s3.buckets": ("global",),
    "aws.sqs.queues": REGIONS,
    "aws.tagging.resources": REGIONS,
    **{
        f"aws.{name}.details": regions
        for name, regions in (
            ("dynamodb.tables", REGIONS),
            ("s3.buckets", ("global",)),
            ("sqs.queues", REGIONS),
        )
    },
}
TAGS = {"Team": "shop"}
PAIRS = [{"Key": key, "Value": value} for key, value in TAGS.items()]


@pytest.fixture(scope="module")
def cloud() -> AwsCloud:
    return aws_cloud(LISTINGS)


@pytest.fixture(params=["moto", "ministack"])
def url(request: pytest.FixtureRequest) -> str:
    """Of an emulator with an organization that has no members yet."""
    if request.param == "ministack":  # each of its accounts is at the head of one
        ministack: Ministack = request.getfixturevalue("ministack")
        ministack.empty()
        return ministack.url
    moto: str = request.getfixturevalue("moto_server")
    client = boto3.Session(OWN, "any will do").client("organizations", HOME, endpoint_url=moto)
    client.create_organization(FeatureSet="ALL")
    return moto


@pytest.fixture
def rig(engine: Engine, cloud: AwsCloud) -> Iterator[ServiceRig]:
    rig = ServiceRig(engine, cloud, FakeSecrets(keys_of(OWN)))
    yield rig
    rig.close()


def fill(url: str) -> dict[str, str]:
    """Two members with something in each, and a closed one; account id → name."""
    own = boto3.Session(OWN, "any will do")
    organizations = own.client("organizations", HOME, endpoint_url=url)
    ids = {OWN: "own"}
    for name in (*OPEN[1:], CLOSED):
        made = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
        ids[made["CreateAccountStatus"]["AccountId"]] = name
    for id_, name in ids.items():
        if name == CLOSED:
            organizations.close_account(AccountId=id_)
        else:
            put(own if id_ == OWN else member(own, url, id_), url, name)
    return ids


def member(own: boto3.Session, url: str, account: str) -> boto3.Session:
    keys = own.client("sts", HOME, endpoint_url=url).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
        RoleSessionName="test",
    )["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def put(session: boto3.Session, url: str, name: str) -> None:
    """Something in each region, and something of the whole account."""
    make: Any = session.client  # its stubs know service names only as literals
    for region in REGIONS:
        make("ec2", region, endpoint_url=url).create_volume(
            AvailabilityZone=f"{region}a",
            Size=8,
            TagSpecifications=[{"ResourceType": "volume", "Tags": PAIRS}],
        )
        make("sqs", region, endpoint_url=url).create_queue(QueueName=f"{name}-{region}", tags=TAGS)
    make("dynamodb", HOME, endpoint_url=url).create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=PAIRS,
    )
    make("iam", HOME, endpoint_url=url).create_user(UserName=name, Tags=PAIRS)
    s3 = make("s3", "us-east-1", endpoint_url=url)
    s3.create_bucket(Bucket=f"{name}-logs")
    s3.put_bucket_tagging(Bucket=f"{name}-logs", Tagging={"TagSet": PAIRS})


def told(rig: ServiceRig, ids: Mapping[str, str], statement: str) -> set[tuple[Any, ...]]:
    """The rows, with the accounts' names in the place of their ids."""
    return {
        tuple(ids.get(value, value) if isinstance(value, str) else value for value in row)
        for row in rows(rig.engine, statement)
    }


def test_each_account_stands_in_the_ledger_with_what_it_has(url: str, rig: ServiceRig):
    """Fails where one account's resources are taken for another's."""
    ids = fill(url)
    spec = aws_spec(url, types=[f"AWS::{name}" for name in TYPES], regions=REGIONS)
    spec["aws"]["accounts"] = {"discovery": "Organization"}

    rig.plan(spec)
    rig.work()

    assert told(rig, ids, "SELECT account_id, error_reason FROM account") == {
        *((name, "") for name in OPEN),
        (CLOSED, "AccountSuspended"),
    }
    assert told(
        rig,
        ids,
        "SELECT a.account_id, s.region, s.listing, s.status FROM scope s"
        " JOIN account a ON a.id = s.account_pk WHERE s.retired_at IS NULL",
    ) == {
        (name, region, listing, "complete")
        for name in OPEN
        for listing, regions in LISTED_IN.items()
        for region in regions
    }
    found = rows(
        rig.engine, "SELECT account_id, type, coalesce(name, '') AS name, tags FROM inventory"
    )
    assert sorted((ids[one.account_id], one.type, one.name) for one in found) == sorted(
        (name, f"AWS::{type_}", shown.format(name))
        for name in OPEN
        for type_, names in TYPES.items()
        for shown in names
    )
    assert all(one.tags == TAGS for one in found)
