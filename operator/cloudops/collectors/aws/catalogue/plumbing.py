"""Where events go on their way: archives, connections, pipes, schedules and activities."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.events.archives",
        service="events",
        operation="ListArchives",
        paging={
            "input_token": "NextToken",
            "output_token": "NextToken",
        },
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("events:ListArchives",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Events::Archive",
                kind="messaging.archive",
                items="Archives",
                id="arn:{partition}:events:{region}:{account}:archive/{ArchiveName}",
                name="ArchiveName",
                state="State",
                created="CreationTime",
                tag_source=TagSource.NONE,
                volatile=("EventCount", "SizeBytes", "StateReason"),
                edges={
                    "bus": To("EventSourceArn", arns.EVENT_BUS),
                },
            ),
        ),
    ),
    Listing(
        name="aws.events.connections",
        service="events",
        operation="ListConnections",
        paging={
            "input_token": "NextToken",
            "output_token": "NextToken",
        },
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("events:ListConnections",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Events::Connection",
                kind="messaging.connection",
                items="Connections",
                id="ConnectionArn",
                name="Name",
                state="ConnectionState",
                created="CreationTime",
                tag_source=TagSource.NONE,
                volatile=("LastAuthorizedTime", "StateReason"),
            ),
        ),
    ),
    Listing(
        name="aws.events.api-destinations",
        service="events",
        operation="ListApiDestinations",
        paging={
            "input_token": "NextToken",
            "output_token": "NextToken",
        },
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("events:ListApiDestinations",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Events::ApiDestination",
                kind="messaging.api-destination",
                items="ApiDestinations",
                id="ApiDestinationArn",
                name="Name",
                state="ApiDestinationState",
                created="CreationTime",
                tag_source=TagSource.NONE,
                webhooks=("InvocationEndpoint",),
                edges={
                    "connection": "ConnectionArn",
                },
            ),
        ),
    ),
    Listing(
        name="aws.pipes.pipes",
        service="pipes",
        operation="ListPipes",
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("pipes:ListPipes",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Pipes::Pipe",
                kind="messaging.pipe",
                items="Pipes",
                id="Arn",
                name="Name",
                state="CurrentState",
                created="CreationTime",
                tag_source=TagSource.UNREAD,
                volatile=("StateReason",),
                edges={
                    "enrichment": To("Enrichment", arns.LAMBDA_FUNCTION),
                    "source": To("Source", (arns.DYNAMODB_TABLE, arns.DATA_STREAM)),
                    "target": To("Target", (arns.LOG_GROUP, arns.LAMBDA_FUNCTION)),
                },
            ),
        ),
    ),
    Listing(
        name="aws.scheduler.schedules",
        service="scheduler",
        operation="ListSchedules",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("scheduler:ListSchedules",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Scheduler::Schedule",
                kind="compute.schedule",
                items="Schedules",
                id="Arn",
                name="Name",
                state="State",
                created="CreationDate",
                tag_source=TagSource.NONE,
                edges={
                    "target": To("Target.Arn", arns.LAMBDA_FUNCTION),
                },
            ),
        ),
    ),
    Listing(
        name="aws.stepfunctions.activities",
        service="stepfunctions",
        operation="ListActivities",
        page_size_parameter="maxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("states:ListActivities",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::StepFunctions::Activity",
                kind="compute.activity",
                items="activities",
                id="activityArn",
                arn="arn:{partition}:states:{region}:{account}:activity:{name}",
                name="name",
                created="creationDate",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
)
