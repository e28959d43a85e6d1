"""Catalogues of data, and what reads and turns it: Glue, Athena and EMR."""

from typing import Final

from cloudops.collectors.aws.arns import GLUE_CONNECTION, GLUE_CRAWLER, GLUE_JOB, WORKGROUP
from cloudops.collectors.vocabulary import DESCRIBED, Describe, Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.glue.databases",
        service="glue",
        operation="GetDatabases",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("glue:GetDatabases",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Glue::Database",
                kind="analytics.database",
                items="DatabaseList",
                id="arn:{partition}:glue:{region}:{account}:database/{Name*}",
                name="Name",
                created="CreateTime",
                tag_source=TagSource.UNREAD,
                unordered=(
                    "CreateTableDefaultPermissions",
                    "CreateTableDefaultPermissions[].Permissions",
                ),
            ),
        ),
    ),
    Listing(
        name="aws.glue.jobs",
        service="glue",
        operation="GetJobs",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("glue:GetJobs",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Glue::Job",
                kind="analytics.job",
                items="Jobs",
                id=GLUE_JOB,
                name="Name",
                created="CreatedOn",
                tag_source=TagSource.TAGGING,
                unordered=("Connections.Connections",),
                edges={
                    "connections": "Connections.Connections",
                    "role": "Role",
                    "security_configuration": "SecurityConfiguration",
                },
            ),
        ),
    ),
    Listing(
        name="aws.glue.crawlers",
        service="glue",
        operation="GetCrawlers",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("glue:GetCrawlers",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Glue::Crawler",
                kind="analytics.crawler",
                items="Crawlers",
                id=GLUE_CRAWLER,
                name="Name",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
                volatile=("CrawlElapsedTime", "LastCrawl", "State"),
                unordered=("Classifiers",),
                json=("Configuration",),
                edges={
                    "database": "DatabaseName",
                    "role": "Role",
                    "security_configuration": "CrawlerSecurityConfiguration",
                },
            ),
        ),
    ),
    Listing(
        name="aws.glue.connections",
        service="glue",
        operation="GetConnections",
        # Without it, the answer holds passwords, and needs the key to them.
        parameters={"HidePassword": True},
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("glue:GetConnections",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Glue::Connection",
                kind="analytics.connection",
                items="ConnectionList",
                id=GLUE_CONNECTION,
                name="Name",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
                volatile=("LastConnectionValidationTime", "Status", "StatusReason"),
                unordered=(
                    "CompatibleComputeEnvironments",
                    "MatchCriteria",
                    "PhysicalConnectionRequirements.SecurityGroupIdList",
                ),
                edges={
                    "security_groups": "PhysicalConnectionRequirements.SecurityGroupIdList",
                    "subnet": "PhysicalConnectionRequirements.SubnetId",
                },
            ),
        ),
    ),
    Listing(
        name="aws.glue.security-configurations",
        service="glue",
        operation="GetSecurityConfigurations",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("glue:GetSecurityConfigurations",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Glue::SecurityConfiguration",
                kind="analytics.security-configuration",
                items="SecurityConfigurations",
                id="arn:{partition}:glue:{region}:{account}:security-configuration/{Name*}",
                name="Name",
                created="CreatedTimeStamp",
                tag_source=TagSource.NONE,
                unordered=("EncryptionConfiguration.S3Encryption",),
                edges={"key": "EncryptionConfiguration.CloudWatchEncryption.KmsKeyArn"},
            ),
        ),
    ),
    Listing(
        name="aws.athena.work-groups",
        service="athena",
        operation="ListWorkGroups",
        paging={"input_token": "NextToken", "output_token": "NextToken"},
        page_size_parameter="MaxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("athena:ListWorkGroups", "athena:GetWorkGroup"),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        describe=Describe(
            operation="GetWorkGroup",
            permission="athena:GetWorkGroup",
            items="WorkGroups",
            key="Name",
            parameter="WorkGroup",
            result="WorkGroup",
        ),
        emits=(
            Emits(
                type="AWS::Athena::WorkGroup",
                kind="analytics.work-group",
                items=DESCRIBED,
                id=WORKGROUP,
                name="Name",
                state="State",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
                volatile=("Configuration.EngineVersion.EffectiveEngineVersion",),
                edges={
                    "key": "Configuration.ResultConfiguration.EncryptionConfiguration.KmsKey",
                    "role": "Configuration.ExecutionRole",
                },
            ),
        ),
    ),
    Listing(
        name="aws.emr.clusters",
        service="emr",
        operation="ListClusters",
        # What ran once stays in the list for two months.
        parameters={
            "ClusterStates": ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]
        },
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticmapreduce:ListClusters", "elasticmapreduce:DescribeCluster"),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        describe=Describe(
            operation="DescribeCluster",
            permission="elasticmapreduce:DescribeCluster",
            items="Clusters",
            key="Id",
            parameter="ClusterId",
            result="Cluster",
        ),
        emits=(
            Emits(
                type="AWS::EMR::Cluster",
                kind="analytics.cluster",
                items=DESCRIBED,
                id="ClusterArn",
                name="Name",
                state="Status.State",
                created="Status.Timeline.CreationDateTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=(
                    "NormalizedInstanceHours",
                    "Status.ErrorDetails",
                    "Status.StateChangeReason",
                    "Status.Timeline.ReadyDateTime",
                ),
                unordered=(
                    "Applications",
                    "Ec2InstanceAttributes.AdditionalMasterSecurityGroups",
                    "Ec2InstanceAttributes.AdditionalSlaveSecurityGroups",
                    "PlacementGroups",
                    "Tags",
                ),
                redact=("Configurations[].Properties.*",),
                edges={
                    "key": "LogEncryptionKmsKeyId",
                    "profile": "Ec2InstanceAttributes.IamInstanceProfile",
                    "role": "ServiceRole",
                    "security_groups": (
                        "Ec2InstanceAttributes"
                        ".[EmrManagedMasterSecurityGroup, EmrManagedSlaveSecurityGroup][]"
                    ),
                    "subnet": "Ec2InstanceAttributes.Ec2SubnetId",
                },
            ),
        ),
    ),
    Listing(
        name="aws.emr-serverless.applications",
        service="emr-serverless",
        operation="ListApplications",
        # All but those that are terminated.
        parameters={
            "states": ["CREATING", "CREATED", "STARTING", "STARTED", "STOPPING", "STOPPED"]
        },
        page_size_parameter="maxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("emr-serverless:ListApplications", "emr-serverless:GetApplication"),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        describe=Describe(
            operation="GetApplication",
            permission="emr-serverless:GetApplication",
            items="applications",
            key="id",
            parameter="applicationId",
            result="application",
            gone_codes=("ResourceNotFoundException",),
        ),
        emits=(
            Emits(
                type="AWS::EMRServerless::Application",
                kind="analytics.application",
                items=DESCRIBED,
                id="arn",
                name="name",
                created="createdAt",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=("state", "stateDetails", "updatedAt"),
                unordered=(
                    "networkConfiguration.securityGroupIds",
                    "networkConfiguration.subnetIds",
                ),
                redact=("runtimeConfiguration[].properties.*",),
                edges={
                    "key": "diskEncryptionConfiguration.encryptionKeyArn",
                    "security_groups": "networkConfiguration.securityGroupIds",
                    "subnets": "networkConfiguration.subnetIds",
                },
            ),
        ),
    ),
)
