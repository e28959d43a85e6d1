"""How a resource looks in the APIs' answers: realistic defaults, replaced by its own fields."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tests.fakes.aws.identity import unique_id
from tests.fakes.aws.model import Account, Resource

CREATED = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
ASSUME_BY_EC2 = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
READ_BUCKETS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:List*", "s3:Get*"], "Resource": "*"}],
}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _instance_body(it: Resource, account: Account) -> dict[str, Any]:
    hexadecimal = unique_id("", it.id).lower()[:8]
    return {
        "AmiLaunchIndex": 0,
        "ImageId": "ami-08175b8b8b84bbf60",
        "InstanceId": it.id,
        "InstanceType": "t3.micro",
        "LaunchTime": CREATED,
        "Monitoring": {"State": "disabled"},
        "Placement": {"AvailabilityZone": f"{it.region}a", "GroupName": "", "Tenancy": "default"},
        "PrivateDnsName": f"ip-{hexadecimal}.{it.region}.compute.internal",
        "PrivateIpAddress": "10.0.0.10",
        "ProductCodes": [],
        "PublicDnsName": "",
        "State": {"Code": 16, "Name": "running"},
        "StateTransitionReason": "",
        "SubnetId": f"subnet-{account.id}",
        "VpcId": f"vpc-{account.id}",
        "Architecture": "x86_64",
        "BlockDeviceMappings": [],
        "ClientToken": "",
        "EbsOptimized": False,
        "EnaSupport": True,
        "Hypervisor": "xen",
        "NetworkInterfaces": [],
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "SecurityGroups": [],
        "SourceDestCheck": True,
        "VirtualizationType": "hvm",
        "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2},
        "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
        "HibernationOptions": {"Configured": False},
        "MetadataOptions": {
            "State": "applied",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 2,
            "HttpEndpoint": "enabled",
            "HttpProtocolIpv6": "disabled",
            "InstanceMetadataTags": "disabled",
        },
        "EnclaveOptions": {"Enabled": False},
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "UsageOperationUpdateTime": CREATED,
        "MaintenanceOptions": {"AutoRecovery": "default"},
        "CurrentInstanceBootMode": "legacy-bios",
        "Operator": {"Managed": False},
    }


def _volume_body(it: Resource, account: Account) -> dict[str, Any]:
    return {
        "Attachments": [],
        "AvailabilityZone": f"{it.region}a",
        "CreateTime": CREATED,
        "Encrypted": True,
        "KmsKeyId": f"arn:{account.partition}:kms:{it.region}:{account.id}:key/0f3c1c52-ebs",
        "Size": 8,
        "SnapshotId": "",
        "State": "available",
        "VolumeId": it.id,
        "Iops": 3000,
        "VolumeType": "gp3",
        "MultiAttachEnabled": False,
        "Throughput": 125,
    }


def _security_group_body(it: Resource, account: Account) -> dict[str, Any]:
    everywhere = {
        "IpProtocol": "-1",
        "UserIdGroupPairs": [],
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
    }
    return {
        "GroupId": it.id,
        "IpPermissionsEgress": [everywhere],
        "VpcId": f"vpc-{account.id}",
        "SecurityGroupArn": it.arn(account.id, account.partition),
        "OwnerId": account.id,
        "GroupName": it.id.replace("sg-", "group-"),
        "Description": "made for a test",
        "IpPermissions": [],
    }


def _table_body(it: Resource, account: Account) -> dict[str, Any]:
    return {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "TableName": it.id,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "TableStatus": "ACTIVE",
        "CreationDateTime": CREATED,
        "ProvisionedThroughput": {
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": 0,
            "WriteCapacityUnits": 0,
        },
        "TableSizeBytes": 0,
        "ItemCount": 0,
        "TableArn": it.arn(account.id, account.partition),
        "TableId": unique_id("", it.id).lower(),
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "DeletionProtectionEnabled": False,
    }


def _bucket_body(it: Resource, account: Account) -> dict[str, Any]:
    del account
    return {"Name": it.id, "CreationDate": CREATED, "BucketRegion": it.region}


def _principal_body(it: Resource, account: Account) -> dict[str, Any]:
    word, prefix = {
        "iam:user": ("User", "AIDA"),
        "iam:role": ("Role", "AROA"),
        "iam:group": ("Group", "AGPA"),
    }[it.kind]
    arn = it.arn(account.id, account.partition)
    body: dict[str, Any] = {
        "Path": "/",
        f"{word}Name": it.id,
        f"{word}Id": unique_id(prefix, arn),
        "Arn": arn,
        "CreateDate": CREATED,
        f"{word}PolicyList": [],
        "AttachedManagedPolicies": [],
    }
    if word == "User":
        body["GroupList"] = []
    if word == "Role":
        body |= {
            "AssumeRolePolicyDocument": ASSUME_BY_EC2,
            "InstanceProfileList": [],
            "RoleLastUsed": {},
        }
    return body


def _policy_body(it: Resource, account: Account) -> dict[str, Any]:
    arn = it.arn(account.id, account.partition)
    return {
        "PolicyName": it.id,
        "PolicyId": unique_id("ANPA", arn),
        "Arn": arn,
        "Path": "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": CREATED,
        "UpdateDate": CREATED,
    }


_BODIES: dict[str, Callable[[Resource, Account], dict[str, Any]]] = {
    "ec2:instance": _instance_body,
    "ec2:volume": _volume_body,
    "ec2:security-group": _security_group_body,
    "dynamodb:table": _table_body,
    "s3:bucket": _bucket_body,
    "iam:user": _principal_body,
    "iam:role": _principal_body,
    "iam:group": _principal_body,
    "iam:policy": _policy_body,
}
_SLIM = (
    *("InstanceId", "InstanceType", "LaunchTime", "VolumeId", "Size", "CreateTime"),
    *("TableName", "TableArn", "TableStatus", "CreationDateTime"),
    *("State", "GroupId", "GroupName", "OwnerId", "Name", "CreationDate"),
    *("UserName", "RoleName", "PolicyName", "Arn", "CreateDate"),
)
# The listing leaves their tags out.
_UNTOLD_TAGS = ("dynamodb:table", "s3:bucket", "iam:group", "iam:policy")
_DOCUMENTS = frozenset({"Document", "PolicyDocument", "AssumeRolePolicyDocument"})


def render(resource: Resource, account: Account) -> dict[str, Any]:
    """The body as the API's output shape; IAM documents URL-encoded, as the real one does."""
    body = _BODIES[resource.kind](resource, account)
    if resource.slim:
        body = {name: body[name] for name in _SLIM if name in body}
    body |= resource.fields
    body.pop("ReservationId", None)
    if resource.kind.startswith("iam:"):
        body = _encode_documents(body)
    if resource.tags and resource.kind not in _UNTOLD_TAGS:
        body["Tags"] = tag_list(resource.tags)
    return body


def _encode_documents(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: quote(json.dumps(content), safe="")
            if key in _DOCUMENTS and not isinstance(content, str)
            else _encode_documents(content)
            for key, content in value.items()
        }
    if isinstance(value, list):
        return [_encode_documents(item) for item in value]
    return value
