"""The demo's AWS organization of four accounts, and the CloudProvider that reads it."""

from collections.abc import Sequence
from typing import Any

import boto3

REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
OWN = "123456789012"  # moto's default account; it manages the organization
WEB, RESTRICTED, UNTRUSTING = "web", "data", "legacy"
DENIED_REGION = "eu-west-1"
"""Where a service control policy denies everything to the account `RESTRICTED`."""

CLOUDPROVIDER = f"""
apiVersion: v1
kind: Secret
metadata: {{name: aws-demo, namespace: cloudops-system}}
stringData: {{AWS_ACCESS_KEY_ID: demo, AWS_SECRET_ACCESS_KEY: demo}}
---
apiVersion: cloudops.dev/v1alpha1
kind: CloudProvider
metadata: {{name: aws-demo, namespace: cloudops-system}}
spec:
  type: aws
  aws:
    credentials: {{source: Secret, secretRef: {{name: aws-demo}}}}
    accounts: {{discovery: Organization, memberRoleName: cloudops-read}}
    regions: {{include: [{", ".join(REGIONS)}]}}
    endpointURL: {{url}}
  inventory: {{syncPeriodSeconds: 60}}
"""


def fill(url: str) -> None:
    """Put a small organization into moto at `url`."""
    own = boto3.Session("demo", "demo")
    organizations = own.client("organizations", "us-east-1", endpoint_url=url)
    organizations.create_organization(FeatureSet="ALL")
    for name in (WEB, RESTRICTED, UNTRUSTING):
        organizations.create_account(AccountName=name, Email=f"{name}@example.com")
    members = organizations.list_accounts()["Accounts"]
    ids = {member["Name"]: member["Id"] for member in members}
    _fill_regions(own, url, REGIONS, "payments")
    _fill_account(own, url, "payments")
    web = _member(own, url, ids[WEB])
    _fill_regions(web, url, REGIONS, WEB)
    _fill_account(web, url, WEB)
    data = _member(own, url, ids[RESTRICTED])
    _fill_regions(data, url, [name for name in REGIONS if name != DENIED_REGION], RESTRICTED)
    _fill_account(data, url, RESTRICTED)


def _member(own: boto3.Session, url: str, account_id: str) -> boto3.Session:
    role = own.client("sts", "us-east-1", endpoint_url=url).assume_role(
        RoleArn=f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole",
        RoleSessionName="demo",
    )["Credentials"]
    return boto3.Session(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])


def _fill_regions(session: boto3.Session, url: str, regions: Sequence[str], team: str) -> None:
    for number, region in enumerate(regions, start=1):
        _fill_region(session, url, region, team, number)


def _fill_region(session: boto3.Session, url: str, region: str, team: str, count: int) -> None:
    ec2 = session.client("ec2", region, endpoint_url=url)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    for number in range(count):
        ec2.run_instances(
            ImageId=image,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": _tags(Name=f"{team}-{number}", team=team, env="prod"),
                }
            ],
        )
    ec2.create_volume(AvailabilityZone=f"{region}a", Size=8, VolumeType="gp3", Encrypted=True)


def _fill_account(session: boto3.Session, url: str, team: str) -> None:
    iam = session.client("iam", "us-east-1", endpoint_url=url)
    iam.create_user(UserName=f"{team}-deploy", Tags=_tags(team=team))
    iam.create_group(GroupName=f"{team}-admins")
    s3 = session.client("s3", "us-east-1", endpoint_url=url)
    for purpose in ("logs", "data"):
        s3.create_bucket(Bucket=f"{team}-{purpose}")
    s3.put_bucket_tagging(Bucket=f"{team}-data", Tagging={"TagSet": _tags(team=team)})


def _tags(**tags: str) -> list[Any]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
