"""Every operation of the AWS fake, as boto3 understands it."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

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

pytestmark = [pytest.mark.integration, pytest.mark.aws]


def test_instances_come_in_reservations_with_types_intact(connect, prod):
    prod.put(
        instance("i-1", region="eu-west-1", tags={"Name": "web <1> & co"}, ReservationId="r-1"),
        instance("i-2", region="eu-west-1", state="stopped", ReservationId="r-1"),
        instance("i-3", region="eu-west-1", EbsOptimized=True, InstanceType="m5.large"),
        instance("i-4", region="us-east-1"),
    )
    answer = connect("ec2").describe_instances()
    first, second = answer["Reservations"]
    assert (first["ReservationId"], first["OwnerId"]) == ("r-1", prod.id)
    web, stopped = first["Instances"]
    assert web["Tags"] == [{"Key": "Name", "Value": "web <1> & co"}]
    assert web["State"] == {"Code": 16, "Name": "running"}
    assert web["LaunchTime"] == datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
    assert web["EbsOptimized"] is False
    assert web["ProductCodes"] == []
    assert stopped["State"] == {"Code": 80, "Name": "stopped"}
    assert "Tags" not in stopped
    (large,) = second["Instances"]
    assert (large["InstanceId"], large["EbsOptimized"]) == ("i-3", True)
    assert "NextToken" not in answer


def test_volumes_and_security_groups_of_one_region_only(connect, prod):
    prod.put(
        volume("vol-1", region="eu-west-1", attached_to="i-1", Size=100),
        volume("vol-2", region="us-east-1"),
        security_group("sg-1", region="eu-west-1", GroupName="web", tags={"team": "a"}),
    )
    (found,) = connect("ec2").describe_volumes()["Volumes"]
    assert (found["Size"], found["State"]) == (100, "in-use")
    assert found["Attachments"][0]["InstanceId"] == "i-1"
    (found,) = connect("ec2").describe_security_groups()["SecurityGroups"]
    assert (found["GroupName"], found["OwnerId"]) == ("web", prod.id)
    assert found["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    assert found["Tags"] == [{"Key": "team", "Value": "a"}]


def test_single_items_are_found_by_id_and_unknown_ids_refused(connect, prod):
    prod.put(*(instance(f"i-{n}", region="eu-west-1") for n in range(3)))
    ec2 = connect("ec2")
    (only,) = ec2.describe_instances(InstanceIds=["i-1"])["Reservations"]
    assert only["Instances"][0]["InstanceId"] == "i-1"
    with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
        ec2.describe_instances(InstanceIds=["i-9"])
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        ec2.describe_instances(InstanceIds=["i-1"], MaxResults=5)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param({"MaxResults": 4}, "InvalidParameterValue", id="too small a page"),
        pytest.param(
            {"Filters": [{"Name": "x", "Values": ["y"]}]}, "InvalidParameterValue", id="filter"
        ),
        pytest.param({"DryRun": True}, "DryRunOperation", id="dry run"),
    ],
)
def test_ec2_refuses_what_it_can_not_do(connect, prod, arguments, code):
    with pytest.raises(ClientError) as caught:
        connect("ec2").describe_instances(**arguments)
    assert caught.value.response["Error"]["Code"] == code


def test_regions_are_listed_with_their_opt_in_status(connect, fake_aws, prod):
    prod.opt_in("eu-south-1")
    ec2 = connect("ec2")

    def statuses(**arguments):
        regions = ec2.describe_regions(**arguments)["Regions"]
        return {region["RegionName"]: region["OptInStatus"] for region in regions}

    enabled = {
        "us-east-1": "opt-in-not-required",
        "eu-west-1": "opt-in-not-required",
        "eu-central-1": "opt-in-not-required",
        "eu-south-1": "opted-in",
    }
    assert statuses() == enabled
    assert statuses(AllRegions=True) == enabled | {"me-south-1": "not-opted-in"}
    assert statuses(RegionNames=["me-south-1"]) == {"me-south-1": "not-opted-in"}
    only_chosen = {"Name": "opt-in-status", "Values": ["opted-in"]}
    assert statuses(Filters=[only_chosen]) == {"eu-south-1": "opted-in"}
    prod.opt_out("eu-south-1")
    assert statuses() == {name: enabled[name] for name in enabled if name != "eu-south-1"}
    with pytest.raises(ClientError, match="Invalid region names provided: mars"):
        ec2.describe_regions(RegionNames=["mars"])


def test_buckets_show_their_region_only_to_a_request_with_a_parameter(connect, prod):
    prod.put(bucket("logs", region="eu-west-1"), bucket("web"), bucket("archive"))
    s3 = connect("s3", "us-east-1")
    plain = s3.list_buckets()
    assert [one["Name"] for one in plain["Buckets"]] == ["archive", "logs", "web"]
    assert all("BucketRegion" not in one for one in plain["Buckets"])
    assert "ContinuationToken" not in plain
    first = s3.list_buckets(MaxBuckets=2)
    assert [one["BucketRegion"] for one in first["Buckets"]] == ["us-east-1", "eu-west-1"]
    last = s3.list_buckets(MaxBuckets=2, ContinuationToken=first["ContinuationToken"])
    assert [one["Name"] for one in last["Buckets"]] == ["web"]
    local = connect("s3", "eu-west-1").list_buckets(BucketRegion="eu-west-1")
    assert [one["Name"] for one in local["Buckets"]] == ["logs"]
    assert [one["Name"] for one in s3.list_buckets(Prefix="ar")["Buckets"]] == ["archive"]
    with pytest.raises(ClientError, match="InvalidArgument"):
        s3.list_buckets(BucketRegion="eu-west-1")


def test_iam_lists_four_kinds_with_decoded_policy_documents(connect, prod):
    inline = {"Version": "2012-10-17", "Statement": []}
    prod.put(
        user("ann", tags={"team": "a"}, GroupList=["admins"]),
        role("app", Path="/service/"),
        group("admins", GroupPolicyList=[{"PolicyName": "p", "PolicyDocument": inline}]),
        policy("read-buckets"),
        policy("ReadOnlyAccess", aws_managed=True),
    )
    iam = connect("iam")
    answer = iam.get_account_authorization_details()
    assert answer["IsTruncated"] is False
    (ann,) = answer["UserDetailList"]
    assert ann["Arn"] == f"arn:aws:iam::{prod.id}:user/ann"
    assert (ann["Tags"], ann["GroupList"]) == ([{"Key": "team", "Value": "a"}], ["admins"])
    (app,) = answer["RoleDetailList"]
    assert app["Arn"] == f"arn:aws:iam::{prod.id}:role/service/app"
    assert app["AssumeRolePolicyDocument"]["Statement"][0]["Action"] == "sts:AssumeRole"
    (admins,) = answer["GroupDetailList"]
    assert admins["GroupPolicyList"][0]["PolicyDocument"] == inline
    own, managed = answer["Policies"]
    assert managed["Arn"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert own["Arn"] == f"arn:aws:iam::{prod.id}:policy/read-buckets"
    (version,) = own["PolicyVersionList"]
    assert version["Document"]["Statement"][0]["Resource"] == "*"
    filtered = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])
    assert [one["PolicyName"] for one in filtered["Policies"]] == ["read-buckets"]
    assert filtered["UserDetailList"] == []


def test_iam_documents_are_url_encoded_on_the_wire(fake_aws, connect, prod):
    prod.put(policy("p"))
    bodies = []
    iam = connect("iam")
    iam.meta.events.register(
        "before-parse.iam", lambda response_dict, **_: bodies.append(response_dict["body"])
    )
    iam.get_account_authorization_details()
    assert b"<Document>%7B%22Version%22" in bodies[0]


def test_tagging_lists_what_is_or_was_tagged_in_the_region(connect, prod):
    prod.put(
        instance("i-1", region="eu-west-1", tags={"a": "1"}),
        instance("i-2", region="eu-west-1"),
        volume("vol-1", region="eu-west-1", tags={"a": "1"}),
        volume("vol-1", region="eu-west-1"),
        instance("i-3", region="us-east-1", tags={"a": "1"}),
        bucket("logs", region="eu-west-1", tags={"a": "1"}),
        policy("p", tags={"a": "1"}),
        user("ann", tags={"a": "1"}),
    )

    def tagged(region, **arguments):
        answer = connect("resourcegroupstaggingapi", region).get_resources(**arguments)
        return {
            one["ResourceARN"].rpartition(":")[2]: {tag["Key"]: tag["Value"] for tag in one["Tags"]}
            for one in answer["ResourceTagMappingList"]
        }

    ours = {"instance/i-1": {"a": "1"}, "volume/vol-1": {}, "logs": {"a": "1"}}
    assert tagged("eu-west-1") == ours
    assert tagged("us-east-1") == {"instance/i-3": {"a": "1"}, "policy/p": {"a": "1"}}
    assert tagged("eu-west-1", ResourceTypeFilters=["ec2:instance", "s3"]) == {
        "instance/i-1": {"a": "1"},
        "logs": {"a": "1"},
    }


def test_builders_refuse_members_that_the_api_does_not_have():
    with pytest.raises(TypeError, match="InstanceTyp"):
        instance("i-1", region="eu-west-1", InstanceTyp="t3.micro")


def test_secrets_planted_in_tags_and_fields_are_served(connect, prod):
    prod.put(instance("i-1", region="eu-west-1", tags={"token": "canary-1"}, KeyName="canary-2"))
    (reservation,) = connect("ec2").describe_instances()["Reservations"]
    (found,) = reservation["Instances"]
    assert found["Tags"][0]["Value"] == "canary-1"
    assert found["KeyName"] == "canary-2"


def test_unknown_operations_are_refused(connect, prod):
    with pytest.raises(ClientError, match="InvalidAction"):
        connect("ec2").describe_reserved_instances_offerings()
    with pytest.raises(ClientError, match="InvalidAction"):
        connect("sts").get_session_token()


def test_the_log_knows_every_call(connect, fake_aws, prod):
    connect("ec2", user_agent_extra="cloudops/1").describe_instances()
    connect("ec2", "us-east-1").describe_volumes()
    connect("iam").get_account_authorization_details()
    assert fake_aws.call_counts() == {
        ("ec2", "DescribeInstances", prod.id, "eu-west-1"): 1,
        ("ec2", "DescribeVolumes", prod.id, "us-east-1"): 1,
        ("iam", "GetAccountAuthorizationDetails", prod.id, "global"): 1,
    }
    assert fake_aws.call_count(service="ec2") == 2
    (call,) = fake_aws.calls(operation="DescribeInstances")
    assert "cloudops/1" in call.user_agent
    assert (call.status, call.access_key) == (200, "AKIAEXAMPLEPROD")
    assert any("cloudops/1" in agent for agent in fake_aws.user_agents())
    fake_aws.reset_calls()
    assert fake_aws.call_count() == 0
    assert fake_aws.calls() == []
