"""`cloudops permissions aws`: documents to paste, from nothing but the catalogue and a file."""

import json
from pathlib import Path

import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from tests.integration.cli.commands import Command

pytestmark = pytest.mark.integration

PROVIDER = """
apiVersion: cloudops.dev/v1alpha1
kind: CloudProvider
metadata: {name: prod, namespace: platform}
spec:
  type: aws
  aws:
    credentials: {source: Secret, secretRef: {name: keys}, roleARN: "ENTRY"}
    accounts: {ids: ["111122223333", "444455556666"], memberExternalID: tenant-7}
  inventory: {types: {include: ["compute.*"], exclude: ["AWS::Lambda::*"]}}
"""
ENTRY = "arn:aws:iam::111122223333:role/entry"
ORGANIZATION = PROVIDER.replace(
    '{ids: ["111122223333", "444455556666"], memberExternalID: tenant-7}',
    "{discovery: Organization}",
)
AZURE = """
apiVersion: cloudops.dev/v1alpha1
kind: CloudProvider
metadata: {name: prod}
spec:
  type: azure
  azure: {credentials: {source: Operator}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "provider.yaml"
    path.write_text(PROVIDER.replace("ENTRY", ENTRY))
    return path


def actions(policy):
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def documents(text):
    """The JSON documents that stand one behind the other."""
    found = []
    while text := text.lstrip():
        document, end = json.JSONDecoder().raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def test_the_bare_policies_of_the_whole_catalogue_are_printed():
    done = Command()("permissions", "aws")

    assert done.returncode == 0
    policies = documents(done.stdout)
    assert all(policy.keys() == {"Version", "Statement"} for policy in policies)
    granted = {action for policy in policies for action in actions(policy)}
    assert granted == {a for row in LISTINGS for a in row.permissions} | {"ec2:DescribeRegions"}
    # The whole is more than one policy may hold.
    assert done.stderr.startswith(f"note: {len(policies)} policies, since AWS limits their size")
    assert json.loads(Command()("permissions", "aws", "-o", "json").stdout)["reader"] == policies


def test_types_narrow_it():
    done = Command()("permissions", "aws", "--types", "AWS::EC2::Volume", "--types", "storage.*")

    assert done.returncode == 0, done.stderr
    narrow = actions(json.loads(done.stdout))
    assert {"ec2:DescribeVolumes", "s3:ListAllMyBuckets", "tag:GetResources"} < narrow
    assert "ec2:DescribeInstances" not in narrow


def test_a_provider_narrows_it_to_what_it_reads_and_adds_the_way_in(file):
    done = Command()("permissions", "aws", "-f", file, "-o", "json")

    assert (done.returncode, done.stderr) == (0, "")
    printed = json.loads(done.stdout)
    [reader] = printed["reader"]
    assert "ec2:DescribeInstances" in actions(reader)
    assert not {"lambda:ListFunctions", "s3:ListAllMyBuckets"} & actions(reader)
    assert [entry["principal"] for entry in printed["entry"]] == [
        "the credentials in Secret keys",
        ENTRY,
    ]
    statements = [
        statement
        for entry in printed["entry"]
        for policy in entry["policies"]
        for statement in policy["Statement"]
    ]
    assert [(one["Action"], one["Resource"]) for one in statements] == [
        (["sts:AssumeRole"], [ENTRY]),
        (["sts:AssumeRole"], ["arn:aws:iam::444455556666:role/cloudops-read"]),
    ]


def test_for_an_organization_listing_its_accounts_is_added(file):
    file.write_text(ORGANIZATION.replace("ENTRY", ENTRY))

    done = Command()("permissions", "aws", "-f", file, "-o", "json")

    assert (done.returncode, done.stderr) == (0, "")
    entry = json.loads(done.stdout)["entry"][-1]
    assert entry["principal"] == ENTRY
    [policy] = entry["policies"]
    assert [(one["Action"], one["Resource"]) for one in policy["Statement"]] == [
        (["organizations:ListAccounts"], "*"),
        (["sts:AssumeRole"], ["arn:aws:iam::*:role/cloudops-read"]),
    ]


def test_without_json_stdout_is_the_readers_policy_alone(file):
    done = Command()("permissions", "aws", "-f", file)

    assert done.returncode == 0, done.stderr
    assert "sts:AssumeRole" not in actions(json.loads(done.stdout))
    assert done.stderr.startswith("note: the way in needs policies of its own, see -o json")
    assert ENTRY in done.stderr


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(AZURE, "of type azure, not aws", id="azure"),
        pytest.param("kind: CloudProvider", "", id="invalid"),
    ],
)
def test_a_file_that_leads_nowhere_is_refused(file, text, complaint):
    file.write_text(text.replace("ENTRY", ENTRY))
    done = Command()("permissions", "aws", "-f", file)

    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["--types", "computer.*"], "computer.*: there is no such type", id="typo"),
        pytest.param(["-f", "any.yaml", "--types", "compute.*"], "leave one out", id="both"),
    ],
)
def test_a_selection_that_cannot_be_meant_is_refused(arguments, complaint):
    done = Command()("permissions", "aws", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr


def test_a_file_that_selects_nothing_is_told(tmp_path):
    path = tmp_path / "provider.yaml"
    path.write_text(
        "apiVersion: cloudops.dev/v1alpha1\nkind: CloudProvider\nmetadata: {name: a}\n"
        "spec: {type: aws, aws: {credentials: {source: Operator}},"
        " inventory: {types: {include: ['AWS::Nope::*']}}}\n"
    )

    done = Command()("permissions", "aws", "-f", path)

    assert done.returncode == 0
    assert "note: no listing reads what spec.inventory.types selects\n" in done.stderr
