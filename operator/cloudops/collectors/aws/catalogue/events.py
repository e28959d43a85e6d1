"""What happens after something has happened: buses, rules, subscriptions and workflows."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import (
    LISTED_TIER,
    DetailCall,
    Details,
    Emits,
    Listing,
    Parents,
    RegionRule,
    To,
)
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.events.buses",
        service="events",
        operation="ListEventBuses",
        paging={"input_token": "NextToken", "output_token": "NextToken"},
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("events:ListEventBuses",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                # Every account has one named `default`, which nobody made.
                type="AWS::Events::EventBus",
                kind="messaging.event-bus",
                items="EventBuses",
                id="Arn",
                arn=arns.EVENT_BUS,
                name="Name",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
                json=("Policy",),
            ),
        ),
    ),
    Listing(
        name="aws.events.rules",
        service="events",
        # Without the name of a bus it lists the rules of the default bus only.
        operation="ListRules",
        parents=Parents(
            operation="ListEventBuses",
            permission="events:ListEventBuses",
            items="EventBuses",
            key="Name",
            parameter="EventBusName",
            parameters={"Limit": 100},
            paging={"input_token": "NextToken", "output_token": "NextToken"},
            gone={"ResourceNotFoundException": ""},
        ),
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("events:ListRules", "events:ListEventBuses"),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Events::Rule",
                kind="messaging.event-rule",
                items="Rules",
                id="Arn",
                arn=arns.EVENT_RULE,
                name="Name",
                state="State",
                tag_source=TagSource.TAGGING,
                json=("EventPattern",),
                edges={
                    "bus": To("EventBusName", arns.EVENT_BUS),
                    "role": To("RoleArn", arns.IAM_ROLE),
                },
            ),
        ),
    ),
    Listing(
        name="aws.sns.subscriptions",
        service="sns",
        operation="ListSubscriptions",
        region_rule=RegionRule.REGIONAL,
        permissions=("sns:ListSubscriptions",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::SNS::Subscription",
                kind="messaging.subscription",
                items="Subscriptions",
                id="SubscriptionArn",
                # Until it is confirmed a subscription has no id, only a word in its place.
                # The account in the ARN is the topic's.
                id_shape="arn:{partition}:sns:{region}:{account}:{TopicName}:{SubscriptionId}",
                owner="Owner",
                tag_source=TagSource.NONE,
                webhooks=("Endpoint",),
                edges={
                    "endpoint": To(
                        "[@][?starts_with(Endpoint, 'arn:')].Endpoint", arns.LAMBDA_FUNCTION
                    ),
                    "topic": To("TopicArn", arns.SNS_TOPIC),
                },
            ),
        ),
    ),
    Listing(
        name="aws.stepfunctions.state-machines",
        service="stepfunctions",
        operation="ListStateMachines",
        page_size_parameter="maxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("states:ListStateMachines",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeStateMachine",
                    permission="states:DescribeStateMachine",
                    key="stateMachineArn",
                    parameter="stateMachineArn",
                    # Without it the role would also need the key of an encrypted machine; what the
                    # machine does, which may hold anything, stays unread.
                    parameters={"includedData": "METADATA_ONLY"},
                ),
            ),
            gone={"StateMachineDoesNotExist": ""},
            state="status",
            unordered=("loggingConfiguration.destinations",),
            # Where it is told anyway, it is hidden.
            redact=("definition",),
            edges={
                "key": To("encryptionConfiguration.kmsKeyId", arns.KMS),
                "log_groups": To(
                    "loggingConfiguration.destinations[].cloudWatchLogsLogGroup.logGroupArn",
                    arns.LOG_GROUP,
                ),
                "role": To("roleArn", arns.IAM_ROLE),
            },
        ),
        emits=(
            Emits(
                type="AWS::StepFunctions::StateMachine",
                kind="compute.workflow",
                items="stateMachines",
                id="stateMachineArn",
                arn=arns.STATE_MACHINE,
                name="name",
                created="creationDate",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
)
