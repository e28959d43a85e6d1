"""When a sync from the command line was complete."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cloudops.domain.reading import AccountRow, ScopeRow
from cloudops.domain.snapshot import Entry, EntryState, Problem
from cloudops.domain.summary import SyncSummary

pytestmark = pytest.mark.unit

NOW = datetime(2025, 1, 1, tzinfo=UTC)
ACCOUNT = AccountRow("1", "", reachable=True, error_reason="", error_message="")
SCOPE = ScopeRow("1", "eu", "fake.machines", "complete", 1, NOW, NOW, 0, "", "", "")
PROBLEM = Problem("Denied", "", "fake.machines", 1, 1, "1", "eu", NOW, "")
DONE = SyncSummary(
    entry=Entry(EntryState.ACCEPTED),
    accounts=(ACCOUNT,),
    scopes=(SCOPE,),
    resources={},
    problems=(),
    problems_total=0,
    api_calls=1,
)


def test_it_is_complete_when_everything_was_read():
    assert DONE.complete


def test_what_is_not_supported_is_read():
    assert replace(DONE, scopes=(SCOPE, replace(SCOPE, status="unsupported"))).complete


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"entry": Entry(EntryState.REJECTED)}, id="rejected"),
        pytest.param({"entry": Entry()}, id="untried"),
        pytest.param({"scopes": ()}, id="nothing-at-all"),
        pytest.param({"scopes": (SCOPE, replace(SCOPE, status="denied"))}, id="denied"),
        pytest.param({"scopes": (replace(SCOPE, status="planned"),)}, id="never-tried"),
        pytest.param({"accounts": (replace(ACCOUNT, reachable=False),)}, id="closed-account"),
        pytest.param({"accounts": (replace(ACCOUNT, reachable=None),)}, id="untried-account"),
        pytest.param({"problems": (PROBLEM,)}, id="problem"),
    ],
)
def test_otherwise_it_is_not(changes):
    assert not replace(DONE, **changes).complete


def test_scopes_are_counted_by_status_in_order():
    scopes = tuple(replace(SCOPE, status=status) for status in ("partial", "complete", "partial"))

    assert list(replace(DONE, scopes=scopes).scopes_by_status.items()) == [
        ("complete", 1),
        ("partial", 2),
    ]
