"""What looks out for intruders and leaks.

Where one of these is not switched on, that is known: the listing is complete, and empty.
"""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import (
    LISTED_TIER,
    DetailCall,
    Details,
    Emits,
    Listing,
    RegionRule,
    To,
)
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.guardduty.detectors",
        service="guardduty",
        operation="ListDetectors",
        page_size_parameter="MaxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("guardduty:ListDetectors",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="GetDetector",
                    permission="guardduty:GetDetector",
                    key="DetectorId",
                    parameter="DetectorId",
                ),
            ),
            gone={"BadRequestException": "is not owned by the current account"},
            every_period=True,
            state="Status",
            created="CreatedAt",
            tags="Tags",
            unordered=("Features", "Features[].AdditionalConfiguration"),
            edges={"role": To("ServiceRole", arns.IAM_ROLE)},
        ),
        emits=(
            Emits(
                type="AWS::GuardDuty::Detector",
                kind="security.detector",
                items="DetectorIds",
                word="DetectorId",
                id="arn:{partition}:guardduty:{region}:{account}:detector/{DetectorId}",
                tag_source=TagSource.DETAILS,
            ),
        ),
    ),
    Listing(
        name="aws.securityhub.hubs",
        service="securityhub",
        operation="DescribeHub",
        region_rule=RegionRule.REGIONAL,
        permissions=("securityhub:DescribeHub",),
        absent={"InvalidAccessException": "is not subscribed|is not enabled for securityhub"},
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::SecurityHub::Hub",
                kind="security.hub",
                items="HubArn",
                single=True,
                id="HubArn",
                name="HubArn",
                created="SubscribedAt",
                tag_source=TagSource.UNREAD,
            ),
        ),
    ),
    Listing(
        name="aws.macie.sessions",
        service="macie2",
        operation="GetMacieSession",
        region_rule=RegionRule.REGIONAL,
        permissions=("macie2:GetMacieSession",),
        # A denial that is none: it says so of an account that may ask.
        absent={"AccessDeniedException": "Macie is not enabled"},
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Macie::Session",
                kind="security.data-discovery",
                items="status",
                single=True,
                id="arn:{partition}:macie2:{region}:{account}:session",
                state="status",
                created="createdAt",
                tag_source=TagSource.NONE,
                edges={"role": To("serviceRole", arns.IAM_ROLE)},
            ),
        ),
    ),
    Listing(
        name="aws.accessanalyzer.analyzers",
        service="accessanalyzer",
        operation="ListAnalyzers",
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("access-analyzer:ListAnalyzers",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::AccessAnalyzer::Analyzer",
                kind="security.analyzer",
                items="analyzers",
                id="arn",
                name="name",
                state="status",
                created="createdAt",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=("lastResourceAnalyzed", "lastResourceAnalyzedAt"),
            ),
        ),
    ),
    Listing(
        name="aws.kms.aliases",
        service="kms",
        operation="ListAliases",
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("kms:ListAliases",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::KMS::Alias",
                kind="security.key-alias",
                items="Aliases",
                id="AliasArn",
                arn=arns.KMS_ALIAS,
                name="AliasName",
                created="CreationDate",
                tag_source=TagSource.NONE,
                edges={"key": To("TargetKeyId", arns.KMS_KEY)},
            ),
        ),
    ),
)
