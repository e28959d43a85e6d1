"""Where data is kept to be searched and counted: Redshift, OpenSearch and MemoryDB.

Neptune and DocumentDB are rows of `rds`, which says why.
"""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import DESCRIBED, Describe, Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.redshift.clusters",
        service="redshift",
        operation="DescribeClusters",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("redshift:DescribeClusters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Redshift::Cluster",
                kind="database.warehouse",
                items="Clusters",
                id=arns.REDSHIFT_CLUSTER,
                name="ClusterIdentifier",
                state="ClusterStatus",
                created="ClusterCreateTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=(
                    "ClusterAvailabilityStatus",
                    "ClusterParameterGroups[].ClusterParameterStatusList",
                    "ClusterParameterGroups[].ParameterApplyStatus",
                    "ClusterSecurityGroups[].Status",
                    "DataTransferProgress",
                    "ElasticResizeNumberOfNodeOptions",
                    "ExpectedNextSnapshotScheduleTime",
                    "ExpectedNextSnapshotScheduleTimeStatus",
                    "HsmStatus.Status",
                    "IamRoles[].ApplyStatus",
                    "LoggingPublishStatus",
                    "ModifyStatus",
                    "NextMaintenanceWindowStartTime",
                    "PendingActions",
                    "ResizeInfo",
                    "RestoreStatus",
                    "TotalStorageCapacityInMegaBytes",
                    "VpcSecurityGroups[].Status",
                ),
                unordered=(
                    "ClusterNodes",
                    "ClusterParameterGroups",
                    "ClusterSecurityGroups",
                    "DeferredMaintenanceWindows",
                    "Endpoint.VpcEndpoints",
                    "IamRoles",
                    "Tags",
                    "VpcSecurityGroups",
                ),
                edges={
                    "key": To("KmsKeyId", arns.KMS),
                    "network": To("VpcId", arns.EC2_VPC),
                    "roles": To("IamRoles[].IamRoleArn", arns.IAM_ROLE),
                    "security_groups": To(
                        "VpcSecurityGroups[].VpcSecurityGroupId", arns.EC2_SECURITY_GROUP
                    ),
                    "subnet_group": To("ClusterSubnetGroupName", arns.REDSHIFT_SUBNET_GROUP),
                },
            ),
        ),
    ),
    Listing(
        name="aws.redshift.snapshots",
        service="redshift",
        operation="DescribeClusterSnapshots",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("redshift:DescribeClusterSnapshots",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Redshift::ClusterSnapshot",
                kind="database.snapshot",
                items="Snapshots",
                id="arn:{partition}:redshift:{region}:{account}:snapshot:{ClusterIdentifier}/{SnapshotIdentifier*}",
                name="SnapshotIdentifier",
                state="Status",
                created="SnapshotCreateTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                owner="OwnerAccount",
                volatile=(
                    "BackupProgressInMegaBytes",
                    "CurrentBackupRateInMegaBytesPerSecond",
                    "ElapsedTimeInSeconds",
                    "EstimatedSecondsToCompletion",
                    "ManualSnapshotRemainingDays",
                ),
                unordered=("AccountsWithRestoreAccess", "RestorableNodeTypes", "Tags"),
                edges={
                    "cluster": To("ClusterIdentifier", arns.REDSHIFT_CLUSTER),
                    "key": To("KmsKeyId", arns.KMS),
                    "network": To("VpcId", arns.EC2_VPC),
                },
            ),
        ),
    ),
    Listing(
        name="aws.opensearch.domains",
        service="opensearch",
        operation="ListDomainNames",
        region_rule=RegionRule.REGIONAL,
        permissions=("es:ListDomainNames", "es:DescribeDomains"),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        describe=Describe(
            operation="DescribeDomains",
            permission="es:DescribeDomains",
            items="DomainNames",
            key="DomainName",
            parameter="DomainNames",
            result="DomainStatusList",
            at_once=5,
        ),
        emits=(
            Emits(
                type="AWS::OpenSearchService::Domain",
                kind="database.search",
                items=DESCRIBED,
                id="ARN",
                arn=arns.OPENSEARCH_DOMAIN,
                name="DomainName",
                tag_source=TagSource.TAGGING,
                volatile=(
                    "AutoTuneOptions.State",
                    "ChangeProgressDetails",
                    "DomainProcessingStatus",
                    "ModifyingProperties",
                    "Processing",
                    "ServiceSoftwareOptions",
                    "UpgradeProcessing",
                ),
                unordered=(
                    "VPCOptions.AvailabilityZones",
                    "VPCOptions.SecurityGroupIds",
                    "VPCOptions.SubnetIds",
                ),
                json=("AccessPolicies",),
                edges={
                    "certificate": To(
                        "DomainEndpointOptions.CustomEndpointCertificateArn", arns.CERTIFICATE
                    ),
                    "key": To("EncryptionAtRestOptions.KmsKeyId", arns.KMS),
                    "log_groups": To(
                        "LogPublishingOptions.*.CloudWatchLogsLogGroupArn", arns.LOG_GROUP
                    ),
                    "network": To("VPCOptions.VPCId", arns.EC2_VPC),
                    "security_groups": To("VPCOptions.SecurityGroupIds", arns.EC2_SECURITY_GROUP),
                    "subnets": To("VPCOptions.SubnetIds", arns.EC2_SUBNET),
                    "user_pool": To("CognitoOptions.UserPoolId", arns.USER_POOL),
                },
            ),
        ),
    ),
    Listing(
        name="aws.memorydb.clusters",
        service="memorydb",
        operation="DescribeClusters",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("memorydb:DescribeClusters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::MemoryDB::Cluster",
                kind="database.cache",
                items="Clusters",
                id="ARN",
                arn=arns.MEMORYDB_CLUSTER,
                name="Name",
                state="Status",
                tag_source=TagSource.TAGGING,
                passing={"Status": {"snapshotting": "available"}},
                volatile=(
                    "ParameterGroupStatus",
                    "PendingUpdates",
                    "SecurityGroups[].Status",
                    "SnsTopicStatus",
                ),
                unordered=("SecurityGroups",),
                edges={
                    "acl": To("ACLName", arns.MEMORYDB_ACL),
                    "key": To("KmsKeyId", arns.KMS),
                    "security_groups": To(
                        "SecurityGroups[].SecurityGroupId", arns.EC2_SECURITY_GROUP
                    ),
                    "subnet_group": To("SubnetGroupName", arns.MEMORYDB_SUBNET_GROUP),
                    "topic": To("SnsTopicArn", arns.SNS_TOPIC),
                },
            ),
        ),
    ),
    Listing(
        name="aws.memorydb.snapshots",
        service="memorydb",
        operation="DescribeSnapshots",
        page_size_parameter="MaxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("memorydb:DescribeSnapshots",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::MemoryDB::Snapshot",
                kind="database.snapshot",
                items="Snapshots",
                id="ARN",
                arn=arns.MEMORYDB_SNAPSHOT,
                name="Name",
                state="Status",
                tag_source=TagSource.TAGGING,
                edges={
                    "cluster": To("ClusterConfiguration.Name", arns.MEMORYDB_CLUSTER),
                    "key": To("KmsKeyId", arns.KMS),
                },
            ),
        ),
    ),
    Listing(
        name="aws.memorydb.users",
        service="memorydb",
        operation="DescribeUsers",
        page_size_parameter="MaxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("memorydb:DescribeUsers",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::MemoryDB::User",
                kind="identity.database-user",
                items="Users",
                id="ARN",
                arn=arns.MEMORYDB_USER,
                name="Name",
                state="Status",
                tag_source=TagSource.TAGGING,
                unordered=("ACLNames",),
                edges={"acls": To("ACLNames", arns.MEMORYDB_ACL)},
            ),
        ),
    ),
)
