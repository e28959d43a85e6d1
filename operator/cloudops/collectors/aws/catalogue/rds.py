"""Relational databases and their snapshots.

Neptune and DocumentDB run on the same engine room: they answer to the same calls,
their ids are ARNs of `rds`, and their tags come along. So they are rows of these
types, told apart by `Engine`; listings of their own would claim the same ids.
"""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

# A database serves while it is backed up.
_NIGHTLY: Final = {"backing-up": "available"}

LISTINGS: Final = (
    Listing(
        name="aws.rds.instances",
        service="rds",
        operation="DescribeDBInstances",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeDBInstances",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.HOT,
        emits=(
            Emits(
                type="AWS::RDS::DBInstance",
                kind="database.instance",
                items="DBInstances",
                id="DBInstanceArn",
                arn=arns.RDS_INSTANCE,
                name="DBInstanceIdentifier",
                state="DBInstanceStatus",
                created="InstanceCreateTime",
                tag_source=TagSource.LISTED,
                tags="TagList",
                passing={"DBInstanceStatus": _NIGHTLY},
                # What is under way takes its own time and ends by itself; what is still
                # to come (PendingModifiedValues) is somebody's decision.
                volatile=(
                    "ActivityStreamStatus",
                    "AdditionalStorageVolumes[].StorageOperationPercentProgress",
                    "AdditionalStorageVolumes[].StorageOperationStatus",
                    "AdditionalStorageVolumes[].StorageVolumeStatus",
                    "AssociatedRoles[].Status",
                    "DBParameterGroups[].ParameterApplyStatus",
                    "DBSecurityGroups[].Status",
                    "DBSubnetGroup.SubnetGroupStatus",
                    "DBSubnetGroup.Subnets[].SubnetStatus",
                    "DomainMemberships[].Status",
                    "LatestRestorableTime",
                    "MasterUserSecret.SecretStatus",
                    "OptionGroupMemberships[].Status",
                    "PercentProgress",
                    "StatusInfos",
                    "StorageOperationPercentProgress",
                    "StorageOperationStatus",
                    "StorageVolumeStatus",
                    "VpcSecurityGroups[].Status",
                ),
                unordered=(
                    "AdditionalStorageVolumes",
                    "AssociatedRoles",
                    "DBInstanceAutomatedBackupsReplications",
                    "DBParameterGroups",
                    "DBSecurityGroups",
                    "DBSubnetGroup.Subnets",
                    "DBSubnetGroup.SupportedNetworkTypes",
                    "DomainMemberships",
                    "EnabledCloudwatchLogsExports",
                    "OptionGroupMemberships",
                    "ProcessorFeatures",
                    "ReadReplicaDBClusterIdentifiers",
                    "ReadReplicaDBInstanceIdentifiers",
                    "TagList",
                    "VpcSecurityGroups",
                ),
                edges={
                    "cluster": To("DBClusterIdentifier", arns.RDS_CLUSTER),
                    "insights_key": To("PerformanceInsightsKMSKeyId", arns.KMS),
                    "key": To("KmsKeyId", arns.KMS),
                    "network": To("DBSubnetGroup.VpcId", arns.EC2_VPC),
                    "option_groups": To(
                        "OptionGroupMemberships[].OptionGroupName", arns.RDS_OPTION_GROUP
                    ),
                    "parameter_groups": To(
                        "DBParameterGroups[].DBParameterGroupName", arns.RDS_PARAMETER_GROUP
                    ),
                    "replica_of": To("ReadReplicaSourceDBInstanceIdentifier", arns.RDS_INSTANCE),
                    "replica_of_cluster": To(
                        "ReadReplicaSourceDBClusterIdentifier", arns.RDS_CLUSTER
                    ),
                    "role": To("MonitoringRoleArn", arns.IAM_ROLE),
                    "roles": To("AssociatedRoles[].RoleArn", arns.IAM_ROLE),
                    "secret": "MasterUserSecret.SecretArn",
                    "security_groups": To(
                        "VpcSecurityGroups[].VpcSecurityGroupId", arns.EC2_SECURITY_GROUP
                    ),
                    "subnet_group": To("DBSubnetGroup.DBSubnetGroupName", arns.RDS_SUBNET_GROUP),
                    "subnets": To("DBSubnetGroup.Subnets[].SubnetIdentifier", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.rds.clusters",
        service="rds",
        operation="DescribeDBClusters",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeDBClusters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.HOT,
        emits=(
            Emits(
                type="AWS::RDS::DBCluster",
                kind="database.cluster",
                items="DBClusters",
                id="DBClusterArn",
                arn=arns.RDS_CLUSTER,
                name="DBClusterIdentifier",
                state="Status",
                created="ClusterCreateTime",
                tag_source=TagSource.LISTED,
                tags="TagList",
                passing={"Status": _NIGHTLY},
                # Which member writes stays: a failover is worth remembering.
                volatile=(
                    "ActivityStreamStatus",
                    "AssociatedRoles[].Status",
                    "BacktrackConsumedChangeRecords",
                    "Capacity",
                    "DBClusterMembers[].DBClusterParameterGroupStatus",
                    "DBClusterOptionGroupMemberships[].Status",
                    "DomainMemberships[].Status",
                    "EarliestBacktrackTime",
                    "EarliestRestorableTime",
                    "LatestRestorableTime",
                    "MasterUserSecret.SecretStatus",
                    "PercentProgress",
                    "StatusInfos",
                    "VpcSecurityGroups[].Status",
                ),
                unordered=(
                    "AssociatedRoles",
                    "AvailabilityZones",
                    "CustomEndpoints",
                    "DBClusterMembers",
                    "DBClusterOptionGroupMemberships",
                    "DomainMemberships",
                    "EnabledCloudwatchLogsExports",
                    "ReadReplicaIdentifiers",
                    "TagList",
                    "VpcSecurityGroups",
                ),
                edges={
                    "insights_key": To("PerformanceInsightsKMSKeyId", arns.KMS),
                    "instances": To("DBClusterMembers[].DBInstanceIdentifier", arns.RDS_INSTANCE),
                    "key": To("KmsKeyId", arns.KMS),
                    "parameter_group": To(
                        "DBClusterParameterGroup", arns.RDS_CLUSTER_PARAMETER_GROUP
                    ),
                    "replica_of": To(
                        "ReplicationSourceIdentifier", (arns.RDS_CLUSTER, arns.RDS_INSTANCE)
                    ),
                    "role": To("MonitoringRoleArn", arns.IAM_ROLE),
                    "roles": To("AssociatedRoles[].RoleArn", arns.IAM_ROLE),
                    "secret": "MasterUserSecret.SecretArn",
                    "security_groups": To(
                        "VpcSecurityGroups[].VpcSecurityGroupId", arns.EC2_SECURITY_GROUP
                    ),
                    "subnet_group": To("DBSubnetGroup", arns.RDS_SUBNET_GROUP),
                },
            ),
        ),
    ),
    Listing(
        name="aws.rds.snapshots",
        service="rds",
        # Without parameters it leaves out what other accounts share.
        operation="DescribeDBSnapshots",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeDBSnapshots",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::RDS::DBSnapshot",
                kind="database.snapshot",
                items="DBSnapshots",
                id="DBSnapshotArn",
                arn=arns.RDS_SNAPSHOT,
                name="DBSnapshotIdentifier",
                state="Status",
                created="SnapshotCreateTime",
                tag_source=TagSource.LISTED,
                tags="TagList",
                volatile=("PercentProgress",),
                unordered=("AdditionalStorageVolumes", "ProcessorFeatures", "TagList"),
                edges={
                    "instance": To("DBInstanceIdentifier", arns.RDS_INSTANCE),
                    "key": To("KmsKeyId", arns.KMS),
                    "network": To("VpcId", arns.EC2_VPC),
                    "source": To("SourceDBSnapshotIdentifier", arns.RDS_SNAPSHOT),
                },
            ),
        ),
    ),
    Listing(
        name="aws.rds.cluster-snapshots",
        service="rds",
        operation="DescribeDBClusterSnapshots",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeDBClusterSnapshots",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::RDS::DBClusterSnapshot",
                kind="database.snapshot",
                items="DBClusterSnapshots",
                id="DBClusterSnapshotArn",
                arn=arns.RDS_CLUSTER_SNAPSHOT,
                name="DBClusterSnapshotIdentifier",
                state="Status",
                created="SnapshotCreateTime",
                tag_source=TagSource.LISTED,
                tags="TagList",
                volatile=("PercentProgress",),
                unordered=("AvailabilityZones", "TagList"),
                edges={
                    "cluster": To("DBClusterIdentifier", arns.RDS_CLUSTER),
                    "key": To("KmsKeyId", arns.KMS),
                    "network": To("VpcId", arns.EC2_VPC),
                    "source": To("SourceDBClusterSnapshotArn", arns.RDS_CLUSTER_SNAPSHOT),
                },
            ),
        ),
    ),
)
