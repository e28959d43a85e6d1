"""What the rows of services, tasks, targets, templates, stages and private lines promise."""

import json
from typing import Any

import orjson
import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.paths import find, parse_path
from tests.unit.collectors.detail_rows import stored
from tests.unit.collectors.rows import recorded

pytestmark = pytest.mark.unit

BY_NAME = {listing.name: listing for listing in LISTINGS}
TARGETS = "asked[].answers[].TargetHealthDescriptions[]"
VERSIONS = "asked[].answers[].LaunchTemplateVersions[]"
SERVICES = "described[].services[]"
INTERFACES = "answer.virtualInterfaces[]"
CANARY = "canary-of-a-row"


def digests(name: str, record: dict[str, Any]) -> list[bytes]:
    return [one.digest for one in stored(BY_NAME[name], record)]


def changed(name: str, path: str, value: Any) -> dict[str, Any]:
    """The recorded answer with `value` at every place that `path` names."""
    record = recorded(BY_NAME[name])
    places = list(find(record, parse_path(path)))
    assert places, path
    for place in places:
        place.put(value)
    return record


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (
            "aws.ecs.task-definitions.details",
            "asked[].answers[].taskDefinition.containerDefinitions[].environment[].value",
        ),
        ("aws.eks.add-ons.details", "asked[].answers[].addon.configurationValues"),
        ("aws.ec2.launch-templates.details", f"{VERSIONS}.LaunchTemplateData.UserData"),
        ("aws.apigateway.stages", "children.*.item[].variables.backend"),
        (
            "aws.apigateway.stages",
            "children.*.item[].canarySettings.stageVariableOverrides.backend",
        ),
        ("aws.apigatewayv2.stages", "children.*.Items[].StageVariables.backend"),
        ("aws.directconnect.virtual-interfaces", f"{INTERFACES}.authKey"),
        ("aws.directconnect.virtual-interfaces", f"{INTERFACES}.bgpPeers[].authKey"),
        ("aws.directconnect.virtual-interfaces", f"{INTERFACES}.customerRouterConfig"),
    ],
)
def test_a_secret_is_hidden_but_that_it_changes_is_not(name: str, path: str):
    record = changed(name, path, CANARY)

    for observation in stored(BY_NAME[name], record):
        assert CANARY.encode() not in observation.document + observation.volatile
    assert digests(name, record) != digests(name, changed(name, path, f"{CANARY}-2"))


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("aws.elbv2.target-groups.details", f"{TARGETS}.TargetHealth", {"State": "draining"}),
        ("aws.ecs.services", f"{SERVICES}.runningCount", 7),
        ("aws.ecs.services", f"{SERVICES}.deployments[].rolloutState", "IN_PROGRESS"),
        ("aws.ecs.services", f"{SERVICES}.events", [{"message": "steady"}]),
        ("aws.directconnect.virtual-interfaces", f"{INTERFACES}.bgpPeers[].bgpStatus", "down"),
    ],
)
def test_how_it_is_doing_is_no_change(name: str, path: str, value: Any):
    assert digests(name, recorded(BY_NAME[name])) == digests(name, changed(name, path, value))


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("aws.elbv2.target-groups.details", f"{TARGETS}.Target.Port", 7),
        ("aws.ecs.services", f"{SERVICES}.desiredCount", 7),
        ("aws.ecs.services", f"{SERVICES}.taskDefinition", "another:1"),
    ],
)
def test_what_somebody_did_is_a_change(name: str, path: str, value: Any):
    before, after = (
        digests(name, recorded(BY_NAME[name])),
        digests(name, changed(name, path, value)),
    )

    assert not set(before) & set(after)


def test_whether_a_template_wants_tokens_and_public_addresses_can_be_asked():
    [web, _] = stored(
        BY_NAME["aws.ec2.launch-templates.details"],
        recorded(BY_NAME["aws.ec2.launch-templates.details"]),
    )

    [latest] = [
        one["LaunchTemplateData"]
        for one in orjson.loads(web.document)["Versions"]
        if not one["DefaultVersion"]
    ]
    assert latest["MetadataOptions"] == {
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
        "HttpEndpoint": "enabled",
    }
    assert latest["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is True
    assert json.dumps(latest["UserData"]).count("fingerprint") == 1


def test_a_target_that_is_an_address_names_nobody():
    name = "aws.elbv2.target-groups.details"
    edges = [
        edge.target for one in stored(BY_NAME[name], recorded(BY_NAME[name])) for edge in one.edges
    ]

    assert len(edges) == 4
    assert "10.0.1.5" not in edges
