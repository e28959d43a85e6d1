"""Clusters that turn large data: EMR, with machines of one's own and without."""

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
        name="aws.emr.clusters",
        service="emr",
        operation="ListClusters",
        # What ran once stays in the list for two months.
        parameters={
            "ClusterStates": ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]
        },
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticmapreduce:ListClusters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeCluster",
                    permission="elasticmapreduce:DescribeCluster",
                    key="Id",
                    parameter="ClusterId",
                    result="Cluster",
                ),
            ),
            gone={"InvalidRequestException": "is not valid"},
            tags="Tags",
            volatile=(
                "NormalizedInstanceHours",
                "Status",
            ),
            unordered=(
                "Applications",
                "Ec2InstanceAttributes.AdditionalMasterSecurityGroups",
                "Ec2InstanceAttributes.AdditionalSlaveSecurityGroups",
                "PlacementGroups",
                "Tags",
            ),
            redact=("Applications[].AdditionalInfo.*",),
            edges={
                "bucket": To("LogUri", arns.S3_BUCKET, pattern=r"^s3[an]?://([^/]+)"),
                "key": To("LogEncryptionKmsKeyId", arns.KMS),
                "profile": To("Ec2InstanceAttributes.IamInstanceProfile", arns.INSTANCE_PROFILE),
                "role": To("ServiceRole", arns.IAM_ROLE),
                "security_groups": To(
                    "Ec2InstanceAttributes"
                    ".[EmrManagedMasterSecurityGroup, EmrManagedSlaveSecurityGroup][]",
                    arns.EC2_SECURITY_GROUP,
                ),
                "subnet": To("Ec2InstanceAttributes.Ec2SubnetId", arns.EC2_SUBNET),
            },
        ),
        emits=(
            Emits(
                type="AWS::EMR::Cluster",
                kind="analytics.cluster",
                items="Clusters",
                id="ClusterArn",
                name="Name",
                state="Status.State",
                created="Status.Timeline.CreationDateTime",
                tag_source=TagSource.DETAILS,
                # It waits between two steps.
                passing={"Status.State": {"WAITING": "RUNNING"}},
                volatile=(
                    "NormalizedInstanceHours",
                    "Status.ErrorDetails",
                    "Status.StateChangeReason",
                    "Status.Timeline.ReadyDateTime",
                ),
            ),
        ),
    ),
    Listing(
        name="aws.emr-serverless.applications",
        service="emr-serverless",
        operation="ListApplications",
        # All but those that are terminated.
        parameters={
            "states": ["CREATING", "CREATED", "STARTING", "STARTED", "STOPPING", "STOPPED"]
        },
        page_size_parameter="maxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("emr-serverless:ListApplications",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="GetApplication",
                    permission="emr-serverless:GetApplication",
                    key="id",
                    parameter="applicationId",
                    result="application",
                ),
            ),
            gone={"ResourceNotFoundException": ""},
            tags="tags",
            volatile=("state", "stateDetails", "updatedAt"),
            unordered=(
                "networkConfiguration.securityGroupIds",
                "networkConfiguration.subnetIds",
            ),
            edges={
                "key": To("diskEncryptionConfiguration.encryptionKeyArn", arns.KMS),
                "security_groups": To(
                    "networkConfiguration.securityGroupIds", arns.EC2_SECURITY_GROUP
                ),
                "subnets": To("networkConfiguration.subnetIds", arns.EC2_SUBNET),
            },
        ),
        emits=(
            Emits(
                type="AWS::EMRServerless::Application",
                kind="analytics.application",
                items="applications",
                id="arn",
                name="name",
                created="createdAt",
                tag_source=TagSource.DETAILS,
                volatile=("state", "stateDetails", "updatedAt"),
            ),
        ),
    ),
)
