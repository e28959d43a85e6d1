"""What stands before APIs and sites: names, plans, links, and code at the edge."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import DetailCall, Details, Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.apigateway.domain-names",
        service="apigateway",
        # It tells of those that were made for HTTP and WebSocket APIs, too.
        operation="GetDomainNames",
        page_size_parameter="limit",
        page_size=500,
        region_rule=RegionRule.REGIONAL,
        permissions=("apigateway:GET",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ApiGateway::DomainName",
                kind="api.domain",
                items="items",
                # Private ones, which may share a name, tell their ARN; the others have none.
                id=(
                    "domainNameArn",
                    "arn:{partition}:apigateway:{region}::/domainnames/{domainName}",
                ),
                name="domainName",
                state="domainNameStatus",
                tag_source=TagSource.LISTED,
                tags="tags",
                json=("managementPolicy", "policy"),
                volatile=("domainNameStatusMessage",),
                unordered=("endpointConfiguration.types", "endpointConfiguration.vpcEndpointIds"),
                edges={
                    "certificates": To(
                        "[certificateArn, regionalCertificateArn][?@]", arns.CERTIFICATE
                    ),
                    "trust_store": To(
                        "mutualTlsAuthentication.truststoreUri",
                        arns.S3_BUCKET,
                        pattern=r"^s3://([^/]+)",
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.apigateway.usage-plans",
        service="apigateway",
        operation="GetUsagePlans",
        page_size_parameter="limit",
        page_size=500,
        region_rule=RegionRule.REGIONAL,
        permissions=("apigateway:GET",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ApiGateway::UsagePlan",
                kind="api.usage-plan",
                items="items",
                id="arn:{partition}:apigateway:{region}::/usageplans/{id}",
                name="name",
                tag_source=TagSource.LISTED,
                tags="tags",
                unordered=("apiStages",),
                edges={
                    "apis": To("apiStages[].apiId", arns.REST_API),
                },
            ),
        ),
    ),
    Listing(
        name="aws.apigateway.vpc-links",
        service="apigateway",
        operation="GetVpcLinks",
        page_size_parameter="limit",
        page_size=500,
        region_rule=RegionRule.REGIONAL,
        permissions=("apigateway:GET",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ApiGateway::VpcLink",
                kind="network.api-link",
                items="items",
                id="arn:{partition}:apigateway:{region}::/vpclinks/{id}",
                name="name",
                state="status",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=("statusMessage",),
                unordered=("targetArns",),
                edges={
                    "load_balancers": To("targetArns", arns.LOAD_BALANCER),
                },
            ),
        ),
    ),
    Listing(
        name="aws.apigatewayv2.vpc-links",
        service="apigatewayv2",
        operation="GetVpcLinks",
        paging={
            "input_token": "NextToken",
            "output_token": "NextToken",
        },
        page_size_parameter="MaxResults",
        page_size="100",
        region_rule=RegionRule.REGIONAL,
        permissions=("apigateway:GET",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ApiGatewayV2::VpcLink",
                kind="network.api-link",
                items="Items",
                id="arn:{partition}:apigateway:{region}::/vpclinks/{VpcLinkId}",
                name="Name",
                state="VpcLinkStatus",
                created="CreatedDate",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("VpcLinkStatusMessage",),
                unordered=("SecurityGroupIds", "SubnetIds"),
                edges={
                    "security_groups": To("SecurityGroupIds", arns.EC2_SECURITY_GROUP),
                    "subnets": To("SubnetIds", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.cloudfront.functions",
        service="cloudfront",
        operation="ListFunctions",
        # Each is told of once: as it is written, whether or not it was ever published.
        parameters={
            "Stage": "DEVELOPMENT",
        },
        paging={
            "input_token": "Marker",
            "output_token": "FunctionList.NextMarker",
        },
        page_size_parameter="MaxItems",
        page_size="100",
        region_rule=RegionRule.GLOBAL,
        permissions=("cloudfront:ListFunctions",),
        omits_empty=True,
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeFunction",
                    permission="cloudfront:DescribeFunction",
                    key="Name",
                    parameter="Name",
                    parameters={"Stage": "LIVE"},
                    result="FunctionSummary",
                    into="Live",
                    absent={"NoSuchFunctionExists": ""},
                ),
            ),
            every_period=True,
            # What runs is what counts, not what is being written.
            state="Live.Status || 'UNPUBLISHED'",
            unordered=("Live.FunctionConfig.KeyValueStoreAssociations.Items",),
            edges={
                "live_stores": (
                    "Live.FunctionConfig.KeyValueStoreAssociations.Items[].KeyValueStoreARN"
                ),
            },
        ),
        emits=(
            Emits(
                type="AWS::CloudFront::Function",
                kind="compute.edge-function",
                items="FunctionList.Items",
                id="FunctionMetadata.FunctionARN",
                name="Name",
                created="FunctionMetadata.CreatedTime",
                tag_source=TagSource.UNREAD,
                unordered=("FunctionConfig.KeyValueStoreAssociations.Items",),
                edges={
                    "stores": "FunctionConfig.KeyValueStoreAssociations.Items[].KeyValueStoreARN",
                },
            ),
        ),
    ),
    Listing(
        name="aws.cloudfront.origin-access-controls",
        service="cloudfront",
        operation="ListOriginAccessControls",
        page_size_parameter="MaxItems",
        page_size="100",
        region_rule=RegionRule.GLOBAL,
        permissions=("cloudfront:ListOriginAccessControls",),
        omits_empty=True,
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::CloudFront::OriginAccessControl",
                kind="identity.origin-access",
                items="OriginAccessControlList.Items",
                id="arn:{partition}:cloudfront::{account}:origin-access-control/{Id}",
                name="Name",
                tag_source=TagSource.NONE,
            ),
        ),
    ),
)
