"""Systems Manager and Config: what is managed, and what is written down of it."""

from typing import Final

from cloudops.collectors.aws.arns import CONFIG_RULE, SSM_PARAMETER
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.ssm.managed-instances",
        service="ssm",
        operation="DescribeInstanceInformation",
        page_size_parameter="MaxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("ssm:DescribeInstanceInformation",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::SSM::ManagedInstance",
                kind="management.instance",
                items="InstanceInformationList",
                id="arn:{partition}:ssm:{region}:{account}:managed-instance/{InstanceId}",
                name="ComputerName",
                state="PingStatus",
                created="RegistrationDate",
                tag_source=TagSource.UNREAD,
                volatile=(
                    "AssociationOverview",
                    "AssociationStatus",
                    "IsLatestVersion",
                    "LastAssociationExecutionDate",
                    "LastPingDateTime",
                    "LastSuccessfulAssociationExecutionDate",
                ),
                edges={"instance": "InstanceId", "role": "IamRole"},
            ),
        ),
    ),
    Listing(
        name="aws.ssm.parameters",
        service="ssm",
        operation="DescribeParameters",
        page_size_parameter="MaxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("ssm:DescribeParameters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::SSM::Parameter",
                kind="management.parameter",
                items="Parameters",
                # A name may begin with a slash, and the ARN has just the one.
                id=(
                    "arn:{partition}:ssm:{region}:{account}:parameter"
                    "{starts_with(Name, '/') && Name || join('', ['/', Name])*}"
                ),
                arn=SSM_PARAMETER,
                name="Name",
                tag_source=TagSource.TAGGING,
                unordered=("Policies",),
                json=("Policies[].PolicyText",),
                edges={"key": "KeyId"},
            ),
        ),
    ),
    Listing(
        name="aws.ssm.documents",
        service="ssm",
        operation="ListDocuments",
        parameters={"Filters": [{"Key": "Owner", "Values": ["Self"]}]},
        page_size_parameter="MaxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("ssm:ListDocuments",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::SSM::Document",
                kind="management.document",
                items="DocumentIdentifiers",
                id="arn:{partition}:ssm:{region}:{account}:document/{Name*}",
                name="Name",
                created="CreatedDate",
                tag_source=TagSource.LISTED,
                tags="Tags",
                owner="Owner",
                unordered=("PlatformTypes", "Requires", "Tags"),
            ),
        ),
    ),
    Listing(
        name="aws.config.recorders",
        service="config",
        operation="DescribeConfigurationRecorders",
        region_rule=RegionRule.REGIONAL,
        permissions=("config:DescribeConfigurationRecorders",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Config::ConfigurationRecorder",
                kind="management.recorder",
                items="ConfigurationRecorders",
                id="arn:{partition}:config:{region}:{account}:configuration-recorder/{name}",
                name="name",
                tag_source=TagSource.UNREAD,
                unordered=(
                    "recordingGroup.exclusionByResourceTypes.resourceTypes",
                    "recordingGroup.resourceTypes",
                ),
                edges={"role": "roleARN"},
            ),
        ),
    ),
    Listing(
        name="aws.config.recorder-status",
        service="config",
        operation="DescribeConfigurationRecorderStatus",
        region_rule=RegionRule.REGIONAL,
        permissions=("config:DescribeConfigurationRecorderStatus",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Config::ConfigurationRecorderStatus",
                kind="management.recorder-status",
                items="ConfigurationRecordersStatus",
                id="arn:{partition}:config:{region}:{account}:configuration-recorder-status/{name}",
                name="name",
                tag_source=TagSource.NONE,
                volatile=("lastStatusChangeTime",),
                edges={"recorder": "name"},
            ),
        ),
    ),
    Listing(
        name="aws.config.delivery-channels",
        service="config",
        operation="DescribeDeliveryChannels",
        region_rule=RegionRule.REGIONAL,
        permissions=("config:DescribeDeliveryChannels",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Config::DeliveryChannel",
                kind="management.delivery-channel",
                items="DeliveryChannels",
                id="arn:{partition}:config:{region}:{account}:delivery-channel/{name}",
                name="name",
                tag_source=TagSource.NONE,
                edges={"bucket": "s3BucketName", "topic": "snsTopicARN"},
            ),
        ),
    ),
    Listing(
        name="aws.config.rules",
        service="config",
        operation="DescribeConfigRules",
        region_rule=RegionRule.REGIONAL,
        permissions=("config:DescribeConfigRules",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Config::ConfigRule",
                kind="management.rule",
                items="ConfigRules",
                id="ConfigRuleArn",
                arn=CONFIG_RULE,
                name="ConfigRuleName",
                state="ConfigRuleState",
                tag_source=TagSource.TAGGING,
                unordered=(
                    "EvaluationModes",
                    "Scope.ComplianceResourceTypes",
                    "Source.SourceDetails",
                ),
                json=("InputParameters",),
            ),
        ),
    ),
)
