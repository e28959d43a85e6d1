"""What Cloud Control may bring that nobody may read, and what rules need beside it."""

import json
import re
from typing import Any

import pytest

from cloudops.collectors.aws.cloudcontrol import cloudcontrol_listings, table
from scripts.cloudcontrol_schema import MAX_DEPTH, Schema
from tests.unit.collectors.cloudcontrol_items import ACCOUNT, REGION, read

pytestmark = pytest.mark.unit

LISTABLE = {row.types[0]: row for row in cloudcontrol_listings(())}
SECRET = "s3cr3t"
BLOCK = "Workflows[].Steps[].ExecutionBlockConfiguration"
LAMBDA = "CustomActionLambdaConfig.Lambdas[]"
BATCH = "Steps[].Action.MainframeAction.ActionType.Batch"
CREDENTIALS = "CredentialProviderConfigurations[].CredentialProvider"
OAUTH = "OauthCredentialProvider.CustomParameters"
EMR = "ConfigurationOverrides.ApplicationConfiguration[]"
ENGINE = "WorkGroupConfiguration.EngineConfiguration"
WAF = "Rules[].Action"


def stored(type_: str, path: str) -> str:
    """A resource that has one property, at `path`, as its document is kept."""
    item = {
        "Identifier": f"arn:aws:a:{REGION}:{ACCOUNT}:b/c",
        "Properties": json.dumps(_at(path, SECRET)),
    }
    [found] = read(LISTABLE[type_], {"ResourceDescriptions": [item]}).observations
    return found.document.decode()


def _at(path: str, value: Any) -> Any:
    for step in reversed(re.findall(r"\w+|\*|\[\]", path)):
        value = [value] if step == "[]" else {"free" if step == "*" else step: value}
    return value


def secrets_of(properties: dict[str, Any], **definitions: Any) -> list[str]:
    return Schema(
        {"typeName": "AWS::A::B", "properties": properties, "definitions": definitions}
    ).secrets()


@pytest.mark.parametrize(
    ("type_", "path"),
    [
        ("AWS::ARCRegionSwitch::Plan", f"{BLOCK}.{LAMBDA}.Payload"),
        (
            "AWS::ARCRegionSwitch::Plan",
            f"{BLOCK}.ParallelConfig.Steps[].ExecutionBlockConfiguration.{LAMBDA}.Payload",
        ),
        ("AWS::AppTest::TestCase", f"{BATCH}.BatchJobParameters.*"),
        ("AWS::Bedrock::Agent", "ActionGroups[].ApiSchema.Payload"),
        ("AWS::BedrockAgentCore::GatewayTarget", f"{CREDENTIALS}.{OAUTH}.*"),
        (
            "AWS::AgentRegistry::RegistryRecord",
            f"Descriptors.McpServer.Source.FromUrl.{CREDENTIALS}.{OAUTH}.*",
        ),
        ("AWS::BedrockAgentCore::GatewayTarget", "TargetConfiguration.Http.Connector.Parameters.*"),
        ("AWS::QBusiness::Plugin", "CustomPluginConfiguration.ApiSchema.Payload"),
        ("AWS::SES::MailManagerRuleSet", "Rules[].Actions[].AddHeader.HeaderValue"),
    ],
)
def test_secrets_below_alternatives_are_redacted(type_: str, path: str):
    """Fails where the walk through a schema does not enter oneOf and its like."""
    assert SECRET not in stored(type_, path)


@pytest.mark.parametrize(
    ("type_", "path"),
    [
        (
            "AWS::ARCRegionSwitch::Plan",
            f"{BLOCK}.SsmSendCommandConfig.RegionDocuments.*.Parameters.*",
        ),
        ("AWS::FIS::ExperimentTemplate", "Actions.*.Parameters.*"),
    ],
)
def test_secrets_in_what_a_map_holds_are_redacted(type_: str, path: str):
    assert SECRET not in stored(type_, path)


