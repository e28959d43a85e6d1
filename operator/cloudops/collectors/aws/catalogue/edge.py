"""Where the world comes in: domains, what is delivered near the reader, and who guards it."""

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

# `logs.s3.amazonaws.com`, with the region behind `s3`, or of a bucket that is a web site.
_BUCKET_ORIGIN: Final = r"^(.+?)\.s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$"

LISTINGS: Final = (
    Listing(
        name="aws.route53.hosted-zones",
        service="route53",
        operation="ListHostedZones",
        page_size_parameter="MaxItems",
        page_size="100",
        region_rule=RegionRule.GLOBAL,
        permissions=("route53:ListHostedZones",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Route53::HostedZone",
                kind="network.dns-zone",
                items="HostedZones",
                id=arns.HOSTED_ZONE,
                name="Name",
                tag_source=TagSource.TAGGING,
                volatile=("Features", "ResourceRecordSetCount"),
            ),
        ),
    ),
    Listing(
        name="aws.route53.health-checks",
        service="route53",
        operation="ListHealthChecks",
        page_size_parameter="MaxItems",
        page_size="1000",
        region_rule=RegionRule.GLOBAL,
        permissions=("route53:ListHealthChecks",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                # It has no name but its tag, which this list does not bring.
                type="AWS::Route53::HealthCheck",
                kind="monitoring.health-check",
                items="HealthChecks",
                id=arns.HEALTH_CHECK,
                tag_source=TagSource.TAGGING,
                unordered=(
                    "CloudWatchAlarmConfiguration.Dimensions",
                    "HealthCheckConfig.ChildHealthChecks",
                    "HealthCheckConfig.Regions",
                ),
                edges={
                    "alarm": To(
                        "HealthCheckConfig.AlarmIdentifier.{id: Name, region: Region}", arns.ALARM
                    ),
                    "children": To("HealthCheckConfig.ChildHealthChecks", arns.HEALTH_CHECK),
                    "routing_control": "HealthCheckConfig.RoutingControlArn",
                },
            ),
        ),
    ),
    Listing(
        name="aws.cloudfront.distributions",
        service="cloudfront",
        operation="ListDistributions",
        # The list stands inside an object that says how many there are, and is not
        # there where there are none.
        omits_empty=True,
        page_size_parameter="MaxItems",
        page_size="100",
        region_rule=RegionRule.GLOBAL,
        permissions=("cloudfront:ListDistributions",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::CloudFront::Distribution",
                kind="network.distribution",
                items="DistributionList.Items",
                id="ARN",
                arn=arns.DISTRIBUTION,
                name="DomainName",
                state="Status",
                tag_source=TagSource.TAGGING,
                # Origins know their visitors by what only CloudFront sends them.
                redact=("Origins.Items[].CustomHeaders.Items[].HeaderValue",),
                volatile=("AliasICPRecordals",),
                # Behaviours count in the order in which they stand.
                unordered=(
                    "Aliases.Items",
                    "CustomErrorResponses.Items",
                    *(
                        f"{behaviour}.{inner}.Items"
                        for behaviour in ("DefaultCacheBehavior", "CacheBehaviors.Items[]")
                        for inner in (
                            "AllowedMethods",
                            "AllowedMethods.CachedMethods",
                            "FunctionAssociations",
                            "LambdaFunctionAssociations",
                            "TrustedKeyGroups",
                            "TrustedSigners",
                        )
                    ),
                    "Origins.Items",
                    "Origins.Items[].CustomHeaders.Items",
                    "Origins.Items[].CustomOriginConfig.OriginSslProtocols.Items",
                    "Restrictions.GeoRestriction.Items",
                ),
                edges={
                    "buckets": To(
                        "Origins.Items[].DomainName", arns.S3_BUCKET, pattern=_BUCKET_ORIGIN
                    ),
                    "certificate": "ViewerCertificate.[ACMCertificateArn, IAMCertificateId][?@]",
                    "functions": To(
                        "[DefaultCacheBehavior, CacheBehaviors.Items[]][]"
                        ".[LambdaFunctionAssociations.Items[].LambdaFunctionARN,"
                        " FunctionAssociations.Items[].FunctionARN][][] | [?@]",
                        arns.LAMBDA_FUNCTION,
                    ),
                    "web_acl": "WebACLId",
                },
            ),
        ),
    ),
    Listing(
        name="aws.acm.certificates",
        service="acm",
        operation="ListCertificates",
        # Without these, only those with an RSA key of up to 2,048 bits are listed, and none
        # that was ordered by ACME.
        parameters={
            "Includes": {
                "keyTypes": [
                    "RSA_1024",
                    "RSA_2048",
                    "RSA_3072",
                    "RSA_4096",
                    "EC_prime256v1",
                    "EC_secp384r1",
                    "EC_secp521r1",
                ]
            },
            "CertificateKeyPairOrigins": ["ACME", "AWS_MANAGED", "CUSTOMER_PROVIDED"],
        },
        page_size_parameter="MaxItems",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("acm:ListCertificates",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::CertificateManager::Certificate",
                kind="security.certificate",
                items="CertificateSummaryList",
                id="CertificateArn",
                arn=arns.CERTIFICATE,
                name="DomainName",
                state="Status",
                # An imported certificate keeps its ARN when it is imported anew, and may then
                # be told to be newer: its time of import is no time of creation.
                created="CreatedAt",
                tag_source=TagSource.TAGGING,
                unordered=(
                    "ExtendedKeyUsages",
                    "KeyUsages",
                    "SubjectAlternativeNameSummaries",
                ),
            ),
        ),
    ),
    Listing(
        name="aws.wafv2.web-acls",
        service="wafv2",
        # Those of CloudFront are listed apart, with another scope, in one region only.
        operation="ListWebACLs",
        parameters={"Scope": "REGIONAL"},
        paging={"input_token": "NextMarker", "output_token": "NextMarker"},
        page_size_parameter="Limit",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("wafv2:ListWebACLs",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::WAFv2::WebACL",
                kind="security.web-acl",
                items="WebACLs",
                id="ARN",
                arn=arns.WEB_ACL,
                name="Name",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    Listing(
        name="aws.network-firewall.firewalls",
        service="network-firewall",
        operation="ListFirewalls",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("network-firewall:ListFirewalls",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeFirewall",
                    permission="network-firewall:DescribeFirewall",
                    key="FirewallArn",
                    parameter="FirewallArn",
                ),
            ),
            gone={"ResourceNotFoundException": ""},
            state="FirewallStatus.Status",
            tags="Firewall.Tags",
            volatile=(
                "Firewall.NumberOfAssociations",
                "FirewallStatus.CapacityUsageSummary",
                "FirewallStatus.ConfigurationSyncStateSummary",
                "FirewallStatus.SyncStates",
                "FirewallStatus.TransitGatewayAttachmentSyncState",
                "UpdateToken",
            ),
            unordered=(
                "Firewall.AvailabilityZoneMappings",
                "Firewall.EnabledAnalysisTypes",
                "Firewall.SubnetMappings",
                "Firewall.Tags",
            ),
            edges={
                "key": To("Firewall.EncryptionConfiguration.KeyId", arns.KMS),
                "network": To("Firewall.VpcId", arns.EC2_VPC),
                "policy": "Firewall.FirewallPolicyArn",
                "subnets": To("Firewall.SubnetMappings[].SubnetId", arns.EC2_SUBNET),
            },
        ),
        emits=(
            Emits(
                type="AWS::NetworkFirewall::Firewall",
                kind="security.firewall",
                items="Firewalls",
                id="FirewallArn",
                name="FirewallName",
                tag_source=TagSource.DETAILS,
            ),
        ),
    ),
)
