"""What the rows of networks, APIs, streams and events promise beyond the common rules."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from cloudops.collectors.aws import arns
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.paging import PagingRule
from cloudops.collectors.identifiers import AnswerContext, compile_id, compile_shape
from cloudops.domain.resource import resource_uid
from tests.unit.collectors.detail_rows import stored
from tests.unit.collectors.rows import read, recorded

pytestmark = pytest.mark.unit

BY_NAME = {listing.name: listing for listing in LISTINGS}
HERE = AnswerContext("aws", "aws", "111122223333", "global")


def documents(name: str) -> list[dict[str, Any]]:
    found = stored(BY_NAME[name], recorded(BY_NAME[name]))
    return [orjson.loads(o.document) for o in found]


def test_a_policy_with_escaped_quotes_is_read_as_what_it_says():
    """Fails where only plain and URL-encoded JSON is decoded."""
    [statement] = documents("aws.apigateway.rest-apis")[0]["policy"]["Statement"]

    assert statement["Action"] == "execute-api:Invoke"
    assert statement["Resource"] == "arn:aws:execute-api:eu-west-1:111122223333:6l7usy5kjh/*/*/*"


def test_the_id_of_a_zone_is_what_follows_the_slash():
    zone = compile_id("arn:{partition}:route53:::hostedzone/{Id/}")

    for given in ("/hostedzone/Z0123", "Z0123"):
        assert zone.fill({"Id": given}, HERE) == "arn:aws:route53:::hostedzone/Z0123"
    shape = compile_shape("arn:{partition}:route53:::hostedzone/{Id/}")
    assert shape.fullmatch("arn:aws:route53:::hostedzone/Z0123")
    assert not shape.fullmatch("arn:aws:route53:::hostedzone/Z0123/policy")


@pytest.mark.parametrize("listed", [{"Quantity": 0}, {"Quantity": 0, "Items": []}])
def test_no_distributions_are_no_broken_answer(listed: dict[str, Any]):
    """Fails without `omits_empty`: CloudFront leaves the list out of what holds it."""
    row = BY_NAME["aws.cloudfront.distributions"]

    page = read(row, {"answer": {"DistributionList": listed}})
    assert (page.observations, page.malformed) == ((), ())


def test_a_subscription_that_nobody_confirmed_has_no_id_yet():
    answer = recorded(BY_NAME["aws.sns.subscriptions"])["answer"]["Subscriptions"]

    assert [one["Endpoint"] for one in answer if not one["SubscriptionArn"].startswith("arn:")]
    assert not [d for d in documents("aws.sns.subscriptions") if "nobody" in d["Endpoint"]]


@pytest.mark.parametrize(
    ("name", "answer", "following"),
    [
        ("aws.events.buses", {"EventBuses": [], "NextToken": "t"}, {"NextToken": "t"}),
        ("aws.wafv2.web-acls", {"WebACLs": [{}], "NextMarker": "m"}, {"NextMarker": "m"}),
        ("aws.directconnect.connections", {"connections": []}, {}),
        (
            "aws.firehose.delivery-streams.details",
            {"DeliveryStreamNames": ["a", "b"], "HasMoreDeliveryStreams": True},
            {"ExclusiveStartDeliveryStreamName": "b"},
        ),
        (
            "aws.firehose.delivery-streams.details",
            {"DeliveryStreamNames": ["a", "b"], "HasMoreDeliveryStreams": False},
            {},
        ),
    ],
)
def test_a_row_says_how_to_go_on_where_the_sdk_does_not(
    name: str, answer: dict[str, Any], following: dict[str, Any]
):
    rule = PagingRule.of(BY_NAME[name].paging)

    assert rule is not None
    assert rule.next(answer) == following


@pytest.mark.parametrize(
    ("kind", "gateway", "resource", "own"),
    [
        ("vpc", "111122223333", "111122223333", 1),
        ("vpc", "444455556666", "111122223333", 1),
        ("vpc", "111122223333", "444455556666", 0),
        ("vpn", "444455556666", "111122223333", 1),
        ("connect", "111122223333", "444455556666", 0),
        # What is attached is the other gateway, on either side of the peering.
        ("peering", "111122223333", "444455556666", 1),
        ("tgw-peering", "111122223333", "444455556666", 1),
        ("direct-connect-gateway", "111122223333", "444455556666", 1),
        ("peering", "444455556666", "111122223333", 0),
    ],
)
def test_an_attachment_belongs_to_one_account(kind: str, gateway: str, resource: str, own: int):
    """Fails if whose the attached resource is decides always: both peers would lose theirs."""
    attachment = {
        "TransitGatewayAttachmentId": "tgw-attach-1",
        "TransitGatewayId": "tgw-1",
        "TransitGatewayOwnerId": gateway,
        "ResourceOwnerId": resource,
        "ResourceType": kind,
    }
    row = BY_NAME["aws.ec2.transit-gateway-attachments"]

    page = read(row, {"answer": {"TransitGatewayAttachments": [attachment]}})
    assert (len(page.observations), page.malformed) == (own, ())


FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:shop"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"


@pytest.mark.parametrize(
    ("name", "relation", "members", "target"),
    [
        (
            "aws.pipes.pipes",
            "source",
            {"Source": f"{TABLE}/stream/2026-01-02T03:04:05.678"},
            TABLE,
        ),
        ("aws.pipes.pipes", "target", {"Target": f"{FUNCTION}:live"}, FUNCTION),
        ("aws.pipes.pipes", "enrichment", {"Enrichment": f"{FUNCTION}:live"}, FUNCTION),
        ("aws.scheduler.schedules", "target", {"Target": {"Arn": f"{FUNCTION}:live"}}, FUNCTION),
        (
            "aws.shield.protections",
            "resource",
            {"ResourceArn": "arn:aws:ec2:eu-west-1:111122223333:eip-allocation/eipalloc-1"},
            "arn:aws:ec2:eu-west-1:111122223333:elastic-ip/eipalloc-1",
        ),
        (
            "aws.appsync.apis",
            "user_pools",
            {"userPoolConfig": {"userPoolId": "us-east-1_a", "awsRegion": "us-east-1"}},
            "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_a",
        ),
    ],
)
def test_an_edge_leads_to_what_the_other_row_shows(name, relation, members, target):
    """Fails where the document names a part of the target, or by another of its names."""
    record = recorded(BY_NAME[name])
    shown = BY_NAME[name].emits[0].items
    record["answer"][shown] = [{**record["answer"][shown][0], **members}]

    [seen] = read(BY_NAME[name], record).observations
    targets = {edge.target_uid for edge in seen.edges if edge.relation == relation}
    assert resource_uid("aws", target) in targets


def test_a_machine_of_ones_own_is_no_instance_of_ec2():
    record = recorded(BY_NAME["aws.ssm.managed-instances"])
    record["answer"]["InstanceInformationList"][0]["InstanceId"] = "mi-0123"

    own = read(BY_NAME["aws.ssm.managed-instances"], record).observations[0]

    assert "instance" not in {edge.relation for edge in own.edges}


def test_a_rule_that_a_service_made_has_the_id_that_its_tags_have():
    made = "arn:aws:config:eu-west-1:1:config-rule/aws-service-rule/fms.amazonaws.com/config-rule-1"

    assert compile_shape(arns.CONFIG_RULE).fullmatch(made)


@pytest.mark.parametrize("others_first", [False, True])
def test_an_instance_is_as_old_as_the_first_interface_of_its_first_card(others_first: bool):  # noqa: FBT001
    """Fails if any card's first one counts: they come in any order, at their own times."""
    row = BY_NAME["aws.ec2.instances"]
    cards = [
        {"Attachment": {"AttachTime": "2025-01-01T00:00:00Z", **place}}
        for place in ({"DeviceIndex": 0, "NetworkCardIndex": 0}, {"DeviceIndex": 1})
    ]
    later = {"AttachTime": "2026-01-01T00:00:00Z", "DeviceIndex": 0, "NetworkCardIndex": 1}
    cards.insert(0 if others_first else 2, {"Attachment": later})
    instance = {"InstanceId": "i-1", "NetworkInterfaces": cards}

    [seen] = read(row, {"answer": {"Reservations": [{"Instances": [instance]}]}}).observations

    assert seen.head is not None
    assert seen.head.created_at == datetime(2025, 1, 1, tzinfo=UTC)
