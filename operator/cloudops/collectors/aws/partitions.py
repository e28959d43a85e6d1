"""The partitions of AWS, and where each is at home."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from cloudops.collectors.aws.arns import partition_of
from cloudops.collectors.aws.models import model_loader
from cloudops.domain.provider import AwsConnection, Globs

DEFAULT_PARTITION: Final = "aws"
# Where a partition's STS and IAM are at home.
HOME_REGIONS: Final = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-eusc": "eusc-de-east-1",
}
# Region names give their partition away, also those that are younger than the SDK.
_REGION_PREFIXES: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}


@cache
def known_partitions() -> Mapping[str, frozenset[str]]:
    """Every partition that the SDK knows, with its regions."""
    data = model_loader().load_data("endpoints")
    return {one["partition"]: frozenset(one["regions"]) for one in data["partitions"]}


def home_region(connection: AwsConnection) -> str:
    """Where the first call goes: guessed from role ARNs and region globs, before we know."""
    if connection.endpoint_url:
        return HOME_REGIONS[DEFAULT_PARTITION]
    for role in connection.credentials.roles:
        partition = partition_of(role.role_arn)
        if partition in HOME_REGIONS:
            return HOME_REGIONS[partition]
    return HOME_REGIONS.get(_partition_of(connection.regions), HOME_REGIONS[DEFAULT_PARTITION])


def _partition_of(regions: Globs) -> str:
    """The one whose regions are meant; "" where they are of several, or of none that is known."""
    for glob in regions.include:
        for prefix, partition in _REGION_PREFIXES.items():
            if glob.startswith(prefix):
                return partition
    meant = [name for name, known in known_partitions().items() if any(map(regions.matches, known))]
    return meant[0] if len(meant) == 1 else ""
