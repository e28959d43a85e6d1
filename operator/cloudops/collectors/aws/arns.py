"""ARN templates, written once.

The tagging API names a resource by its ARN alone, so the described row of a
type has to use the very ARN that the tagging API shows. Both take it from here.
"""

import re
from typing import Final

ALARM: Final = "arn:{partition}:cloudwatch:{region}:{account}:alarm:{AlarmName*}"
CACHE_CLUSTER: Final = "arn:{partition}:elasticache:{region}:{account}:cluster:{CacheClusterId}"
CACHE_SUBNET_GROUP: Final = (
    "arn:{partition}:elasticache:{region}:{account}:subnetgroup:{CacheSubnetGroupName}"
)
CACHE_USER: Final = "arn:{partition}:elasticache:{region}:{account}:user:{UserId}"
CACHE_USER_GROUP: Final = "arn:{partition}:elasticache:{region}:{account}:usergroup:{UserGroupId}"
SERVERLESS_CACHE: Final = (
    "arn:{partition}:elasticache:{region}:{account}:serverlesscache:{ServerlessCacheName}"
)
CERTIFICATE: Final = "arn:{partition}:acm:{region}:{account}:certificate/{CertificateId}"
CLASSIC_LOAD_BALANCER: Final = (
    "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{LoadBalancerName}"
)
DATA_STREAM: Final = "arn:{partition}:kinesis:{region}:{account}:stream/{StreamName}"
DELIVERY_STREAM: Final = (
    "arn:{partition}:firehose:{region}:{account}:deliverystream/{DeliveryStreamName}"
)
DISTRIBUTION: Final = "arn:{partition}:cloudfront::{account}:distribution/{Id}"
DIRECT_CONNECTION: Final = "arn:{partition}:directconnect:{region}:{account}:dxcon/{connectionId}"
DIRECT_GATEWAY: Final = (
    "arn:{partition}:directconnect::{account}:dx-gateway/{directConnectGatewayId}"
)
DYNAMODB_TABLE: Final = "arn:{partition}:dynamodb:{region}:{account}:table/{TableName}"
ECR_REPOSITORY: Final = "arn:{partition}:ecr:{region}:{account}:repository/{repositoryName*}"
EC2_ADDRESS: Final = "arn:{partition}:ec2:{region}:{account}:elastic-ip/{AllocationId}"
# IAM writes images and snapshots without their account, bills and lists of tags with it.
EC2_IMAGE: Final = "arn:{partition}:ec2:{region}:{account}:image/{ImageId}"
EC2_INSTANCE: Final = "arn:{partition}:ec2:{region}:{account}:instance/{InstanceId}"
EC2_LAUNCH_TEMPLATE: Final = (
    "arn:{partition}:ec2:{region}:{account}:launch-template/{LaunchTemplateId}"
)
EC2_NAT_GATEWAY: Final = "arn:{partition}:ec2:{region}:{account}:natgateway/{NatGatewayId}"
EC2_NETWORK_INTERFACE: Final = (
    "arn:{partition}:ec2:{region}:{account}:network-interface/{NetworkInterfaceId}"
)
EC2_SECURITY_GROUP: Final = "arn:{partition}:ec2:{region}:{account}:security-group/{GroupId}"
EC2_SNAPSHOT: Final = "arn:{partition}:ec2:{region}:{account}:snapshot/{SnapshotId}"
EC2_SUBNET: Final = "arn:{partition}:ec2:{region}:{account}:subnet/{SubnetId}"
EC2_VOLUME: Final = "arn:{partition}:ec2:{region}:{account}:volume/{VolumeId}"
EC2_VPC: Final = "arn:{partition}:ec2:{region}:{account}:vpc/{VpcId}"
EFS_FILE_SYSTEM: Final = (
    "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{FileSystemId}"
)
EVENT_BUS: Final = "arn:{partition}:events:{region}:{account}:event-bus/{Name*}"
# Before the name of a rule stands that of its bus, unless that is the default bus.
EVENT_RULE: Final = "arn:{partition}:events:{region}:{account}:rule/{Name*}"
HEALTH_CHECK: Final = "arn:{partition}:route53:::healthcheck/{Id}"
# The API writes `/hostedzone/Z0123`.
HOSTED_ZONE: Final = "arn:{partition}:route53:::hostedzone/{Id/}"
KMS_KEY: Final = "arn:{partition}:kms:{region}:{account}:key/{KeyId}"
LAMBDA_FUNCTION: Final = "arn:{partition}:lambda:{region}:{account}:function:{FunctionName}"
LOAD_BALANCER: Final = (
    "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{Kind}/{Name}/{Id}"
)
LOAD_BALANCER_LISTENER: Final = (
    "arn:{partition}:elasticloadbalancing:{region}:{account}"
    ":listener/{Kind}/{Name}/{BalancerId}/{Id}"
)
LOG_GROUP: Final = "arn:{partition}:logs:{region}:{account}:log-group:{logGroupName*}"
REPLICATION_GROUP: Final = (
    "arn:{partition}:elasticache:{region}:{account}:replicationgroup:{ReplicationGroupId}"
)
S3_BUCKET: Final = "arn:{partition}:s3:::{Name}"
SNS_TOPIC: Final = "arn:{partition}:sns:{region}:{account}:{TopicName}"
SQS_QUEUE: Final = "arn:{partition}:sqs:{region}:{account}:{QueueName}"
STATE_MACHINE: Final = "arn:{partition}:states:{region}:{account}:stateMachine:{name}"
TARGET_GROUP: Final = (
    "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{Name}/{Id}"
)
TRAIL: Final = "arn:{partition}:cloudtrail:{region}:{account}:trail/{Name}"
WEB_ACL: Final = "arn:{partition}:wafv2:{region}:{account}:regional/webacl/{Name}/{Id}"
# Of data, of what guards it, and of the account.
BACKUP_PLAN: Final = "arn:{partition}:backup:{region}:{account}:backup-plan:{BackupPlanId}"
BACKUP_VAULT: Final = "arn:{partition}:backup:{region}:{account}:backup-vault:{BackupVaultName}"
BEANSTALK_APPLICATION: Final = (
    "arn:{partition}:elasticbeanstalk:{region}:{account}:application/{ApplicationName}"
)
BEANSTALK_ENVIRONMENT: Final = (
    "arn:{partition}:elasticbeanstalk:{region}:{account}:environment"
    "/{ApplicationName}/{EnvironmentName}"
)
CODEPIPELINE: Final = "arn:{partition}:codepipeline:{region}:{account}:{name}"
CONFIG_RULE: Final = "arn:{partition}:config:{region}:{account}:config-rule/{ConfigRuleId*}"
DAX_CLUSTER: Final = "arn:{partition}:dax:{region}:{account}:cache/{ClusterName}"
DMS_ENDPOINT: Final = "arn:{partition}:dms:{region}:{account}:endpoint:{Id}"
DMS_INSTANCE: Final = "arn:{partition}:dms:{region}:{account}:rep:{Id}"
GLUE_CONNECTION: Final = "arn:{partition}:glue:{region}:{account}:connection/{Name}"
GLUE_CRAWLER: Final = "arn:{partition}:glue:{region}:{account}:crawler/{Name}"
GLUE_JOB: Final = "arn:{partition}:glue:{region}:{account}:job/{Name}"
INSTANCE_PROFILE: Final = "arn:{partition}:iam::{account}:instance-profile/{InstanceProfileName*}"
MEMORYDB_ACL: Final = "arn:{partition}:memorydb:{region}:{account}:acl/{Name}"
MEMORYDB_CLUSTER: Final = "arn:{partition}:memorydb:{region}:{account}:cluster/{Name}"
MEMORYDB_SNAPSHOT: Final = "arn:{partition}:memorydb:{region}:{account}:snapshot/{Name}"
MEMORYDB_SUBNET_GROUP: Final = "arn:{partition}:memorydb:{region}:{account}:subnetgroup/{Name}"
MEMORYDB_USER: Final = "arn:{partition}:memorydb:{region}:{account}:user/{Name}"
OPENSEARCH_DOMAIN: Final = "arn:{partition}:es:{region}:{account}:domain/{DomainName}"
RESOLVER_ENDPOINT: Final = (
    "arn:{partition}:route53resolver:{region}:{account}:resolver-endpoint/{Id}"
)
SAGEMAKER_DOMAIN: Final = "arn:{partition}:sagemaker:{region}:{account}:domain/{DomainId}"
SAGEMAKER_ENDPOINT: Final = "arn:{partition}:sagemaker:{region}:{account}:endpoint/{EndpointName}"
SAGEMAKER_ENDPOINT_CONFIG: Final = (
    "arn:{partition}:sagemaker:{region}:{account}:endpoint-config/{EndpointConfigName}"
)
SAGEMAKER_MODEL: Final = "arn:{partition}:sagemaker:{region}:{account}:model/{ModelName}"
SAGEMAKER_NOTEBOOK: Final = (
    "arn:{partition}:sagemaker:{region}:{account}:notebook-instance/{NotebookInstanceName}"
)
SERVER_CERTIFICATE: Final = (
    "arn:{partition}:iam::{account}:server-certificate/{ServerCertificateName*}"
)
SSM_PARAMETER: Final = "arn:{partition}:ssm:{region}:{account}:parameter/{Name*}"
VIRTUAL_MFA_DEVICE: Final = "arn:{partition}:iam::{account}:mfa/{Name*}"
WORKSPACES_DIRECTORY: Final = (
    "arn:{partition}:workspaces:{region}:{account}:directory/{DirectoryId}"
)
WORKGROUP: Final = "arn:{partition}:athena:{region}:{account}:workgroup/{Name}"

