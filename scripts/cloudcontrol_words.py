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
PARENTS: Final[Mapping[str, str]] = {
    "AWS::AccessAnalyzer::ArchiveRule": "AWS::AccessAnalyzer::Analyzer",
    "AWS::AgentRegistry::RegistryRecord": "AWS::AgentRegistry::Registry",
    **dict.fromkeys(
        (f"AWS::Amplify::{name}" for name in ("Branch", "Domain", "Webhook")), "AWS::Amplify::App"
    ),
    "AWS::ApiGateway::BasePathMappingV2": "AWS::ApiGateway::DomainNameV2",
    "AWS::AppSync::ChannelNamespace": "AWS::AppSync::Api",
    **dict.fromkeys(
        (
            f"AWS::AppSync::{name}"
            for name in ("ApiCache", "ApiKey", "DataSource", "FunctionConfiguration", "Type")
        ),
        "AWS::AppSync::GraphQLApi",
    ),
    "AWS::Athena::PreparedStatement": "AWS::Athena::WorkGroup",
    "AWS::BedrockAgentCore::HarnessEndpoint": "AWS::BedrockAgentCore::Harness",
    "AWS::BedrockAgentCore::PaymentConnector": "AWS::BedrockAgentCore::PaymentManager",
    "AWS::BedrockAgentCore::Policy": "AWS::BedrockAgentCore::PolicyEngine",
    **dict.fromkeys(
        (f"AWS::Cases::{name}" for name in ("Case", "CaseRule", "Field", "Layout", "Template")),
        "AWS::Cases::Domain",
    ),
    "AWS::CloudFormation::ChangeSet": "AWS::CloudFormation::Stack",
    "AWS::CodeArtifact::PackageGroup": "AWS::CodeArtifact::Domain",
    **dict.fromkeys(
        (f"AWS::Connect::{name}" for name in ("DataLakeAssociation", "Vocabulary")),
        "AWS::Connect::Instance",
    ),
    **dict.fromkeys(
        (
            f"AWS::Deadline::{name}"
            for name in (
                *("Budget", "Fleet", "Limit", "Queue", "QueueFleetAssociation"),
                *("QueueLimitAssociation", "StorageProfile"),
            )
        ),
        "AWS::Deadline::Farm",
    ),
    "AWS::Deadline::MeteredProduct": "AWS::Deadline::LicenseEndpoint",
    "AWS::EventSchemas::Schema": "AWS::EventSchemas::Registry",
    "AWS::M2::Deployment": "AWS::M2::Application",
    "AWS::MediaPackageV2::Channel": "AWS::MediaPackageV2::ChannelGroup",
    "AWS::PCS::ComputeNodeGroup": "AWS::PCS::Cluster",
    "AWS::PCS::Queue": "AWS::PCS::Cluster",
    "AWS::S3Files::AccessPoint": "AWS::S3Files::FileSystem",
    "AWS::S3Files::MountTarget": "AWS::S3Files::FileSystem",
    "AWS::S3Vectors::Index": "AWS::S3Vectors::VectorBucket",
    "AWS::SCN::DataIntegrationFlow": "AWS::SCN::Instance",
    "AWS::SCN::Namespace": "AWS::SCN::Instance",
    "AWS::SageMaker::ImageVersion": "AWS::SageMaker::Image",
    **dict.fromkeys(
        (f"AWS::Transfer::{name}" for name in ("Agreement", "HostKey", "User")),
        "AWS::Transfer::Server",
    ),
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
