"""Virtual machines and what hangs on them."""

from typing import Final

from cloudops.collectors.aws.arns import (
    EC2_IMAGE,
    EC2_INSTANCE,
    EC2_LAUNCH_TEMPLATE,
    EC2_SECURITY_GROUP,
    EC2_SNAPSHOT,
    EC2_VOLUME,
)
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.ec2.instances",
        service="ec2",
        operation="DescribeInstances",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeInstances",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.HOT,
        emits=(
            Emits(
                type="AWS::EC2::Instance",
                kind="compute.instance",
                items="Reservations[].Instances",
                id=EC2_INSTANCE,
                state="State.Name",
                # LaunchTime moves with each start. The first network interface came
                # with the instance and leaves only with it.
                created="NetworkInterfaces[?Attachment.DeviceIndex==`0`].Attachment.AttachTime|[0]",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # Attaching takes its own time and ends by itself, and so does applying.
                volatile=(
                    "BlockDeviceMappings[].Ebs.Status",
                    "MetadataOptions.State",
                    "NetworkInterfaces[].Attachment.Status",
                    "NetworkInterfaces[].Status",
                ),
                unordered=(
                    "BlockDeviceMappings",
                    "Licenses",
                    "NetworkInterfaces",
                    "NetworkInterfaces[].Groups",
                    "NetworkInterfaces[].Ipv4Prefixes",
                    "NetworkInterfaces[].Ipv6Addresses",
                    "NetworkInterfaces[].Ipv6Prefixes",
                    "NetworkInterfaces[].PrivateIpAddresses",
                    "ProductCodes",
                    "SecurityGroups",
                    "Tags",
                ),
                edges={
                    "image": "ImageId",
                    "key_pair": "KeyName",
                    "network": "VpcId",
                    "network_interfaces": "NetworkInterfaces[].NetworkInterfaceId",
                    "profile": "IamInstanceProfile.Arn",
                    "security_groups": "SecurityGroups[].GroupId",
                    "subnet": "SubnetId",
                    "volumes": "BlockDeviceMappings[].Ebs.VolumeId",
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.volumes",
        service="ec2",
        operation="DescribeVolumes",
        page_size_parameter="MaxResults",
        page_size=500,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeVolumes",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.HOT,
        emits=(
            Emits(
                type="AWS::EC2::Volume",
                kind="storage.volume",
                items="Volumes",
                id=EC2_VOLUME,
                state="State",
                created="CreateTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("Attachments[].State",),
                unordered=("Attachments", "Tags"),
                edges={
                    "instances": "Attachments[].InstanceId",
                    "key": "KmsKeyId",
                    "snapshot": "SnapshotId",
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.security-groups",
        service="ec2",
        operation="DescribeSecurityGroups",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeSecurityGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.HOT,
        emits=(
            Emits(
                type="AWS::EC2::SecurityGroup",
                kind="network.security-group",
                items="SecurityGroups",
                id=EC2_SECURITY_GROUP,
                # Groups that other accounts share with this one are listed too.
                owner="OwnerId",
                name="GroupName",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=(
                    *("IpPermissions", "IpPermissionsEgress", "Tags"),
                    *(
                        f"{direction}[].{sources}"
                        for direction in ("IpPermissions", "IpPermissionsEgress")
                        for sources in (
                            "IpRanges",
                            "Ipv6Ranges",
                            "PrefixListIds",
                            "UserIdGroupPairs",
                        )
                    ),
                ),
                edges={
                    "network": "VpcId",
                    "peers": "[IpPermissions, IpPermissionsEgress][][].UserIdGroupPairs[].GroupId",
                    "prefix_lists": "[IpPermissions, IpPermissionsEgress][][].PrefixListIds[]"
                    ".PrefixListId",
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.snapshots",
        service="ec2",
        operation="DescribeSnapshots",
        # Else those of everybody come, a million and more.
        parameters={"OwnerIds": ["self"]},
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeSnapshots",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::Snapshot",
                kind="storage.snapshot",
                items="Snapshots",
                id=EC2_SNAPSHOT,
                owner="OwnerId",
                state="State",
                created="StartTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("Progress",),
                unordered=("AssociatedKmsKeys", "Tags"),
                edges={"key": "KmsKeyId", "volume": "VolumeId"},
            ),
        ),
    ),
    Listing(
        name="aws.ec2.images",
        service="ec2",
        operation="DescribeImages",
        # Disabled images still hold snapshots, which cost; left out, they would look deleted.
        parameters={"IncludeDisabled": True, "Owners": ["self"]},
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeImages",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::Image",
                kind="compute.image",
                items="Images",
                id=EC2_IMAGE,
                owner="OwnerId",
                name="Name",
                state="State",
                created="CreationDate",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # What others do with an image, and what a scanner thinks of it.
                volatile=("LastLaunchedTime", "ScanResults"),
                unordered=(
                    "BlockDeviceMappings",
                    "ImageWatermarks",
                    "InstanceTypeSpecification.SupportedInstanceTypes",
                    "InstanceTypeSpecification.UnsupportedInstanceTypes",
                    "ProductCodes",
                    "Tags",
                ),
                edges={
                    "instance": "SourceInstanceId",
                    "keys": "BlockDeviceMappings[].Ebs.KmsKeyId",
                    "snapshots": "BlockDeviceMappings[].Ebs.SnapshotId",
                    "source": "SourceImageId",
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.launch-templates",
        service="ec2",
        operation="DescribeLaunchTemplates",
        page_size_parameter="MaxResults",
        page_size=200,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeLaunchTemplates",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::LaunchTemplate",
                kind="compute.instance-template",
                items="LaunchTemplates",
                # What a template says stands in its versions, which this call leaves out.
                id=EC2_LAUNCH_TEMPLATE,
                name="LaunchTemplateName",
                created="CreateTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=("Tags",),
            ),
        ),
    ),
)
