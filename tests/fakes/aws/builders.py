"""Resources of realistic shape.

Builders return plain, small `Resource` values; defaults are filled in only when a page is
served, so that 200,000 of them stay cheap. Any member of the API's output shape can be given
as a keyword (`instance("i-1", region="eu-west-1", InstanceType="m5.large")`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from botocore.model import StructureShape

from tests.fakes.aws.bodies import CREATED, READ_BUCKETS
from tests.fakes.aws.model import GLOBAL, Resource
from tests.fakes.aws.writers import service_model

_SHAPES = {
    "ec2:instance": ("ec2", "Instance"),
    "ec2:volume": ("ec2", "Volume"),
    "ec2:security-group": ("ec2", "SecurityGroup"),
    "dynamodb:table": ("dynamodb", "TableDescription"),
    "s3:bucket": ("s3", "Bucket"),
    "iam:user": ("iam", "UserDetail"),
    "iam:role": ("iam", "RoleDetail"),
    "iam:group": ("iam", "GroupDetail"),
    "iam:policy": ("iam", "ManagedPolicyDetail"),
    "route53:hostedzone": ("route53", "HostedZone"),
}
_STATE_CODES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}


def _resource(
    kind: str, name: str, region: str, tags: Mapping[str, str] | None, fields: dict[str, Any]
) -> Resource:
    service, name_of_shape = _SHAPES[kind]
    shape = service_model(service).shape_for(name_of_shape)
    assert isinstance(shape, StructureShape)
    # `ReservationId` belongs to the reservation around an instance, not to the instance.
    unknown = set(fields) - set(shape.members) - {"ReservationId"}
    if unknown:
        raise TypeError(f"{name_of_shape} has no {sorted(unknown)}")
    return Resource(kind, name, region, dict(tags or {}), fields)


def instance(
    instance_id: str,
    *,
    region: str,
    tags: Mapping[str, str] | None = None,
    state: str = "running",
    **fields: Any,
) -> Resource:
    """`ReservationId` puts several instances into one reservation; default one each."""
    fields.setdefault("State", {"Code": _STATE_CODES[state], "Name": state})
    return _resource("ec2:instance", instance_id, region, tags, fields)


def volume(
    volume_id: str,
    *,
    region: str,
    tags: Mapping[str, str] | None = None,
    attached_to: str = "",
    **fields: Any,
) -> Resource:
    if attached_to:
        attachment = {
            "AttachTime": CREATED,
            "Device": "/dev/sda1",
            "InstanceId": attached_to,
            "State": "attached",
            "VolumeId": volume_id,
            "DeleteOnTermination": True,
        }
        fields.setdefault("Attachments", [attachment])
        fields.setdefault("State", "in-use")
    return _resource("ec2:volume", volume_id, region, tags, fields)


def security_group(
    group_id: str, *, region: str, tags: Mapping[str, str] | None = None, **fields: Any
) -> Resource:
    return _resource("ec2:security-group", group_id, region, tags, fields)


def bucket(
    name: str, *, region: str = "us-east-1", tags: Mapping[str, str] | None = None, **fields: Any
) -> Resource:
    return _resource("s3:bucket", name, region, tags, fields)


def table(
    name: str, *, region: str, tags: Mapping[str, str] | None = None, **fields: Any
) -> Resource:
    """Listed by name alone; DescribeTable tells the rest."""
    return _resource("dynamodb:table", name, region, tags, fields)


def user(name: str, *, tags: Mapping[str, str] | None = None, **fields: Any) -> Resource:
    return _resource("iam:user", name, GLOBAL, tags, fields)


def role(name: str, *, tags: Mapping[str, str] | None = None, **fields: Any) -> Resource:
    """An entry of the listing only; `AccountScript.role` makes one that can be assumed."""
    return _resource("iam:role", name, GLOBAL, tags, fields)


def group(name: str, **fields: Any) -> Resource:
    return _resource("iam:group", name, GLOBAL, None, fields)


def policy(
    name: str,
    *,
    aws_managed: bool = False,
    document: Mapping[str, Any] = READ_BUCKETS,
    tags: Mapping[str, str] | None = None,
    **fields: Any,
) -> Resource:
    version = {
        "Document": document,
        "VersionId": "v1",
        "IsDefaultVersion": True,
        "CreateDate": CREATED,
    }
    fields.setdefault("PolicyVersionList", [version])
    made = _resource("iam:policy", name, GLOBAL, tags, fields)
    return Resource(made.kind, name, GLOBAL, made.tags, fields, "aws" if aws_managed else "")


def zone(zone_id: str, *, tags: Mapping[str, str] | None = None) -> Resource:
    """Shown by the tagging API alone."""
    return _resource("route53:hostedzone", zone_id, GLOBAL, tags, {})


def slim(resource: Resource) -> Resource:
    """Without most default members: botocore takes 0.4 ms for a full instance, half for a slim one.

    For tests that page through very many.
    """
    return replace(resource, slim=True)
