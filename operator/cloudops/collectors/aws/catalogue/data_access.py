"""Who may use databases that live in memory, and the networks that warehouses and they lie in."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.memorydb.acls",
        service="memorydb",
        operation="DescribeACLs",
        page_size_parameter="MaxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("memorydb:DescribeACLs",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::MemoryDB::ACL",
                kind="identity.database-group",
                items="ACLs",
                id="ARN",
                arn=arns.MEMORYDB_ACL,
                name="Name",
                state="Status",
                tag_source=TagSource.TAGGING,
                volatile=("PendingChanges",),
                unordered=("Clusters", "UserNames"),
                edges={
                    "clusters": To("Clusters", arns.MEMORYDB_CLUSTER),
                    "users": To("UserNames", arns.MEMORYDB_USER),
                },
            ),
        ),
    ),
    Listing(
        name="aws.memorydb.subnet-groups",
        service="memorydb",
        operation="DescribeSubnetGroups",
        page_size_parameter="MaxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("memorydb:DescribeSubnetGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::MemoryDB::SubnetGroup",
                kind="network.subnet-group",
                items="SubnetGroups",
                id="ARN",
                arn=arns.MEMORYDB_SUBNET_GROUP,
                name="Name",
                tag_source=TagSource.TAGGING,
                unordered=("Subnets", "Subnets[].SupportedNetworkTypes", "SupportedNetworkTypes"),
                edges={
                    "network": To("VpcId", arns.EC2_VPC),
                    "subnets": To("Subnets[].Identifier", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.redshift.subnet-groups",
        service="redshift",
        operation="DescribeClusterSubnetGroups",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("redshift:DescribeClusterSubnetGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Redshift::ClusterSubnetGroup",
                kind="network.subnet-group",
                items="ClusterSubnetGroups",
                id=arns.REDSHIFT_SUBNET_GROUP,
                name="ClusterSubnetGroupName",
                state="SubnetGroupStatus",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("Subnets[].SubnetStatus",),
                unordered=("Subnets", "SupportedClusterIpAddressTypes", "Tags"),
                edges={
                    "network": To("VpcId", arns.EC2_VPC),
                    "subnets": To("Subnets[].SubnetIdentifier", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
)
