"""Clusters that run containers, and the registries that their images come from."""

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
    RegionRule,
    To,
)
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.eks.clusters",
        service="eks",
        operation="ListClusters",
        # Without this, clusters that run elsewhere and are only connected are left out.
        parameters={"include": ["all"]},
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("eks:ListClusters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeCluster",
                    permission="eks:DescribeCluster",
                    key="name",
                    parameter="name",
                    result="cluster",
                ),
            ),
            gone={"ResourceNotFoundException": ""},
            state="status",
            created="createdAt",
            tags="tags",
            volatile=("health",),
            unordered=(
                "computeConfig.nodePools",
                "encryptionConfig[].resources",
                "logging.clusterLogging",
                "logging.clusterLogging[].types",
                "resourcesVpcConfig.publicAccessCidrs",
                "resourcesVpcConfig.securityGroupIds",
                "resourcesVpcConfig.subnetIds",
            ),
            redact=("connectorConfig.activationCode",),
            edges={
                "key": To("encryptionConfig[].provider.keyArn", arns.KMS),
                "network": To("resourcesVpcConfig.vpcId", arns.EC2_VPC),
                "role": To("roleArn", arns.IAM_ROLE),
                "security_groups": To(
                    "resourcesVpcConfig.[securityGroupIds, clusterSecurityGroupId][]",
                    arns.EC2_SECURITY_GROUP,
                ),
                "subnets": To("resourcesVpcConfig.subnetIds", arns.EC2_SUBNET),
            },
        ),
        emits=(
            Emits(
                type="AWS::EKS::Cluster",
                kind="container.cluster",
                items="clusters",
                word="name",
                id=arns.EKS_CLUSTER,
                name="name",
                tag_source=TagSource.DETAILS,
            ),
        ),
    ),
    Listing(
        name="aws.ecs.clusters",
        service="ecs",
        operation="ListClusters",
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("ecs:ListClusters", "ecs:DescribeClusters"),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        describe=Describe(
            operation="DescribeClusters",
            permission="ecs:DescribeClusters",
            items="clusterArns",
            parameter="clusters",
            # STATISTICS are left out: they count what runs at the moment.
            parameters={"include": ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "TAGS"]},
            result="clusters",
            told_key="clusterArn",
            at_once=100,
            missing="failures[?reason=='MISSING'].arn",
        ),
        emits=(
            Emits(
                type="AWS::ECS::Cluster",
                kind="container.cluster",
                items=DESCRIBED,
                id="clusterArn",
                arn=arns.ECS_CLUSTER,
                name="clusterName",
                state="status",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=(
                    "activeServicesCount",
                    "attachments[].status",
                    "attachmentsStatus",
                    "pendingTasksCount",
                    "registeredContainerInstancesCount",
                    "runningTasksCount",
                    "statistics",
                ),
                unordered=(
                    "attachments",
                    "attachments[].details",
                    "capacityProviders",
                    "defaultCapacityProviderStrategy",
                    "settings",
                    "tags",
                ),
                edges={
                    "bucket": To(
                        "configuration.executeCommandConfiguration.logConfiguration.s3BucketName",
                        arns.S3_BUCKET,
                    ),
                    "capacity_providers": "capacityProviders",
                    "key": To(
                        "configuration.[executeCommandConfiguration.kmsKeyId,"
                        " managedStorageConfiguration.kmsKeyId][]",
                        arns.KMS,
                    ),
                    "log_group": To(
                        "configuration.executeCommandConfiguration.logConfiguration.cloudWatchLogGroupName",
                        arns.LOG_GROUP,
                    ),
                    "namespace": "serviceConnectDefaults.namespace",
                },
            ),
        ),
    ),
    Listing(
        name="aws.ecr.repositories",
        service="ecr",
        operation="DescribeRepositories",
        page_size_parameter="maxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ecr:DescribeRepositories",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ECR::Repository",
                kind="container.registry",
                items="repositories",
                id="repositoryArn",
                arn=arns.ECR_REPOSITORY,
                name="repositoryName",
                created="createdAt",
                tag_source=TagSource.TAGGING,
                unordered=("imageTagMutabilityExclusionFilters",),
                edges={"key": To("encryptionConfiguration.kmsKey", arns.KMS)},
            ),
        ),
    ),
)
