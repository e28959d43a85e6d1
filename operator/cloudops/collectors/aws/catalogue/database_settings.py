"""What relational databases are set up with, and what stands before and around them."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.rds.parameter-groups",
        service="rds",
        operation="DescribeDBParameterGroups",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeDBParameterGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::RDS::DBParameterGroup",
                kind="database.settings",
                items="DBParameterGroups",
                id="DBParameterGroupArn",
                arn=arns.RDS_PARAMETER_GROUP,
                name="DBParameterGroupName",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    Listing(
        name="aws.rds.cluster-parameter-groups",
        service="rds",
        operation="DescribeDBClusterParameterGroups",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeDBClusterParameterGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::RDS::DBClusterParameterGroup",
                kind="database.settings",
                items="DBClusterParameterGroups",
                id="DBClusterParameterGroupArn",
                arn=arns.RDS_CLUSTER_PARAMETER_GROUP,
                name="DBClusterParameterGroupName",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    Listing(
        name="aws.rds.subnet-groups",
        service="rds",
        operation="DescribeDBSubnetGroups",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeDBSubnetGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::RDS::DBSubnetGroup",
                kind="network.subnet-group",
                items="DBSubnetGroups",
                id="DBSubnetGroupArn",
                arn=arns.RDS_SUBNET_GROUP,
                name="DBSubnetGroupName",
                state="SubnetGroupStatus",
                tag_source=TagSource.TAGGING,
                volatile=("Subnets[].SubnetStatus",),
                unordered=("Subnets", "SupportedNetworkTypes"),
                edges={
                    "network": To("VpcId", arns.EC2_VPC),
                    "subnets": To("Subnets[].SubnetIdentifier", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.rds.option-groups",
        service="rds",
        operation="DescribeOptionGroups",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeOptionGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::RDS::OptionGroup",
                kind="database.settings",
                items="OptionGroupsList",
                id="OptionGroupArn",
                arn=arns.RDS_OPTION_GROUP,
                name="OptionGroupName",
                tag_source=TagSource.TAGGING,
                unordered=(
                    "Options",
                    "Options[].DBSecurityGroupMemberships",
                    "Options[].OptionSettings",
                    "Options[].VpcSecurityGroupMemberships",
                ),
                edges={
                    "network": To("VpcId", arns.EC2_VPC),
                    "security_groups": To(
                        "Options[].VpcSecurityGroupMemberships[].VpcSecurityGroupId",
                        arns.EC2_SECURITY_GROUP,
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.rds.proxies",
        service="rds",
        operation="DescribeDBProxies",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeDBProxies",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::RDS::DBProxy",
                kind="database.proxy",
                items="DBProxies",
                id="DBProxyArn",
                arn="arn:{partition}:rds:{region}:{account}:db-proxy:{Id}",
                name="DBProxyName",
                state="Status",
                created="CreatedDate",
                tag_source=TagSource.TAGGING,
                unordered=("Auth", "VpcSecurityGroupIds", "VpcSubnetIds"),
                edges={
                    "network": To("VpcId", arns.EC2_VPC),
                    "role": To("RoleArn", arns.IAM_ROLE),
                    "secrets": "Auth[].SecretArn",
                    "security_groups": To("VpcSecurityGroupIds", arns.EC2_SECURITY_GROUP),
                    "subnets": To("VpcSubnetIds", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.rds.event-subscriptions",
        service="rds",
        operation="DescribeEventSubscriptions",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeEventSubscriptions",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::RDS::EventSubscription",
                kind="monitoring.subscription",
                items="EventSubscriptionsList",
                id="EventSubscriptionArn",
                arn="arn:{partition}:rds:{region}:{account}:es:{CustSubscriptionId}",
                name="CustSubscriptionId",
                state="Status",
                created="SubscriptionCreationTime",
                tag_source=TagSource.TAGGING,
                unordered=("EventCategoriesList", "SourceIdsList"),
                edges={
                    "topic": To("SnsTopicArn", arns.SNS_TOPIC),
                },
            ),
        ),
    ),
)