# Of what others name. Where a row's own ARN comes from the API, this is how the ids that
# name it elsewhere become one.
EC2_ROUTE_TABLE: Final = "arn:{partition}:ec2:{region}:{account}:route-table/{RouteTableId}"
EC2_INTERNET_GATEWAY: Final = (
    "arn:{partition}:ec2:{region}:{account}:internet-gateway/{InternetGatewayId}"
)
EC2_EGRESS_GATEWAY: Final = (
    "arn:{partition}:ec2:{region}:{account}"
    ":egress-only-internet-gateway/{EgressOnlyInternetGatewayId}"
)
EC2_DHCP_OPTIONS: Final = "arn:{partition}:ec2:{region}:{account}:dhcp-options/{DhcpOptionsId}"
EC2_PREFIX_LIST: Final = "arn:{partition}:ec2:{region}:{account}:prefix-list/{PrefixListId}"
EC2_VPC_ENDPOINT: Final = "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{VpcEndpointId}"
EC2_PEERING: Final = (
    "arn:{partition}:ec2:{region}:{account}:vpc-peering-connection/{VpcPeeringConnectionId}"
)
EC2_TRANSIT_GATEWAY: Final = (
    "arn:{partition}:ec2:{region}:{account}:transit-gateway/{TransitGatewayId}"
)
EC2_TRANSIT_GATEWAY_ATTACHMENT: Final = (
    "arn:{partition}:ec2:{region}:{account}:transit-gateway-attachment/{TransitGatewayAttachmentId}"
)
EC2_TRANSIT_GATEWAY_ROUTE_TABLE: Final = (
    "arn:{partition}:ec2:{region}:{account}"
    ":transit-gateway-route-table/{TransitGatewayRouteTableId}"
)
EC2_CUSTOMER_GATEWAY: Final = (
    "arn:{partition}:ec2:{region}:{account}:customer-gateway/{CustomerGatewayId}"
)
EC2_VPN_CONNECTION: Final = (
    "arn:{partition}:ec2:{region}:{account}:vpn-connection/{VpnConnectionId}"
)
EC2_VPN_GATEWAY: Final = "arn:{partition}:ec2:{region}:{account}:vpn-gateway/{VpnGatewayId}"
EC2_HOST: Final = "arn:{partition}:ec2:{region}:{account}:dedicated-host/{HostId}"
EC2_CAPACITY_RESERVATION: Final = (
    "arn:{partition}:ec2:{region}:{account}:capacity-reservation/{CapacityReservationId}"
)
IAM_ROLE: Final = "arn:{partition}:iam::{account}:role/{RoleName*}"
IAM_USER: Final = "arn:{partition}:iam::{account}:user/{UserName*}"
IAM_GROUP: Final = "arn:{partition}:iam::{account}:group/{GroupName*}"
KMS_ALIAS: Final = "arn:{partition}:kms:{region}:{account}:{AliasName*}"
RDS_INSTANCE: Final = "arn:{partition}:rds:{region}:{account}:db:{DBInstanceIdentifier}"
RDS_CLUSTER: Final = "arn:{partition}:rds:{region}:{account}:cluster:{DBClusterIdentifier}"
RDS_SNAPSHOT: Final = "arn:{partition}:rds:{region}:{account}:snapshot:{DBSnapshotIdentifier*}"
RDS_CLUSTER_SNAPSHOT: Final = (
    "arn:{partition}:rds:{region}:{account}:cluster-snapshot:{DBClusterSnapshotIdentifier*}"
)
RDS_PARAMETER_GROUP: Final = "arn:{partition}:rds:{region}:{account}:pg:{DBParameterGroupName}"
RDS_CLUSTER_PARAMETER_GROUP: Final = (
    "arn:{partition}:rds:{region}:{account}:cluster-pg:{DBClusterParameterGroupName}"
)
RDS_OPTION_GROUP: Final = "arn:{partition}:rds:{region}:{account}:og:{OptionGroupName*}"
RDS_SUBNET_GROUP: Final = "arn:{partition}:rds:{region}:{account}:subgrp:{DBSubnetGroupName}"
REDSHIFT_CLUSTER: Final = "arn:{partition}:redshift:{region}:{account}:cluster:{ClusterIdentifier}"
REDSHIFT_SUBNET_GROUP: Final = (
    "arn:{partition}:redshift:{region}:{account}:subnetgroup:{ClusterSubnetGroupName}"
)
ECS_CLUSTER: Final = "arn:{partition}:ecs:{region}:{account}:cluster/{clusterName}"
ECS_TASK_DEFINITION: Final = (
    "arn:{partition}:ecs:{region}:{account}:task-definition/{family}:{revision}"
)
EKS_CLUSTER: Final = "arn:{partition}:eks:{region}:{account}:cluster/{name}"
ARTIFACT_DOMAIN: Final = "arn:{partition}:codeartifact:{region}:{account}:domain/{name}"
BATCH_ENVIRONMENT: Final = (
    "arn:{partition}:batch:{region}:{account}:compute-environment/{computeEnvironmentName}"
)
FSX_FILE_SYSTEM: Final = "arn:{partition}:fsx:{region}:{account}:file-system/{FileSystemId}"
FSX_VIRTUAL_MACHINE: Final = (
    "arn:{partition}:fsx:{region}:{account}"
    ":storage-virtual-machine/{FileSystemId}/{StorageVirtualMachineId}"
)
GLUE_DATABASE: Final = "arn:{partition}:glue:{region}:{account}:database/{Name*}"
GLUE_SECURITY_CONFIGURATION: Final = (
    "arn:{partition}:glue:{region}:{account}:security-configuration/{Name*}"
)
CONFIG_RECORDER_NAME: Final = (
    "arn:{partition}:config:{region}:{account}:configuration-recorder/{name}"
)
CONFIG_RECORDER: Final = CONFIG_RECORDER_NAME + "/{id}"
LAMBDA_LAYER: Final = "arn:{partition}:lambda:{region}:{account}:layer:{LayerName}"
HTTP_API: Final = "arn:{partition}:apigateway:{region}::/apis/{ApiId}"
REST_API: Final = "arn:{partition}:apigateway:{region}::/restapis/{id}"
USER_POOL: Final = "arn:{partition}:cognito-idp:{region}:{account}:userpool/{Id}"
# A key is written as its id, its ARN, or one of its aliases.
KMS: Final = (KMS_KEY, KMS_ALIAS)


def service_of(template: str) -> str:
    """The third field of an ARN or ARN template: the service as the tagging API calls it."""
    return template.split(":", 3)[2]


def partition_of(arn: str) -> str:
    """The partition of an ARN; "" where the text is none."""
    found = re.match(r"arn:([a-z0-9-]+):", arn)
    return found.group(1) if found else ""


def account_of(arn: str) -> str:
    """The account in an ARN; "" where there is none."""
    found = re.match(r"arn:[^:]*:[^:]*:[^:]*:([0-9]*):", arn)
    return found.group(1) if found else ""
