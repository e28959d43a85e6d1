"""What of APIs is there to be called: their stages."""

from functools import partial
from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, Parents, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

_listing: Final = partial(
    Listing,
    operation="GetStages",
    region_rule=RegionRule.REGIONAL,
    # Its actions are named after the methods of HTTP, not after operations.
    permissions=("apigateway:GET",),
    consistency=Consistency.EVENTUAL,
    period=PeriodClass.STANDARD,
)
# The answers do not tell whose stages they are.
_parents: Final = partial(Parents, permission="apigateway:GET", gone={"NotFoundException": ""})

LISTINGS: Final = (
    _listing(
        name="aws.apigateway.stages",
        service="apigateway",
        parents=_parents(
            operation="GetRestApis",
            items="items",
            key="id",
            parameter="restApiId",
            into="restApiId",
            parameters={"limit": 500},
        ),
        emits=(
            Emits(
                type="AWS::ApiGateway::Stage",
                kind="api.stage",
                items="item",
                # Their ARNs name no account.
                id="arn:{partition}:apigateway:{region}::/restapis/{restApiId}/stages/{stageName}",
                name="stageName",
                created="createdDate",
                tag_source=TagSource.LISTED,
                tags="tags",
                volatile=("cacheClusterStatus",),
                redact=("canarySettings.stageVariableOverrides.*",),
                edges={
                    "api": To("restApiId", arns.REST_API),
                    "logs": To(
                        "accessLogSettings.destinationArn",
                        (arns.LOG_GROUP, arns.DELIVERY_STREAM),
                    ),
                    "web_acl": To("webAclArn", arns.WEB_ACL),
                },
            ),
        ),
    ),
    _listing(
        name="aws.apigatewayv2.stages",
        service="apigatewayv2",
        page_size_parameter="MaxResults",
        page_size="100",
        parents=_parents(
            operation="GetApis",
            items="Items",
            key="ApiId",
            parameter="ApiId",
            into="ApiId",
            parameters={"MaxResults": "100"},
        ),
        emits=(
            Emits(
                type="AWS::ApiGatewayV2::Stage",
                kind="api.stage",
                items="Items",
                id="arn:{partition}:apigateway:{region}::/apis/{ApiId}/stages/{StageName}",
                name="StageName",
                created="CreatedDate",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("LastDeploymentStatusMessage",),
                redact=("StageVariables.*",),
                edges={
                    "api": To("ApiId", arns.HTTP_API),
                    "logs": To(
                        "AccessLogSettings.DestinationArn",
                        (arns.LOG_GROUP, arns.DELIVERY_STREAM),
                    ),
                },
            ),
        ),
    ),
)
