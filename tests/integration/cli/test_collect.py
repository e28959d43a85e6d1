"""`cloudops collect`: a file in, an inventory and an exit code out."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from cloudops.store.session import driver_url
from tests.cluster.paths import REPOSITORY
from tests.fakes.aws.faults import Fault
from tests.integration.cli.commands import Command
from tests.integration.cli.conftest import ACCESS_KEY, ACCOUNT, SECRET, SECRET_KEY
from tests.integration.store.seeding import provider_record, rows, write_provider

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

FROM_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


def summary_of(done):
    return json.loads(done.stdout)


def test_everything_that_is_there_is_read_and_the_exit_code_says_so(
    cloudops, provider_file, account
):
    done = cloudops("collect", "-f", provider_file(), "-o", "json")

    assert done.returncode == 0, done.stderr
    summary = summary_of(done)
    assert summary["complete"] is True
    assert summary["problems"] == []
    assert summary["api_calls"] > 0
    truth = Counter(resource.kind for resource in account.resources().values())
    assert summary["resources"]["AWS::EC2::Instance"] == truth["ec2:instance"] == 2
    assert summary["resources"]["AWS::S3::Bucket"] == truth["s3:bucket"] == 1
    assert {row["account_id"] for row in summary["scopes"]} == {ACCOUNT}


def test_a_table_is_for_people_and_a_pipe_gets_no_bar(cloudops, provider_file):
    done = cloudops("collect", "-f", provider_file())

    assert done.returncode == 0, done.stderr
    assert "AWS::EC2::Instance" in done.stdout
    assert "API calls made:" in done.stdout
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


def test_a_second_run_finds_the_same(cloudops, provider_file):
    first = summary_of(cloudops("collect", "-f", provider_file(), "-o", "json"))
    done = cloudops("collect", "-f", provider_file(), "-o", "json")

    assert done.returncode == 0, done.stderr
    assert summary_of(done)["resources"] == first["resources"]


def test_what_was_denied_is_told_with_what_to_grant(cloudops, provider_file, fake_aws):
    fake_aws.inject(Fault.deny(), service="ec2", operation="DescribeInstances")

    done = cloudops("collect", "-f", provider_file(), "-o", "json")

    assert done.returncode == 3, done.stderr
    (problem,) = summary_of(done)["problems"]
    assert problem["permission"] == "ec2:DescribeInstances"
    assert problem["regions"] == 2


def test_the_table_shows_problems_too(cloudops, provider_file, fake_aws):
    fake_aws.inject(Fault.deny(), service="ec2", operation="DescribeInstances")

    done = cloudops("collect", "-f", provider_file())

    assert done.returncode == 3
    assert "PROBLEM" in done.stdout
    assert "ec2:DescribeInstances" in done.stdout


def test_a_denial_never_deletes(cloudops, provider_file, fake_aws):
    cloudops("collect", "-f", provider_file())
    fake_aws.inject(Fault.deny(), service="ec2")

    done = cloudops("collect", "-f", provider_file(), "-o", "json")

    assert done.returncode == 3
    assert summary_of(done)["resources"]["AWS::EC2::Instance"] == 2


def test_credentials_from_the_environment(cloudops, provider_file):
    done = cloudops("collect", "-f", provider_file(secret=""), "-o", "json", **FROM_ENVIRONMENT)

    assert done.returncode == 0, done.stderr


def test_without_credentials_the_message_says_where_they_may_stand(cloudops, provider_file):
    done = cloudops("collect", "-f", provider_file(secret=""), "-o", "json")

    assert done.returncode == 3
    assert summary_of(done)["entry"]["reason"] == "SecretNotFound"
    assert "AWS_ACCESS_KEY_ID" in summary_of(done)["entry"]["message"]


def test_without_a_database_it_keeps_one_of_its_own(provider_file, tmp_path):
    settings = {"CLOUDOPS_DATA_DIR": str(tmp_path / "data")}

    done = Command(settings)("collect", "-f", provider_file(), "-o", "json")

    assert done.returncode == 0, done.stderr
    assert summary_of(done)["resources"]["AWS::EC2::Instance"] == 2
    assert str(tmp_path / "data") in done.stderr
    assert not (tmp_path / "data" / "postgresql" / "postmaster.pid").exists()


def test_wrong_credentials_are_told(cloudops, provider_file):
    secret = SECRET.replace(ACCESS_KEY, "AKIAUNKNOWN000000000")

    done = cloudops("collect", "-f", provider_file(secret=secret))

    assert done.returncode == 3
    assert "not entered: CredentialsRejected" in done.stdout


def test_no_secret_is_ever_printed_or_stored(cloudops, provider_file, migrated_url):
    done = cloudops("collect", "-f", provider_file(), "-o", "json")

    assert SECRET_KEY not in done.stdout + done.stderr
    from sqlalchemy import create_engine  # noqa: PLC0415

    engine = create_engine(driver_url(migrated_url))
    everything = rows(
        engine, "SELECT CAST(p AS text), CAST(s AS text) FROM provider p CROSS JOIN scope s"
    )
    engine.dispose()
    assert SECRET_KEY not in repr(everything)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        pytest.param(
            {"regions": '"xx-*"', "more": "  inventory: {types: {include: [compute.instance]}}\n"},
            "NothingSelected",
            id="nothing",
        ),
        pytest.param({"ids": f'"{ACCOUNT}"], exclude: ["*"'}, "NoAccountSelected", id="no-account"),
    ],
)
def test_where_nothing_is_selected_it_says_why(cloudops, provider_file, spec, reason):
    told = cloudops("collect", "-f", provider_file(**spec))
    listed = cloudops("collect", "-f", provider_file(**spec), "-o", "json")

    assert (told.returncode, listed.returncode) == (3, 3)
    assert f"\n{reason} " in told.stdout
    (problem,) = summary_of(listed)["problems"]
    assert problem["reason"] == reason


class TestBadInput:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            pytest.param({"ids": ACCOUNT}, "spec.aws.accounts.ids[0]", id="unquoted-account"),
            pytest.param({"regions": "2025"}, "spec.aws.regions.include[0]", id="number"),
            pytest.param({"more": "  nonsense: 1\n"}, "spec.nonsense", id="unknown-field"),
            pytest.param({"secret": "\n---\na: [\n"}, "is not YAML", id="no-yaml"),
            pytest.param({"secret": "---\nkind: CloudProvider"}, "2 found", id="two-providers"),
        ],
    )
    def test_it_exits_with_2_and_one_line_that_says_what_to_edit(
        self, cloudops, provider_file, options, message
    ):
        done = cloudops("collect", "-f", provider_file(**options))

        assert done.returncode == 2
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""

    def test_a_missing_file(self, cloudops, tmp_path):
        done = cloudops("collect", "-f", tmp_path / "none.yaml")

        assert done.returncode == 2
        assert "No such file" in done.stderr

    def test_another_cloud_is_not_supported_yet(self, cloudops, tmp_path):
        path = tmp_path / "focus.yaml"
        path.write_text(
            "apiVersion: cloudops.dev/v1alpha1\nkind: CloudProvider\nmetadata: {name: a}\n"
            "spec: {type: azure, azure: {tenantID: 11111111-2222-3333-4444-555555555555,"
            " credentials: {source: Operator}}}\n"
        )

        done = cloudops("collect", "-f", path)

        assert done.returncode == 2
        assert "azure is not supported yet" in done.stderr

    def test_a_workload_identity_needs_a_cluster_and_the_message_says_what_to_use(
        self, cloudops, provider_file, fake_aws
    ):
        """Fails if it is found out on the way in: exit 3, after a database was asked."""
        path = provider_file()
        secret = "{source: Secret, secretRef: {name: keys}}"
        vouched = (
            "{source: WorkloadIdentity, serviceAccountName: cloud-reader,"
            f" roleARN: 'arn:aws:iam::{ACCOUNT}:role/entry'}}"
        )
        path.write_text(path.read_text().replace(secret, vouched))

        done = cloudops("collect", "-f", path)

        assert done.returncode == 2
        assert "spec.aws.credentials.source WorkloadIdentity needs a cluster" in done.stderr
        assert "use Secret, or Operator" in done.stderr
        assert done.stderr.count("\n") == 1
        assert fake_aws.calls() == []

    def test_a_provider_that_a_controller_keeps_is_left_alone(
        self, cloudops, provider_file, migrated_url
    ):
        from sqlalchemy import create_engine  # noqa: PLC0415

        engine = create_engine(driver_url(migrated_url))
        write_provider(engine, provider_record("prod"))
        engine.dispose()

        done = cloudops("collect", "-f", provider_file())

        assert done.returncode == 2
        assert "kept by a controller" in done.stderr


class TestSwappedCredentials:
    def test_without_ids_another_account_has_to_be_named_in_the_file(
        self, cloudops, provider_file, fake_aws
    ):
        fake_aws.account(
            "999900001111",
            regions=("us-east-1", "eu-west-1"),
            access_key="AKIAOTHER00000000000",
            secret_key="other-secret",
        )
        cloudops("collect", "-f", provider_file(ids=""))
        swapped = SECRET.replace(ACCESS_KEY, "AKIAOTHER00000000000").replace(
            SECRET_KEY, "other-secret"
        )

        refused = cloudops("collect", "-f", provider_file(ids="", secret=swapped), "-o", "json")
        edited = provider_file(ids='"999900001111"', secret=swapped)
        accepted = cloudops("collect", "-f", edited, "-o", "json")

        assert refused.returncode == 3
        assert summary_of(refused)["entry"]["reason"] == "IdentityMismatch"
        assert accepted.returncode == 0, accepted.stderr
        assert {row["account_id"] for row in summary_of(accepted)["scopes"]} == {"999900001111"}


def test_on_a_terminal_there_is_a_bar(cloudops, provider_file):
    """`script` gives the command a terminal of its own."""
    command = f"{sys.executable} -m cloudops collect -f {provider_file()}"
    done = subprocess.run(
        ["script", "--quiet", "--return", "--command", command, "/dev/null"],
        cwd=REPOSITORY,
        env=cloudops.inherited() | {**cloudops.environment, "TERM": "xterm", "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout
    assert "reading" in done.stdout
