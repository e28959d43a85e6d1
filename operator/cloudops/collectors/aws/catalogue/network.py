"""Networks: the parts of a VPC, and the addresses that lead into it."""

from typing import Final

from cloudops.collectors.aws.arns import (
    EC2_ADDRESS,
    EC2_NAT_GATEWAY,
    EC2_NETWORK_INTERFACE,
    EC2_SUBNET,
    EC2_VPC,
)
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.ec2.addresses",
        service="ec2",
        # It brings everything at once.
        operation="DescribeAddresses",
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeAddresses",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.HOT,
        emits=(
            Emits(
                type="AWS::EC2::EIP",
                kind="network.address",
                items="Addresses",
                # What this address is now attached to may belong to somebody else; the
                # address itself is always ours.
                id=EC2_ADDRESS,
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=("Tags",),
                edges={
                    "instance": "InstanceId",
                    "interface": "NetworkInterfaceId",
                    "subnet": "SubnetId",
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.vpcs",
        service="ec2",
        operation="DescribeVpcs",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeVpcs",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::VPC",
                kind="network.network",
                items="Vpcs",
                id=EC2_VPC,
                # Who is given a subnet sees the network around it, too.
                owner="OwnerId",
                state="State",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # Adding a range takes its own time and ends by itself.
                volatile=(
                    "CidrBlockAssociationSet[].CidrBlockState",
                    "EncryptionControl.State",
                    "EncryptionControl.StateMessage",
                    "Ipv6CidrBlockAssociationSet[].Ipv6CidrBlockState",
                ),
                unordered=(
                    "CidrBlockAssociationSet",
                    "EncryptionControl.Tags",
                    "Ipv6CidrBlockAssociationSet",
                    "Tags",
                ),
                edges={"dhcp_options": "DhcpOptionsId"},
            ),
        ),
    ),
    Listing(
        name="aws.ec2.subnets",
        service="ec2",
        operation="DescribeSubnets",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeSubnets",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::Subnet",
                kind="network.subnet",
                items="Subnets",
                id=EC2_SUBNET,
                # Subnets that other accounts share with this one are listed too.
                owner="OwnerId",
                state="State",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=(
                    "AvailableIpAddressCount",
                    "Ipv6CidrBlockAssociationSet[].Ipv6CidrBlockState",
                ),
                unordered=("Ipv6CidrBlockAssociationSet", "Tags"),
                edges={"network": "VpcId"},
            ),
        ),
    ),
    Listing(
        name="aws.ec2.network-interfaces",
        service="ec2",
        operation="DescribeNetworkInterfaces",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeNetworkInterfaces",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.HOT,
        emits=(
            Emits(
                type="AWS::EC2::NetworkInterface",
                kind="network.interface",
                items="NetworkInterfaces",
                id=EC2_NETWORK_INTERFACE,
                # The owner of a shared subnet sees what others put into it. Interfaces that
                # a service made for this account are the account's own.
                owner="OwnerId",
                state="Status",
                tag_source=TagSource.LISTED,
                tags="TagSet",
                # Attaching takes its own time and ends by itself.
                volatile=("Attachment.Status",),
                unordered=(
                    "AssociatedSubnets",
                    "Groups",
                    "Ipv4Prefixes",
                    "Ipv6Addresses",
                    "Ipv6Prefixes",
                    "PrivateIpAddresses",
                    "TagSet",
                ),
                edges={
                    "addresses": "PrivateIpAddresses[].Association.AllocationId",
                    "instance": "Attachment.InstanceId",
                    "network": "VpcId",
                    "security_groups": "Groups[].GroupId",
                    "subnet": "SubnetId",
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.nat-gateways",
        service="ec2",
        operation="DescribeNatGateways",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeNatGateways",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::NatGateway",
                kind="network.nat-gateway",
                items="NatGateways",
                id=EC2_NAT_GATEWAY,
                # Deleted ones are shown for an hour, and say so here.
                state="State",
                created="CreateTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=(
                    "AttachedAppliances[].AttachmentState",
                    "AttachedAppliances[].ModificationState",
                    "NatGatewayAddresses[].Status",
                    "ProvisionedBandwidth.Status",
                ),
                unordered=("AttachedAppliances", "NatGatewayAddresses", "Tags"),
                edges={
                    "addresses": "NatGatewayAddresses[].AllocationId",
                    "interfaces": "NatGatewayAddresses[].NetworkInterfaceId",
                    "network": "VpcId",
                    "subnet": "SubnetId",
                },
            ),
        ),
    ),
)
