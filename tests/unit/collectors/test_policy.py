"""IAM policies from the rows of the catalogue, and from a provider's way in."""

import json
import random
import re
from typing import Any

import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.policy import (
    POLICY_CHARACTERS,
    entry_policies,
    granting,
    reader_policies,
)
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.permissions import Grant, Policy
from cloudops.domain.provider import (
    AwsAccounts,
    AwsConnection,
    AwsCredentials,
    CredentialSource,
    Globs,
    RoleHop,
)

pytestmark = pytest.mark.unit

OWN, FIRST, SECOND = "111122223333", "444455556666", "777788889999"
ENTRY = f"arn:aws:iam::{OWN}:role/entry"
AUDIT = f"arn:aws:iam::{FIRST}:role/audit"
SECRET_KEYS = "the credentials in Secret keys"
WORKER = "the worker's own identity"
# It changes nothing that anybody owns, and counts as reading with IAM.
WHOLE = 10**6
REPORTING = "iam:GenerateCredentialReport"
READING = re.compile(r"[a-z0-9-]+:((BatchGet|Describe|Get|List|View)[A-Za-z0-9]+|GET)")


def rows(*names: str) -> list[Listing]:
    return [row for row in LISTINGS if row.name in names]


def actions(policy: Policy) -> list[str]:
    return [action for statement in policy["Statement"] for action in statement["Action"]]


def resources(policy: Policy) -> list[str]:
    return [arn for statement in policy["Statement"] for arn in statement["Resource"]]


def size(policy: Policy) -> int:
    return len("".join(json.dumps(policy).split()))


def connection(
    *roles: str,
    source: CredentialSource = CredentialSource.SECRET,
    accounts: AwsAccounts | None = None,
    **more: Any,
) -> AwsConnection:
    name = "keys" if source is CredentialSource.SECRET else ""
    hops = tuple(RoleHop(arn, "an external id") for arn in roles)
    credentials = AwsCredentials(source, secret_name=name, roles=hops)
    return AwsConnection(credentials, accounts or AwsAccounts(), **more)


def steps(policies: tuple[Grant, ...]) -> dict[str, list[str]]:
    """Principal → the roles that it may assume."""
    return {
        entry.principal: [arn for policy in entry.policies for arn in resources(policy)]
        for entry in policies
    }


class TestTheReader:
    def test_a_purpose_is_a_statement(self):
        wanted = ("aws.dynamodb.tables", "aws.dynamodb.tables.details", "aws.tagging.resources")
        [policy] = reader_policies(rows(*wanted))

        assert policy == {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": sid,
                    "Effect": "Allow",
                    "Action": [action],
                    "Resource": "*",
                }
                for sid, action in (
                    ("DescribeResources", "dynamodb:DescribeTable"),
                    ("FindRegions", "ec2:DescribeRegions"),
                    ("ListResources", "dynamodb:ListTables"),
                    ("ReadTags", "tag:GetResources"),
                )
            ],
        }

    def test_every_action_of_the_catalogue_stands_once_and_no_other(self):
        granted = [action for policy in reader_policies(LISTINGS) for action in actions(policy)]

        needed = {action for row in LISTINGS for action in row.permissions}
        assert sorted(granted) == sorted(needed | {"ec2:DescribeRegions"})

    def test_nothing_but_reading_is_granted(self):
        granted = {action for policy in reader_policies(LISTINGS) for action in actions(policy)}

        assert {action for action in granted if not READING.fullmatch(action)} == {REPORTING}

    def test_it_is_sorted_whatever_the_order_of_the_rows(self):
        shuffled = random.Random(7).sample(LISTINGS, len(LISTINGS))  # noqa: S311  an order, no secret

        policies = reader_policies(shuffled)
        assert policies == reader_policies(LISTINGS)
        statements = [statement for policy in policies for statement in policy["Statement"]]
        sids = [statement["Sid"] for statement in statements]
        assert sids == sorted(sids)
        for statement in statements:
            assert statement["Action"] == sorted(statement["Action"])
            assert re.fullmatch("[A-Za-z0-9]+", statement["Sid"])

    def test_without_any_row_the_regions_are_left(self):
        [policy] = reader_policies([])

        assert actions(policy) == ["ec2:DescribeRegions"]

    @pytest.mark.parametrize("limit", [1, 200, 500, POLICY_CHARACTERS])
    def test_a_policy_over_the_limit_is_split_and_nothing_is_lost(self, limit: int):
        whole = reader_policies(LISTINGS, limit=WHOLE)
        parts = reader_policies(LISTINGS, limit=limit)

        assert [a for part in parts for a in actions(part)] == actions(whole[0])
        # A single action is never split, however small the limit.
        assert all(size(part) <= limit or len(actions(part)) == 1 for part in parts)
        assert (len(parts) > 1) == (limit < size(whole[0]))
        for part in parts:
            sids = [statement["Sid"] for statement in part["Statement"]]
            assert len(set(sids)) == len(sids)

    def test_what_is_missing_is_granted_once_and_split_like_the_rest(self):
        [policy] = granting(["sqs:ListQueues", "ec2:DescribeInstances", "sqs:ListQueues"])

        assert actions(policy) == ["ec2:DescribeInstances", "sqs:ListQueues"]
        assert len(granting(["sqs:ListQueues", "ec2:DescribeInstances"], limit=1)) == 2


