"""Caches: the clusters that run, and the groups that join them."""

from typing import Final

from cloudops.collectors.aws.arns import CACHE_CLUSTER, REPLICATION_GROUP
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
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
                id=CACHE_CLUSTER,
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
                    "replication_group": "ReplicationGroupId",
                    "security_groups": "SecurityGroups[].SecurityGroupId",
                    "subnet_group": "CacheSubnetGroupName",
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
                id=REPLICATION_GROUP,
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
                    "clusters": "MemberClusters",
                    "key": "KmsKeyId",
                    "user_groups": "UserGroupIds",
                },
            ),
        ),
    ),
)
