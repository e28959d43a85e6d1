"""Names of private networks: how they are resolved, and where the questions are written down."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.route53resolver.endpoints",
        service="route53resolver",
        operation="ListResolverEndpoints",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("route53resolver:ListResolverEndpoints",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Route53Resolver::ResolverEndpoint",
                kind="network.dns-endpoint",
                items="ResolverEndpoints",
                id="Arn",
                arn=arns.RESOLVER_ENDPOINT,
                name="Name",
                state="Status",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
                volatile=("StatusMessage",),
                unordered=("Protocols", "SecurityGroupIds"),
                edges={
                    "network": To("HostVPCId", arns.EC2_VPC),
                    "security_groups": To("SecurityGroupIds", arns.EC2_SECURITY_GROUP),
                },
            ),
        ),
    ),
    Listing(
        name="aws.route53resolver.rules",
        service="route53resolver",
        operation="ListResolverRules",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("route53resolver:ListResolverRules",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Route53Resolver::ResolverRule",
                kind="network.dns-rule",
                items="ResolverRules",
                id="Arn",
                arn="arn:{partition}:route53resolver:{region}:{account}:resolver-rule/{Id}",
                owner="OwnerId",
                name="Name",
                state="Status",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
                volatile=("StatusMessage",),
                unordered=("TargetIps",),
                edges={
                    "endpoint": To("ResolverEndpointId", arns.RESOLVER_ENDPOINT),
                },
            ),
        ),
    ),
    Listing(
        name="aws.route53resolver.query-logs",
        service="route53resolver",
        operation="ListResolverQueryLogConfigs",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("route53resolver:ListResolverQueryLogConfigs",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Route53Resolver::ResolverQueryLoggingConfig",
                kind="monitoring.dns-log",
                items="ResolverQueryLogConfigs",
                id="Arn",
                arn="arn:{partition}:route53resolver:{region}:{account}:resolver-query-log-config/{Id}",
                owner="OwnerId",
                name="Name",
                state="Status",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
                volatile=("AssociationCount",),
                edges={
                    "destination": To(
                        "DestinationArn", (arns.S3_BUCKET, arns.LOG_GROUP, arns.DELIVERY_STREAM)
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.route53.query-logs",
        service="route53",
        operation="ListQueryLoggingConfigs",
        page_size_parameter="MaxResults",
        page_size="100",
        region_rule=RegionRule.GLOBAL,
        permissions=("route53:ListQueryLoggingConfigs",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Route53::QueryLoggingConfig",
                kind="monitoring.dns-log",
                items="QueryLoggingConfigs",
                id="arn:{partition}:route53:::queryloggingconfig/{Id}",
                tag_source=TagSource.NONE,
                edges={
                    "log_group": To("CloudWatchLogsLogGroupArn", arns.LOG_GROUP),
                    "zone": To("HostedZoneId", arns.HOSTED_ZONE),
                },
            ),
        ),
    ),
)
