"""Object storage."""

from functools import partial
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

_of_bucket: Final = partial(DetailCall, key="Name", parameter="Bucket")

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
                _of_bucket(
                    operation="GetPublicAccessBlock",
                    permission="s3:GetBucketPublicAccessBlock",
                    result="PublicAccessBlockConfiguration",
                    into="PublicAccessBlock",
                    absent={"NoSuchPublicAccessBlockConfiguration": ""},
                ),
                _of_bucket(
                    operation="GetBucketEncryption",
                    permission="s3:GetEncryptionConfiguration",
                    result="ServerSideEncryptionConfiguration",
                    into="Encryption",
                    absent={"ServerSideEncryptionConfigurationNotFoundError": ""},
                ),
                _of_bucket(
                    operation="GetBucketVersioning",
                    permission="s3:GetBucketVersioning",
                    into="Versioning",
                ),
                _of_bucket(
                    operation="GetBucketPolicy",
                    permission="s3:GetBucketPolicy",
                    result="Policy",
                    into="Policy",
                    absent={"NoSuchBucketPolicy": ""},
                ),
                _of_bucket(
                    operation="GetBucketLifecycleConfiguration",
                    permission="s3:GetLifecycleConfiguration",
                    result="Rules",
                    into="Lifecycle",
                    absent={"NoSuchLifecycleConfiguration": ""},
                ),
                _of_bucket(
                    operation="GetBucketLogging",
                    permission="s3:GetBucketLogging",
                    result="LoggingEnabled",
                    into="Logging",
                ),
            ),
            gone={"NoSuchBucket": ""},
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
                # So tells us-east-1, where `aws` is at home; others tell the policy's last edit.
                created="CreationDate",
                region="BucketRegion",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
)
