"""Virtual machines and what hangs on them."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

# What services made for the account can be hidden from whoever does not ask for it: it runs
# and costs all the same.
INCLUDING_MANAGED: Final = {"IncludeManagedResources": True}

LISTINGS: Final = (
    Listing(
        name="aws.ec2.instances",
        service="ec2",
        operation="DescribeInstances",
        parameters=INCLUDING_MANAGED,
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
                id=arns.EC2_INSTANCE,
                state="State.Name",
                # LaunchTime moves with each start. The first network interface came
                # with the instance and leaves only with it.
                # Each of several cards has a first one; of one card nothing is told, or 0.
                created=(
                    "NetworkInterfaces[].Attachment"
                    "|[?DeviceIndex==`0` && !(NetworkCardIndex > `0`)].AttachTime|[0]"
                ),
                tag_source=TagSource.LISTED,
                tags="Tags",
                # Attaching takes its own time and ends by itself, and so does applying.
                volatile=(
                    "BlockDeviceMappings[].Ebs.Status",
                    "MetadataOptions.State",
                    "NetworkInterfaces[].Attachment.Status",
                    "NetworkInterfaces[].Status",
                    "SecondaryInterfaces[].Attachment.Status",
                    "SecondaryInterfaces[].Status",
                ),
                unordered=(
                    "BlockDeviceMappings",
                    "Licenses",
                    "Monitoring.MetricCategoryIds",
                    "NetworkInterfaces",
                    "NetworkInterfaces[].Groups",
                    "NetworkInterfaces[].Ipv4Prefixes",
                    "NetworkInterfaces[].Ipv6Addresses",
                    "NetworkInterfaces[].Ipv6Prefixes",
                    "NetworkInterfaces[].PrivateIpAddresses",
                    "ProductCodes",
                    "SecondaryInterfaces",
                    "SecondaryInterfaces[].PrivateIpAddresses",
                    "SecurityGroups",
                    "Tags",
                ),
                edges={
                    "capacity_reservation": To(
                        "CapacityReservationId", arns.EC2_CAPACITY_RESERVATION
                    ),
                    "host": To("Placement.HostId", arns.EC2_HOST),
                    "image": To("ImageId", arns.EC2_IMAGE),
                    "key_pair": "KeyName",
                    "network": To("VpcId", arns.EC2_VPC),
                    "network_interfaces": To(
                        "NetworkInterfaces[].NetworkInterfaceId", arns.EC2_NETWORK_INTERFACE
                    ),
                    "profile": To("IamInstanceProfile.Arn", arns.INSTANCE_PROFILE),
                    "security_groups": To("SecurityGroups[].GroupId", arns.EC2_SECURITY_GROUP),
                    "subnet": To("SubnetId", arns.EC2_SUBNET),
                    "volumes": To("BlockDeviceMappings[].Ebs.VolumeId", arns.EC2_VOLUME),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.volumes",
        service="ec2",
        operation="DescribeVolumes",
        parameters=INCLUDING_MANAGED,
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
                id=arns.EC2_VOLUME,
                state="State",
                created="CreateTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("Attachments[].State",),
                unordered=("Attachments", "Tags"),
                edges={
                    "instances": To("Attachments[].InstanceId", arns.EC2_INSTANCE),
                    "key": To("KmsKeyId", arns.KMS),
                    "snapshot": To("SnapshotId", arns.EC2_SNAPSHOT),
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
                id=arns.EC2_SECURITY_GROUP,
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
                    "network": To("VpcId", arns.EC2_VPC),
                    "peers": To(
                        "[IpPermissions, IpPermissionsEgress][][].UserIdGroupPairs[]"
                        ".{id: GroupId, account: UserId}",
                        arns.EC2_SECURITY_GROUP,
                    ),
                    "prefix_lists": To(
                        "[IpPermissions, IpPermissionsEgress][][].PrefixListIds[].PrefixListId",
                        arns.EC2_PREFIX_LIST,
                    ),
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
                id=arns.EC2_SNAPSHOT,
                owner="OwnerId",
                state="State",
                created="StartTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("Progress",),
                unordered=("AssociatedKmsKeys", "Tags"),
                edges={
                    "key": To("KmsKeyId", arns.KMS),
                    "volume": To("VolumeId", arns.EC2_VOLUME),
                },
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
                id=arns.EC2_IMAGE,
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
                    "instance": To("SourceInstanceId", arns.EC2_INSTANCE),
                    "keys": To("BlockDeviceMappings[].Ebs.KmsKeyId", arns.KMS),
                    "snapshots": To("BlockDeviceMappings[].Ebs.SnapshotId", arns.EC2_SNAPSHOT),
                    "source": To("SourceImageId", arns.EC2_IMAGE),
                },
            ),
        ),
    ),
)
