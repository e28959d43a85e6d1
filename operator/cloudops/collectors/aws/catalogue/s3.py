"""Object storage."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import (
    LISTED_TIER,
    DetailCall,
    Details,
    Emits,
    Listing,
    RegionRule,
    To,
)
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
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="GetPublicAccessBlock",
                    permission="s3:GetBucketPublicAccessBlock",
                    key="Name",
                    parameter="Bucket",
                    result="PublicAccessBlockConfiguration",
                    into="PublicAccessBlock",
                    absent={"NoSuchPublicAccessBlockConfiguration": ""},
                ),
                DetailCall(
                    operation="GetBucketEncryption",
                    permission="s3:GetEncryptionConfiguration",
                    key="Name",
                    parameter="Bucket",
                    result="ServerSideEncryptionConfiguration",
                    into="Encryption",
                    absent={"ServerSideEncryptionConfigurationNotFoundError": ""},
                ),
                DetailCall(
                    operation="GetBucketVersioning",
                    permission="s3:GetBucketVersioning",
                    key="Name",
                    parameter="Bucket",
                    into="Versioning",
                ),
                DetailCall(
                    operation="GetBucketPolicy",
                    permission="s3:GetBucketPolicy",
                    key="Name",
                    parameter="Bucket",
                    result="Policy",
                    into="Policy",
                    absent={"NoSuchBucketPolicy": ""},
                ),
                DetailCall(
                    operation="GetBucketLifecycleConfiguration",
                    permission="s3:GetLifecycleConfiguration",
                    key="Name",
                    parameter="Bucket",
                    result="Rules",
                    into="Lifecycle",
                    absent={"NoSuchLifecycleConfiguration": ""},
                ),
                DetailCall(
                    operation="GetBucketLogging",
                    permission="s3:GetBucketLogging",
                    key="Name",
                    parameter="Bucket",
                    result="LoggingEnabled",
                    into="Logging",
                ),
            ),
            gone_codes=("NoSuchBucket",),
            json=("Policy",),
            unordered=("Lifecycle",),
            edges={
                "key": To(
                    "Encryption.Rules[].ApplyServerSideEncryptionByDefault.KMSMasterKeyID",
                    arns.KMS,
                ),
                "log_bucket": To("Logging.TargetBucket", arns.S3_BUCKET),
            },
        ),
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
