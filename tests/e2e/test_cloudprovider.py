"""From YAML to inventory and status, with kubectl as the user has it."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from cloudops.api.v1alpha1.contract import kstatus
from tests.e2e.conftest import ACCOUNT, REGIONS, STATEMENTS, TYPES, Provider, StartWith
from tests.fakes.aws.builders import bucket, group, instance, policy, role, user, volume
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]


@pytest.mark.usefixtures("operator")
def test_an_applied_provider_becomes_ready_and_its_inventory_is_the_truth(
    provider: Provider, account: AccountScript
):
    for number, region in enumerate(REGIONS):
        account.put(instance(f"i-{number:017x}", region=region, tags={"Name": f"web-{number}"}))
    account.put(volume("vol-1", region="eu-west-1"), bucket("logs", region="eu-west-1"))
    account.put(user("alice"), role("app"), group("devs"), policy("read"))

    del provider.inventory["types"]
    provider.apply()
    provider.wait_condition("Ready", "True", "Succeeded")
    provider.wait_condition("InventorySynced", "True")

    assert provider.live() == account.truth()
    status = provider.status()
    assert status["accounts"] == {"total": 1, "reachable": 1, "unreachable": 0}
    statements = provider.rows("SELECT FROM inventory WHERE type = ANY(%s)", STATEMENTS)
    assert status["inventory"]["resources"] == len(account.truth()) + len(statements)
    assert status["inventory"]["scopes"]["complete"] == status["inventory"]["scopes"]["total"]
    assert status["identity"]["principal"] == f"arn:aws:iam::{ACCOUNT}:user/cloudops"
    assert kstatus(provider.read()) == "Current"


@pytest.mark.usefixtures("operator")
def test_kubectl_shows_what_a_person_expects(provider: Provider, account: AccountScript):
    account.put(instance("i-1", region="eu-west-1"))
    provider.apply()

    provider.kubectl("wait", "--for=condition=Ready", "cloudprovider/prod", "--timeout=120s")
    provider.wait_condition("InventorySynced", "True")
    header, row = provider.kubectl("get", "cloudproviders").splitlines()
    explained = provider.kubectl("explain", "cloudprovider.spec.aws")
    described = provider.kubectl("describe", "cloudprovider", "prod")
    for column in ("TYPE", "READY", "ACCOUNTS", "RESOURCES", "OLDEST", "AGE"):
        assert column in header
    assert row.split()[:3] == ["prod", "aws", "True"]
    assert "credentials" in explained
    assert "FIELD" in explained
    assert "InventorySynced" in described
    _, _, events = described.partition("\nEvents:")
    assert "CredentialsAccepted" in events
    assert "user/cloudops" in events


@pytest.mark.usefixtures("operator")
def test_a_second_account_is_read_through_its_role(
    provider: Provider, account: AccountScript, fake_aws: FakeAws
):
    member = fake_aws.account("444455556666", regions=("eu-west-1",))
    member.role("cloudops-read", external_id="tenant-7")
    member.put(instance("i-9", region="eu-west-1"))
    account.put(instance("i-1", region="eu-west-1"))
    provider.aws["accounts"] = {"ids": [ACCOUNT, "444455556666"], "memberExternalID": "tenant-7"}

    provider.apply()
    provider.wait_condition("InventorySynced", "True")

    assert provider.live() == account.truth() | member.truth()


@pytest.mark.usefixtures("operator")
def test_an_account_without_a_role_is_reported_beside_those_that_are_read(
    provider: Provider, account: AccountScript, fake_aws: FakeAws
):
    fake_aws.account("444455556666", regions=("eu-west-1",))
    account.put(instance("i-1", region="eu-west-1"))
    provider.aws["accounts"] = {"ids": [ACCOUNT, "444455556666"]}

    provider.apply()
    provider.wait_condition("Ready", "True")
    eventually(lambda: provider.status()["problemsTotal"], what="the problem to be shown")
    status = provider.status()

    assert status["accounts"] == {"total": 2, "reachable": 1, "unreachable": 1}
    [problem] = status["problems"]
    assert problem["reason"] == "RoleNotAssumable"
    assert problem["permission"] == "sts:AssumeRole"
    assert problem["exampleAccount"] == "444455556666"
    assert provider.live() == account.truth()


@pytest.mark.usefixtures("operator")
def test_suspend_stops_reading_and_keeps_what_is_known(
    provider: Provider, account: AccountScript, fake_aws: FakeAws
):
    account.put(instance("i-1", region="eu-west-1"))
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    known = provider.live()
    account.put(instance("i-2", region="eu-west-1"))

    provider.apply(suspend=True)
    provider.wait_condition("Ready", "True", "Suspended")
    fake_aws.reset_calls()
    token = provider.ask_run()
    eventually(lambda: provider.rows("SELECT FROM provider WHERE requested_token = %s", token))
    # Meanwhile the worker takes leases, and reads another account to its end.
    other = fake_aws.account("444455556666", regions=REGIONS, access_key="AKIAOTHEROTHEROTHER0")
    neighbour = replace(provider, name="neighbour", secret="neighbour", aws=dict(provider.aws))
    neighbour.put_secret("AKIAOTHEROTHEROTHER0", "secret-of-AKIAOTHEROTHEROTHER0")
    neighbour.aws["credentials"] = {"source": "Secret", "secretRef": {"name": "neighbour"}}
    neighbour.apply()
    neighbour.wait_condition("InventorySynced", "True")

    assert fake_aws.calls(account=other.id)
    assert fake_aws.calls(account=ACCOUNT) == []
    assert provider.live() == known

    provider.apply(suspend=False)
    provider.wait_handled(token)

    assert provider.live() == account.truth()


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        pytest.param(
            {
                "type": "gcp",
                "aws": None,
                "gcp": {"credentials": {"source": "Operator"}, "parents": ["projects/p"]},
            },
            "NotSupportedYet",
            id="google-cloud",
        ),
        pytest.param(
            {
                "aws": {
                    "credentials": {"source": "Secret", "secretRef": {"name": "aws"}},
                    "endpointURL": "https://attacker.example",
                }
            },
            "EndpointNotAllowed",
            id="foreign-endpoint",
        ),
    ],
)
def test_what_the_operator_will_not_do_is_stalled_with_its_cure(
    provider: Provider, operator: list[OperatorProcess], spec, reason
):
    provider.apply(**spec)

    stalled = provider.wait_condition("Stalled", "True", reason)

    assert provider.condition("Ready")["status"] == "False"
    assert stalled["message"]
    assert kstatus(provider.read()) == "Failed"
    assert provider.live() == set()


@pytest.mark.usefixtures("operator")
def test_narrowed_types_and_regions_leave_the_inventory_and_come_back(
    provider: Provider, account: AccountScript
):
    account.put(instance("i-1", region="eu-west-1"), instance("i-2", region="us-east-1"))
    account.put(user("alice"), role("app"), bucket("logs", region="eu-west-1"))
    everything = account.truth()
    wide = [*TYPES, "AWS::IAM::User"]
    provider.inventory["types"] = {"include": wide}
    provider.apply()
    provider.wait_condition("InventorySynced", "True")

    provider.aws["regions"] = {"include": ["eu-*"]}
    provider.inventory["types"] = {"include": ["AWS::EC2::I*", "AWS::IAM::User"]}
    provider.apply()
    eventually(lambda: len(provider.live()) == 2, what="the selection to narrow")
    provider.run_now()
    provider.run_now()
    narrowed = provider.live()
    provider.aws["regions"] = {"include": ["*"]}
    provider.inventory["types"] = {"include": wide}
    provider.apply()
    provider.run_now()

    assert {arn.rsplit("/", 1)[-1] for arn in narrowed} == {"i-1", "alice"}
    assert provider.live() == everything
    assert provider.deleted() == set()
    operations = provider.rows("SELECT DISTINCT operation FROM change")
    assert operations == [{"operation": "created"}]


@pytest.mark.usefixtures("operator")
def test_a_missing_secret_is_waited_for(provider: Provider, account: AccountScript):
    provider.delete_secret()
    account.put(instance("i-1", region="eu-west-1"))
    provider.apply()

    ready = provider.wait_condition("Ready", "False", "DependencyNotReady")
    provider.put_secret()
    provider.run_now()
    provider.wait_condition("Ready", "True", "Succeeded")

    assert "Secret" in ready["message"]
    assert provider.condition("Stalled")["status"] == "absent"
    assert provider.live() == account.truth()


def test_a_secret_that_goes_missing_later_is_waited_for_too(
    provider: Provider, account: AccountScript, start: StartWith
):
    """Fails if the accounts that it opened count as rejected: Stalled after the grace."""
    start("controller", "worker", credentials_grace_seconds="0")
    account.put(instance("i-1", region="eu-west-1"))
    provider.apply()
    provider.wait_condition("InventorySynced", "True")

    provider.delete_secret()
    provider.ask_run()
    ready = provider.wait_condition("Ready", "False", "DependencyNotReady")
    valid = provider.wait_condition("CredentialsValid", "False", "SecretNotFound")

    assert "Secret" in ready["message"]
    assert "Secret" in valid["message"]
    assert provider.condition("Stalled")["status"] == "absent"
    assert provider.live() == account.truth()

    provider.put_secret()
    provider.run_now()
    provider.wait_condition("Ready", "True", "Succeeded")
    provider.wait_condition("InventorySynced", "True")


@pytest.mark.usefixtures("operator")
def test_a_deleted_provider_is_gone_at_once_and_its_rows_leave_the_inventory(
    provider: Provider, account: AccountScript
):
    """Fails if nobody tells the plan (`mark_vanished`): the rows would stay."""
    account.put(instance("i-1", region="eu-west-1"))
    provider.apply()
    provider.wait_condition("InventorySynced", "True")

    provider.kubectl("delete", "cloudprovider", "prod", "--timeout=20s")

    eventually(lambda: provider.live() == set(), what="the rows to be retired")
    assert provider.deleted() == set()


@pytest.mark.usefixtures("operator")
def test_the_command_line_reads_what_the_operator_wrote(provider: Provider, account: AccountScript):
    account.put(instance("i-1", region="eu-west-1", tags={"team": "web"}))
    account.put(instance("i-2", region="eu-west-1"))
    provider.apply()
    provider.wait_condition("InventorySynced", "True")

    listed = subprocess.run(
        [
            sys.executable,
            "-m",
            "cloudops",
            "resources",
            "list",
            "--tag",
            "team=web",
            "-o",
            "json",
            "--database-url",
            provider.database_url,
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    [row] = json.loads(listed.stdout)
    assert row["canonical_id"].endswith("instance/i-1")
    assert row["tags"] == {"team": "web"}
