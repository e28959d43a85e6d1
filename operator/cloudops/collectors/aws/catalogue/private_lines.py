"""Tunnels and lines into other buildings: both ends, and what runs between them."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.ec2.vpn-connections",
        service="ec2",
        # Of these three lists each brings everything at once.
        operation="DescribeVpnConnections",
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeVpnConnections",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::VPNConnection",
                kind="network.vpn-connection",
                items="VpnConnections",
                id=arns.EC2_VPN_CONNECTION,
                # Deleted ones are shown for a while, and say so here.
                state="State",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # The router's whole configuration, with the keys of the tunnels in it.
                redact=("CustomerGatewayConfiguration",),
                # Which tunnel is up at the moment.
                volatile=("GatewayAssociationState", "Routes[].State", "VgwTelemetry"),
                unordered=(
                    "Options.TunnelOptions[].IkeVersions",
                    "Options.TunnelOptions[].Phase1DHGroupNumbers",
                    "Options.TunnelOptions[].Phase1EncryptionAlgorithms",
                    "Options.TunnelOptions[].Phase1IntegrityAlgorithms",
                    "Options.TunnelOptions[].Phase2DHGroupNumbers",
                    "Options.TunnelOptions[].Phase2EncryptionAlgorithms",
                    "Options.TunnelOptions[].Phase2IntegrityAlgorithms",
                    "Routes",
                    "Tags",
                ),
                edges={
                    "customer_gateway": To("CustomerGatewayId", arns.EC2_CUSTOMER_GATEWAY),
                    "transit_gateway": To("TransitGatewayId", arns.EC2_TRANSIT_GATEWAY),
                    "vpn_gateway": To("VpnGatewayId", arns.EC2_VPN_GATEWAY),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.vpn-gateways",
        service="ec2",
        operation="DescribeVpnGateways",
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeVpnGateways",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::VPNGateway",
                kind="network.vpn-gateway",
                items="VpnGateways",
                id=arns.EC2_VPN_GATEWAY,
                state="State",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("VpcAttachments[].State",),
                unordered=("Tags", "VpcAttachments"),
                edges={"networks": To("VpcAttachments[].VpcId", arns.EC2_VPC)},
            ),
        ),
    ),
    Listing(
        name="aws.ec2.customer-gateways",
        service="ec2",
        operation="DescribeCustomerGateways",
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeCustomerGateways",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::CustomerGateway",
                kind="network.customer-gateway",
                items="CustomerGateways",
                id=arns.EC2_CUSTOMER_GATEWAY,
                state="State",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=("Tags",),
                edges={"certificate": To("CertificateArn", arns.CERTIFICATE)},
            ),
        ),
    ),
    Listing(
        name="aws.directconnect.connections",
        service="directconnect",
        operation="DescribeConnections",
        paging={"input_token": "nextToken", "output_token": "nextToken"},
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("directconnect:DescribeConnections",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::DirectConnect::Connection",
                kind="network.private-line",
                items="connections",
                id=arns.DIRECT_CONNECTION,
                owner="ownerAccount",
                name="connectionName",
                state="connectionState",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=(
                    "macSecKeys[].state",
                    "portEncryptionStatus",
                    "prefixPoolUnallocatedCountIpv4",
                    "prefixPoolUnallocatedCountIpv6",
                    "rateLimiterStatus",
                ),
                unordered=("macSecKeys", "tags"),
                edges={
                    "group": "lagId",
                    "keys": "macSecKeys[].secretARN",
                },
            ),
        ),
    ),
    Listing(
        name="aws.directconnect.gateways",
        service="directconnect",
        # They lie in no region; each region answers for all of them.
        operation="DescribeDirectConnectGateways",
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.GLOBAL,
        permissions=("directconnect:DescribeDirectConnectGateways",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::DirectConnect::DirectConnectGateway",
                kind="network.private-gateway",
                items="directConnectGateways",
                id=arns.DIRECT_GATEWAY,
                owner="ownerAccount",
                name="directConnectGatewayName",
                state="directConnectGatewayState",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=("stateChangeError", "totalPrefixPoolAllocations"),
                unordered=("tags",),
            ),
        ),
    ),
    Listing(
        name="aws.directconnect.virtual-interfaces",
        service="directconnect",
        operation="DescribeVirtualInterfaces",
        paging={"input_token": "nextToken", "output_token": "nextToken"},
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("directconnect:DescribeVirtualInterfaces",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                # Private, public and transit ones; CloudFormation has a type for each.
                type="AWS::DirectConnect::VirtualInterface",
                kind="network.private-interface",
                items="virtualInterfaces",
                id="arn:{partition}:directconnect:{region}:{account}:dxvif/{virtualInterfaceId}",
                owner="ownerAccount",
                name="virtualInterfaceName",
                state="virtualInterfaceState",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=(
                    "bgpPeers[].bgpPeerState",
                    "bgpPeers[].bgpStatus",
                    "prefixPoolAllocatedCountIpv4",
                    "prefixPoolAllocatedCountIpv6",
                ),
                unordered=("bgpPeers", "routeFilterPrefixes", "tags"),
                # In the midst of it stands the key of BGP, whose own members tell by their name.
                redact=("customerRouterConfig",),
                edges={
                    # Of one on a group of connections it is the group.
                    "connection": To(
                        "connectionId", arns.DIRECT_CONNECTION, pattern=r"^dxcon-[\w-]+$"
                    ),
                    "gateway": To("directConnectGatewayId", arns.DIRECT_GATEWAY),
                    "vpn_gateway": To("virtualGatewayId", arns.EC2_VPN_GATEWAY),
                },
            ),
        ),
    ),
)
