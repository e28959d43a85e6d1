"""What watches: trails, log groups and alarms."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import DetailCall, Details, Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

# Whether an alarm rings is what it measures, not what it is. The time of the last
# write moves with each write, also with one that changes nothing.
_ALARM_VOLATILE: Final = (
    "AlarmConfigurationUpdatedTimestamp",
    "StateReason",
    "StateReasonData",
    "StateTransitionedTimestamp",
    "StateUpdatedTimestamp",
    "StateValue",
)
_ALARM_ACTIONS: Final = ("AlarmActions", "InsufficientDataActions", "OKActions")
_ALARM_UNORDERED: Final = (
    *_ALARM_ACTIONS,
    "ActionConfiguration.AlarmTagsPropagation.ExcludedTagKeys",
    "ActionConfiguration.AlarmTagsPropagation.IncludedTagKeys",
)
_ALARM_EDGES: Final = {
    "actions": To(f"[{', '.join(_ALARM_ACTIONS)}][][]", (arns.LAMBDA_FUNCTION, arns.SNS_TOPIC))
}

LISTINGS: Final = (
    Listing(
        name="aws.cloudtrail.trails",
        service="cloudtrail",
        # It brings everything at once.
        operation="DescribeTrails",
        # A trail of many regions is shown in its home region, one of the whole
        # organization in the account that made it; for the others see below.
        parameters={"includeShadowTrails": False},
        region_rule=RegionRule.REGIONAL,
        permissions=("cloudtrail:DescribeTrails",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        details=Details(
            calls=(
                DetailCall(
                    operation="GetTrailStatus",
                    permission="cloudtrail:GetTrailStatus",
                    key="TrailARN",
                    parameter="Name",
                    into="Status",
                ),
                DetailCall(
                    operation="GetEventSelectors",
                    permission="cloudtrail:GetEventSelectors",
                    key="TrailARN",
                    parameter="TrailName",
                ),
            ),
            gone={"TrailNotFoundException": ""},
            every_period=True,
            volatile=(
                "Status.LatestCloudWatchLogsDeliveryTime",
                "Status.LatestDeliveryAttemptSucceeded",
                "Status.LatestDeliveryAttemptTime",
                "Status.LatestDeliveryTime",
                "Status.LatestDigestDeliveryTime",
                "Status.LatestNotificationAttemptSucceeded",
                "Status.LatestNotificationAttemptTime",
                "Status.LatestNotificationTime",
            ),
            unordered=(
                "EventSelectors",
                "EventSelectors[].DataResources",
                "EventSelectors[].DataResources[].Values",
                "EventSelectors[].ExcludeManagementEventSources",
            ),
        ),
        emits=(
            Emits(
                type="AWS::CloudTrail::Trail",
                kind="monitoring.trail",
                items="trailList",
                id="TrailARN",
                arn=arns.TRAIL,
                name="Name",
                region="HomeRegion",
                tag_source=TagSource.TAGGING,
                edges={
                    "bucket": To("S3BucketName", arns.S3_BUCKET),
                    "key": To("KmsKeyId", arns.KMS),
                    "log_group": To("CloudWatchLogsLogGroupArn", arns.LOG_GROUP),
                    "role": To("CloudWatchLogsRoleArn", arns.IAM_ROLE),
                    "topic": To("SnsTopicARN", arns.SNS_TOPIC),
                },
            ),
        ),
    ),
    Listing(
        name="aws.cloudtrail.region-trails",
        service="cloudtrail",
        # Whatever writes down what happens in the region: also what another region or, of an
        # organization, another account is the home of. None of these trails is the account's
        # own resource, but that they are in force here is a fact about it.
        operation="DescribeTrails",
        parameters={"includeShadowTrails": True},
        region_rule=RegionRule.REGIONAL,
        permissions=("cloudtrail:DescribeTrails",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::CloudTrail::RegionTrail",
                kind="monitoring.region-trail",
                items="trailList",
                id="arn:{partition}:cloudtrail:{region}:{account}:region-trail/{TrailARN*}",
                name="Name",
                tag_source=TagSource.NONE,
                edges={"trail": To("TrailARN", arns.TRAIL)},
            ),
        ),
    ),
    Listing(
        name="aws.logs.log-groups",
        service="logs",
        operation="DescribeLogGroups",
        page_size_parameter="limit",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("logs:DescribeLogGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Logs::LogGroup",
                kind="monitoring.log-group",
                items="logGroups",
                # The answer's `arn` ends in `:*`, and its `logGroupArn` is younger than
                # many an endpoint.
                id=arns.LOG_GROUP,
                name="logGroupName",
                created="creationTime",
                tag_source=TagSource.TAGGING,
                volatile=("storedBytes",),
                unordered=("inheritedProperties",),
                edges={"key": To("kmsKeyId", arns.KMS)},
            ),
        ),
    ),
    Listing(
        name="aws.cloudwatch.alarms",
        service="cloudwatch",
        operation="DescribeAlarms",
        # Without it, composite alarms are left out.
        parameters={"AlarmTypes": ["CompositeAlarm", "MetricAlarm"]},
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("cloudwatch:DescribeAlarms",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::CloudWatch::Alarm",
                kind="monitoring.alarm",
                items="MetricAlarms",
                id="AlarmArn",
                arn=arns.ALARM,
                name="AlarmName",
                tag_source=TagSource.TAGGING,
                volatile=(*_ALARM_VOLATILE, "EvaluationState"),
                unordered=(
                    *_ALARM_UNORDERED,
                    "Dimensions",
                    "Metrics",
                    "Metrics[].MetricStat.Metric.Dimensions",
                ),
                edges=_ALARM_EDGES,
            ),
            Emits(
                type="AWS::CloudWatch::CompositeAlarm",
                kind="monitoring.alarm",
                items="CompositeAlarms",
                id="AlarmArn",
                arn=arns.ALARM,
                name="AlarmName",
                tag_source=TagSource.TAGGING,
                volatile=(*_ALARM_VOLATILE, "ActionsSuppressedBy", "ActionsSuppressedReason"),
                unordered=_ALARM_UNORDERED,
                edges={**_ALARM_EDGES, "suppressor": To("ActionsSuppressor", arns.ALARM)},
            ),
        ),
    ),
)
