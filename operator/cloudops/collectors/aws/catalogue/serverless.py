"""Functions and tables: what runs and stores without a machine of one's own."""

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

_INDEXES: Final = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes", "VectorIndexes")
_SIZES: Final = ("IndexSizeBytes", "ItemCount")
_MOMENTS: Final = ("LastDecreaseDateTime", "LastIncreaseDateTime")

LISTINGS: Final = (
    Listing(
        name="aws.lambda.functions",
        service="lambda",
        operation="ListFunctions",
        page_size_parameter="MaxItems",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("lambda:ListFunctions",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Lambda::Function",
                kind="compute.function",
                items="Functions",
                id="FunctionArn",
                arn=arns.LAMBDA_FUNCTION,
                name="FunctionName",
                # This call leaves out the state, and no call tells when a function was made.
                tag_source=TagSource.TAGGING,
                # The order of layers means something: later ones cover earlier ones.
                unordered=(
                    "Architectures",
                    "FileSystemConfigs",
                    "VpcConfig.SecurityGroupIds",
                    "VpcConfig.SubnetIds",
                ),
                edges={
                    "dead_letters": "DeadLetterConfig.TargetArn",
                    "file_systems": "FileSystemConfigs[].Arn",
                    "key": To("KMSKeyArn", arns.KMS),
                    "layers": To("Layers[].Arn", arns.LAMBDA_LAYER),
                    "log_group": To("LoggingConfig.LogGroup", arns.LOG_GROUP),
                    "network": To("VpcConfig.VpcId", arns.EC2_VPC),
                    "role": To("Role", arns.IAM_ROLE),
                    "security_groups": To("VpcConfig.SecurityGroupIds", arns.EC2_SECURITY_GROUP),
                    "subnets": To("VpcConfig.SubnetIds", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.dynamodb.tables",
        service="dynamodb",
        operation="ListTables",
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("dynamodb:ListTables",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeTable",
                    permission="dynamodb:DescribeTable",
                    key="TableName",
                    parameter="TableName",
                    result="Table",
                ),
            ),
            gone={"ResourceNotFoundException": ""},
            state="TableStatus",
            created="CreationDateTime",
            volatile=(
                "ItemCount",
                "TableSizeBytes",
                # The count begins anew at midnight.
                "ProvisionedThroughput.NumberOfDecreasesToday",
                "GlobalSecondaryIndexes[].ProvisionedThroughput.NumberOfDecreasesToday",
                # When a scaler last turned what the capacity itself shows.
                *(f"ProvisionedThroughput.{moment}" for moment in _MOMENTS),
                *(
                    f"GlobalSecondaryIndexes[].ProvisionedThroughput.{moment}"
                    for moment in _MOMENTS
                ),
                # Building an index or a replica takes its own time and ends by itself.
                "GlobalSecondaryIndexes[].Backfilling",
                "GlobalSecondaryIndexes[].IndexStatus",
                "Replicas[].ReplicaStatus",
                "Replicas[].ReplicaStatusDescription",
                *(f"{index}[].{size}" for index in _INDEXES for size in _SIZES),
                # What the table has got used to serving; it grows with the traffic.
                "WarmThroughput",
                "GlobalSecondaryIndexes[].WarmThroughput",
                "Replicas[].WarmThroughput",
                "Replicas[].GlobalSecondaryIndexes[].WarmThroughput",
                "Replicas[].ReplicaStatusPercentProgress",
            ),
            # In a key schema the partition key comes first, so its order stays.
            unordered=(
                "AttributeDefinitions",
                "GlobalTableWitnesses",
                "Replicas",
                "Replicas[].GlobalSecondaryIndexes",
                *_INDEXES,
                *(f"{index}[].Projection.NonKeyAttributes" for index in _INDEXES),
            ),
            edges={
                "key": To("SSEDescription.KMSMasterKeyArn", arns.KMS),
                "replica_keys": To("Replicas[].KMSMasterKeyId", arns.KMS),
                "stream": "LatestStreamArn",
            },
        ),
        emits=(
            Emits(
                type="AWS::DynamoDB::Table",
                kind="database.table",
                items="TableNames",
                word="TableName",
                id=arns.DYNAMODB_TABLE,
                name="TableName",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
)
