"""What the schemas do not say: judgements about names of services, actions and properties."""

import re
from collections.abc import Mapping
from typing import Final

# Services that answer the same in every region. By botocore's endpoint data they have one
# endpoint for all regions, or their ARNs name no region.
GLOBAL_SERVICES: Final = frozenset(
    {
        *("ARCRegionSwitch", "Account", "Billing", "BillingConductor", "Budgets", "CE", "CUR"),
        *("Chatbot", "CloudFront", "GlobalAccelerator", "IAM", "Invoicing", "MPA"),
        *("NetworkManager", "Notifications", "NotificationsContacts", "Organizations"),
        *("Route53", "Route53RecoveryControl", "Route53RecoveryReadiness", "Shield", "WAF"),
    }
)
# Where a list has to be told one word, and only one makes sense here.
CONSTANTS: Final[Mapping[str, str]] = {
    "AwsAccountId": "{account}",
    "CatalogId": "{account}",
    "Scope": "REGIONAL",  # of WAF; what belongs to CloudFront is answered in one region only
}
# Whose children a list shows where the word that it asks for does not say so by itself. Of a parent
# that is identified by its ARN a list asks for the end of that.
_CHILDREN: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::AccessAnalyzer::Analyzer": ("ArchiveRule",),
    "AWS::AgentRegistry::Registry": ("RegistryRecord",),
    "AWS::Amplify::App": ("Branch", "Domain", "Webhook"),
    "AWS::ApiGateway::DomainNameV2": ("BasePathMappingV2",),
    "AWS::AppSync::Api": ("ChannelNamespace",),
    "AWS::AppSync::GraphQLApi": (
        *("ApiCache", "ApiKey"),
        *("DataSource", "FunctionConfiguration", "Type"),
    ),
    "AWS::Athena::WorkGroup": ("PreparedStatement",),
    "AWS::BedrockAgentCore::Harness": ("HarnessEndpoint",),
    "AWS::BedrockAgentCore::PaymentManager": ("PaymentConnector",),
    "AWS::BedrockAgentCore::PolicyEngine": ("Policy",),
    "AWS::Cases::Domain": ("Case", "CaseRule", "Field", "Layout", "Template"),
    "AWS::CloudFormation::Stack": ("ChangeSet",),
    "AWS::CodeArtifact::Domain": ("PackageGroup",),
    "AWS::Connect::Instance": ("DataLakeAssociation", "Vocabulary"),
    "AWS::Deadline::Farm": (
        *("Budget", "Fleet", "Limit"),
        *("Queue", "QueueFleetAssociation", "QueueLimitAssociation", "StorageProfile"),
    ),
    "AWS::Deadline::LicenseEndpoint": ("MeteredProduct",),
    "AWS::EventSchemas::Registry": ("Schema",),
    "AWS::M2::Application": ("Deployment",),
    "AWS::MediaPackageV2::ChannelGroup": ("Channel",),
    "AWS::PCS::Cluster": ("ComputeNodeGroup", "Queue"),
    "AWS::S3Files::FileSystem": ("AccessPoint", "MountTarget"),
    "AWS::S3Vectors::VectorBucket": ("Index",),
    "AWS::SCN::Instance": ("DataIntegrationFlow", "Namespace"),
    "AWS::SageMaker::Image": ("ImageVersion",),
    "AWS::Transfer::Server": ("Agreement", "HostKey", "User"),
}
PARENTS: Final[Mapping[str, str]] = {
    f"{parent.rpartition('::')[0]}::{child}": parent
    for parent, children in _CHILDREN.items()
    for child in children
}
READS: Final = re.compile(
    r"(Batch)?(Get|List|Describe|Search|View|Lookup|Check|Discover|Retrieve|Count|Query|Scan|Is)"
    r"[A-Z]\w*|GET"
)
# They read what is kept in a resource, or hand out what opens it.
CONTENTS: Final = frozenset(
    {
        *("cassandra:Select", "cassandra:SelectMultiRegionResource", "dynamodb:GetItem"),
        *("dynamodb:Query", "dynamodb:Scan", "ecr:GetAuthorizationToken", "kms:Decrypt"),
        *("lakeformation:GetDataAccess", "s3:GetObject", "s3:GetObjectAcl"),
        *("s3:GetObjectVersion", "secretsmanager:GetSecretValue", "ssm:GetParameter"),
        *("ssm:GetParameterHistory", "ssm:GetParameters", "ssm:GetParametersByPath"),
        *("sts:GetWebIdentityToken", "codeartifact:GetAuthorizationToken"),
    }
)
CREATED: Final = frozenset(
    {
        *("CreatedAt", "CreatedDate", "CreatedOn", "CreatedTime", "CreatedTimestamp"),
        *("CreateDate", "CreateTime", "CreationDate", "CreationDateTime", "CreationTime"),
    }
)
# Free maps and lists of pairs whose paths end so hold whatever their owner put there, as the
# properties of EMR's applications do. What a response has in its headers everybody is told.
OPEN_PATHS: Final = re.compile(
    r"(Arguments|(Connection|Run|Athena|Python|Spark|\bConfiguration)Properties|Parameters"
    r"|Variables|Options|Settings|Environment(Override)?|ConnectorConfiguration"
    r"|(?<!Response)Headers"
    r"|(Configurations?|Classifications)\[\]\.Properties)$",
    re.IGNORECASE,
)
# Texts that open something, or that may hold what does, under names that do not tell.
SECRET_NAMES: Final = re.compile(
    r"\w*(SKey|SIntKey|SEncKey)|(App|Nwk|Stream|Vsan|Solution|Activation)Key|TokenValue"
    r"|\w*UserData(Override)?|HeaderValue|ParameterValue|AfterConnectScript|Payload(Data)?"
    r"|PropertiesFileContent|StudioLifecycleConfigContent|PipelineConfigurationBody"
)
_STEP: Final = "Steps[].ExecutionBlockConfiguration"
# Also what lies deeper than schemas are walked.
SECRET_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::ARCRegionSwitch::Plan": (
        f"Workflows[].{_STEP}.ParallelConfig.{_STEP}.CustomActionLambdaConfig.Lambdas[].Payload",
    ),
    "AWS::AgentRegistry::RegistryRecord": tuple(
        f"Descriptors.{card}.Source.FromUrl.CredentialProviderConfigurations[].CredentialProvider"
        ".OauthCredentialProvider.CustomParameters.*"
        for card in ("A2aAgentCard", "McpServer")
    ),
    "AWS::ApiGateway::ApiKey": ("Value",),
    "AWS::DataPipeline::Pipeline": (
        *("ParameterValues[].StringValue", "PipelineObjects[].Fields[].StringValue"),
    ),
}
