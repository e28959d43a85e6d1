"""The estate of docs/reading.md: a few resources of one account, with a past."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from cloudops.domain.resource import Edge, Facet, Observation, TagSource, resource_uid
from tests.fakes.cloud import observe
from tests.integration.store.seeding import Ledger, execute

ACCOUNT = "123456789012"
INSTANCES, VOLUMES, BUCKETS, TAGGING = (
    "aws.ec2.instances",
    "aws.ec2.volumes",
    "aws.s3.buckets",
    "aws.tagging",
)
EC2 = f"arn:aws:ec2:eu-west-1:{ACCOUNT}"
WEB_1 = f"{EC2}:instance/i-0f3a9c2e51b7d8e40"
WEB_2 = f"{EC2}:instance/i-0c44d1a7e2f90b613"
BATCH = f"{EC2}:instance/i-09e8b6d5c4a3f2101"
VOLUME = f"{EC2}:volume/vol-05d2f7a1c8e3b6904"
BUCKET = "arn:aws:s3:::acme-logs"
IMAGE = "ami-0d9c1f2e3b4a5968f"
_CODES = {"running": 16, "stopped": 80}


def instance(arn: str, name: str, size: str, state: str, team: str) -> Observation:
    document = {
        "ImageId": IMAGE,
        "InstanceId": arn.rpartition("/")[2],
        "InstanceType": size,
        "State": {"Code": _CODES[state], "Name": state},
    }
    found = observe(
        arn,
        type_="AWS::EC2::Instance",
        kind="compute.instance",
        state=state,
        display_name=name,
        document=document,
        tags={"Name": name, "team": team},
        created_at=datetime(2026, 3, 9, 8, 15, 2, tzinfo=UTC),
        edges=[Edge("image", IMAGE, resource_uid("aws", f"{EC2}:image/{IMAGE}"))],
    )
    return of_service(found, "ec2")


def volume() -> Observation:
    instance_id = WEB_1.rpartition("/")[2]
    document = {
        "Attachments": [{"InstanceId": instance_id}],
        "Encrypted": False,
        "Size": 8,
        "State": "in-use",
        "VolumeId": VOLUME[-21:],
    }
    return of_service(
        observe(
            VOLUME,
            type_="AWS::EC2::Volume",
            kind="storage.volume",
            state="in-use",
            display_name="data",
            document=document,
            edges=[Edge("instances", instance_id, resource_uid("aws", WEB_1))],
        ),
        "ec2",
    )


def bucket() -> Observation:
    return of_service(
        observe(
            BUCKET,
            type_="AWS::S3::Bucket",
            kind="storage.bucket",
            state=None,
            display_name="acme-logs",
            document={"Name": "acme-logs"},
            tag_source=TagSource.TAGGING,
        ),
        "s3",
    )


def of_service(observation: Observation, service: str) -> Observation:
    assert observation.head is not None
    return replace(observation, head=replace(observation.head, service=service))


def fill(engine: Engine) -> Ledger:
    """Each pass as a worker would have made it."""
    ledger = Ledger.plan(engine, INSTANCES, VOLUMES, BUCKETS, TAGGING, account_id=ACCOUNT)
    execute(engine, "UPDATE account SET name = 'prod'")
    ledger.pass_over([bucket()], name=BUCKETS)
    tags: dict[str, Any] = {"name": TAGGING, "facet": Facet.TAGS}
    ledger.pass_over([observe(BUCKET, facet=Facet.TAGS, document={"team": "sre"})], **tags)
    ledger.pass_over([volume()], name=VOLUMES)
    web_2 = instance(WEB_2, "web-2", "t3.micro", "stopped", "shop")
    for web_1 in (
        instance(WEB_1, "web-1", "t3.micro", "running", "shop"),
        instance(WEB_1, "web-1", "t3.micro", "stopped", "shop"),
        instance(WEB_1, "web-1", "t3.large", "running", "shop"),
    ):
        batch = instance(BATCH, "batch-7", "t3.micro", "running", "data")
        ledger.pass_over([web_1, web_2, batch], name=INSTANCES)
    ledger.pass_over([web_1, web_2], name=INSTANCES)
    ledger.sweep(INSTANCES)
    return ledger
