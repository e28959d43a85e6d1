"""Streams of data, and the brokers between those who write and those who read."""

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
        name="aws.kinesis.streams",
        service="kinesis",
        operation="ListStreams",
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("kinesis:ListStreams",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeStreamSummary",
                    permission="kinesis:DescribeStreamSummary",
                    key="StreamName",
                    parameter="StreamName",
                    result="StreamDescriptionSummary",
                ),
            ),
            gone={"ResourceNotFoundException": ""},
            state="StreamStatus",
            created="StreamCreationTimestamp",
            # Streams on demand grow and shrink by themselves.
            volatile=(
                "ChannelCount",
                "ConsumerCount",
                "OpenShardCount",
                "QueueCount",
                "WarmThroughput.CurrentMiBps",
            ),
            unordered=("EnhancedMonitoring[].ShardLevelMetrics",),
            edges={"key": To("KeyId", arns.KMS)},
        ),
        emits=(
            Emits(
                type="AWS::Kinesis::Stream",
                kind="messaging.stream",
                items="StreamNames",
                word="StreamName",
                id=arns.DATA_STREAM,
                name="StreamName",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    Listing(
        name="aws.firehose.delivery-streams",
        service="firehose",
        operation="ListDeliveryStreams",
        paging={
            "input_token": "ExclusiveStartDeliveryStreamName",
            "output_token": "DeliveryStreamNames[-1]",
            "more_results": "HasMoreDeliveryStreams",
        },
        page_size_parameter="Limit",
        page_size=10_000,
        region_rule=RegionRule.REGIONAL,
        permissions=("firehose:ListDeliveryStreams",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeDeliveryStream",
                    permission="firehose:DescribeDeliveryStream",
                    key="DeliveryStreamName",
                    parameter="DeliveryStreamName",
                    result="DeliveryStreamDescription",
                ),
            ),
            gone={"ResourceNotFoundException": ""},
            state="DeliveryStreamStatus",
            created="CreateTimestamp",
            # What is sent along with each request may be a key.
            redact=(
                (
                    "Destinations[].HttpEndpointDestinationDescription"
                    ".RequestConfiguration.CommonAttributes[].AttributeValue"
                ),
            ),
            webhooks=(
                "Destinations[].HttpEndpointDestinationDescription.EndpointConfiguration.Url",
                "Destinations[].SnowflakeDestinationDescription.AccountUrl",
                "Destinations[].SplunkDestinationDescription.HECEndpoint",
            ),
            edges={
                "destinations": To(
                    "Destinations[].[ExtendedS3DestinationDescription.BucketARN,"
                    " S3DestinationDescription.BucketARN,"
                    " ElasticsearchDestinationDescription.DomainARN,"
                    " AmazonopensearchserviceDestinationDescription.DomainARN][] | [?@]",
                    (arns.S3_BUCKET, arns.OPENSEARCH_DOMAIN),
                ),
                "key": To("DeliveryStreamEncryptionConfiguration.KeyARN", arns.KMS),
                "roles": To(
                    "Destinations[].[ExtendedS3DestinationDescription.RoleARN,"
                    " S3DestinationDescription.RoleARN][] | [?@]",
                    arns.IAM_ROLE,
                ),
                "source": To(
                    "Source.[KinesisStreamSourceDescription.KinesisStreamARN,"
                    " MSKSourceDescription.MSKClusterARN][?@]",
                    arns.DATA_STREAM,
                ),
            },
        ),
        emits=(
            Emits(
                type="AWS::KinesisFirehose::DeliveryStream",
                kind="messaging.delivery-stream",
                items="DeliveryStreamNames",
                word="DeliveryStreamName",
                id=arns.DELIVERY_STREAM,
                name="DeliveryStreamName",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    Listing(
        name="aws.kafka.clusters",
        service="kafka",
        operation="ListClustersV2",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("kafka:ListClustersV2",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::MSK::Cluster",
                kind="messaging.broker",
                items="ClusterInfoList",
                id="ClusterArn",
                name="ClusterName",
                state="State",
                created="CreationTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=(
                    "ActiveOperationArn",
                    "Provisioned.CustomerActionStatus",
                    "Provisioned.Rebalancing.Status",
                    # Some of the nodes, in any order.
                    "Provisioned.ZookeeperConnectString",
                    "Provisioned.ZookeeperConnectStringTls",
                    "StateInfo",
                ),
                unordered=(
                    "Provisioned.BrokerNodeGroupInfo.ClientSubnets",
                    "Provisioned.BrokerNodeGroupInfo.SecurityGroups",
                    "Provisioned.BrokerNodeGroupInfo.ZoneIds",
                    "Provisioned.ClientAuthentication.Tls.CertificateAuthorityArnList",
                    "Serverless.VpcConfigs",
                    "Serverless.VpcConfigs[].SecurityGroupIds",
                    "Serverless.VpcConfigs[].SubnetIds",
                ),
                edges={
                    "bucket": To("Provisioned.LoggingInfo.BrokerLogs.S3.Bucket", arns.S3_BUCKET),
                    "key": To(
                        "Provisioned.EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId", arns.KMS
                    ),
                    "log_group": To(
                        "Provisioned.LoggingInfo.BrokerLogs.CloudWatchLogs.LogGroup", arns.LOG_GROUP
                    ),
                    "security_groups": To(
                        "[Provisioned.BrokerNodeGroupInfo.SecurityGroups,"
                        " Serverless.VpcConfigs[].SecurityGroupIds[]][] | [?@]",
                        arns.EC2_SECURITY_GROUP,
                    ),
                    "subnets": To(
                        "[Provisioned.BrokerNodeGroupInfo.ClientSubnets,"
                        " Serverless.VpcConfigs[].SubnetIds[]][] | [?@]",
                        arns.EC2_SUBNET,
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.mq.brokers",
        service="mq",
        operation="ListBrokers",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("mq:ListBrokers",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeBroker",
                    permission="mq:DescribeBroker",
                    key="BrokerId",
                    parameter="BrokerId",
                ),
            ),
            gone={"NotFoundException": ""},
            tags="Tags",
            volatile=("ActionsRequired",),
            unordered=(
                "BrokerInstances",
                "BrokerInstances[].Endpoints",
                "PendingSecurityGroups",
                "SecurityGroups",
                "SubnetIds",
                "Users",
            ),
            edges={
                "configuration": "Configurations.Current.Id",
                "key": To("EncryptionOptions.KmsKeyId", arns.KMS),
                "security_groups": To("SecurityGroups", arns.EC2_SECURITY_GROUP),
                "subnets": To("SubnetIds", arns.EC2_SUBNET),
            },
        ),
        emits=(
            Emits(
                type="AWS::AmazonMQ::Broker",
                kind="messaging.broker",
                items="BrokerSummaries",
                id="BrokerArn",
                name="BrokerName",
                state="BrokerState",
                created="Created",
                tag_source=TagSource.DETAILS,
            ),
        ),
    ),
)
