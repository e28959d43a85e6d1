"""What `cloudops permissions` says beside the policy."""

import pytest

from cloudops.cli.permissions import _notes
from cloudops.domain.permissions import Grant, Permissions

pytestmark = pytest.mark.unit

POLICY = {"Version": "2012-10-17", "Statement": []}
ENTRY = Grant("the worker's own identity", (POLICY,))


@pytest.mark.parametrize(
    ("granted", "notes"),
    [
        pytest.param(Permissions((POLICY,), ()), [], id="one-policy"),
        pytest.param(
            Permissions((POLICY, POLICY), ()),
            ["2 policies, since AWS limits their size: attach each (-o json has them as a list)"],
            id="split",
        ),
        pytest.param(
            Permissions((POLICY,), (ENTRY,)),
            ["the way in needs policies of its own, see -o json, for: the worker's own identity"],
            id="way-in",
        ),
    ],
)
def test_what_the_policy_alone_does_not_tell_is_told(granted: Permissions, notes: list[str]):
    assert _notes(granted) == notes
