"""Shared file systems."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
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
)
