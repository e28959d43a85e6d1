"""What a VPC is connected to: services, other networks, and buildings."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.ec2.vpc-endpoints",
        service="ec2",
        operation="DescribeVpcEndpoints",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeVpcEndpoints",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::VPCEndpoint",
                kind="network.endpoint",
                items="VpcEndpoints",
                id=arns.EC2_VPC_ENDPOINT,
                owner="OwnerId",
                state="State",
                created="CreationTimestamp",
                tag_source=TagSource.LISTED,
                tags="Tags",
                json=("PolicyDocument",),
                unordered=(
                    "DnsEntries",
                    "Groups",
                    "Ipv4Prefixes",
                    "Ipv6Prefixes",
                    "NetworkInterfaceIds",
                    "RouteTableIds",
                    "SubnetIds",
                    "Tags",
                ),
                edges={
                    "interfaces": To("NetworkInterfaceIds", arns.EC2_NETWORK_INTERFACE),
                    "network": To("VpcId", arns.EC2_VPC),
                    "route_tables": To("RouteTableIds", arns.EC2_ROUTE_TABLE),
                    "security_groups": To("Groups[].GroupId", arns.EC2_SECURITY_GROUP),
                    "subnets": To("SubnetIds", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.vpc-endpoint-services",
        service="ec2",
        operation="DescribeVpcEndpointServiceConfigurations",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeVpcEndpointServiceConfigurations",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::VPCEndpointService",
                kind="network.endpoint-service",
                items="ServiceConfigurations",
                id="arn:{partition}:ec2:{region}:{account}:vpc-endpoint-service/{ServiceId}",
                state="ServiceState",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=(
                    "AvailabilityZoneIds",
                    "AvailabilityZones",
                    "BaseEndpointDnsNames",
                    "GatewayLoadBalancerArns",
                    "NetworkLoadBalancerArns",
                    "ServiceType",
                    "SupportedIpAddressTypes",
                    "SupportedRegions",
                    "Tags",
                ),
                edges={
                    "load_balancers": To(
                        "[NetworkLoadBalancerArns, GatewayLoadBalancerArns][] | [?@]",
                        arns.LOAD_BALANCER,
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.vpc-peering-connections",
        service="ec2",
        operation="DescribeVpcPeeringConnections",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeVpcPeeringConnections",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                # Both sides see it, each with its own tags, and each has an ARN of its own.
                type="AWS::EC2::VPCPeeringConnection",
                kind="network.peering",
                items="VpcPeeringConnections",
                id=(arns.EC2_PEERING),
                state="Status.Code",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=(
                    "AccepterVpcInfo.CidrBlockSet",
                    "AccepterVpcInfo.Ipv6CidrBlockSet",
                    "RequesterVpcInfo.CidrBlockSet",
                    "RequesterVpcInfo.Ipv6CidrBlockSet",
                    "Tags",
                ),
                edges={
                    "networks": To(
                        "[RequesterVpcInfo, AccepterVpcInfo][]"
                        ".{id: VpcId, account: OwnerId, region: Region}",
                        arns.EC2_VPC,
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.transit-gateways",
        service="ec2",
        operation="DescribeTransitGateways",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeTransitGateways",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::TransitGateway",
                kind="network.transit-gateway",
                items="TransitGateways",
                id="TransitGatewayArn",
                arn=arns.EC2_TRANSIT_GATEWAY,
                # Those that other accounts share with this one are listed too.
                owner="OwnerId",
                state="State",
                created="CreationTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=(
                    "Options.EncryptionSupport.EncryptionState",
                    "Options.EncryptionSupport.StateMessage",
                ),
                unordered=("Options.TransitGatewayCidrBlocks", "Tags"),
                edges={
                    "route_tables": To(
                        "Options."
                        "[AssociationDefaultRouteTableId, PropagationDefaultRouteTableId][?@]",
                        arns.EC2_TRANSIT_GATEWAY_ROUTE_TABLE,
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.transit-gateway-attachments",
        service="ec2",
        operation="DescribeTransitGatewayAttachments",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeTransitGatewayAttachments",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::TransitGatewayAttachment",
                kind="network.transit-attachment",
                items="TransitGatewayAttachments",
                id=(arns.EC2_TRANSIT_GATEWAY_ATTACHMENT),
                # A shared gateway's owner sees those of others; they belong to what is attached.
                # Of a peering that is the other gateway, and of Direct Connect a gateway that
                # lies elsewhere: those belong to the gateway, on each side to its own.
                owner=(
                    "contains(['vpc', 'vpn', 'vpn-concentrator', 'connect', 'client-vpn',"
                    " 'network-function'], ResourceType)"
                    " && ResourceOwnerId || TransitGatewayOwnerId"
                ),
                state="State",
                created="CreationTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("Association.State",),
                unordered=("Tags",),
                edges={
                    "gateway": To(
                        "@.{id: TransitGatewayId, account: TransitGatewayOwnerId}",
                        arns.EC2_TRANSIT_GATEWAY,
                    ),
                    "network": To(
                        "ResourceType == 'vpc' && @.{id: ResourceId, account: ResourceOwnerId}",
                        arns.EC2_VPC,
                    ),
                    "route_table": To(
                        "@.{id: Association.TransitGatewayRouteTableId,"
                        " account: TransitGatewayOwnerId}",
                        arns.EC2_TRANSIT_GATEWAY_ROUTE_TABLE,
                    ),
                    "vpn_connection": To(
                        "ResourceType == 'vpn' && @.{id: ResourceId, account: ResourceOwnerId}",
                        arns.EC2_VPN_CONNECTION,
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.transit-gateway-route-tables",
        service="ec2",
        operation="DescribeTransitGatewayRouteTables",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeTransitGatewayRouteTables",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::TransitGatewayRouteTable",
                kind="network.transit-route-table",
                items="TransitGatewayRouteTables",
                id=(arns.EC2_TRANSIT_GATEWAY_ROUTE_TABLE),
                state="State",
                created="CreationTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=("Tags",),
                edges={"gateway": To("TransitGatewayId", arns.EC2_TRANSIT_GATEWAY)},
            ),
        ),
    ),
)