class TestTheWayIn:
    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            pytest.param(connection(), {}, id="own-account"),
            pytest.param(
                connection(accounts=AwsAccounts(ids=(SECOND, FIRST))),
                {
                    SECRET_KEYS: [
                        f"arn:aws:iam::{FIRST}:role/cloudops-read",
                        f"arn:aws:iam::{SECOND}:role/cloudops-read",
                    ]
                },
                id="members",
            ),
            pytest.param(connection(ENTRY), {SECRET_KEYS: [ENTRY]}, id="one-role"),
            pytest.param(
                connection(ENTRY, AUDIT, accounts=AwsAccounts(ids=(FIRST, SECOND))),
                {
                    SECRET_KEYS: [ENTRY],
                    ENTRY: [AUDIT],
                    # FIRST is where the last role is; it reads that itself.
                    AUDIT: [f"arn:aws:iam::{SECOND}:role/cloudops-read"],
                },
                id="chain-and-members",
            ),
            pytest.param(
                connection(ENTRY, source=CredentialSource.OPERATOR),
                {WORKER: [ENTRY]},
                id="operator",
            ),
            pytest.param(
                connection(ENTRY, source=CredentialSource.WORKLOAD_IDENTITY), {}, id="web-identity"
            ),
            pytest.param(
                connection(ENTRY, AUDIT, source=CredentialSource.WORKLOAD_IDENTITY),
                {ENTRY: [AUDIT]},
                id="web-identity-and-chain",
            ),
            pytest.param(
                connection(
                    accounts=AwsAccounts(
                        ids=(FIRST, SECOND),
                        member_role_name="audit/reader",
                        selection=Globs(exclude=("7*",)),
                    )
                ),
                {SECRET_KEYS: [f"arn:aws:iam::{FIRST}:role/audit/reader"]},
                id="excluded-account",
            ),
            pytest.param(
                connection(
                    accounts=AwsAccounts(ids=(FIRST,)), regions=Globs(include=("us-gov-*",))
                ),
                {SECRET_KEYS: [f"arn:aws-us-gov:iam::{FIRST}:role/cloudops-read"]},
                id="partition-of-the-regions",
            ),
            pytest.param(
                connection(accounts=AwsAccounts(ids=(FIRST,)), regions=Globs(include=("*-gov-*",))),
                {SECRET_KEYS: [f"arn:aws-us-gov:iam::{FIRST}:role/cloudops-read"]},
                id="partition-of-what-a-glob-matches",
            ),
            pytest.param(
                connection(f"arn:aws-cn:iam::{OWN}:role/entry", accounts=AwsAccounts(ids=(FIRST,))),
                {
                    SECRET_KEYS: [f"arn:aws-cn:iam::{OWN}:role/entry"],
                    f"arn:aws-cn:iam::{OWN}:role/entry": [
                        f"arn:aws-cn:iam::{FIRST}:role/cloudops-read"
                    ],
                },
                id="partition-of-the-role",
            ),
        ],
    )
    def test_each_principal_may_assume_the_next_role_and_no_other(
        self, wanted: AwsConnection, expected: dict[str, list[str]]
    ):
        found = entry_policies(wanted)

        assert list(steps(found).items()) == list(expected.items())
        assert {a for entry in found for policy in entry.policies for a in actions(policy)} <= {
            "sts:AssumeRole"
        }

    def test_a_thousand_accounts_need_several_policies(self):
        ids = tuple(f"{number:012}" for number in range(1000))

        [entry] = entry_policies(connection(accounts=AwsAccounts(ids=ids)))
        assert 1 < len(entry.policies) < 12
        assert all(size(policy) <= POLICY_CHARACTERS for policy in entry.policies)
        assert [arn.split(":")[4] for policy in entry.policies for arn in resources(policy)] == [
            *ids
        ]
