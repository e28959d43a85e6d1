"""What watches, judges and shields: scanners, standards, aggregators, keepers of keys."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.inspector2.account-status",
        service="inspector2",
        # Without names of accounts it tells of the one that asks, or why it can't.
        operation="BatchGetAccountStatus",
        region_rule=RegionRule.REGIONAL,
        permissions=("inspector2:BatchGetAccountStatus",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        unread="failedAccounts[].errorCode",
        emits=(
            Emits(
                type="AWS::InspectorV2::AccountStatus",
                kind="security.scanner",
                items="accounts",
                id="arn:{partition}:inspector2:{region}:{account}:account-status",
                owner="accountId",
                state="state.status",
                tag_source=TagSource.NONE,
            ),
        ),
    ),
    Listing(
        name="aws.inspector2.filters",
        service="inspector2",
        operation="ListFilters",
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("inspector2:ListFilters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::InspectorV2::Filter",
                kind="security.finding-filter",
                items="filters",
                id="arn",
                owner="ownerId",
                name="name",
                created="createdAt",
                tag_source=TagSource.LISTED,
                tags="tags",
            ),
        ),
    ),
    Listing(
        name="aws.securityhub.enabled-standards",
        service="securityhub",
        operation="GetEnabledStandards",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("securityhub:GetEnabledStandards",),
        absent={
            "InvalidAccessException": "is not subscribed",
        },
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::SecurityHub::Standard",
                kind="security.standard",
                items="StandardsSubscriptions",
                id="StandardsSubscriptionArn",
                state="StandardsStatus",
                tag_source=TagSource.NONE,
                volatile=("StandardsControlsUpdatable",),
            ),
        ),
    ),
    Listing(
        name="aws.config.aggregators",
        service="config",
        operation="DescribeConfigurationAggregators",
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("config:DescribeConfigurationAggregators",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Config::ConfigurationAggregator",
                kind="management.aggregator",
                items="ConfigurationAggregators",
                id="ConfigurationAggregatorArn",
                arn="arn:{partition}:config:{region}:{account}:config-aggregator/{Id}",
                name="ConfigurationAggregatorName",
                created="CreationTime",
                tag_source=TagSource.TAGGING,
                unordered=(
                    "AccountAggregationSources",
                    "AccountAggregationSources[].AccountIds",
                    "AccountAggregationSources[].AwsRegions",
                    "OrganizationAggregationSource.AwsRegions",
                ),
                edges={
                    "role": To("OrganizationAggregationSource.RoleArn", arns.IAM_ROLE),
                },
            ),
        ),
    ),
    Listing(
        name="aws.config.conformance-packs",
        service="config",
        operation="DescribeConformancePacks",
        page_size_parameter="Limit",
        page_size=20,
        region_rule=RegionRule.REGIONAL,
        permissions=("config:DescribeConformancePacks",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Config::ConformancePack",
                kind="management.rule-pack",
                items="ConformancePackDetails",
                id="ConformancePackArn",
                name="ConformancePackName",
                tag_source=TagSource.UNREAD,
                unordered=("ConformancePackInputParameters",),
                edges={
                    "bucket": To("DeliveryS3Bucket", arns.S3_BUCKET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.shield.subscriptions",
        service="shield",
        operation="DescribeSubscription",
        region_rule=RegionRule.GLOBAL,
        permissions=("shield:DescribeSubscription",),
        absent={
            "ResourceNotFoundException": "",
        },
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Shield::Subscription",
                kind="commitment.subscription",
                items="Subscription",
                single=True,
                id=("SubscriptionArn", "arn:{partition}:shield::{account}:subscription"),
                created="StartTime",
                tag_source=TagSource.NONE,
                unordered=("Limits",),
            ),
        ),
    ),
    Listing(
        name="aws.shield.protections",
        service="shield",
        operation="ListProtections",
        page_size_parameter="MaxResults",
        page_size=10000,
        region_rule=RegionRule.GLOBAL,
        permissions=("shield:ListProtections",),
        absent={
            "ResourceNotFoundException": "",
        },
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Shield::Protection",
                kind="security.protection",
                items="Protections",
                id="arn:{partition}:shield::{account}:protection/{Id}",
                name="Name",
                tag_source=TagSource.UNREAD,
                unordered=("HealthCheckIds",),
                edges={
                    "health_checks": To("HealthCheckIds", arns.HEALTH_CHECK),
                    "resource": "ResourceArn",
                },
            ),
        ),
    ),
    Listing(
        name="aws.acm-pca.authorities",
        service="acm-pca",
        operation="ListCertificateAuthorities",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("acm-pca:ListCertificateAuthorities",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ACMPCA::CertificateAuthority",
                kind="security.certificate-authority",
                items="CertificateAuthorities",
                id="Arn",
                arn="arn:{partition}:acm-pca:{region}:{account}:certificate-authority/{Id}",
                owner="OwnerAccount",
                name="CertificateAuthorityConfiguration.Subject.CommonName",
                state="Status",
                created="CreatedAt",
                tag_source=TagSource.TAGGING,
                edges={
                    "bucket": To(
                        "RevocationConfiguration.CrlConfiguration.S3BucketName", arns.S3_BUCKET
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.cloudhsm.clusters",
        service="cloudhsmv2",
        operation="DescribeClusters",
        page_size_parameter="MaxResults",
        page_size=25,
        region_rule=RegionRule.REGIONAL,
        permissions=("cloudhsm:DescribeClusters",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::CloudHSM::Cluster",
                kind="security.key-module",
                items="Clusters",
                id="arn:{partition}:cloudhsm:{region}:{account}:cluster/{ClusterId}",
                state="State",
                created="CreateTimestamp",
                tag_source=TagSource.LISTED,
                tags="TagList",
                volatile=("StateMessage", "Hsms[].StateMessage"),
                unordered=("Hsms", "TagList"),
                edges={
                    "interfaces": To("Hsms[].EniId", arns.EC2_NETWORK_INTERFACE),
                    "network": To("VpcId", arns.EC2_VPC),
                    "security_group": To("SecurityGroup", arns.EC2_SECURITY_GROUP),
                    "subnets": To("values(SubnetMapping)", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
)
