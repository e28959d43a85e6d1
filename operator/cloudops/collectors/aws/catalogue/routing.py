"""How traffic finds its way through a VPC, what may pass, and what is written down of it."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.ec2.route-tables",
        service="ec2",
        operation="DescribeRouteTables",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeRouteTables",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::RouteTable",
                kind="network.route-table",
                items="RouteTables",
                id=arns.EC2_ROUTE_TABLE,
                # Who is given a subnet sees the table behind it, too.
                owner="OwnerId",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # A route's own state is kept: a black hole stays until somebody acts.
                volatile=("Associations[].AssociationState",),
                unordered=("Associations", "PropagatingVgws", "Routes", "Tags"),
                edges={
                    "egress_gateways": To(
                        "Routes[].EgressOnlyInternetGatewayId", arns.EC2_EGRESS_GATEWAY
                    ),
                    "instances": To(
                        "Routes[].{id: InstanceId, account: InstanceOwnerId}", arns.EC2_INSTANCE
                    ),
                    "interfaces": To("Routes[].NetworkInterfaceId", arns.EC2_NETWORK_INTERFACE),
                    "internet_gateways": To(
                        "Routes[].GatewayId", arns.EC2_INTERNET_GATEWAY, pattern=r"^igw-\w+"
                    ),
                    "nat_gateways": To("Routes[].NatGatewayId", arns.EC2_NAT_GATEWAY),
                    "network": To("VpcId", arns.EC2_VPC),
                    "peerings": To("Routes[].VpcPeeringConnectionId", arns.EC2_PEERING),
                    "prefix_lists": To("Routes[].DestinationPrefixListId", arns.EC2_PREFIX_LIST),
                    "subnets": To("Associations[].SubnetId", arns.EC2_SUBNET),
                    "transit_gateways": To("Routes[].TransitGatewayId", arns.EC2_TRANSIT_GATEWAY),
                    "vpc_endpoints": To(
                        "Routes[].GatewayId", arns.EC2_VPC_ENDPOINT, pattern=r"^vpce-\w+"
                    ),
                    "vpn_gateways": To(
                        "[Routes[].GatewayId, PropagatingVgws[].GatewayId]",
                        arns.EC2_VPN_GATEWAY,
                        pattern=r"^vgw-\w+",
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.network-acls",
        service="ec2",
        operation="DescribeNetworkAcls",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeNetworkAcls",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::NetworkAcl",
                kind="network.access-list",
                items="NetworkAcls",
                id="arn:{partition}:ec2:{region}:{account}:network-acl/{NetworkAclId}",
                owner="OwnerId",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # Entries say by their numbers in which order they count.
                unordered=("Associations", "Entries", "Tags"),
                edges={
                    "network": To("VpcId", arns.EC2_VPC),
                    "subnets": To("Associations[].SubnetId", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.internet-gateways",
        service="ec2",
        operation="DescribeInternetGateways",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeInternetGateways",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::InternetGateway",
                kind="network.internet-gateway",
                items="InternetGateways",
                id=arns.EC2_INTERNET_GATEWAY,
                owner="OwnerId",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # Attaching takes its own time and ends by itself.
                volatile=("Attachments[].State",),
                unordered=("Attachments", "Tags"),
                edges={"networks": To("Attachments[].VpcId", arns.EC2_VPC)},
            ),
        ),
    ),
    Listing(
        name="aws.ec2.egress-only-internet-gateways",
        service="ec2",
        operation="DescribeEgressOnlyInternetGateways",
        page_size_parameter="MaxResults",
        page_size=255,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeEgressOnlyInternetGateways",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::EgressOnlyInternetGateway",
                kind="network.internet-gateway",
                items="EgressOnlyInternetGateways",
                id=(arns.EC2_EGRESS_GATEWAY),
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("Attachments[].State",),
                unordered=("Attachments", "Tags"),
                edges={"networks": To("Attachments[].VpcId", arns.EC2_VPC)},
            ),
        ),
    ),
    Listing(
        name="aws.ec2.dhcp-options",
        service="ec2",
        operation="DescribeDhcpOptions",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeDhcpOptions",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::DHCPOptions",
                kind="network.dhcp-options",
                items="DhcpOptions",
                id=arns.EC2_DHCP_OPTIONS,
                owner="OwnerId",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # The values of one option, such as name servers, are asked in turn.
                unordered=("DhcpConfigurations", "Tags"),
            ),
        ),
    ),
    Listing(
        name="aws.ec2.managed-prefix-lists",
        service="ec2",
        operation="DescribeManagedPrefixLists",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeManagedPrefixLists",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::PrefixList",
                kind="network.prefix-list",
                items="PrefixLists",
                id="PrefixListArn",
                arn=arns.EC2_PREFIX_LIST,
                # Everybody sees those of AWS.
                owner="OwnerId",
                name="PrefixListName",
                state="State",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=("Tags",),
            ),
        ),
    ),
    Listing(
        name="aws.ec2.flow-logs",
        service="ec2",
        operation="DescribeFlowLogs",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeFlowLogs",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::FlowLog",
                kind="network.flow-log",
                items="FlowLogs",
                id="arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{FlowLogId}",
                state="FlowLogStatus",
                created="CreationTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # How the last delivery went.
                volatile=("DeliverLogsErrorMessage", "DeliverLogsStatus"),
                unordered=(
                    "TagFieldSpecifications",
                    "TagFieldSpecifications[].TagKeys",
                    "Tags",
                ),
                edges={
                    "destination": To(
                        "LogDestination", (arns.S3_BUCKET, arns.LOG_GROUP, arns.DELIVERY_STREAM)
                    ),
                    "interface": To("ResourceId", arns.EC2_NETWORK_INTERFACE, pattern=r"^eni-\w+"),
                    "log_group": To("LogGroupName", arns.LOG_GROUP),
                    "network": To("ResourceId", arns.EC2_VPC, pattern=r"^vpc-\w+"),
                    "roles": To(
                        "[DeliverLogsPermissionArn, DeliverCrossAccountRole][?@]", arns.IAM_ROLE
                    ),
                    "subnet": To("ResourceId", arns.EC2_SUBNET, pattern=r"^subnet-\w+"),
                    "transit_gateway": To(
                        "ResourceId", arns.EC2_TRANSIT_GATEWAY, pattern=r"^tgw-(?!attach)\w+"
                    ),
                },
            ),
        ),
    ),
)
