"""Caches: the clusters that run, the groups that join them, who may use them, and DAX."""

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
                passing={"CacheClusterStatus": {"snapshotting": "available"}},
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
                    "subnet_group": To("CacheSubnetGroupName", arns.CACHE_SUBNET_GROUP),
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
                passing={"Status": {"snapshotting": "available"}},
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
                    "user_groups": To("UserGroupIds", arns.CACHE_USER_GROUP),
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
        # In regions of which the SDK knows an endpoint, and which have no DAX.
        absent={"InvalidParameterValueException": "Access Denied to API Version"},
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
    Listing(
        name="aws.elasticache.users",
        service="elasticache",
        operation="DescribeUsers",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticache:DescribeUsers",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ElastiCache::User",
                kind="identity.database-user",
                items="Users",
                id="ARN",
                arn=arns.CACHE_USER,
                name="UserId",
                state="Status",
                tag_source=TagSource.TAGGING,
                unordered=("UserGroupIds",),
                edges={
                    "groups": To("UserGroupIds", arns.CACHE_USER_GROUP),
                },
            ),
        ),
    ),
    Listing(
        name="aws.elasticache.user-groups",
        service="elasticache",
        operation="DescribeUserGroups",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticache:DescribeUserGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ElastiCache::UserGroup",
                kind="identity.database-group",
                items="UserGroups",
                id="ARN",
                arn=arns.CACHE_USER_GROUP,
                name="UserGroupId",
                state="Status",
                tag_source=TagSource.TAGGING,
                volatile=("PendingChanges",),
                unordered=("ReplicationGroups", "ServerlessCaches", "UserIds"),
                edges={
                    "replication_groups": To("ReplicationGroups", arns.REPLICATION_GROUP),
                    "users": To("UserIds", arns.CACHE_USER),
                },
            ),
        ),
    ),
    Listing(
        name="aws.elasticache.snapshots",
        service="elasticache",
        operation="DescribeSnapshots",
        page_size_parameter="MaxRecords",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticache:DescribeSnapshots",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ElastiCache::Snapshot",
                kind="database.snapshot",
                items="Snapshots",
                id="arn:{partition}:elasticache:{region}:{account}:snapshot:{SnapshotName*}",
                name="SnapshotName",
                state="SnapshotStatus",
                # Shards tell theirs one after the other.
                created=(
                    "(SnapshotStatus == 'available' && sort(NodeSnapshots[].SnapshotCreateTime"
                    " || `[]`) || `[]`) | [0]"
                ),
                tag_source=TagSource.TAGGING,
                unordered=("NodeSnapshots",),
                edges={
                    "cluster": To("CacheClusterId", arns.CACHE_CLUSTER),
                    "key": To("KmsKeyId", arns.KMS),
                    "network": To("VpcId", arns.EC2_VPC),
                    "replication_group": To("ReplicationGroupId", arns.REPLICATION_GROUP),
                    "topic": To("TopicArn", arns.SNS_TOPIC),
                },
            ),
        ),
    ),
    Listing(
        name="aws.elasticache.subnet-groups",
        service="elasticache",
        operation="DescribeCacheSubnetGroups",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticache:DescribeCacheSubnetGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ElastiCache::SubnetGroup",
                kind="network.subnet-group",
                items="CacheSubnetGroups",
                id=arns.CACHE_SUBNET_GROUP,
                name="CacheSubnetGroupName",
                tag_source=TagSource.TAGGING,
                unordered=("Subnets", "Subnets[].SupportedNetworkTypes", "SupportedNetworkTypes"),
                edges={
                    "network": To("VpcId", arns.EC2_VPC),
                    "subnets": To("Subnets[].SubnetIdentifier", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
)
