"""Batch: places for jobs, the queues before them, and what is run there."""

from typing import Final

from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
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
                    "cluster": "ecsClusterArn",
                    "profile": "computeResources.instanceRole",
                    "role": "serviceRole",
                    "security_groups": "computeResources.securityGroupIds",
                    "subnets": "computeResources.subnets",
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
                edges={"environments": "computeEnvironmentOrder[].computeEnvironment"},
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
                edges={"role": "containerProperties.jobRoleArn"},
            ),
        ),
    ),
)
