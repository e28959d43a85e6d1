"""What stands around the web ACLs of regions: those of CloudFront, sets, groups, and logs.

What CloudFront uses is listed apart, with another scope, and is of types of its own here.
"""

from functools import partial
from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

_listing: Final = partial(
    Listing,
    service="wafv2",
    paging={"input_token": "NextMarker", "output_token": "NextMarker"},
    page_size_parameter="Limit",
    page_size=100,
    consistency=Consistency.EVENTUAL,
    period=PeriodClass.STANDARD,
)
_of_a_region: Final = partial(
    _listing, parameters={"Scope": "REGIONAL"}, region_rule=RegionRule.REGIONAL
)
_of_cloudfront: Final = partial(
    _listing,
    parameters={"Scope": "CLOUDFRONT"},
    region_rule=RegionRule.GLOBAL,
    # Where there is no CloudFront, there is no such scope.
    unsupported_codes=("WAFInvalidParameterException",),
)

_web_acl: Final = partial(Emits, kind="security.web-acl", items="WebACLs", id="ARN", name="Name")
_ip_set: Final = partial(Emits, kind="security.ip-set", items="IPSets", id="ARN", name="Name")
_pattern_set: Final = partial(
    Emits, kind="security.pattern-set", items="RegexPatternSets", id="ARN", name="Name"
)
_rule_group: Final = partial(
    Emits, kind="security.rule-group", items="RuleGroups", id="ARN", name="Name"
)
_logging: Final = partial(
    Emits,
    kind="monitoring.firewall-log",
    items="LoggingConfigurations",
    id="{ResourceArn*}/logging-configuration",
    tag_source=TagSource.NONE,
    unordered=("LogDestinationConfigs", "RedactedFields"),
)
_LOGS_GO_TO: Final = To(
    "LogDestinationConfigs", (arns.S3_BUCKET, arns.LOG_GROUP, arns.DELIVERY_STREAM)
)

LISTINGS: Final = (
    _of_cloudfront(
        name="aws.wafv2.cloudfront-web-acls",
        operation="ListWebACLs",
        permissions=("wafv2:ListWebACLs",),
        emits=(_web_acl(type="AWS::WAFv2::CloudFrontWebACL", tag_source=TagSource.UNREAD),),
    ),
    _of_a_region(
        name="aws.wafv2.ip-sets",
        operation="ListIPSets",
        permissions=("wafv2:ListIPSets",),
        emits=(
            _ip_set(
                type="AWS::WAFv2::IPSet",
                arn="arn:{partition}:wafv2:{region}:{account}:regional/ipset/{Name}/{Id}",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    _of_cloudfront(
        name="aws.wafv2.cloudfront-ip-sets",
        operation="ListIPSets",
        permissions=("wafv2:ListIPSets",),
        emits=(_ip_set(type="AWS::WAFv2::CloudFrontIPSet", tag_source=TagSource.UNREAD),),
    ),
    _of_a_region(
        name="aws.wafv2.regex-pattern-sets",
        operation="ListRegexPatternSets",
        permissions=("wafv2:ListRegexPatternSets",),
        emits=(
            _pattern_set(
                type="AWS::WAFv2::RegexPatternSet",
                arn="arn:{partition}:wafv2:{region}:{account}:regional/regexpatternset/{Name}/{Id}",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    _of_cloudfront(
        name="aws.wafv2.cloudfront-regex-pattern-sets",
        operation="ListRegexPatternSets",
        permissions=("wafv2:ListRegexPatternSets",),
        emits=(
            _pattern_set(type="AWS::WAFv2::CloudFrontRegexPatternSet", tag_source=TagSource.UNREAD),
        ),
    ),
    _of_a_region(
        name="aws.wafv2.rule-groups",
        operation="ListRuleGroups",
        permissions=("wafv2:ListRuleGroups",),
        emits=(
            _rule_group(
                type="AWS::WAFv2::RuleGroup",
                arn="arn:{partition}:wafv2:{region}:{account}:regional/rulegroup/{Name}/{Id}",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    _of_cloudfront(
        name="aws.wafv2.cloudfront-rule-groups",
        operation="ListRuleGroups",
        permissions=("wafv2:ListRuleGroups",),
        emits=(_rule_group(type="AWS::WAFv2::CloudFrontRuleGroup", tag_source=TagSource.UNREAD),),
    ),
    _of_a_region(
        name="aws.wafv2.logging-configurations",
        operation="ListLoggingConfigurations",
        permissions=("wafv2:ListLoggingConfigurations",),
        emits=(
            _logging(
                type="AWS::WAFv2::LoggingConfiguration",
                edges={
                    "destinations": _LOGS_GO_TO,
                    "web_acl": To("ResourceArn", arns.WEB_ACL),
                },
            ),
        ),
    ),
    _of_cloudfront(
        name="aws.wafv2.cloudfront-logging-configurations",
        operation="ListLoggingConfigurations",
        permissions=("wafv2:ListLoggingConfigurations",),
        emits=(
            _logging(
                type="AWS::WAFv2::CloudFrontLoggingConfiguration",
                edges={"destinations": _LOGS_GO_TO, "web_acl": "ResourceArn"},
            ),
        ),
    ),
)
