"""Streams of data, and the brokers between those who write and those who read."""

from typing import Final

from cloudops.collectors.aws.arns import DATA_STREAM, DELIVERY_STREAM
from cloudops.collectors.vocabulary import ANSWER, DESCRIBED, Describe, Emits, Listing, RegionRule
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
        permissions=("kinesis:ListStreams", "kinesis:DescribeStreamSummary"),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        describe=Describe(
            operation="DescribeStreamSummary",
            permission="kinesis:DescribeStreamSummary",
            items="StreamNames",
            parameter="StreamName",
            result="StreamDescriptionSummary",
            gone_codes=("ResourceNotFoundException",),
        ),
        emits=(
            Emits(
                type="AWS::Kinesis::Stream",
                kind="messaging.stream",
                items=DESCRIBED,
                id="StreamARN",
                arn=DATA_STREAM,
                name="StreamName",
                state="StreamStatus",
                created="StreamCreationTimestamp",
                tag_source=TagSource.TAGGING,
                # Streams on demand grow and shrink by themselves.
                volatile=(
                    "ChannelCount",
                    "ConsumerCount",
                    "OpenShardCount",
                    "WarmThroughput.CurrentMiBps",
                ),
                unordered=("EnhancedMonitoring[].ShardLevelMetrics",),
                edges={"key": "KeyId"},
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
        permissions=("firehose:ListDeliveryStreams", "firehose:DescribeDeliveryStream"),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        describe=Describe(
            operation="DescribeDeliveryStream",
            permission="firehose:DescribeDeliveryStream",
            items="DeliveryStreamNames",
            parameter="DeliveryStreamName",
            result="DeliveryStreamDescription",
            gone_codes=("ResourceNotFoundException",),
        ),
        emits=(
            Emits(
                type="AWS::KinesisFirehose::DeliveryStream",
                kind="messaging.delivery-stream",
                items=DESCRIBED,
                id="DeliveryStreamARN",
                arn=DELIVERY_STREAM,
                name="DeliveryStreamName",
                state="DeliveryStreamStatus",
                created="CreateTimestamp",
                tag_source=TagSource.TAGGING,
                # What is sent along with each request may be a key.
                redact=(
                    (
                        "Destinations[].HttpEndpointDestinationDescription"
                        ".RequestConfiguration.CommonAttributes[].AttributeValue"
                    ),
                ),
                edges={
                    "destinations": (
                        "Destinations[].[ExtendedS3DestinationDescription.BucketARN,"
                        " S3DestinationDescription.BucketARN,"
                        " ElasticsearchDestinationDescription.DomainARN,"
                        " AmazonopensearchserviceDestinationDescription.DomainARN][] | [?@]"
                    ),
                    "key": "DeliveryStreamEncryptionConfiguration.KeyARN",
                    "source": (
                        "Source.[KinesisStreamSourceDescription.KinesisStreamARN,"
                        " MSKSourceDescription.MSKClusterARN][?@]"
                    ),
                },
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
                    "key": "Provisioned.EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId",
                    "security_groups": (
                        "[Provisioned.BrokerNodeGroupInfo.SecurityGroups,"
                        " Serverless.VpcConfigs[].SecurityGroupIds[]][] | [?@]"
                    ),
                    "subnets": (
                        "[Provisioned.BrokerNodeGroupInfo.ClientSubnets,"
                        " Serverless.VpcConfigs[].SubnetIds[]][] | [?@]"
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
        permissions=("mq:ListBrokers", "mq:DescribeBroker"),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        describe=Describe(
            operation="DescribeBroker",
            permission="mq:DescribeBroker",
            items="BrokerSummaries",
            key="BrokerId",
            parameter="BrokerId",
            result=ANSWER,
            gone_codes=("NotFoundException",),
        ),
        emits=(
            Emits(
                type="AWS::AmazonMQ::Broker",
                kind="messaging.broker",
                items=DESCRIBED,
                id="BrokerArn",
                name="BrokerName",
                state="BrokerState",
                created="Created",
                tag_source=TagSource.LISTED,
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
                    "key": "EncryptionOptions.KmsKeyId",
                    "security_groups": "SecurityGroups",
                    "subnets": "SubnetIds",
                },
            ),
        ),
    ),
)
