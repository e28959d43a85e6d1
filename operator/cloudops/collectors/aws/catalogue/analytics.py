"""Catalogues of data, and what reads and turns it: Glue and Athena."""

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
                id=arns.GLUE_DATABASE,
                name="Name",
                created="CreateTime",
                tag_source=TagSource.UNREAD,
                unordered=(
                    "CreateTableDefaultPermissions",
                    "CreateTableDefaultPermissions[].Permissions",
                ),
                redact=("Parameters.*",),
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
                id=arns.GLUE_JOB,
                name="Name",
                created="CreatedOn",
                tag_source=TagSource.TAGGING,
                unordered=("Connections.Connections",),
                # What was drawn of the job, with options for whatever it connects to; what a job
                # is told may be anything.
                redact=(
                    "CodeGenConfigurationNodes",
                    "DefaultArguments.*",
                    "NonOverridableArguments.*",
                ),
                edges={
                    "bucket": To(
                        "Command.ScriptLocation", arns.S3_BUCKET, pattern=r"^s3[an]?://([^/]+)"
                    ),
                    "connections": To("Connections.Connections", arns.GLUE_CONNECTION),
                    "role": To("Role", arns.IAM_ROLE),
                    "security_configuration": To(
                        "SecurityConfiguration", arns.GLUE_SECURITY_CONFIGURATION
                    ),
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
                id=arns.GLUE_CRAWLER,
                name="Name",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
                volatile=("CrawlElapsedTime", "LastCrawl", "State"),
                unordered=("Classifiers",),
                json=("Configuration",),
                edges={
                    "buckets": To(
                        "Targets.S3Targets[].Path", arns.S3_BUCKET, pattern=r"^s3[an]?://([^/]+)"
                    ),
                    "database": To("DatabaseName", arns.GLUE_DATABASE),
                    "role": To("Role", arns.IAM_ROLE),
                    "security_configuration": To(
                        "CrawlerSecurityConfiguration", arns.GLUE_SECURITY_CONFIGURATION
                    ),
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
                id=arns.GLUE_CONNECTION,
                name="Name",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
                volatile=("LastConnectionValidationTime", "Status", "StatusReason"),
                unordered=(
                    "CompatibleComputeEnvironments",
                    "MatchCriteria",
                    "PhysicalConnectionRequirements.SecurityGroupIdList",
                ),
                redact=(
                    "AthenaProperties.*",
                    "AuthenticationConfiguration.OAuth2Properties.TokenUrlParametersMap.*",
                    "ConnectionProperties.*",
                    "PythonProperties.*",
                    "SparkProperties.*",
                ),
                edges={
                    "security_groups": To(
                        "PhysicalConnectionRequirements.SecurityGroupIdList",
                        arns.EC2_SECURITY_GROUP,
                    ),
                    "subnet": To("PhysicalConnectionRequirements.SubnetId", arns.EC2_SUBNET),
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
                id=arns.GLUE_SECURITY_CONFIGURATION,
                name="Name",
                created="CreatedTimeStamp",
                tag_source=TagSource.NONE,
                unordered=("EncryptionConfiguration.S3Encryption",),
                edges={
                    "key": To("EncryptionConfiguration.CloudWatchEncryption.KmsKeyArn", arns.KMS)
                },
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
        permissions=("athena:ListWorkGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="GetWorkGroup",
                    permission="athena:GetWorkGroup",
                    key="Name",
                    parameter="WorkGroup",
                    result="WorkGroup",
                ),
            ),
            gone={"InvalidRequestException": "is not found|was not found"},
            volatile=("Configuration.EngineVersion.EffectiveEngineVersion",),
            redact=(
                "Configuration.EngineConfiguration.AdditionalConfigs.*",
                "Configuration.EngineConfiguration.Classifications[].Properties.*",
                "Configuration.EngineConfiguration.SparkProperties.*",
            ),
            edges={
                "bucket": To(
                    "Configuration.ResultConfiguration.OutputLocation",
                    arns.S3_BUCKET,
                    pattern=r"^s3[an]?://([^/]+)",
                ),
                "key": To(
                    "Configuration.ResultConfiguration.EncryptionConfiguration.KmsKey", arns.KMS
                ),
                "role": To("Configuration.ExecutionRole", arns.IAM_ROLE),
            },
        ),
        emits=(
            Emits(
                type="AWS::Athena::WorkGroup",
                kind="analytics.work-group",
                items="WorkGroups",
                id=arns.WORKGROUP,
                name="Name",
                state="State",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
)
