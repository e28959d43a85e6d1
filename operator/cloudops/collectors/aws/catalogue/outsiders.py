"""What is shared with others, who signs in from elsewhere, and who is written to."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import ACCOUNT, Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.ram.shares",
        service="ram",
        operation="GetResourceShares",
        parameters={
            "resourceOwner": "SELF",
        },
        page_size_parameter="maxResults",
        page_size=500,
        region_rule=RegionRule.REGIONAL,
        permissions=("ram:GetResourceShares",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::RAM::ResourceShare",
                kind="security.share",
                items="resourceShares",
                id="resourceShareArn",
                owner="owningAccountId",
                name="name",
                state="status",
                created="creationTime",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=("statusMessage",),
                unordered=("tags",),
            ),
        ),
    ),
    Listing(
        name="aws.budgets.budgets",
        service="budgets",
        operation="DescribeBudgets",
        parameters={
            "AccountId": ACCOUNT,
        },
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.GLOBAL,
        permissions=("budgets:ViewBudget",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Budgets::Budget",
                kind="cost.budget",
                items="Budgets",
                id="arn:{partition}:budgets::{account}:budget/{BudgetName*}",
                name="BudgetName",
                tag_source=TagSource.UNREAD,
                volatile=(
                    "AutoAdjustData.LastAutoAdjustTime",
                    "CalculatedSpend",
                    "HealthStatus",
                    "LastUpdatedTime",
                ),
            ),
        ),
    ),
    Listing(
        name="aws.cognito-identity.pools",
        service="cognito-identity",
        operation="ListIdentityPools",
        page_size_parameter="MaxResults",
        page_size=60,
        region_rule=RegionRule.REGIONAL,
        permissions=("cognito-identity:ListIdentityPools",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Cognito::IdentityPool",
                kind="identity.identity-pool",
                items="IdentityPools",
                id="arn:{partition}:cognito-identity:{region}:{account}:identitypool/{IdentityPoolId*}",
                name="IdentityPoolName",
                tag_source=TagSource.UNREAD,
            ),
        ),
    ),
    Listing(
        name="aws.ds.directories",
        service="ds",
        operation="DescribeDirectories",
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("ds:DescribeDirectories",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::DirectoryService::Directory",
                kind="identity.directory",
                items="DirectoryDescriptions",
                id="arn:{partition}:ds:{region}:{account}:directory/{DirectoryId}",
                name="Name",
                state="Stage",
                created="LaunchTime",
                tag_source=TagSource.UNREAD,
                volatile=("StageLastUpdatedDateTime", "StageReason"),
                unordered=("DnsIpAddrs", "RadiusSettings.RadiusServers", "VpcSettings.SubnetIds"),
                edges={
                    "network": To("[VpcSettings, ConnectSettings][].VpcId", arns.EC2_VPC),
                    "security_group": To(
                        "[VpcSettings, ConnectSettings][].SecurityGroupId", arns.EC2_SECURITY_GROUP
                    ),
                    "subnets": To("[VpcSettings, ConnectSettings][].SubnetIds[]", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ses.identities",
        service="sesv2",
        operation="ListEmailIdentities",
        paging={
            "input_token": "NextToken",
            "output_token": "NextToken",
        },
        page_size_parameter="PageSize",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ses:ListEmailIdentities",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::SES::EmailIdentity",
                kind="messaging.mail-identity",
                items="EmailIdentities",
                id="arn:{partition}:ses:{region}:{account}:identity/{IdentityName}",
                name="IdentityName",
                state="VerificationStatus",
                tag_source=TagSource.UNREAD,
            ),
        ),
    ),
)
