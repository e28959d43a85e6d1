"""The fake as a process of its own, scripted from outside."""

import pytest
from botocore.exceptions import ClientError

from tests.fakes.aws.builders import instance, policy, user
from tests.fakes.aws.control import RemoteFakeAws
from tests.fakes.aws.faults import Fault

pytestmark = [pytest.mark.integration, pytest.mark.aws]


def test_the_same_words_script_a_fake_in_another_process(connect):
    with RemoteFakeAws.spawn() as aws:
        prod = aws.account("111122223333", access_key="AKIAX", secret_key="x")
        keys = {"access_key": "AKIAX", "secret_key": "x", "url": aws.url}
        one = instance("i-1", region="eu-west-1", tags={"Name": "web"})
        created = prod.put(one, policy("p"))
        prod.put_fleet(instance("i-f{n}", region="eu-west-1"), 10)
        ec2 = connect("ec2", **keys)
        assert len(ec2.describe_instances()["Reservations"]) == 11
        assert prod.arn(one) in prod.truth(created)
        assert len(prod.truth()) == 12
        assert prod.resources()[prod.arn(one)] == one
        assert aws.was_live(prod.arn(one), created)
        details = connect("iam", **keys).get_account_authorization_details()
        assert details["Policies"][0]["CreateDate"].year == 2026

        rule = aws.inject(Fault.deny("scp"), service="ec2", times=1)
        with pytest.raises(ClientError, match="service control policy"):
            ec2.describe_instances()
        assert aws.hits(rule) == 1
        aws.clear_faults(rule)
        aws.page_size("DescribeInstances", 5)
        assert "NextToken" in ec2.describe_instances()
        assert aws.call_counts()["ec2", "DescribeInstances", prod.id, "eu-west-1"] == 3
        assert [call.code for call in aws.calls(service="ec2")] == ["", "UnauthorizedOperation", ""]
        assert aws.user_agents()
        aws.reset_calls()
        assert aws.call_count() == 0

        arn = prod.role("reader", external_id="x-1")
        session = connect("sts", **keys).assume_role(
            RoleArn=arn, RoleSessionName="me", ExternalId="x-1"
        )
        assert session["Credentials"]["AccessKeyId"].startswith("ASIA")
        assert aws.expire_sessions() == 1
        prod.remove_role("reader")
        prod.delete("i-1")
        prod.clear()
        assert prod.truth() == set()
        with pytest.raises(RuntimeError, match="KeyError"):
            prod.delete("i-1")


def test_a_restarted_fake_finds_its_world_again(connect, tmp_path):
    state = tmp_path / "world.json"
    with RemoteFakeAws.spawn(state) as aws:
        prod = aws.account(
            "111122223333",
            regions=["eu-west-1"],
            opted_out=["me-south-1"],
            access_key="AKIAX",
            secret_key="x",
        )
        prod.put(instance("i-1", region="eu-west-1", tags={"Name": "web"}), user("ann"))
        prod.role("reader", external_id="x-1")
        truth = prod.truth()
    with RemoteFakeAws.spawn(state) as aws:
        assert aws.truth("111122223333") == truth
        keys = {"access_key": "AKIAX", "secret_key": "x", "url": aws.url}
        (reservation,) = connect("ec2", **keys).describe_instances()["Reservations"]
        assert reservation["Instances"][0]["LaunchTime"].year == 2026
        connect("sts", **keys).assume_role(
            RoleArn="arn:aws:iam::111122223333:role/reader", RoleSessionName="me", ExternalId="x-1"
        )


def test_a_wrong_command_is_refused_with_a_reason():
    with RemoteFakeAws.spawn() as aws, pytest.raises(RuntimeError, match="no_such_word"):
        aws._do("no_such_word")
