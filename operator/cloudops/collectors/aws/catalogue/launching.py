"""What machines are launched with, what waits for them, and what copies their disks."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.aws.catalogue.ec2 import INCLUDING_MANAGED
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

_LAUNCHES: Final = "Versions[].LaunchTemplateData"

LISTINGS: Final = (
    Listing(
        name="aws.ec2.launch-templates",
        service="ec2",
        operation="DescribeLaunchTemplates",
        parameters=INCLUDING_MANAGED,
        page_size_parameter="MaxResults",
        page_size=200,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeLaunchTemplates",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        # Versions never change, and the list tells where there is another latest or default one.
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeLaunchTemplateVersions",
                    permission="ec2:DescribeLaunchTemplateVersions",
                    key="LaunchTemplateId",
                    parameter="LaunchTemplateId",
                    parameters={"Versions": ["$Default", "$Latest"], **INCLUDING_MANAGED},
                    result="LaunchTemplateVersions",
                    into="Versions",
                ),
            ),
            gone={"InvalidLaunchTemplateId.NotFound": ""},
            volatile=(f"{_LAUNCHES}.MetadataOptions.State",),
            unordered=(
                "Versions",
                f"{_LAUNCHES}.BlockDeviceMappings",
                f"{_LAUNCHES}.NetworkInterfaces",
                f"{_LAUNCHES}.NetworkInterfaces[].Groups",
                f"{_LAUNCHES}.SecurityGroupIds",
                f"{_LAUNCHES}.SecurityGroups",
                f"{_LAUNCHES}.TagSpecifications",
                f"{_LAUNCHES}.TagSpecifications[].Tags",
            ),
            edges={
                "images": To(f"{_LAUNCHES}.ImageId", arns.EC2_IMAGE),
                "instance_profiles": To(
                    f"{_LAUNCHES}.IamInstanceProfile.[Arn, Name]", arns.INSTANCE_PROFILE
                ),
                "security_groups": To(
                    f"{_LAUNCHES}.[SecurityGroupIds, NetworkInterfaces[].Groups]",
                    arns.EC2_SECURITY_GROUP,
                ),
                "snapshots": To(
                    f"{_LAUNCHES}.BlockDeviceMappings[].Ebs.SnapshotId", arns.EC2_SNAPSHOT
                ),
                "subnets": To(f"{_LAUNCHES}.NetworkInterfaces[].SubnetId", arns.EC2_SUBNET),
            },
        ),
        emits=(
            Emits(
                type="AWS::EC2::LaunchTemplate",
                kind="compute.instance-template",
                items="LaunchTemplates",
                id=arns.EC2_LAUNCH_TEMPLATE,
                name="LaunchTemplateName",
                created="CreateTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=("Tags",),
            ),
        ),
    ),
    Listing(
        name="aws.autoscaling.launch-configurations",
        service="autoscaling",
        operation="DescribeLaunchConfigurations",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("autoscaling:DescribeLaunchConfigurations",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::AutoScaling::LaunchConfiguration",
                kind="compute.instance-template",
                items="LaunchConfigurations",
                id="LaunchConfigurationARN",
                name="LaunchConfigurationName",
                created="CreatedTime",
                tag_source=TagSource.NONE,
                unordered=("BlockDeviceMappings", "ClassicLinkVPCSecurityGroups", "SecurityGroups"),
                edges={
                    "image": To("ImageId", arns.EC2_IMAGE),
                    "key_pair": "KeyName",
                    "profile": To("IamInstanceProfile", arns.INSTANCE_PROFILE),
                    "security_groups": To("SecurityGroups", arns.EC2_SECURITY_GROUP),
                    "snapshots": To("BlockDeviceMappings[].Ebs.SnapshotId", arns.EC2_SNAPSHOT),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.spot-requests",
        service="ec2",
        operation="DescribeSpotInstanceRequests",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeSpotInstanceRequests",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::SpotInstanceRequest",
                kind="compute.spot-request",
                items="SpotInstanceRequests",
                id="arn:{partition}:ec2:{region}:{account}:spot-instances-request/{SpotInstanceRequestId}",
                state="State",
                created="CreateTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("Status",),
                unordered=(
                    "LaunchSpecification.BlockDeviceMappings",
                    "LaunchSpecification.SecurityGroups",
                    "Tags",
                ),
                edges={
                    "image": To("LaunchSpecification.ImageId", arns.EC2_IMAGE),
                    "instance": To("InstanceId", arns.EC2_INSTANCE),
                    "profile": To(
                        "LaunchSpecification.IamInstanceProfile.[Arn, Name][?@] | [0]",
                        arns.INSTANCE_PROFILE,
                    ),
                    "security_groups": To(
                        "LaunchSpecification.SecurityGroups[].GroupId", arns.EC2_SECURITY_GROUP
                    ),
                    "subnet": To("LaunchSpecification.SubnetId", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.dlm.policies",
        service="dlm",
        operation="GetLifecyclePolicies",
        region_rule=RegionRule.REGIONAL,
        permissions=("dlm:GetLifecyclePolicies",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::DLM::LifecyclePolicy",
                kind="storage.lifecycle-policy",
                items="Policies",
                id="arn:{partition}:dlm:{region}:{account}:policy/{PolicyId}",
                name="Description",
                state="State",
                tag_source=TagSource.LISTED,
                tags="Tags",
            ),
        ),
    ),
)
