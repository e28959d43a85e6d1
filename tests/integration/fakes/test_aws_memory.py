"""Answers that the fake keeps, for those who measure how long others take."""

from typing import Any

import pytest

from tests.fakes.aws.builders import instance
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws

pytestmark = [pytest.mark.integration, pytest.mark.aws]


@pytest.fixture
def three(prod: AccountScript) -> AccountScript:
    prod.put([instance(f"i-{n}", region="eu-west-1") for n in range(3)])
    return prod


def ids(client: Any, **asked: Any) -> list[str]:
    pages = client.get_paginator("describe_instances").paginate(**asked)
    return [
        one["InstanceId"]
        for page in pages
        for set_ in page["Reservations"]
        for one in set_["Instances"]
    ]


def test_what_is_kept_is_answered_again_whatever_there_is(connect, fake_aws: FakeAws, three):
    client = connect("ec2")
    fake_aws.page_size("DescribeInstances", 2)
    fake_aws.keep_answers()
    before = ids(client)

    three.put(instance("i-4", region="eu-west-1"))

    assert ids(client) == before
    assert ids(connect("ec2", "us-east-1")) == []
    fake_aws.keep_answers(on=False)
    assert len(ids(client)) == 4


def test_kept_answers_can_be_read_back_as_they_were_sent(connect, fake_aws: FakeAws, three):
    fake_aws.keep_answers()
    ids(connect("ec2"))
    ids(connect("ec2"))

    (told,) = fake_aws.kept_answers()

    assert (told["service"], told["operation"], told["status"]) == ("ec2", "DescribeInstances", 200)
    assert told["body"].count("<instanceId>") == 3


def test_faults_strike_what_is_kept_as_well(connect, fake_aws: FakeAws, three):
    fake_aws.keep_answers()
    client = connect("ec2")
    ids(client)

    fake_aws.inject(Fault.deny(), service="ec2")

    with pytest.raises(client.exceptions.ClientError, match="UnauthorizedOperation"):
        ids(client)


def test_credentials_are_made_anew_each_time(connect, fake_aws: FakeAws, prod: AccountScript):
    prod.role("reader")
    fake_aws.keep_answers()
    sts = connect("sts")
    asked = {"RoleArn": f"arn:aws:iam::{prod.id}:role/reader", "RoleSessionName": "test"}

    keys = [sts.assume_role(**asked)["Credentials"]["AccessKeyId"] for _ in range(2)]

    assert keys[0] != keys[1]
