"""Object storage."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.s3.buckets",
        service="s3",
        operation="ListBuckets",
        # Without a parameter the answer leaves out BucketRegion.
        page_size_parameter="MaxBuckets",
        page_size=1000,
        region_rule=RegionRule.GLOBAL,
        permissions=("s3:ListAllMyBuckets",),
        # A deleted bucket may still be listed, a new one not yet.
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::S3::Bucket",
                kind="storage.bucket",
                items="Buckets",
                id=arns.S3_BUCKET,
                name="Name",
                created="CreationDate",
                region="BucketRegion",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
)
