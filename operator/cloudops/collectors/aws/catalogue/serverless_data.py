"""Where data is kept by services that show no machines: caches, warehouses and searches."""

from functools import partial
from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import DESCRIBED, Describe, Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

_listing: Final = partial(
    Listing,
    region_rule=RegionRule.REGIONAL,
    consistency=Consistency.EVENTUAL,
    period=PeriodClass.STANDARD,
)
_warehouse: Final = partial(
    _listing, service="redshift-serverless", page_size_parameter="maxResults", page_size=100
)

LISTINGS: Final = (
    _listing(
        name="aws.elasticache.serverless-caches",
        service="elasticache",
        operation="DescribeServerlessCaches",
        page_size_parameter="MaxResults",
        page_size=50,
        permissions=("elasticache:DescribeServerlessCaches",),
        emits=(
            Emits(
                type="AWS::ElastiCache::ServerlessCache",
                kind="database.cache",
                items="ServerlessCaches",
                id="ARN",
                arn=arns.SERVERLESS_CACHE,
                name="ServerlessCacheName",
                state="Status",
                created="CreateTime",
                tag_source=TagSource.TAGGING,
                unordered=("SecurityGroupIds", "SubnetIds"),
                edges={
                    "key": To("KmsKeyId", arns.KMS),
                    "security_groups": To("SecurityGroupIds", arns.EC2_SECURITY_GROUP),
                    "subnets": To("SubnetIds", arns.EC2_SUBNET),
                    "user_group": To("UserGroupId", arns.CACHE_USER_GROUP),
                },
            ),
        ),
    ),
    _warehouse(
        name="aws.redshift-serverless.namespaces",
        operation="ListNamespaces",
        permissions=("redshift-serverless:ListNamespaces",),
        emits=(
            Emits(
                type="AWS::RedshiftServerless::Namespace",
                kind="database.warehouse",
                items="namespaces",
                id="namespaceArn",
                arn="arn:{partition}:redshift-serverless:{region}:{account}:namespace/{namespaceId}",
                name="namespaceName",
                state="status",
                created="creationDate",
                tag_source=TagSource.TAGGING,
                volatile=("s3TablePublishStatus.lastIngestionTimes",),
                unordered=("iamRoles", "logExports"),
                edges={
                    "admin_secret": "adminPasswordSecretArn",
                    # Where it is AWS's own key, a word stands there.
                    "key": To("kmsKeyId", arns.KMS, pattern=r"\A(?!AWS_OWNED).+"),
                    # Each is a text that tells the role's ARN and whether it is in use.
                    "roles": To("iamRoles", arns.IAM_ROLE, pattern=r"arn:[\w-]+:iam::\d+:[^\s,)]+"),
                },
            ),
        ),
    ),
    _warehouse(
        name="aws.redshift-serverless.workgroups",
        operation="ListWorkgroups",
        permissions=("redshift-serverless:ListWorkgroups",),
        emits=(
            Emits(
                type="AWS::RedshiftServerless::Workgroup",
                kind="database.warehouse-compute",
                items="workgroups",
                id="workgroupArn",
                arn="arn:{partition}:redshift-serverless:{region}:{account}:workgroup/{workgroupId}",
                name="workgroupName",
                state="status",
                created="creationDate",
                tag_source=TagSource.TAGGING,
                unordered=(
                    "configParameters",
                    "crossAccountVpcs",
                    "endpoint.vpcEndpoints",
                    "endpoint.vpcEndpoints[].networkInterfaces",
                    "securityGroupIds",
                    "subnetIds",
                ),
                edges={
                    "certificate": To("customDomainCertificateArn", arns.CERTIFICATE),
                    "network": To("endpoint.vpcEndpoints[].vpcId", arns.EC2_VPC),
                    "security_groups": To("securityGroupIds", arns.EC2_SECURITY_GROUP),
                    "subnets": To("subnetIds", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    _listing(
        name="aws.opensearchserverless.collections",
        service="opensearchserverless",
        operation="ListCollections",
        paging={"input_token": "nextToken", "output_token": "nextToken"},
        page_size_parameter="maxResults",
        page_size=100,
        permissions=("aoss:ListCollections", "aoss:BatchGetCollection"),
        describe=Describe(
            operation="BatchGetCollection",
            permission="aoss:BatchGetCollection",
            items="collectionSummaries",
            key="id",
            parameter="ids",
            result="collectionDetails",
            told_key="id",
            at_once=100,
            missing="collectionErrorDetails[?errorCode=='NOT_FOUND'].id",
        ),
        emits=(
            Emits(
                type="AWS::OpenSearchServerless::Collection",
                kind="database.search",
                items=DESCRIBED,
                id="arn",
                arn="arn:{partition}:aoss:{region}:{account}:collection/{id}",
                name="name",
                state="status",
                created="createdDate",
                tag_source=TagSource.TAGGING,
                # Where it is AWS's own key, `auto` stands there.
                edges={"key": To("kmsKeyArn", arns.KMS, pattern=r"\Aarn:.+")},
            ),
        ),
    ),
)
