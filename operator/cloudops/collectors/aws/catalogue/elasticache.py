"""Caches: the clusters that run, the groups that join them, and DAX in front of DynamoDB."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.elasticache.clusters",
        service="elasticache",
        operation="DescribeCacheClusters",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticache:DescribeCacheClusters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ElastiCache::CacheCluster",
                kind="cache.cluster",
                items="CacheClusters",
                id=arns.CACHE_CLUSTER,
                name="CacheClusterId",
                state="CacheClusterStatus",
                created="CacheClusterCreateTime",
                tag_source=TagSource.TAGGING,
                volatile=(
                    "CacheParameterGroup.CacheNodeIdsToReboot",
                    "CacheParameterGroup.ParameterApplyStatus",
                    "CacheSecurityGroups[].Status",
                    "LogDeliveryConfigurations[].Message",
                    "LogDeliveryConfigurations[].Status",
                    "NotificationConfiguration.TopicStatus",
                    "SecurityGroups[].Status",
                ),
                unordered=("CacheSecurityGroups", "LogDeliveryConfigurations", "SecurityGroups"),
                edges={
                    "replication_group": To("ReplicationGroupId", arns.REPLICATION_GROUP),
                    "security_groups": To(
                        "SecurityGroups[].SecurityGroupId", arns.EC2_SECURITY_GROUP
                    ),
                    "subnet_group": "CacheSubnetGroupName",
                    "topic": To("NotificationConfiguration.TopicArn", arns.SNS_TOPIC),
                },
            ),
        ),
    ),
    Listing(
        name="aws.elasticache.replication-groups",
        service="elasticache",
        operation="DescribeReplicationGroups",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticache:DescribeReplicationGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ElastiCache::ReplicationGroup",
                kind="cache.replication-group",
                items="ReplicationGroups",
                id=arns.REPLICATION_GROUP,
                name="ReplicationGroupId",
                state="Status",
                created="ReplicationGroupCreateTime",
                tag_source=TagSource.TAGGING,
                # Which member is the primary stays: a failover is worth remembering.
                volatile=(
                    "LogDeliveryConfigurations[].Message",
                    "LogDeliveryConfigurations[].Status",
                    "NodeGroups[].Status",
                    "PendingModifiedValues.Resharding.SlotMigration.ProgressPercentage",
                    "SnapshottingClusterId",
                ),
                unordered=(
                    "LogDeliveryConfigurations",
                    "MemberClusters",
                    "MemberClustersOutpostArns",
                    "NodeGroups",
                    "NodeGroups[].NodeGroupMembers",
                    "UserGroupIds",
                ),
                edges={
                    "clusters": To("MemberClusters", arns.CACHE_CLUSTER),
                    "key": To("KmsKeyId", arns.KMS),
                    "user_groups": "UserGroupIds",
                },
            ),
        ),
    ),
    Listing(
        name="aws.dax.clusters",
        service="dax",
        operation="DescribeClusters",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("dax:DescribeClusters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::DAX::Cluster",
                kind="database.cache",
                items="Clusters",
                id="ClusterArn",
                arn=arns.DAX_CLUSTER,
                name="ClusterName",
                state="Status",
                tag_source=TagSource.TAGGING,
                volatile=(
                    "ActiveNodes",
                    "NodeIdsToRemove",
                    "Nodes[].NodeStatus",
                    "Nodes[].ParameterGroupStatus",
                    "NotificationConfiguration.TopicStatus",
                    "ParameterGroup.NodeIdsToReboot",
                    "ParameterGroup.ParameterApplyStatus",
                    "SecurityGroups[].Status",
                ),
                unordered=("Nodes", "SecurityGroups"),
                edges={
                    "role": To("IamRoleArn", arns.IAM_ROLE),
                    "security_groups": To(
                        "SecurityGroups[].SecurityGroupIdentifier", arns.EC2_SECURITY_GROUP
                    ),
                    "subnet_group": "SubnetGroup",
                    "topic": To("NotificationConfiguration.TopicArn", arns.SNS_TOPIC),
                },
            ),
        ),
    ),
)