@pytest.mark.parametrize(
    ("type_", "path"),
    [
        ("AWS::Athena::WorkGroup", f"{ENGINE}.Classifications[].Properties.*"),
        ("AWS::BedrockAgentCore::Harness", "Tools[].Config.RemoteMcp.Headers.*"),
        (
            "AWS::DevOpsAgent::Service",
            "AdditionalServiceDetails.MCPServerSigV4.CustomHeaders.*",
        ),
        (
            "AWS::EMRContainers::Endpoint",
            f"{EMR}.Properties.*",
        ),
        (
            "AWS::EMRContainers::JobTemplate",
            f"JobTemplateData.{EMR}.Configurations[].Configurations[].Properties.*",
        ),
        ("AWS::EMRServerless::Application", "RuntimeConfiguration[].Properties.*"),
        (
            "AWS::GameLift::ContainerGroupDefinition",
            "GameServerContainerDefinition.EnvironmentOverride[].Value",
        ),
        ("AWS::Glue::Workflow", "DefaultRunProperties.*"),
        ("AWS::IoT::TopicRule", "TopicRulePayload.Actions[].Http.Headers[].Value"),
        ("AWS::MediaTailor::Function", "HttpRequestConfiguration.Headers.*"),
        (
            "AWS::MediaTailor::PlaybackConfiguration",
            "AdDecisionServerConfiguration.HttpRequest.Headers.*",
        ),
        ("AWS::SecurityAgent::Pentest", "NetworkTrafficConfig.CustomHeaders[].Value"),
        ("AWS::WAFv2::WebACL", f"{WAF}.Allow.CustomRequestHandling.InsertHeaders[].Value"),
    ],
)
def test_headers_and_properties_of_applications_are_redacted(type_: str, path: str):
    """What is sent along with a request opens what it is sent to."""
    assert SECRET not in stored(type_, path)


@pytest.mark.parametrize(
    ("type_", "path"),
    [
        # Every visitor is told.
        ("AWS::WAFv2::WebACL", f"{WAF}.Block.CustomResponse.ResponseHeaders[].Value"),
        # By their schemas they are no maps, whatever their names end in.
        (
            "AWS::MediaLive::Multiplexprogram",
            "MultiplexProgramSettings.VideoSettings.ConstantBitrate",
        ),
        ("AWS::DataZone::PolicyGrant", "Detail.CreateEnvironmentProfile.DomainUnitId"),
        ("AWS::ECS::TaskDefinition", "ProxyConfiguration.ProxyConfigurationProperties[].Value"),
        # They stand beside what is redacted.
        ("AWS::AppTest::TestCase", f"{BATCH}.BatchJobName"),
        ("AWS::ARCRegionSwitch::Plan", f"{BLOCK}.{LAMBDA}.Arn"),
        ("AWS::EMRContainers::Endpoint", f"{EMR}.Classification"),
        ("AWS::FIS::ExperimentTemplate", "Actions.*.ActionId"),
        ("AWS::Glue::Workflow", "Description"),
        ("AWS::SageMaker::Context", "Properties.*"),
    ],
)
def test_what_rules_need_stays_readable(type_: str, path: str):
    assert SECRET in stored(type_, path)


@pytest.mark.parametrize(
    ("type_", "path"),
    [
        (
            "AWS::EMR::InstanceGroupConfig",
            "Configurations[].Configurations[].ConfigurationProperties.*",
        ),
    ],
)
def test_secrets_are_known_of_what_nobody_can_list_yet(type_: str, path: str):
    assert type_ not in LISTABLE
    assert path in table()[type_]["redact"]


@pytest.mark.parametrize("word", ["oneOf", "anyOf", "allOf"])
def test_alternatives_that_name_themselves_are_walked_once(word: str):
    """Fails with a RecursionError where each alternative is entered wherever it is named."""
    choice = {"$ref": "#/definitions/Choice"}
    inner = {"Payload": {"type": "string"}, "Inner": choice}

    found = secrets_of(
        {"A": choice, "B": {"type": "array", "items": choice}},
        Choice={word: [choice, choice, {"type": "object", "properties": inner}]},
    )

    assert {"A.Payload", "A.Inner.Payload", "B[].Payload"} <= set(found)
    assert max(path.count("Inner") for path in found) == MAX_DEPTH - 1


def test_a_text_among_alternatives_is_as_secret_as_any():
    choices = [{"type": "string"}, {"type": "object", "properties": {"S3Uri": {"type": "string"}}}]

    assert secrets_of({"Payload": {"oneOf": choices}}) == ["Payload"]
