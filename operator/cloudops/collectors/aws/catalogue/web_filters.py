"""What stands around the web ACLs of regions: those of CloudFront, sets, groups, and logs."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.wafv2.cloudfront-web-acls",
        service="wafv2",
        operation="ListWebACLs",
        parameters={
            "Scope": "CLOUDFRONT",
        },
        paging={
            "input_token": "NextMarker",
            "output_token": "NextMarker",
        },
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.GLOBAL,
        permissions=("wafv2:ListWebACLs",),
        # Where there is no CloudFront, there is no such scope.
        unsupported_codes=("WAFInvalidParameterException",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::WAFv2::CloudFrontWebACL",
                kind="security.web-acl",
                items="WebACLs",
                id="ARN",
                name="Name",
                tag_source=TagSource.UNREAD,
            ),
        ),
    ),
    Listing(
        name="aws.wafv2.ip-sets",
        service="wafv2",
        operation="ListIPSets",
        parameters={
            "Scope": "REGIONAL",
        },
        paging={
            "input_token": "NextMarker",
            "output_token": "NextMarker",
        },
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("wafv2:ListIPSets",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::WAFv2::IPSet",
                kind="security.ip-set",
                items="IPSets",
                id="ARN",
                arn="arn:{partition}:wafv2:{region}:{account}:regional/ipset/{Name}/{Id}",
                name="Name",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    Listing(
        name="aws.wafv2.rule-groups",
        service="wafv2",
        operation="ListRuleGroups",
        parameters={
            "Scope": "REGIONAL",
        },
        paging={
            "input_token": "NextMarker",
            "output_token": "NextMarker",
        },
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("wafv2:ListRuleGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::WAFv2::RuleGroup",
                kind="security.rule-group",
                items="RuleGroups",
                id="ARN",
                arn="arn:{partition}:wafv2:{region}:{account}:regional/rulegroup/{Name}/{Id}",
                name="Name",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    Listing(
        name="aws.wafv2.logging-configurations",
        service="wafv2",
        operation="ListLoggingConfigurations",
        parameters={
            "Scope": "REGIONAL",
        },
        paging={
            "input_token": "NextMarker",
            "output_token": "NextMarker",
        },
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("wafv2:ListLoggingConfigurations",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::WAFv2::LoggingConfiguration",
                kind="monitoring.firewall-log",
                items="LoggingConfigurations",
                id="{ResourceArn*}/logging-configuration",
                tag_source=TagSource.NONE,
                unordered=("LogDestinationConfigs", "RedactedFields"),
                edges={
                    "destinations": To(
                        "LogDestinationConfigs",
                        (arns.S3_BUCKET, arns.LOG_GROUP, arns.DELIVERY_STREAM),
                    ),
                    "web_acl": To("ResourceArn", arns.WEB_ACL),
                },
            ),
        ),
    ),
)
