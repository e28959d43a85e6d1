"""Faults other than errors: time, connections, damaged pages and items, as boto3 sees them."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from tests.fakes.aws.builders import (
    bucket,
    group,
    instance,
    policy,
    role,
    security_group,
    user,
    volume,
)
from tests.fakes.aws.faults import MALFORMATIONS, Fault
from tests.fakes.aws.protocols import TAGGING
from tests.fakes.aws.server import FakeAws
from tests.integration.fakes.asking import CALLS

pytestmark = [pytest.mark.integration, pytest.mark.aws]

SERVICES = [pytest.param(name, id=name) for name in CALLS]


@pytest.fixture
def estate(prod):
    prod.put(
        *(instance(f"i-{n}", region="eu-west-1", tags={"Name": "web"}) for n in range(3)),
        volume("vol-1", region="eu-west-1"),
        security_group("sg-1", region="eu-west-1"),
        bucket("logs", region="eu-west-1"),
        [user("ann"), role("app"), group("admins"), policy("p")],
    )
    return prod


def test_latency_delays_and_then_answers(connect, fake_aws, prod):
    fake_aws.inject(Fault.latency(0.3), times=1)
    started = time.monotonic()
    connect("ec2").describe_instances()
    assert time.monotonic() - started >= 0.3


def test_a_hang_ends_in_the_clients_timeout_and_never_holds_up_the_stop(connect, fake_aws, prod):
    fake_aws.inject(Fault.hang(), service="ec2")
    with pytest.raises(ReadTimeoutError):
        connect("ec2", read_timeout=0.5).describe_instances()
    connect("sts").get_caller_identity()
    assert {call.service for call in fake_aws.calls()} >= {"sts"}


def test_a_hang_ends_when_the_fake_stops(connect):
    with ThreadPoolExecutor() as pool:
        with FakeAws() as aws:
            aws.account("111122223333", access_key="AKIAX", secret_key="x")
            aws.inject(Fault.hang())
            client = connect("ec2", access_key="AKIAX", secret_key="x", url=aws.url)
            pending = pool.submit(client.describe_instances)
            deadline = time.monotonic() + 60
            while aws.hits(1) == 0 and time.monotonic() < deadline:
                time.sleep(0.01)
            started = time.monotonic()
        with pytest.raises(ConnectionClosedError):
            pending.result(timeout=60)
        assert time.monotonic() - started < 30


@pytest.mark.parametrize("service", SERVICES)
def test_a_reset_is_a_connection_error(connect, fake_aws, prod, service):
    fake_aws.inject(Fault.reset())
    with pytest.raises(ConnectionClosedError):
        CALLS[service](connect(service))


def outcome(call, client):
    """What a caller of boto3 gets: the error's name or the answer's members."""
    try:
        answer = call(client)
    except ClientError as error:
        return error.response["Error"]["Code"]
    except (ResponseParserError, KeyError) as error:
        return type(error).__name__
    return {name for name in answer if name != "ResponseMetadata"}


# Where the set is empty, botocore takes an unreadable answer for one without any content.
UNREADABLE = {
    "ec2": "ResponseParserError",
    "s3": "500",
    "iam": "ResponseParserError",
    "sts": "ResponseParserError",
    TAGGING: set(),
}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault.broken_page(), UNREADABLE, id="broken"),
        pytest.param(Fault.cut_page(), UNREADABLE, id="cut off"),
        pytest.param(Fault.empty_body(), UNREADABLE | {"s3": set()}, id="empty"),
        pytest.param(
            Fault.foreign_page(),
            {"ec2": set(), "s3": set(), "iam": "KeyError", "sts": "KeyError", TAGGING: set()},
            id="a proxy's page",
        ),
    ],
)
def test_an_unreadable_page_is_an_error_or_lacks_its_list(
    connect, fake_aws, estate, fault, expected
):
    fake_aws.inject(fault)
    assert {name: outcome(call, connect(name)) for name, call in CALLS.items()} == expected
    fake_aws.clear_faults()
    members = {"ec2": "Reservations", "s3": "Buckets", TAGGING: "ResourceTagMappingList"}
    estate.clear()
    for service, member in members.items():
        assert member in outcome(CALLS[service], connect(service))


def test_a_broken_page_in_the_middle_leaves_the_pages_before_it(connect, fake_aws, prod):
    prod.put(*(instance(f"i-{n:02}", region="eu-west-1") for n in range(30)))
    fake_aws.page_size("DescribeInstances", 10)
    fake_aws.inject(Fault.broken_page(), operation="DescribeInstances", page=1)
    pages = iter(connect("ec2").get_paginator("describe_instances").paginate())
    assert len(next(pages)["Reservations"]) == 10
    with pytest.raises(ResponseParserError):
        next(pages)


def instances(client):
    return [
        one for group in client.describe_instances()["Reservations"] for one in group["Instances"]
    ]


def test_malformed_instances_arrive_as_boto3_lets_them_through(connect, fake_aws, estate):
    ec2 = connect("ec2")

    def spoilt(how):
        fake_aws.clear_faults()
        fake_aws.inject(Fault.malformed(how, item=1))
        return instances(ec2)[1]

    assert "InstanceId" not in spoilt("missing-id")
    assert spoilt("empty-id")["InstanceId"] == ""
    assert {"Key": "orphan"} in spoilt("tag-without-value")["Tags"]
    strange = spoilt("unicode")["Tags"][-1]["Value"]
    assert strange.startswith("\u202e")
    assert len(strange) > 200
    for how, error in [
        ("wrong-type", ValueError),
        ("nul", ResponseParserError),
        ("surrogate", ResponseParserError),
    ]:
        fake_aws.clear_faults()
        fake_aws.inject(Fault.malformed(how, item=1))
        with pytest.raises(error):
            instances(ec2)


def test_malformed_tag_mappings_pass_json_unharmed(connect, fake_aws, estate):
    tagging = connect(TAGGING)

    def spoilt(how):
        fake_aws.clear_faults()
        fake_aws.inject(Fault.malformed(how))
        return tagging.get_resources()["ResourceTagMappingList"][0]

    assert "ResourceARN" not in spoilt("missing-id")
    assert spoilt("wrong-type")["ResourceARN"] == 7
    assert spoilt("nul")["Tags"][-1]["Value"] == "a\x00b"
    assert spoilt("surrogate")["Tags"][-1]["Value"] == "a\ud800b"


@pytest.mark.parametrize("how", sorted(MALFORMATIONS))
@pytest.mark.parametrize(
    ("service", "operation"),
    [
        pytest.param("ec2", "describe_volumes", id="volume"),
        pytest.param("ec2", "describe_security_groups", id="security group"),
        pytest.param("s3", "list_buckets", id="bucket"),
        pytest.param("iam", "get_account_authorization_details", id="iam"),
    ],
)
def test_every_kind_of_item_can_be_malformed(connect, fake_aws, estate, service, operation, how):
    def parsed():
        try:
            answer = getattr(connect(service), operation)()
        except (ValueError, ResponseParserError, ClientError) as error:
            return repr(error)
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    sound = parsed()
    fake_aws.inject(Fault.malformed(how, count=10))
    assert parsed() != sound
    assert fake_aws.calls()[-1].status == 200


def test_an_unknown_malformation_is_refused_at_once():
    with pytest.raises(ValueError, match="upside-down"):
        Fault.malformed("upside-down")
