"""What rows hide of their recorded answers: secrets that are made up, each with the same word."""

import re
from typing import Any

import orjson
import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.paths import find, parse_path
from tests.unit.collectors.detail_rows import stored
from tests.unit.collectors.rows import recorded

pytestmark = pytest.mark.unit

BY_NAME = {listing.name: listing for listing in LISTINGS}
CANARY = b"invented-for-this-file"


def documents(name: str) -> list[dict[str, Any]]:
    found = stored(BY_NAME[name], recorded(BY_NAME[name]))
    return [orjson.loads(o.document) for o in found]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("aws.ec2.vpn-connections", "CustomerGatewayConfiguration"),
        ("aws.ec2.vpn-connections", "Options.TunnelOptions[].PreSharedKey"),
        ("aws.cloudfront.distributions", "Origins.Items[].CustomHeaders.Items[].HeaderValue"),
        ("aws.cognito-idp.user-pools.details", "SmsConfiguration.ExternalId"),
        (
            "aws.firehose.delivery-streams.details",
            (
                "Destinations[].HttpEndpointDestinationDescription"
                ".RequestConfiguration.CommonAttributes[].AttributeValue"
            ),
        ),
        ("aws.codebuild.projects", "source.buildspec"),
        (
            "aws.codepipeline.pipelines.details",
            "pipeline.stages[].actions[].configuration.ParameterOverrides",
        ),
        ("aws.codepipeline.pipelines.details", "pipeline.stages[].actions[].configuration.Input"),
        ("aws.cloudformation.stacks", "Outputs[].OutputValue"),
        ("aws.cloudformation.stacks", "Parameters[].ResolvedValue"),
        (
            "aws.batch.job-definitions",
            "eksProperties.podProperties.containers[].env[].value",
        ),
        ("aws.dms.endpoints", "OracleSettings.SecurityDbEncryption"),
    ],
)
def test_a_secret_is_there_as_a_fingerprint_only(name: str, path: str):
    """Fails without the row's `redact`, or where keys that look secret are let through."""
    shown = documents(name)
    hidden = [place.value for one in shown for place in find(one, parse_path(path))]

    assert CANARY not in orjson.dumps(shown)
    assert any(isinstance(value, dict) and value["redacted"] for value in hidden)


@pytest.mark.parametrize(
    ("name", "path", "host"),
    [
        ("aws.sns.subscriptions", "Endpoint", "https://api.pager.example/"),
        ("aws.codebuild.projects", "webhook.payloadUrl", "https://codebuild.example/"),
        ("aws.events.api-destinations", "InvocationEndpoint", "https://partner.example/"),
        (
            "aws.firehose.delivery-streams.details",
            "Destinations[].HttpEndpointDestinationDescription.EndpointConfiguration.Url",
            "https://logs.example.com/",
        ),
    ],
)
def test_of_an_address_that_is_a_credential_the_host_stays(name: str, path: str, host: str):
    """Fails without the row's `webhooks`."""
    shown = documents(name)
    texts = [place.value for one in shown for place in find(one, parse_path(path))]

    assert CANARY not in orjson.dumps(shown)
    assert any(re.fullmatch(f"{host}redacted:[0-9a-f]{{16}}", text) for text in texts)
