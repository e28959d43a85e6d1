"""Batch: places for jobs, the queues before them, and what is run there."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.batch.compute-environments",
        service="batch",
        operation="DescribeComputeEnvironments",
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("batch:DescribeComputeEnvironments",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Batch::ComputeEnvironment",
                kind="compute.batch-environment",
                items="computeEnvironments",
                id="computeEnvironmentArn",
                arn=arns.BATCH_ENVIRONMENT,
                name="computeEnvironmentName",
                state="status",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=("computeResources.desiredvCpus", "statusReason"),
                unordered=(
                    "computeResources.instanceTypes",
                    "computeResources.securityGroupIds",
                    "computeResources.subnets",
                ),
                edges={
                    "cluster": To("ecsClusterArn", arns.ECS_CLUSTER),
                    "profile": To("computeResources.instanceRole", arns.INSTANCE_PROFILE),
                    "role": To("serviceRole", arns.IAM_ROLE),
                    "security_groups": To(
                        "computeResources.securityGroupIds", arns.EC2_SECURITY_GROUP
                    ),
                    "subnets": To("computeResources.subnets", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.batch.job-queues",
        service="batch",
        operation="DescribeJobQueues",
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("batch:DescribeJobQueues",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Batch::JobQueue",
                kind="compute.batch-queue",
                items="jobQueues",
                id="jobQueueArn",
                name="jobQueueName",
                state="status",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=("statusReason",),
                edges={
                    "environments": To(
                        "computeEnvironmentOrder[].computeEnvironment", arns.BATCH_ENVIRONMENT
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.batch.job-definitions",
        service="batch",
        operation="DescribeJobDefinitions",
        # Each revision is one; those that were withdrawn stay in the list for half a year.
        parameters={"status": "ACTIVE"},
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("batch:DescribeJobDefinitions",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Batch::JobDefinition",
                kind="compute.batch-definition",
                items="jobDefinitions",
                id="jobDefinitionArn",
                name="jobDefinitionName",
                state="status",
                tag_source=TagSource.LISTED,
                tags="tags",
                unordered=(
                    "containerProperties.environment",
                    "containerProperties.secrets",
                    "containerProperties.ulimits",
                    "platformCapabilities",
                ),
                redact=("parameters.*",),
                edges={
                    "roles": To(
                        "containerProperties.[jobRoleArn, executionRoleArn][?@]", arns.IAM_ROLE
                    ),
                },
            ),
        ),
    ),
)
