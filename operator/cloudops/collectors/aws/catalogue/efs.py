"""Shared file systems."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, Parents, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.efs.file-systems",
        service="efs",
        operation="DescribeFileSystems",
        page_size_parameter="MaxItems",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticfilesystem:DescribeFileSystems",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EFS::FileSystem",
                kind="storage.file-system",
                items="FileSystems",
                id=arns.EFS_FILE_SYSTEM,
                owner="OwnerId",
                state="LifeCycleState",
                created="CreationTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("NumberOfMountTargets", "SizeInBytes"),
                unordered=("Tags",),
                edges={"key": To("KmsKeyId", arns.KMS)},
            ),
        ),
    ),
    Listing(
        name="aws.efs.mount-targets",
        service="efs",
        operation="DescribeMountTargets",
        parents=Parents(
            operation="DescribeFileSystems",
            permission="elasticfilesystem:DescribeFileSystems",
            items="FileSystems",
            key="FileSystemId",
            parameter="FileSystemId",
            parameters={"MaxItems": 100},
            gone={"FileSystemNotFound": ""},
        ),
        page_size_parameter="MaxItems",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=(
            "elasticfilesystem:DescribeMountTargets",
            "elasticfilesystem:DescribeFileSystems",
        ),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EFS::MountTarget",
                kind="storage.mount-target",
                items="MountTargets",
                # AWS gives them no ARN.
                id="arn:{partition}:elasticfilesystem:{region}:{account}:mount-target/{MountTargetId}",
                owner="OwnerId",
                name="MountTargetId",
                state="LifeCycleState",
                tag_source=TagSource.NONE,
                edges={
                    "file_system": To("FileSystemId", arns.EFS_FILE_SYSTEM),
                    "interface": To("NetworkInterfaceId", arns.EC2_NETWORK_INTERFACE),
                    "network": To("VpcId", arns.EC2_VPC),
                    "subnet": To("SubnetId", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
)
