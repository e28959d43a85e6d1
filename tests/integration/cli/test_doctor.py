"""`cloudops doctor`: what is missing, and what would grant it, before anything is applied."""

import json

import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.vocabulary import RegionRule
from tests.fakes.aws import builders
from tests.fakes.aws.cloud_control import other
from tests.fakes.aws.faults import Fault
from tests.integration.cli.commands import Command
from tests.integration.cli.conftest import ACCOUNT, SECRET

pytestmark = [pytest.mark.integration, pytest.mark.aws]

MEMBER = "210987650321"
BOTH = f'"{ACCOUNT}", "{MEMBER}"'


FEW = "  inventory: {types: {include: [compute.instance, 'AWS::DynamoDB::Table', identity.*]}}\n"


@pytest.fixture
def doctor(provider_file):
    """The command over a few listings, without a database to be found."""

    def examine(*arguments, more=FEW, **provider):
        return Command()("doctor", "-f", provider_file(more=more, **provider), *arguments)

    return examine


def found(done, code):
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def actions(grant):
    return {
        action
        for policy in grant["policies"]
        for statement in policy["Statement"]
        for action in statement["Action"]
    }


def unread(account):
    return {
        (check["listing"], check["region"]): check["trouble"]
        for check in account["checks"]
        if check["trouble"]
    }


def test_where_everything_can_be_read_each_listing_was_tried_once(doctor):
    diagnosis = found(doctor("-o", "json", more=""), 0)

    assert diagnosis["healthy"] is True
    assert diagnosis["grants"] == []
    assert diagnosis["identity"]["account_id"] == ACCOUNT
    (account,) = diagnosis["accounts"]
    assert account["principal"] == diagnosis["identity"]["principal"]
    assert account["regions"] == ["eu-west-1", "us-east-1"]
    expected = {
        (row.name, "global" if row.region_rule is RegionRule.GLOBAL else "eu-west-1")
        for row in LISTINGS
    }
    tried = [(check["listing"], check["region"]) for check in account["checks"]]
    assert (len(tried), set(tried)) == (len(expected), expected)


def test_a_listing_costs_one_call_and_details_a_list_and_one_item(doctor, account, fake_aws):
    account.put(builders.table(f"t-{n}", region="eu-west-1") for n in range(5))
    fake_aws.page_size("ListTables", 2)

    found(doctor("-o", "json"), 0)

    assert fake_aws.call_count(operation="ListTables") == 2
    assert fake_aws.call_count(operation="DescribeTable") == 1


def test_what_is_denied_is_named_with_the_policy_that_grants_it(doctor, fake_aws):
    fake_aws.inject(Fault.deny(), service="ec2", operation="DescribeInstances")
    fake_aws.inject(Fault.deny(), service="iam", operation="GetAccountAuthorizationDetails")

    diagnosis = found(doctor("-o", "json"), 3)

    (account,) = diagnosis["accounts"]
    missing = {trouble["permission"] for trouble in unread(account).values()}
    assert missing == {"ec2:DescribeInstances", "iam:GetAccountAuthorizationDetails"}
    (grant,) = diagnosis["grants"]
    assert grant["principal"] == account["principal"]
    assert actions(grant) == missing


def test_a_table_for_people_ends_with_the_statement_to_paste(doctor, fake_aws):
    fake_aws.inject(Fault.deny(), service="ec2", operation="DescribeInstances")

    done = doctor()

    assert done.returncode == 3
    assert f"trying: account {ACCOUNT}" in done.stderr
    (problem,) = [line for line in done.stdout.splitlines() if "aws.ec2.instances" in line]
    assert "ec2:DescribeInstances" in problem
    heading, _, policy = done.stdout.partition("to grant to ")[2].partition(":\n")
    assert heading.endswith("user/cloudops")
    assert json.loads(policy)["Statement"][0]["Action"] == ["ec2:DescribeInstances"]
    assert "Everything" not in done.stdout


def test_health_is_told_in_a_sentence(doctor, account):
    account.put([builders.table("t-1", region="eu-west-1")])

    done = doctor(more="  inventory: {types: {include: ['AWS::DynamoDB::Table']}}\n")

    assert done.returncode == 0
    assert done.stdout.endswith("\nEverything that was tried can be read.\n")


def test_what_there_is_nothing_to_try_with_is_told_beside_it(doctor):
    """Fails where it counts as read: whoever has no table yet may lack the right to read it."""
    more = "  inventory: {types: {include: ['AWS::DynamoDB::Table']}}\n"

    sentence = doctor(more=more).stdout.splitlines()[-1]
    (account,) = found(doctor("-o", "json", more=more), 0)["accounts"]

    assert sentence == (
        "Everything that was tried can be read; "
        "1 listing had nothing to try: aws.dynamodb.tables.details."
    )
    untried = {one["listing"]: one["untried"] for one in account["checks"] if one["untried"]}
    assert untried == {"aws.dynamodb.tables.details": "dynamodb:DescribeTable"}


def test_what_is_denied_of_children_is_named(doctor, account, fake_aws):
    api, model = "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Model"
    account.put([other(api, "api-1", region="eu-west-1")])
    fake_aws.inject(Fault.deny(), service="cloudcontrol", skip=1)

    done = doctor("-o", "json", more=f"  inventory: {{types: {{include: ['{model}']}}}}\n")

    (account,) = found(done, 3)["accounts"]
    assert set(unread(account)) == {("aws.cloudcontrol.apigateway-model", "eu-west-1")}


