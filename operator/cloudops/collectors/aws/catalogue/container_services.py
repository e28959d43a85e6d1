"""What runs on clusters of containers: services and tasks, groups of nodes, and add-ons."""

from functools import partial
from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import (
    DESCRIBED,
    LISTED_TIER,
    Describe,
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

_of_kubernetes: Final = partial(
    Listing,
    service="eks",
    # The lists tell no more than names, each the same in many clusters.
    parents=Parents(
        operation="ListClusters",
        permission="eks:ListClusters",
        items="clusters",
        parameter="clusterName",
        into="clusterName",
        parameters={"maxResults": 100},
        gone={"ResourceNotFoundException": ""},
    ),
    page_size_parameter="maxResults",
    page_size=100,
    region_rule=RegionRule.REGIONAL,
    consistency=Consistency.EVENTUAL,
    period=PeriodClass.STANDARD,
    tier=LISTED_TIER,
)
_details: Final = partial(
    Details,
    gone={"ResourceNotFoundException": ""},
    state="status",
    created="createdAt",
    tags="tags",
)
_of_cluster: Final = partial(DetailCall, beside={"clusterName": "clusterName"})
_CLUSTER: Final = To("clusterName", arns.EKS_CLUSTER)
_CONTAINERS: Final = "taskDefinition.containerDefinitions[]"

LISTINGS: Final = (
    Listing(
        name="aws.ecs.services",
        service="ecs",
        operation="ListServices",
        parents=Parents(
            operation="ListClusters",
            permission="ecs:ListClusters",
            items="clusterArns",
            parameter="cluster",
            parameters={"maxResults": 100},
            gone={"ClusterNotFoundException": ""},
        ),
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("ecs:ListServices", "ecs:ListClusters", "ecs:DescribeServices"),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        describe=Describe(
            operation="DescribeServices",
            permission="ecs:DescribeServices",
            items="serviceArns",
            parameter="services",
            parameters={"include": ["TAGS"]},
            result="services",
            told_key="serviceArn",
            at_once=10,
            missing="failures[?reason=='MISSING'].arn",
        ),
        emits=(
            Emits(
                type="AWS::ECS::Service",
                kind="container.service",
                items=DESCRIBED,
                id="serviceArn",
                name="serviceName",
                state="status",
                created="createdAt",
                tag_source=TagSource.LISTED,
                tags="tags",
                # How many are wanted, and what is rolled out, is history; how that goes is not.
                volatile=(
                    "currentServiceRevisions",
                    "deployments[].failedTasks",
                    "deployments[].pendingCount",
                    "deployments[].rolloutState",
                    "deployments[].rolloutStateReason",
                    "deployments[].runningCount",
                    "deployments[].updatedAt",
                    "events",
                    "pendingCount",
                    "runningCount",
                    "taskSets[].pendingCount",
                    "taskSets[].runningCount",
                    "taskSets[].stabilityStatus",
                    "taskSets[].stabilityStatusAt",
                    "taskSets[].updatedAt",
                ),
                # The order of a placement strategy is its priority.
                unordered=(
                    "capacityProviderStrategy",
                    "deployments",
                    "loadBalancers",
                    "networkConfiguration.awsvpcConfiguration.securityGroups",
                    "networkConfiguration.awsvpcConfiguration.subnets",
                    "placementConstraints",
                    "serviceRegistries",
                    "tags",
                    "taskSets",
                ),
                edges={
                    "cluster": To("clusterArn", arns.ECS_CLUSTER),
                    "role": To("roleArn", arns.IAM_ROLE),
                    "security_groups": To(
                        "networkConfiguration.awsvpcConfiguration.securityGroups",
                        arns.EC2_SECURITY_GROUP,
                    ),
                    "subnets": To(
                        "networkConfiguration.awsvpcConfiguration.subnets", arns.EC2_SUBNET
                    ),
                    "target_groups": To("loadBalancers[].targetGroupArn", arns.TARGET_GROUP),
                    "task_definition": To("taskDefinition", arns.ECS_TASK_DEFINITION),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ecs.task-definitions",
        service="ecs",
        # Those that were deregistered are left out: nothing can be started from them.
        operation="ListTaskDefinitions",
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("ecs:ListTaskDefinitions",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeTaskDefinition",
                    permission="ecs:DescribeTaskDefinition",
                    key="taskDefinitionArn",
                    parameter="taskDefinition",
                    parameters={"include": ["TAGS"]},
                ),
            ),
            gone={"ClientException": "Unable to describe task definition"},
            state="taskDefinition.status",
            created="taskDefinition.registeredAt",
            tags="tags",
            unordered=(
                f"{_CONTAINERS}.environment",
                f"{_CONTAINERS}.mountPoints",
                f"{_CONTAINERS}.portMappings",
                f"{_CONTAINERS}.secrets",
                "tags",
                "taskDefinition.compatibilities",
                "taskDefinition.containerDefinitions",
                "taskDefinition.placementConstraints",
                "taskDefinition.requiresAttributes",
                "taskDefinition.requiresCompatibilities",
                "taskDefinition.volumes",
            ),
            redact=("taskDefinition.volumes[].dockerVolumeConfiguration.driverOpts.*",),
            edges={
                "file_systems": To(
                    "taskDefinition.volumes[].efsVolumeConfiguration.fileSystemId",
                    arns.EFS_FILE_SYSTEM,
                ),
                "log_groups": To(
                    f'{_CONTAINERS}.logConfiguration.options."awslogs-group"', arns.LOG_GROUP
                ),
                "roles": To("taskDefinition.[taskRoleArn, executionRoleArn]", arns.IAM_ROLE),
                # Behind a secret's ARN may stand which of its members is meant, and since when.
                "secrets": To(
                    f"{_CONTAINERS}.secrets[].valueFrom",
                    pattern=r"\Aarn:[\w-]+:secretsmanager:[\w-]*:\d*:secret:[^:]+",
                ),
            },
        ),
        emits=(
            Emits(
                type="AWS::ECS::TaskDefinition",
                kind="container.task-definition",
                items="taskDefinitionArns",
                word="taskDefinitionArn",
                id="taskDefinitionArn",
                arn=arns.ECS_TASK_DEFINITION,
                name="{taskDefinitionArn/}",
                tag_source=TagSource.DETAILS,
            ),
        ),
    ),
    _of_kubernetes(
        name="aws.eks.node-groups",
        operation="ListNodegroups",
        permissions=("eks:ListNodegroups", "eks:ListClusters"),
        details=_details(
            calls=(
                _of_cluster(
                    operation="DescribeNodegroup",
                    permission="eks:DescribeNodegroup",
                    key="nodegroupName",
                    parameter="nodegroupName",
                    result="nodegroup",
                ),
            ),
            volatile=("health",),
            unordered=(
                "remoteAccess.sourceSecurityGroups",
                "resources.autoScalingGroups",
                "subnets",
                "taints",
            ),
            edges={
                "launch_template": To("launchTemplate.id", arns.EC2_LAUNCH_TEMPLATE),
                "role": To("nodeRole", arns.IAM_ROLE),
                "security_groups": To(
                    "[remoteAccess.sourceSecurityGroups, resources.remoteAccessSecurityGroup]",
                    arns.EC2_SECURITY_GROUP,
                ),
                "subnets": To("subnets", arns.EC2_SUBNET),
            },
        ),
        emits=(
            Emits(
                type="AWS::EKS::Nodegroup",
                kind="container.node-group",
                items="nodegroups",
                word="nodegroupName",
                # A part that is drawn stands behind it in the ARN, which no list tells.
                id="arn:{partition}:eks:{region}:{account}:nodegroup/{clusterName}/{nodegroupName}",
                name="nodegroupName",
                tag_source=TagSource.DETAILS,
                edges={"cluster": _CLUSTER},
            ),
        ),
    ),
    _of_kubernetes(
        name="aws.eks.add-ons",
        operation="ListAddons",
        permissions=("eks:ListAddons", "eks:ListClusters"),
        details=_details(
            calls=(
                _of_cluster(
                    operation="DescribeAddon",
                    permission="eks:DescribeAddon",
                    key="addonName",
                    parameter="addonName",
                    result="addon",
                ),
            ),
            volatile=("health",),
            unordered=("podIdentityAssociations",),
            # What an add-on is set up with is a text of any form, where passwords may stand.
            redact=("configurationValues",),
            edges={"role": To("serviceAccountRoleArn", arns.IAM_ROLE)},
        ),
        emits=(
            Emits(
                type="AWS::EKS::Addon",
                kind="container.add-on",
                items="addons",
                word="addonName",
                # As with node groups.
                id="arn:{partition}:eks:{region}:{account}:addon/{clusterName}/{addonName}",
                name="addonName",
                tag_source=TagSource.DETAILS,
                edges={"cluster": _CLUSTER},
            ),
        ),
    ),
)
