"""How traffic finds its way through a VPC, what may pass, and what is written down of it."""

from typing import Final

from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
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
                id="arn:{partition}:ec2:{region}:{account}:route-table/{RouteTableId}",
                # Who is given a subnet sees the table behind it, too.
                owner="OwnerId",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # A route's own state is kept: a black hole stays until somebody acts.
                volatile=("Associations[].AssociationState",),
                unordered=("Associations", "PropagatingVgws", "Routes", "Tags"),
                edges={
                    "gateways": (
                        "Routes[?GatewayId != 'local']"
                        ".[GatewayId, EgressOnlyInternetGatewayId, NatGatewayId,"
                        " TransitGatewayId][] | [?@]"
                    ),
                    "interfaces": "Routes[].NetworkInterfaceId",
                    "network": "VpcId",
                    "peerings": "Routes[].VpcPeeringConnectionId",
                    "subnets": "Associations[].SubnetId",
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
                edges={"network": "VpcId", "subnets": "Associations[].SubnetId"},
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
                id="arn:{partition}:ec2:{region}:{account}:internet-gateway/{InternetGatewayId}",
                owner="OwnerId",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # Attaching takes its own time and ends by itself.
                volatile=("Attachments[].State",),
                unordered=("Attachments", "Tags"),
                edges={"networks": "Attachments[].VpcId"},
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
                id=(
                    "arn:{partition}:ec2:{region}:{account}:"
                    "egress-only-internet-gateway/{EgressOnlyInternetGatewayId}"
                ),
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("Attachments[].State",),
                unordered=("Attachments", "Tags"),
                edges={"networks": "Attachments[].VpcId"},
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
                id="arn:{partition}:ec2:{region}:{account}:dhcp-options/{DhcpOptionsId}",
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
                    "destination": "LogDestination",
                    "log_group": "LogGroupName",
                    "roles": "[DeliverLogsPermissionArn, DeliverCrossAccountRole][?@]",
                    "source": "ResourceId",
                },
            ),
        ),
    ),
)
