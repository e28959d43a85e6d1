"""Networks: the parts of a VPC, and the addresses that lead into it."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.aws.catalogue.ec2 import INCLUDING_MANAGED
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

# Named by Lambda itself: the function, and an id of the interface.
_LAMBDA_INTERFACE: Final = r"^AWS Lambda VPC ENI-(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

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
                id=arns.EC2_ADDRESS,
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=("Tags",),
                edges={
                    "instance": To("InstanceId", arns.EC2_INSTANCE),
                    "interface": To(
                        "@.{id: NetworkInterfaceId, account: NetworkInterfaceOwnerId}",
                        arns.EC2_NETWORK_INTERFACE,
                    ),
                    "subnet": To("SubnetId", arns.EC2_SUBNET),
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
                id=arns.EC2_VPC,
                # Who is given a subnet sees the network around it, too.
                owner="OwnerId",
                state="State",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # Adding a range takes its own time and ends by itself.
                volatile=(
                    "CidrBlockAssociationSet[].CidrBlockState",
                    "EncryptionControl.ResourceExclusions.*.State",
                    "EncryptionControl.ResourceExclusions.*.StateMessage",
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
                # A network without options names none, by this word.
                edges={
                    "dhcp_options": To("[DhcpOptionsId][?@ != 'default']", arns.EC2_DHCP_OPTIONS)
                },
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
                id=arns.EC2_SUBNET,
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
                edges={"network": To("VpcId", arns.EC2_VPC)},
            ),
        ),
    ),
    Listing(
        name="aws.ec2.network-interfaces",
        service="ec2",
        operation="DescribeNetworkInterfaces",
        parameters=INCLUDING_MANAGED,
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
                id=arns.EC2_NETWORK_INTERFACE,
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
                    "addresses": To(
                        "PrivateIpAddresses[].Association.AllocationId", arns.EC2_ADDRESS
                    ),
                    "file_system": To(
                        "InterfaceType == 'efs' && Description",
                        arns.EFS_FILE_SYSTEM,
                        pattern=r"\bfs-\w+",
                    ),
                    "function": To(
                        "InterfaceType == 'lambda' && Description",
                        arns.LAMBDA_FUNCTION,
                        pattern=_LAMBDA_INTERFACE,
                    ),
                    "instance": To(
                        "Attachment.{id: InstanceId, account: InstanceOwnerId}", arns.EC2_INSTANCE
                    ),
                    "load_balancer": To(
                        "RequesterManaged && Description",
                        (arns.LOAD_BALANCER, arns.CLASSIC_LOAD_BALANCER),
                        pattern=r"^ELB (\S+)$",
                    ),
                    "nat_gateway": To(
                        "InterfaceType == 'nat_gateway' && Description",
                        arns.EC2_NAT_GATEWAY,
                        pattern=r"\bnat-\w+",
                    ),
                    "network": To("VpcId", arns.EC2_VPC),
                    "security_groups": To("Groups[].GroupId", arns.EC2_SECURITY_GROUP),
                    "subnet": To("SubnetId", arns.EC2_SUBNET),
                    "transit_gateway_attachment": To(
                        "InterfaceType == 'transit_gateway' && Description",
                        arns.EC2_TRANSIT_GATEWAY_ATTACHMENT,
                        pattern=r"\btgw-attach-\w+",
                    ),
                    "vpc_endpoint": To(
                        "InterfaceType == 'vpc_endpoint' && Description",
                        arns.EC2_VPC_ENDPOINT,
                        pattern=r"\bvpce-\w+",
                    ),
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
                id=arns.EC2_NAT_GATEWAY,
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
                    "addresses": To("NatGatewayAddresses[].AllocationId", arns.EC2_ADDRESS),
                    "interfaces": To(
                        "NatGatewayAddresses[].NetworkInterfaceId", arns.EC2_NETWORK_INTERFACE
                    ),
                    "network": To("VpcId", arns.EC2_VPC),
                    "subnet": To("SubnetId", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
)
