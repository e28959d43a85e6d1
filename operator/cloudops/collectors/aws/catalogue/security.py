"""Keys, and what is said of secrets. Of the secrets themselves nothing is ever asked for."""

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
        name="aws.kms.keys",
        service="kms",
        operation="ListKeys",
        page_size_parameter="Limit",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("kms:ListKeys",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeKey",
                    permission="kms:DescribeKey",
                    key="KeyId",
                    parameter="KeyId",
                    result="KeyMetadata",
                ),
                DetailCall(
                    operation="GetKeyRotationStatus",
                    permission="kms:GetKeyRotationStatus",
                    key="KeyId",
                    parameter="KeyId",
                    into="Rotation",
                    # Those of AWS rotate as AWS sees fit, and some may not be asked about.
                    only_if="KeyManager == 'CUSTOMER'",
                    # Of keys that are not AWS's to rotate.
                    absent={"UnsupportedOperationException": ""},
                ),
            ),
            gone={"NotFoundException": ""},
            # A key has no name, only aliases, and they are resources of their own.
            state="KeyState",
            created="CreationDate",
            unordered=(
                "EncapsulationAlgorithms",
                "EncryptionAlgorithms",
                "KeyAgreementAlgorithms",
                "MacAlgorithms",
                "MultiRegionConfiguration.ReplicaKeys",
                "SigningAlgorithms",
            ),
            edges={
                "primary": To("MultiRegionConfiguration.PrimaryKey.Arn", arns.KMS_KEY),
                "replicas": To("MultiRegionConfiguration.ReplicaKeys[].Arn", arns.KMS_KEY),
            },
        ),
        emits=(
            Emits(
                # Keys that AWS manages are the account's too; `KeyManager` tells them apart.
                type="AWS::KMS::Key",
                kind="security.key",
                items="Keys",
                id="KeyArn",
                arn=arns.KMS_KEY,
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    Listing(
        name="aws.secretsmanager.secrets",
        service="secretsmanager",
        operation="ListSecrets",
        # Until the planned day a deleted secret can be restored, so it is not gone.
        parameters={"IncludePlannedDeletion": True},
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("secretsmanager:ListSecrets",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::SecretsManager::Secret",
                kind="security.secret",
                items="SecretList",
                id="ARN",
                name="Name",
                created="CreatedDate",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("LastAccessedDate",),
                unordered=("SecretVersionsToStages.*", "Tags"),
                edges={
                    "key": To("KmsKeyId", arns.KMS),
                    "rotation": To("RotationLambdaARN", arns.LAMBDA_FUNCTION),
                },
            ),
        ),
    ),
)
