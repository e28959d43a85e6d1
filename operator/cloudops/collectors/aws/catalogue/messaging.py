"""Queues and topics. Both lists only name what there is; a second call tells the rest."""

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
        name="aws.sqs.queues",
        service="sqs",
        operation="ListQueues",
        # Without a page size the answer ends after 1,000 queues and brings no token.
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("sqs:ListQueues",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        omits_empty=True,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="GetQueueAttributes",
                    permission="sqs:GetQueueAttributes",
                    key="QueueUrl",
                    parameter="QueueUrl",
                    parameters={"AttributeNames": ["All"]},
                    result="Attributes",
                ),
            ),
            # The first is what the query protocol said, and what botocore makes of the second.
            gone={"AWS.SimpleQueueService.NonExistentQueue": "", "QueueDoesNotExist": ""},
            created="CreatedTimestamp",
            volatile=(
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesDelayed",
                "ApproximateNumberOfMessagesNotVisible",
            ),
            json=("Policy", "RedriveAllowPolicy", "RedrivePolicy"),
            edges={
                "dead_letters": To("RedrivePolicy.deadLetterTargetArn", arns.SQS_QUEUE),
                "key": To("KmsMasterKeyId", arns.KMS),
                "sources": To("RedriveAllowPolicy.sourceQueueArns", arns.SQS_QUEUE),
            },
        ),
        emits=(
            Emits(
                type="AWS::SQS::Queue",
                kind="messaging.queue",
                items="QueueUrls",
                word="QueueUrl",
                id="arn:{partition}:sqs:{region}:{account}:{QueueUrl/}",
                arn=arns.SQS_QUEUE,
                name="{QueueUrl/}",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    Listing(
        name="aws.sns.topics",
        service="sns",
        operation="ListTopics",
        region_rule=RegionRule.REGIONAL,
        permissions=("sns:ListTopics",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="GetTopicAttributes",
                    permission="sns:GetTopicAttributes",
                    key="TopicArn",
                    parameter="TopicArn",
                    result="Attributes",
                ),
            ),
            gone={"NotFound": "", "NotFoundException": ""},
            volatile=(
                # How far back an archive reaches moves on with time.
                "BeginningArchiveTime",
                "SubscriptionsConfirmed",
                "SubscriptionsDeleted",
                "SubscriptionsPending",
            ),
            json=("ArchivePolicy", "DeliveryPolicy", "EffectiveDeliveryPolicy", "Policy"),
            edges={"key": To("KmsMasterKeyId", arns.KMS)},
        ),
        emits=(
            Emits(
                type="AWS::SNS::Topic",
                kind="messaging.topic",
                items="Topics",
                id="TopicArn",
                arn=arns.SNS_TOPIC,
                name="TopicArn",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
)
