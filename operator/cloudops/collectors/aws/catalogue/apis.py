"""Doors for programs, and the pools of people who may come in."""

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
        name="aws.apigateway.rest-apis",
        service="apigateway",
        operation="GetRestApis",
        page_size_parameter="limit",
        page_size=500,
        region_rule=RegionRule.REGIONAL,
        # Its actions are named after the methods of HTTP, not after operations.
        permissions=("apigateway:GET",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ApiGateway::RestApi",
                kind="api.rest",
                items="items",
                # Their ARNs name no account.
                id=arns.REST_API,
                name="name",
                state="apiStatus",
                created="createdDate",
                tag_source=TagSource.LISTED,
                tags="tags",
                json=("policy",),
                volatile=("apiStatusMessage",),
                unordered=(
                    "binaryMediaTypes",
                    "endpointConfiguration.types",
                    "endpointConfiguration.vpcEndpointIds",
                    "warnings",
                ),
                edges={
                    "endpoints": To("endpointConfiguration.vpcEndpointIds", arns.EC2_VPC_ENDPOINT)
                },
            ),
        ),
    ),
    Listing(
        name="aws.apigatewayv2.apis",
        service="apigatewayv2",
        operation="GetApis",
        page_size_parameter="MaxResults",
        page_size="100",
        region_rule=RegionRule.REGIONAL,
        permissions=("apigateway:GET",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ApiGatewayV2::Api",
                kind="api.gateway",
                items="Items",
                id=arns.HTTP_API,
                name="Name",
                created="CreatedDate",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=(
                    "CorsConfiguration.AllowHeaders",
                    "CorsConfiguration.AllowMethods",
                    "CorsConfiguration.AllowOrigins",
                    "CorsConfiguration.ExposeHeaders",
                    "ImportInfo",
                    "Warnings",
                ),
            ),
        ),
    ),
    Listing(
        name="aws.appsync.apis",
        service="appsync",
        operation="ListGraphqlApis",
        page_size_parameter="maxResults",
        page_size=25,
        region_rule=RegionRule.REGIONAL,
        permissions=("appsync:ListGraphqlApis",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::AppSync::GraphQLApi",
                kind="api.graphql",
                items="graphqlApis",
                id="arn",
                owner="owner",
                name="name",
                tag_source=TagSource.LISTED,
                tags="tags",
                unordered=("additionalAuthenticationProviders",),
                edges={
                    "authorizer": To("lambdaAuthorizerConfig.authorizerUri", arns.LAMBDA_FUNCTION),
                    "roles": To(
                        "[logConfig.cloudWatchLogsRoleArn, mergedApiExecutionRoleArn][?@]",
                        arns.IAM_ROLE,
                    ),
                    "user_pools": To(
                        "[userPoolConfig, additionalAuthenticationProviders[].userPoolConfig][]"
                        ".{id: userPoolId, region: awsRegion}",
                        arns.USER_POOL,
                    ),
                    "web_acl": To("wafWebAclArn", arns.WEB_ACL),
                },
            ),
        ),
    ),
    Listing(
        name="aws.cognito-idp.user-pools",
        service="cognito-idp",
        operation="ListUserPools",
        page_size_parameter="MaxResults",
        page_size=60,
        region_rule=RegionRule.REGIONAL,
        permissions=("cognito-idp:ListUserPools",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeUserPool",
                    permission="cognito-idp:DescribeUserPool",
                    key="Id",
                    parameter="UserPoolId",
                    result="UserPool",
                ),
            ),
            gone={"ResourceNotFoundException": ""},
            tags="UserPoolTags",
            volatile=(
                "EmailConfigurationFailure",
                "EstimatedNumberOfUsers",
                "SmsConfigurationFailure",
            ),
            unordered=(
                "AccountRecoverySetting.RecoveryMechanisms",
                "AliasAttributes",
                "AutoVerifiedAttributes",
                "Policies.SignInPolicy.AllowedFirstAuthFactors",
                "SchemaAttributes",
                "UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate",
                "UsernameAttributes",
            ),
            # By these ids a role for messages knows who uses it.
            redact=("SmsConfiguration.EumsSms.ExternalId", "SmsConfiguration.ExternalId"),
            edges={
                "functions": To(
                    "LambdaConfig.[PreSignUp, CustomMessage, PostConfirmation,"
                    " PreAuthentication, PostAuthentication, DefineAuthChallenge,"
                    " CreateAuthChallenge, VerifyAuthChallengeResponse, UserMigration,"
                    " PreTokenGeneration, CustomSMSSender.LambdaArn,"
                    " CustomEmailSender.LambdaArn][?@]",
                    arns.LAMBDA_FUNCTION,
                ),
                "key": To("LambdaConfig.KMSKeyID", arns.KMS),
                "mail_identity": "EmailConfiguration.SourceArn",
                "role": To("SmsConfiguration.SnsCallerArn", arns.IAM_ROLE),
            },
        ),
        emits=(
            Emits(
                type="AWS::Cognito::UserPool",
                kind="identity.user-pool",
                items="UserPools",
                id=arns.USER_POOL,
                name="Name",
                created="CreationDate",
                tag_source=TagSource.DETAILS,
            ),
        ),
    ),
)
