"""What is read from logs and trails, whether trails run, and what calls functions."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.logs.metric-filters",
        service="logs",
        operation="DescribeMetricFilters",
        page_size_parameter="limit",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("logs:DescribeMetricFilters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Logs::MetricFilter",
                kind="monitoring.metric-filter",
                items="metricFilters",
                id="arn:{partition}:logs:{region}:{account}:metric-filter:{logGroupName*}:{filterName*}",
                name="filterName",
                created="creationTime",
                tag_source=TagSource.NONE,
                edges={"log_group": To("logGroupName", arns.LOG_GROUP)},
            ),
        ),
    ),
    Listing(
        name="aws.cloudwatch.dashboards",
        service="cloudwatch",
        operation="ListDashboards",
        region_rule=RegionRule.GLOBAL,
        permissions=("cloudwatch:ListDashboards",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::CloudWatch::Dashboard",
                kind="monitoring.dashboard",
                items="DashboardEntries",
                id="DashboardArn",
                name="DashboardName",
                tag_source=TagSource.UNREAD,
            ),
        ),
    ),
    Listing(
        name="aws.lambda.layers",
        service="lambda",
        operation="ListLayers",
        page_size_parameter="MaxItems",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("lambda:ListLayers",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                # Of its versions the newest alone is told, so that it is none of them.
                type="AWS::Lambda::Layer",
                kind="compute.function-layer",
                items="Layers",
                id="LayerArn",
                arn=arns.LAMBDA_LAYER,
                name="LayerName",
                tag_source=TagSource.NONE,
                unordered=(
                    "LatestMatchingVersion.CompatibleArchitectures",
                    "LatestMatchingVersion.CompatibleRuntimes",
                ),
            ),
        ),
    ),
    Listing(
        name="aws.lambda.event-source-mappings",
        service="lambda",
        operation="ListEventSourceMappings",
        page_size_parameter="MaxItems",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("lambda:ListEventSourceMappings",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Lambda::EventSourceMapping",
                kind="compute.event-source",
                items="EventSourceMappings",
                id="arn:{partition}:lambda:{region}:{account}:event-source-mapping:{UUID}",
                name="UUID",
                state="State",
                tag_source=TagSource.UNREAD,
                volatile=("LastProcessingResult", "StateTransitionReason"),
                unordered=(
                    "FunctionResponseTypes",
                    "Queues",
                    "SourceAccessConfigurations",
                    "Topics",
                ),
                edges={
                    "function": To("FunctionArn", arns.LAMBDA_FUNCTION),
                    "source": To("EventSourceArn", (arns.DYNAMODB_TABLE, arns.DATA_STREAM)),
                },
            ),
        ),
    ),
)
