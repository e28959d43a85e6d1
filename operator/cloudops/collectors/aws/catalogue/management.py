"""Systems Manager and Config: what is managed, and what is written down of it."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

_SERVICE_RECORDER: Final = (
    "arn:{partition}:config:{region}:{account}"
    ":configuration-recorder/AWSConfigurationRecorderFor{name*}"
)

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
                edges={
                    "instance": To("InstanceId", arns.EC2_INSTANCE, pattern=r"^i-\w+"),
                    "role": To("IamRole", arns.IAM_ROLE),
                },
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
                arn=arns.SSM_PARAMETER,
                name="Name",
                tag_source=TagSource.TAGGING,
                unordered=("Policies",),
                json=("Policies[].PolicyText",),
                edges={"key": To("KeyId", arns.KMS)},
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
                # Endpoints that are older than its `arn` leave it out.
                id=("arn", arns.CONFIG_RECORDER_NAME),
                arn=arns.CONFIG_RECORDER,
                name="name",
                tag_source=TagSource.UNREAD,
                unordered=(
                    "recordingGroup.exclusionByResourceTypes.resourceTypes",
                    "recordingGroup.resourceTypes",
                ),
                edges={"role": To("roleARN", arns.IAM_ROLE)},
            ),
        ),
    ),
    Listing(
        name="aws.config.service-recorders",
        service="config",
        # The other operation tells of the one that a person set up.
        operation="ListConfigurationRecorders",
        page_size_parameter="MaxResults",
        page_size=20,
        region_rule=RegionRule.REGIONAL,
        permissions=("config:ListConfigurationRecorders",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Config::ServiceLinkedRecorder",
                kind="management.recorder",
                items="ConfigurationRecorderSummaries",
                id="arn",
                id_shape=_SERVICE_RECORDER,
                name="name",
                tag_source=TagSource.UNREAD,
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
                # Of the last thing that it wrote down; the SDK spells it otherwise.
                passing={"lastStatus": {"PENDING": "SUCCESS", "Pending": "Success"}},
                volatile=("lastStatusChangeTime",),
                edges={
                    "recorder": To(
                        "arn || name", (arns.CONFIG_RECORDER, arns.CONFIG_RECORDER_NAME)
                    ),
                },
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
                edges={
                    "bucket": To("s3BucketName", arns.S3_BUCKET),
                    "key": To("s3KmsKeyArn", arns.KMS),
                    "topic": To("snsTopicARN", arns.SNS_TOPIC),
                },
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
                arn=arns.CONFIG_RULE,
                name="ConfigRuleName",
                state="ConfigRuleState",
                tag_source=TagSource.TAGGING,
                unordered=(
                    "EvaluationModes",
                    "Scope.ComplianceResourceTypes",
                    "Source.SourceDetails",
                ),
                json=("InputParameters",),
                edges={
                    "function": To(
                        "Source.Owner == 'CUSTOM_LAMBDA' && Source.SourceIdentifier",
                        arns.LAMBDA_FUNCTION,
                    ),
                },
            ),
        ),
    ),
)
