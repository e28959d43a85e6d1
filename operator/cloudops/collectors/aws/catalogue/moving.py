"""Data on the move and set aside: migrations, backups of tables, volumes and access points."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

_FSX_VOLUME: Final = "arn:{partition}:fsx:{region}:{account}:volume/{FileSystemId}/{VolumeId}"

LISTINGS: Final = (
    Listing(
        name="aws.dms.instances",
        service="dms",
        operation="DescribeReplicationInstances",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("dms:DescribeReplicationInstances",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::DMS::ReplicationInstance",
                kind="database.replicator",
                items="ReplicationInstances",
                id="ReplicationInstanceArn",
                arn=arns.DMS_INSTANCE,
                name="ReplicationInstanceIdentifier",
                state="ReplicationInstanceStatus",
                created="InstanceCreateTime",
                tag_source=TagSource.TAGGING,
                volatile=(
                    "ReplicationSubnetGroup.SubnetGroupStatus",
                    "ReplicationSubnetGroup.Subnets[].SubnetStatus",
                    "VpcSecurityGroups[].Status",
                ),
                unordered=("ReplicationSubnetGroup.Subnets", "VpcSecurityGroups"),
                edges={
                    "key": To("KmsKeyId", arns.KMS),
                    "network": To("ReplicationSubnetGroup.VpcId", arns.EC2_VPC),
                    "security_groups": To(
                        "VpcSecurityGroups[].VpcSecurityGroupId", arns.EC2_SECURITY_GROUP
                    ),
                    "subnets": To(
                        "ReplicationSubnetGroup.Subnets[].SubnetIdentifier", arns.EC2_SUBNET
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.dms.endpoints",
        service="dms",
        operation="DescribeEndpoints",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("dms:DescribeEndpoints",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::DMS::Endpoint",
                kind="database.replication-endpoint",
                items="Endpoints",
                id="EndpointArn",
                arn=arns.DMS_ENDPOINT,
                name="EndpointIdentifier",
                state="Status",
                tag_source=TagSource.TAGGING,
                # Scripts are SQL, which may name users and what they identify themselves by.
                redact=(
                    "ExtraConnectionAttributes",
                    "GcpMySQLSettings.AfterConnectScript",
                    "MySQLSettings.AfterConnectScript",
                    "OracleSettings.SecurityDbEncryption",
                    "PostgreSQLSettings.AfterConnectScript",
                    "RedshiftSettings.AfterConnectScript",
                ),
                edges={
                    "bucket": To("S3Settings.BucketName", arns.S3_BUCKET),
                    "certificate": "CertificateArn",
                    "key": To("KmsKeyId", arns.KMS),
                    "role": To("ServiceAccessRoleArn", arns.IAM_ROLE),
                    "stream": To("KinesisSettings.StreamArn", arns.DATA_STREAM),
                },
            ),
        ),
    ),
    Listing(
        name="aws.dms.tasks",
        service="dms",
        operation="DescribeReplicationTasks",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("dms:DescribeReplicationTasks",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::DMS::ReplicationTask",
                kind="database.replication-task",
                items="ReplicationTasks",
                id="ReplicationTaskArn",
                arn="arn:{partition}:dms:{region}:{account}:task:{Id}",
                name="ReplicationTaskIdentifier",
                state="Status",
                created="ReplicationTaskCreationDate",
                tag_source=TagSource.TAGGING,
                json=("ReplicationTaskSettings", "TableMappings", "TaskData"),
                volatile=(
                    "LastFailureMessage",
                    "RecoveryCheckpoint",
                    "ReplicationTaskStats",
                    "StopReason",
                ),
                edges={
                    "instance": To("ReplicationInstanceArn", arns.DMS_INSTANCE),
                    "source": To("SourceEndpointArn", arns.DMS_ENDPOINT),
                    "target": To("TargetEndpointArn", arns.DMS_ENDPOINT),
                },
            ),
        ),
    ),
    Listing(
        name="aws.dynamodb.backups",
        service="dynamodb",
        operation="ListBackups",
        parameters={
            "BackupType": "ALL",
        },
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("dynamodb:ListBackups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::DynamoDB::Backup",
                kind="database.snapshot",
                items="BackupSummaries",
                id="BackupArn",
                name="BackupName",
                state="BackupStatus",
                created="BackupCreationDateTime",
                tag_source=TagSource.NONE,
                edges={
                    "table": To("TableArn", arns.DYNAMODB_TABLE),
                },
            ),
        ),
    ),
    Listing(
        name="aws.fsx.virtual-machines",
        service="fsx",
        operation="DescribeStorageVirtualMachines",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("fsx:DescribeStorageVirtualMachines",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::FSx::StorageVirtualMachine",
                kind="storage.virtual-machine",
                items="StorageVirtualMachines",
                id="ResourceARN",
                arn=arns.FSX_VIRTUAL_MACHINE,
                name="Name",
                state="Lifecycle",
                created="CreationTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("LifecycleTransitionReason",),
                unordered=("Tags",),
                edges={
                    "file_system": To("FileSystemId", arns.FSX_FILE_SYSTEM),
                },
            ),
        ),
    ),
    Listing(
        name="aws.fsx.volumes",
        service="fsx",
        operation="DescribeVolumes",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("fsx:DescribeVolumes",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::FSx::Volume",
                kind="storage.volume",
                items="Volumes",
                id="ResourceARN",
                arn=_FSX_VOLUME,
                name="Name",
                state="Lifecycle",
                created="CreationTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("AdministrativeActions", "LifecycleTransitionReason"),
                unordered=("Tags",),
                edges={
                    "file_system": To("FileSystemId", arns.FSX_FILE_SYSTEM),
                    "parent": To(
                        "OpenZFSConfiguration.ParentVolumeId"
                        " && join('/', [FileSystemId, OpenZFSConfiguration.ParentVolumeId])",
                        _FSX_VOLUME,
                    ),
                    "virtual_machine": To(
                        "OntapConfiguration.StorageVirtualMachineId && join('/',"
                        " [FileSystemId, OntapConfiguration.StorageVirtualMachineId])",
                        arns.FSX_VIRTUAL_MACHINE,
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.efs.access-points",
        service="efs",
        operation="DescribeAccessPoints",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticfilesystem:DescribeAccessPoints",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EFS::AccessPoint",
                kind="storage.access-point",
                items="AccessPoints",
                id="AccessPointArn",
                owner="OwnerId",
                name="Name",
                state="LifeCycleState",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=("PosixUser.SecondaryGids", "Tags"),
                edges={
                    "file_system": To("FileSystemId", arns.EFS_FILE_SYSTEM),
                },
            ),
        ),
    ),
)
