"""The partitions of AWS, and where each is at home."""

from typing import Final

from cloudops.collectors.aws.arns import partition_of
from cloudops.domain.provider import AwsConnection

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
# Region names give their partition away; the longest prefix wins.
_REGION_PREFIXES: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}


def home_region(connection: AwsConnection) -> str:
    """Where the first call goes: guessed from role ARNs and region globs, before we know."""
    if connection.endpoint_url:
        return HOME_REGIONS[DEFAULT_PARTITION]
    for role in connection.credentials.roles:
        partition = partition_of(role.role_arn)
        if partition in HOME_REGIONS:
            return HOME_REGIONS[partition]
    for glob in connection.regions.include:
        for prefix, partition in _REGION_PREFIXES.items():
            if glob.startswith(prefix):
                return HOME_REGIONS[partition]
    return HOME_REGIONS[DEFAULT_PARTITION]
