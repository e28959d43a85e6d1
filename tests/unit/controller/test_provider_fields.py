"""A snapshot in the words of the status: what nobody counted is absent, never 0."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cloudops.api.v1alpha1.status import CloudProviderStatus
from cloudops.controller.provider_fields import provider_fields
from cloudops.domain.provider import Identity
from cloudops.domain.snapshot import AccountCounts, Problem, ScopeCounts
from tests.fakes.plan import new_snapshot

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PROBLEM = Problem(
    reason="AccessDenied",
    permission="ec2:DescribeVolumes",
    listing="aws.ec2.volumes",
    accounts=2,
    regions=3,
    example_account="111122223333",
    example_region="eu-west-1",
    since=NOON,
    message="not authorized",
)
FULL = replace(
    new_snapshot(),
    discovered_generation=1,
    handled_request="2026-11-24T11:00:00Z",
    identity=Identity("arn:aws:iam::111122223333:user/reader", "111122223333"),
    accounts=AccountCounts(total=3, tried=3, reachable=2, unreachable=1),
    scopes=ScopeCounts(total=10, complete=6, denied=2, overdue=1, throttled=2),
    resources=42,
    deleted_last_24h=3,
    oldest_complete=NOON,
    last_change=NOON,
    problems=(PROBLEM,),
    problems_total=1,
)


def test_a_full_snapshot_reads_as_designed():
    assert provider_fields(FULL, 7, {}) == {
        "observedGeneration": 7,
        "lastHandledReconcileAt": "2026-11-24T11:00:00Z",
        "identity": {"principal": "arn:aws:iam::111122223333:user/reader"},
        "accounts": {"total": 3, "reachable": 2, "unreachable": 1},
        "inventory": {
            "resources": 42,
            "deletedLast24h": 3,
            "oldestCompleteTime": "2026-11-24T12:00:00Z",
            "lastChangeTime": "2026-11-24T12:00:00Z",
            "scopes": {
                "total": 10,
                "complete": 6,
                "partial": 0,
                "denied": 2,
                "unsupported": 0,
                "throttled": 2,
                "failed": 0,
                "overdue": 1,
            },
        },
        "problems": [
            {
                "reason": "AccessDenied",
                "permission": "ec2:DescribeVolumes",
                "listing": "aws.ec2.volumes",
                "accounts": 2,
                "regions": 3,
                "exampleAccount": "111122223333",
                "exampleRegion": "eu-west-1",
                "sinceTime": "2026-11-24T12:00:00Z",
                "message": "not authorized",
            }
        ],
        "problemsTotal": 1,
    }


@pytest.mark.parametrize("snapshot", [FULL, new_snapshot(), None], ids=["full", "new", "unknown"])
def test_it_is_a_status_as_the_api_declares_it(snapshot):
    CloudProviderStatus.model_validate(provider_fields(snapshot, 1, {}))


def test_what_nobody_counted_is_absent():
    fields = provider_fields(new_snapshot(), -1, {})

    assert fields == {"observedGeneration": -1, "problems": [], "problemsTotal": 0}


def test_resources_are_unknown_until_a_scope_was_read():
    denied = replace(FULL, resources=0, scopes=ScopeCounts(total=4, denied=4))

    assert "resources" not in provider_fields(denied, 1, {})["inventory"]


def test_the_first_twenty_problems_are_shown():
    fields = provider_fields(replace(FULL, problems=(PROBLEM,) * 30, problems_total=30), 1, {})

    assert (len(fields["problems"]), fields["problemsTotal"]) == (20, 30)


def test_an_account_problem_has_no_listing_and_no_region():
    shut = replace(PROBLEM, listing="", example_region="", permission="")
    [shown] = provider_fields(replace(FULL, problems=(shut,)), 1, {})["problems"]

    assert not {"listing", "exampleRegion", "permission"} & set(shown)


def test_texts_keep_to_the_bounds_of_the_api():
    long = replace(
        FULL,
        problems=(replace(PROBLEM, message="x" * 5000),),
        identity=Identity("p" * 5000, "1", organization_id="o-1"),
    )

    CloudProviderStatus.model_validate(provider_fields(long, 1, {}))


def test_what_was_said_stays_while_the_ledger_does_not_know_the_provider():
    old = provider_fields(FULL, 7, {}) | {"conditions": [], "costs": {"currency": "EUR"}}

    assert provider_fields(None, 8, old) == {**provider_fields(FULL, 8, {})}
