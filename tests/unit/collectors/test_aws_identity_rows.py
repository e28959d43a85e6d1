"""What the rows of identities promise beyond the common rules."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from tests.unit.collectors.rows import read, targets

pytestmark = pytest.mark.unit

BY_NAME = {listing.name: listing for listing in LISTINGS}
GUEST = "arn:aws:iam::444455556666:root"
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole"}


def trusted(statement: Any) -> list[str]:
    """The edges of a role with this statement in its trust policy, as the API writes it."""
    policy = {"Version": "2012-10-17", "Statement": statement}
    role = {
        "RoleName": "reader",
        "Arn": "arn:aws:iam::111122223333:role/reader",
        "CreateDate": "2026-02-03T04:05:06Z",
        "AssumeRolePolicyDocument": quote(json.dumps(policy)),
    }
    lists: dict[str, list[Any]] = {"UserDetailList": [], "GroupDetailList": [], "Policies": []}
    page = read(
        BY_NAME["aws.iam.authorization-details"], {"answer": {**lists, "RoleDetailList": [role]}}
    )
    [observation] = page.observations
    return targets(observation).get("trusted", [])


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        pytest.param({"AWS": GUEST}, [GUEST], id="one"),
        pytest.param({"AWS": [GUEST, "arn:aws:iam::1:root"]}, [GUEST, "arn:aws:iam::1:root"]),
        pytest.param({"AWS": "*"}, [], id="everybody-of-aws"),
        pytest.param("*", [], id="everybody"),
        pytest.param({"Service": "ec2.amazonaws.com"}, [], id="a-service"),
    ],
)
def test_a_trust_policy_may_hold_one_statement_or_a_list(principal: Any, expected: list[str]):
    """Fails with `Statement[]` alone: of a statement that is no list nobody would be trusted."""
    assert trusted({**TRUST, "Principal": principal}) == expected
    assert trusted([{**TRUST, "Principal": principal}]) == expected
    assert trusted([{**TRUST, "Principal": principal}, {**TRUST, "Principal": "*"}]) == expected