def test_an_account_that_can_t_be_entered_comes_with_what_its_door_needs(provider_file, fake_aws):
    fake_aws.account(MEMBER)

    diagnosis = found(Command()("doctor", "-f", provider_file(ids=BOTH), "-o", "json"), 3)

    own, member = diagnosis["accounts"]
    assert (own["trouble"], member["checks"]) == (None, [])
    role = f"arn:aws:iam::{MEMBER}:role/cloudops-read"
    assert role in member["trouble"]["message"]
    assert member["trouble"]["permission"] == "sts:AssumeRole"
    (grant,) = diagnosis["grants"]
    (statement,) = grant["policies"][0]["Statement"]
    assert statement["Action"] == ["sts:AssumeRole"]
    assert role in statement["Resource"]


def test_regions_that_can_t_be_listed_leave_what_is_global(doctor, fake_aws):
    fake_aws.inject(Fault.deny(), service="ec2", operation="DescribeRegions")

    diagnosis = found(doctor("-o", "json"), 3)

    (account,) = diagnosis["accounts"]
    assert account["regions"] is None
    assert account["trouble"]["permission"] == "ec2:DescribeRegions"
    assert {check["region"] for check in account["checks"]} == {"global"}
    assert [actions(grant) for grant in diagnosis["grants"]] == [{"ec2:DescribeRegions"}]


def test_only_with_all_regions_is_a_denial_elsewhere_seen(doctor, fake_aws):
    fake_aws.inject(Fault.deny(), service="ec2", operation="DescribeInstances", region="us-east-1")
    found(doctor("-o", "json"), 0)

    diagnosis = found(doctor("--all-regions", "-o", "json"), 3)

    (account,) = diagnosis["accounts"]
    assert set(unread(account)) == {("aws.ec2.instances", "us-east-1")}


def test_a_service_control_policy_is_named_and_no_grant_advised(doctor, fake_aws):
    fake_aws.inject(Fault.deny("scp"), service="ec2", operation="DescribeInstances")

    diagnosis = found(doctor("-o", "json"), 3)

    (account,) = diagnosis["accounts"]
    assert unread(account)[("aws.ec2.instances", "eu-west-1")]["error_class"] == "scp_deny"
    assert diagnosis["grants"] == []


def test_what_is_not_there_is_no_trouble(doctor, fake_aws):
    fake_aws.inject(Fault.opt_in(), service="ec2", operation="DescribeInstances")

    diagnosis = found(doctor("-o", "json"), 0)

    (account,) = diagnosis["accounts"]
    trouble = unread(account)[("aws.ec2.instances", "eu-west-1")]
    assert trouble["error_class"] == "opt_in"


def test_keys_that_the_cloud_refuses_end_it(doctor, fake_aws, account):
    del account
    fake_aws.revoke("AKIAIOSFODNN7EXAMPLE")

    diagnosis = found(doctor("-o", "json"), 3)

    assert diagnosis["trouble"]["reason"] == "CredentialsRejected"
    assert (diagnosis["identity"], diagnosis["accounts"]) == (None, [])
    assert "CredentialsRejected" in doctor().stdout


def test_a_secret_that_is_nowhere_is_asked_for(doctor):
    diagnosis = found(doctor("-o", "json", secret=""), 3)

    assert diagnosis["trouble"]["reason"] == "SecretNotFound"
    assert "AWS_ACCESS_KEY_ID" in diagnosis["trouble"]["message"]


def test_only_what_the_file_selects_is_tried(doctor):
    more = "  inventory: {types: {include: [compute.instance]}}\n"

    diagnosis = found(doctor("-o", "json", more=more), 0)

    (account,) = diagnosis["accounts"]
    assert {check["listing"] for check in account["checks"]} == {
        "aws.ec2.instances",
        *(row.name for row in LISTINGS if not row.types),
    }


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        pytest.param(
            {"regions": '"xx-*"', "more": "  inventory: {types: {include: [compute.instance]}}\n"},
            "NothingSelected",
            id="regions",
        ),
        pytest.param(
            {
                "regions": '"xx-*"',
                "more": "  inventory: {types: {include: ['AWS::Nope::*']}}\n",
            },
            "NothingSelected",
            id="types",
        ),
        pytest.param(
            {"ids": f'"{ACCOUNT}"], exclude: ["*"', "more": ""}, "NoAccountSelected", id="accounts"
        ),
    ],
)
def test_where_nothing_is_selected_nothing_is_healthy(doctor, spec, reason):
    done = doctor(**spec)
    diagnosis = found(doctor("-o", "json", **spec), 3)

    assert done.returncode == 3
    assert "Everything" not in done.stdout
    assert f"\n{reason} " in done.stdout
    assert (diagnosis["healthy"], diagnosis["unselected"]["reason"]) == (False, reason)


def test_no_secret_is_shown(doctor, fake_aws):
    fake_aws.inject(Fault.deny(), service="ec2")
    secret = SECRET.partition("AWS_SECRET_ACCESS_KEY: ")[2].partition("}")[0]

    for done in (doctor(), doctor("-o", "json")):
        assert secret
        assert secret not in done.stdout + done.stderr


def test_another_cloud_is_bad_input(tmp_path):
    path = tmp_path / "azure.yaml"
    path.write_text(
        "apiVersion: cloudops.dev/v1alpha1\nkind: CloudProvider\nmetadata: {name: a}\n"
        "spec: {type: azure, azure: {credentials: {source: Operator}}}\n"
    )

    done = Command()("doctor", "-f", path)

    assert done.returncode == 2
    assert "type azure is not supported yet" in done.stderr
