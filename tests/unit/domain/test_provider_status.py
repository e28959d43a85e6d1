"""What the status of a CloudProvider says: the table of situations, one test a row."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloudops.domain.conditions import ConditionType, ConditionValue, Truth
from cloudops.domain.provider import Identity
from cloudops.domain.provider_status import (
    Judgement,
    PreviousStatus,
    Refusal,
    SpecFacts,
    judge,
)
from cloudops.domain.snapshot import (
    AccountCounts,
    Entry,
    EntryState,
    HeldScope,
    Problem,
    ProviderSnapshot,
    ScopeCounts,
)

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=3)
GRACE = timedelta(minutes=10)
FACTS = SpecFacts(generation=3)
NEVER = PreviousStatus()
ACCEPTED = Entry(EntryState.ACCEPTED, since=LONG_AGO)
REFUSAL = Refusal("EndpointNotAllowed", "the host is not allowed")
WORKER_REFUSED = Entry(EntryState.REJECTED, REFUSAL.reason, REFUSAL.message, LONG_AGO)

HEALTHY = ProviderSnapshot(
    generation=3,
    discovered_generation=3,
    handled_request="",
    entry=ACCEPTED,
    identity=Identity("arn:aws:iam::111122223333:role/reader", "111122223333"),
    accounts=AccountCounts(total=2, tried=2, reachable=2),
    scopes=ScopeCounts(total=20, complete=18, unsupported=2),
    resources=120,
    deleted_last_24h=0,
    oldest_complete=NOW - timedelta(minutes=5),
    last_change=NOW - timedelta(minutes=9),
    spec_changed_at=LONG_AGO,
)
FIRST_PASS = replace(
    HEALTHY,
    accounts=AccountCounts(total=3, tried=1, reachable=1),
    scopes=ScopeCounts(total=30, planned=20, complete=10),
)
UNKNOWN_DOOR = replace(
    HEALTHY,
    discovered_generation=0,
    entry=Entry(),
    identity=None,
    accounts=AccountCounts(),
    scopes=ScopeCounts(),
)


def problem(**values: object) -> Problem:
    denied = Problem(
        reason="AccessDenied",
        permission="ec2:DescribeVolumes",
        listing="aws.ec2.volumes",
        accounts=2,
        regions=3,
        example_account="111122223333",
        example_region="eu-west-1",
        since=LONG_AGO,
        message="not authorized to perform ec2:DescribeVolumes",
    )
    return replace(denied, **values)  # type: ignore[arg-type]


def judged(
    snapshot: ProviderSnapshot | None,
    facts: SpecFacts = FACTS,
    previous: PreviousStatus = NEVER,
    now: datetime = NOW,
) -> Judgement:
    return judge(facts, snapshot, previous, now=now, grace=GRACE)


def said(judgement: Judgement, kind: str) -> tuple[str, str] | None:
    value = judgement.condition(kind)
    return (value.status.value, value.reason) if value else None


def summary(judgement: Judgement) -> dict[str, tuple[str, str]]:
    kinds = (ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED)
    return {kind: told for kind in kinds if (told := said(judgement, kind))}


def as_previous(judgement: Judgement) -> PreviousStatus:
    values = {value.type: value for value in judgement.conditions}
    return PreviousStatus(judgement.observed_generation, values)


PROGRESSING = {"Ready": ("Unknown", "Progressing"), "Reconciling": ("True", "Progressing")}
REJECTED = {
    "Ready": ("False", "CredentialsRejected"),
    "Reconciling": ("True", "ProgressingWithRetry"),
}
STALLED_REJECTED = {
    "Ready": ("False", "CredentialsRejected"),
    "Stalled": ("True", "CredentialsRejected"),
}
SUCCEEDED = {"Ready": ("True", "Succeeded")}
WAITING = {
    "Ready": ("False", "DependencyNotReady"),
    "Reconciling": ("True", "ProgressingWithRetry"),
}
UNREACHABLE = {
    "Ready": ("False", "Unreachable"),
    "Reconciling": ("True", "ProgressingWithRetry"),
}
SHUT_OUT = AccountCounts(total=2, tried=2, unreachable=2)
ALL = [
    pytest.param(None, FACTS, PROGRESSING, -1, id="the-ledger-does-not-know-it-yet"),
    pytest.param(UNKNOWN_DOOR, FACTS, PROGRESSING, -1, id="nothing-was-tried"),
    pytest.param(FIRST_PASS, FACTS, PROGRESSING, -1, id="first-pass-is-running"),
    pytest.param(
        replace(HEALTHY, discovered_generation=2), FACTS, PROGRESSING, -1, id="spec-is-newer"
    ),
    pytest.param(HEALTHY, FACTS, SUCCEEDED, 3, id="every-account-was-tried"),
    pytest.param(
        replace(HEALTHY, accounts=AccountCounts(total=2, tried=2, reachable=1, unreachable=1)),
        FACTS,
        SUCCEEDED,
        3,
        id="one-account-is-readable",
    ),
    pytest.param(
        replace(HEALTHY, unsynced={"AccessDenied": 4}), FACTS, SUCCEEDED, 3, id="partial-denial"
    ),
    pytest.param(
        replace(UNKNOWN_DOOR, entry=Entry(EntryState.DEPENDENCY_MISSING, "SecretNotFound", "…")),
        FACTS,
        WAITING,
        -1,
        id="secret-is-missing",
    ),
    *(
        pytest.param(
            replace(
                HEALTHY,
                accounts=SHUT_OUT,
                problems=(
                    problem(reason="RoleNotAssumable", listing=""),
                    problem(reason=reason, listing=""),
                ),
            ),
            FACTS,
            WAITING,
            -1,
            id=f"accounts-found-{reason}",
        )
        for reason in (
            "SecretNotFound",
            "SecretKeyMissing",
            "SecretAccessDenied",
            "SecretUnavailable",
        )
    ),
    pytest.param(
        replace(UNKNOWN_DOOR, entry=Entry(EntryState.REJECTED, since=NOW)),
        FACTS,
        REJECTED,
        -1,
        id="credentials-are-rejected",
    ),
    pytest.param(
        replace(UNKNOWN_DOOR, entry=Entry(EntryState.REJECTED, since=LONG_AGO)),
        FACTS,
        STALLED_REJECTED,
        3,
        id="credentials-stay-rejected",
    ),
    pytest.param(
        replace(UNKNOWN_DOOR, entry=Entry(EntryState.UNREACHABLE, "Unreachable", since=LONG_AGO)),
        FACTS,
        UNREACHABLE,
        -1,
        id="the-cloud-does-not-answer-for-long",
    ),
    pytest.param(
        replace(HEALTHY, accounts=SHUT_OUT, spec_changed_at=NOW),
        FACTS,
        REJECTED,
        -1,
        id="no-account-is-readable",
    ),
    pytest.param(
        replace(HEALTHY, accounts=SHUT_OUT), FACTS, STALLED_REJECTED, 3, id="no-account-for-long"
    ),
    pytest.param(
        replace(HEALTHY, accounts=AccountCounts()),
        FACTS,
        {"Ready": ("False", "NoAccountSelected"), "Stalled": ("True", "NoAccountSelected")},
        3,
        id="no-account-is-selected",
    ),
    pytest.param(
        replace(
            HEALTHY,
            accounts=AccountCounts(),
            problems=(problem(reason="AccountClaimed", listing=""),),
        ),
        FACTS,
        {"Ready": ("False", "AccountClaimed"), "Stalled": ("True", "AccountClaimed")},
        3,
        id="every-account-is-claimed",
    ),
    pytest.param(
        HEALTHY,
        replace(FACTS, refusal=REFUSAL),
        {"Ready": ("False", "EndpointNotAllowed"), "Stalled": ("True", "EndpointNotAllowed")},
        3,
        id="spec-is-refused",
    ),
    pytest.param(
        replace(HEALTHY, entry=WORKER_REFUSED),
        FACTS,
        {"Ready": ("False", "EndpointNotAllowed"), "Stalled": ("True", "EndpointNotAllowed")},
        3,
        id="refused-by-a-worker",
    ),
    pytest.param(
        replace(HEALTHY, entry=WORKER_REFUSED, spec_changed_at=NOW),
        FACTS,
        REJECTED,
        -1,
        id="refused-by-a-worker-before-the-edit",
    ),
    pytest.param(
        None, replace(FACTS, suspended=True), {"Ready": ("True", "Suspended")}, 3, id="suspended"
    ),
    pytest.param(
        None,
        replace(FACTS, suspended=True, refusal=REFUSAL),
        {"Ready": ("True", "Suspended")},
        3,
        id="suspended-though-refused",
    ),
]


@pytest.mark.parametrize(("snapshot", "facts", "expected", "observed"), ALL)
def test_ready_says_what_the_situation_is(snapshot, facts, expected, observed):
    judgement = judged(snapshot, facts)

    assert (summary(judgement), judgement.observed_generation) == (expected, observed)


@pytest.mark.parametrize(("snapshot", "facts", "expected", "observed"), ALL)
def test_conditions_keep_the_rules_of_kstatus(snapshot, facts, expected, observed):
    judgement = judged(snapshot, facts)
    kinds = [value.type for value in judgement.conditions]
    told = summary(judgement)

    assert kinds[0] == "Ready"
    assert len(kinds) == len(set(kinds))
    assert not {"Reconciling", "Stalled"} <= set(told)
    assert ("Stalled" not in told) or told["Ready"][0] == "False"
    assert (told["Ready"][0] != "Unknown") or "Reconciling" in told
    assert (told["Ready"][0] == "True" or "Stalled" in told) == (observed == facts.generation)
    assert judgement.observed_generation <= facts.generation


def test_first_pass_tells_how_far_it_is():
    ready = judged(FIRST_PASS).condition("Ready")

    assert ready is not None
    assert ready.message == "The first pass is running: accounts tried 1/3."


def test_a_discovery_that_is_due_is_told():
    ready = judged(UNKNOWN_DOOR).condition("Ready")

    assert ready is not None
    assert ready.message == "The accounts are being discovered."


def test_an_account_that_appears_later_does_not_make_it_unready():
    ready = as_previous(judged(HEALTHY))

    assert summary(judged(FIRST_PASS, previous=ready)) == SUCCEEDED


def test_a_new_spec_makes_it_progress_again_and_keeps_the_observed_generation():
    ready = as_previous(judged(HEALTHY))
    judgement = judged(HEALTHY, facts=SpecFacts(generation=4), previous=ready)

    assert (summary(judgement), judgement.observed_generation) == (PROGRESSING, 3)


@pytest.mark.parametrize(
    ("since", "changes", "stalls_at"),
    [
        pytest.param(NOW - GRACE, {}, None, id="grace-is-over"),
        pytest.param(
            NOW - timedelta(minutes=9), {}, NOW + timedelta(minutes=1), id="rejected-lately"
        ),
        pytest.param(
            LONG_AGO,
            {"spec_changed_at": NOW - timedelta(minutes=4)},
            NOW + timedelta(minutes=6),
            id="edited",
        ),
        pytest.param(
            LONG_AGO,
            {"credentials_changed_at": NOW - timedelta(minutes=3)},
            NOW + timedelta(minutes=7),
            id="replaced",
        ),
        pytest.param(LONG_AGO, {"credentials_changed_at": LONG_AGO}, None, id="replaced-long-ago"),
        pytest.param(None, {"spec_changed_at": NOW}, NOW + GRACE, id="start-unknown"),
    ],
)
def test_rejected_credentials_are_stuck_ten_minutes_after_the_last_change(
    since, changes, stalls_at
):
    entry = Entry(EntryState.REJECTED, "InvalidClientTokenId", "the key is unknown", since)
    judgement = judged(replace(UNKNOWN_DOOR, entry=entry, **changes))

    assert judgement.stalls_at == stalls_at
    assert ("Stalled" in summary(judgement)) == (stalls_at is None)


def test_other_credentials_that_open_no_account_get_the_grace_too():
    """Fails if it counts only where they are rejected themselves."""
    shut = problem(reason="RoleNotAssumable", listing="", since=LONG_AGO)
    snapshot = replace(HEALTHY, accounts=SHUT_OUT, problems=(shut,))
    judgement = judged(replace(snapshot, credentials_changed_at=NOW - timedelta(minutes=1)))

    assert (summary(judgement), judgement.stalls_at) == (REJECTED, NOW + timedelta(minutes=9))


def test_accounts_that_shut_at_once_get_the_grace_too():
    shut = problem(reason="AssumeRoleDenied", listing="", since=NOW - timedelta(minutes=1))
    old = problem(since=LONG_AGO)
    judgement = judged(replace(HEALTHY, accounts=SHUT_OUT, problems=(old, shut)))

    assert (summary(judgement), judgement.stalls_at) == (REJECTED, NOW + timedelta(minutes=9))


def test_no_readable_account_names_the_first_that_is_shut():
    """Fails if any problem is named: that of an account that somebody else reads comes first."""
    claimed = problem(reason="AccountClaimed", listing="", message="of CloudProvider a/older")
    shut = problem(reason="RoleNotAssumable", listing="", message="the role can't be assumed")
    problems = (claimed, problem(), shut)
    stuck = judged(replace(HEALTHY, accounts=SHUT_OUT, problems=problems)).condition("Ready")

    assert stuck is not None
    assert stuck.message == "None of 2 accounts is readable: the role can't be assumed"


def test_without_a_shut_one_among_the_problems_shown_all_are_pointed_to():
    stuck = judged(replace(HEALTHY, accounts=SHUT_OUT, problems=(problem(),))).condition("Ready")

    assert stuck is not None
    assert stuck.message.endswith("see status.problems")


@pytest.mark.parametrize(
    ("accounts", "expected"),
    [
        pytest.param(
            AccountCounts(total=2, tried=1, unreachable=1), "CredentialsRejected", id="one-is-shut"
        ),
        pytest.param(AccountCounts(total=2), "Progressing", id="none-was-tried"),
    ],
)
def test_without_a_readable_account_it_is_not_ready_whatever_it_was(accounts, expected):
    """Fails if those that nobody tried yet count: `0 of 2 accounts are readable` is no success."""
    ready = as_previous(judged(HEALTHY))

    judgement = judged(replace(HEALTHY, accounts=accounts), previous=ready)

    condition = judgement.condition("Ready")
    assert condition is not None
    assert (condition.status.value, condition.reason) != ("True", "Succeeded")
    assert condition.reason == expected


@pytest.mark.parametrize(
    ("snapshot", "facts", "expected"),
    [
        pytest.param(None, FACTS, ("Unknown", "CredentialsUntried"), id="unknown"),
        pytest.param(UNKNOWN_DOOR, FACTS, ("Unknown", "CredentialsUntried"), id="untried"),
        pytest.param(
            UNKNOWN_DOOR,
            replace(FACTS, refusal=REFUSAL),
            ("Unknown", "EndpointNotAllowed"),
            id="refused",
        ),
        pytest.param(HEALTHY, FACTS, ("True", "CredentialsAccepted"), id="accepted"),
        pytest.param(
            HEALTHY,
            replace(FACTS, refusal=REFUSAL),
            ("Unknown", "EndpointNotAllowed"),
            id="accepted-before-the-spec-was-refused",
        ),
        pytest.param(
            replace(HEALTHY, entry=Entry(EntryState.UNREACHABLE, "Unreachable", "…")),
            FACTS,
            ("Unknown", "Unreachable"),
            id="no-answer",
        ),
        pytest.param(
            replace(HEALTHY, identity=None),
            FACTS,
            ("True", "CredentialsAccepted"),
            id="accepted-unnamed",
        ),
        pytest.param(
            replace(HEALTHY, entry=Entry(EntryState.REJECTED, "IdentityMismatch", "…")),
            FACTS,
            ("False", "IdentityMismatch"),
            id="another-identity",
        ),
        pytest.param(
            replace(HEALTHY, entry=Entry(EntryState.REJECTED)),
            FACTS,
            ("False", "CredentialsRejected"),
            id="rejected-without-a-word",
        ),
        pytest.param(
            replace(HEALTHY, entry=Entry(EntryState.DEPENDENCY_MISSING)),
            FACTS,
            ("False", "DependencyNotReady"),
            id="missing-without-a-word",
        ),
    ],
)
def test_credentials_valid_follows_the_door(snapshot, facts, expected):
    assert said(judged(snapshot, facts), "CredentialsValid") == expected


@pytest.mark.parametrize(
    ("snapshot", "facts", "expected"),
    [
        pytest.param(None, FACTS, ("Unknown", "Progressing"), id="unknown"),
        pytest.param(UNKNOWN_DOOR, FACTS, ("Unknown", "Progressing"), id="nothing-planned"),
        pytest.param(
            None, replace(FACTS, refusal=REFUSAL), ("False", "EndpointNotAllowed"), id="refused"
        ),
        pytest.param(
            replace(UNKNOWN_DOOR, entry=Entry(EntryState.REJECTED)),
            FACTS,
            ("False", "CredentialsRejected"),
            id="rejected",
        ),
        pytest.param(
            replace(UNKNOWN_DOOR, entry=Entry(EntryState.DEPENDENCY_MISSING)),
            FACTS,
            ("False", "DependencyNotReady"),
            id="missing",
        ),
        pytest.param(FIRST_PASS, FACTS, ("Unknown", "Progressing"), id="some-untried"),
        pytest.param(HEALTHY, FACTS, ("True", "Succeeded"), id="all-complete"),
        pytest.param(
            replace(FIRST_PASS, unsynced={"Throttled": 1, "AccessDenied": 2}),
            FACTS,
            ("False", "AccessDenied"),
            id="denial-comes-before-throttling",
        ),
        pytest.param(
            replace(HEALTHY, scopes=ScopeCounts(), unsynced={"AccessDenied": 1}),
            FACTS,
            ("False", "AccessDenied"),
            id="regions-are-denied-and-nothing-is-global",
        ),
        pytest.param(
            replace(HEALTHY, scopes=ScopeCounts()),
            FACTS,
            ("False", "NothingSelected"),
            id="no-listing-for-what-is-selected",
        ),
        pytest.param(
            replace(HEALTHY, scopes=ScopeCounts(), accounts=AccountCounts()),
            FACTS,
            ("False", "NoAccountSelected"),
            id="no-account-is-selected",
        ),
        pytest.param(
            replace(HEALTHY, scopes=ScopeCounts(), discovered_generation=2),
            FACTS,
            ("Unknown", "Progressing"),
            id="another-spec-is-being-discovered",
        ),
    ],
)
def test_inventory_synced_is_true_only_when_everything_was_read(snapshot, facts, expected):
    assert said(judged(snapshot, facts), "InventorySynced") == expected


def test_inventory_synced_counts_and_says_what_to_grant():
    problems = tuple(
        problem(permission=permission)
        for permission in ("a:A", "b:B", "a:A", "", "c:C", "d:D", "e:E", "f:F", "g:G")
    )
    snapshot = replace(
        HEALTHY, unsynced={"Overdue": 1, "Throttled": 3, "AccessDenied": 12}, problems=problems
    )
    value = judged(snapshot).condition("InventorySynced")

    assert value is not None
    assert value.message == (
        "12 AccessDenied and 3 Throttled and 1 Overdue of 20 scopes."
        " Grant a:A, b:B, c:C, d:D, e:E and 2 more."
    )


def test_what_no_grant_helps_against_names_another_cure():
    problems = (
        problem(permission="a:A"),
        replace(problem(permission="b:B"), by_policy=True),
        problem(permission="sts:AssumeRoleWithWebIdentity", listing=""),
        replace(problem(permission="sts:AssumeRoleWithWebIdentity", listing=""), by_policy=True),
    )
    value = judged(replace(HEALTHY, unsynced={"AccessDenied": 3}, problems=problems)).condition(
        "InventorySynced"
    )

    assert value is not None
    assert value.message.endswith(
        " Grant a:A. Allow b:B, sts:AssumeRoleWithWebIdentity in the service control policies."
        " Let the role's trust policy accept the ServiceAccount."
    )


GRANT_ALL = " Grant all that `cloudops permissions` prints, such as a:A."
ALLOW_ALL = (
    " The organization's policies have to allow all that `cloudops permissions` prints, such as"
    " a:A in ap-south-1."
)


@pytest.mark.parametrize(
    ("by_policy", "permission", "advice"),
    [
        pytest.param((False,), "a:A", GRANT_ALL, id="not-granted"),
        pytest.param((True,), "a:A", ALLOW_ALL, id="by-the-organization"),
        pytest.param((False, True), "a:A", GRANT_ALL + ALLOW_ALL, id="both"),
        pytest.param((False,), "", "", id="keys-that-work-no-more"),
    ],
)
def test_a_region_that_is_denied_as_a_whole_needs_the_whole_policy(by_policy, permission, advice):
    denied = replace(
        problem(permission=permission, listing=""),
        reason="RegionDenied",
        example_region="ap-south-1",
    )
    problems = tuple(replace(denied, by_policy=one) for one in by_policy)
    value = judged(replace(HEALTHY, unsynced={"AccessDenied": 3}, problems=problems)).condition(
        "InventorySynced"
    )

    assert value is not None
    assert value.message == f"3 AccessDenied of 20 scopes.{advice}"


def test_held_deletions_are_named_and_gone_when_none_is_held():
    held = (
        HeldScope("aws.ec2.instances", "111122223333", "eu-west-1", 40),
        HeldScope("aws.s3.buckets", "111122223333", "global", 2),
    )
    value = judged(replace(HEALTHY, held=held, held_total=42, held_scopes=2)).condition(
        "DeletionHeld"
    )

    assert value is not None
    assert value.status is Truth.TRUE
    assert "42 deletions are held" in value.message
    assert "aws.ec2.instances in 111122223333/eu-west-1 (40)" in value.message
    assert judged(HEALTHY).condition("DeletionHeld") is None


def test_accounts_that_wait_for_a_person_are_named_with_how_to_let_them_go():
    held = (HeldScope("", "444455556666", "", 40), HeldScope("aws.ec2.vpcs", "1", "eu-west-1", 2))
    value = judged(replace(HEALTHY, held=held, held_total=42, held_scopes=2)).condition(
        "DeletionHeld"
    )

    assert value is not None
    assert value.message == (
        "42 deletions are held: account 444455556666, which its organization does not list any more"
        " (40), aws.ec2.vpcs in 1/eu-west-1 (2). If they are really gone, set"
        " spec.inventory.deletionBrake.percent to 100 for one run."
    )


@pytest.mark.parametrize(
    ("shown", "scopes", "told"),
    [
        pytest.param(3, 300, "297 more", id="more-than-the-ledger-shows"),
        pytest.param(7, 7, "2 more", id="more-than-the-message-names"),
    ],
)
def test_held_deletions_count_what_is_not_named_too(shown, scopes, told):
    held = tuple(HeldScope("aws.iam.users", str(number), "global", 2) for number in range(shown))
    snapshot = replace(HEALTHY, held=held, held_scopes=scopes, held_total=2 * scopes)
    value = judged(snapshot).condition("DeletionHeld")

    assert value is not None
    assert value.message.startswith(f"{2 * scopes} deletions are held: aws.iam.users in 0/global")
    assert f" and {told}." in value.message


def test_a_secret_that_went_missing_is_named_though_other_problems_come_first():
    problems = (problem(), problem(reason="SecretNotFound", listing="", message="Secret a/b?"))
    waiting = judged(replace(HEALTHY, accounts=SHUT_OUT, problems=problems)).condition("Ready")

    assert waiting is not None
    assert waiting.message == "Secret a/b?"


def test_suspended_keeps_what_was_known_with_its_age():
    before = judged(replace(HEALTHY, unsynced={"AccessDenied": 1}))
    judgement = judged(HEALTHY, replace(FACTS, suspended=True), as_previous(before))
    ready = judgement.condition("Ready")

    assert ready is not None
    assert "data as of 2026-11-24T11:55:00Z" in ready.message
    assert said(judgement, "InventorySynced") == ("False", "AccessDenied")
    assert judgement.condition("CredentialsValid") == before.condition("CredentialsValid")


def test_messages_end_within_the_bounds_of_the_api():
    long = Refusal("InvalidSpec", "x" * 5000)
    judgement = judged(None, replace(FACTS, refusal=long))

    assert {len(v.message) for v in judgement.conditions if v.type in ("Ready", "Stalled")} == {
        1024
    }


def test_previous_status_is_ready_only_for_the_generation_that_it_observed():
    def ready(status: Truth) -> dict[str, ConditionValue]:
        return {"Ready": ConditionValue("Ready", status, "Succeeded", "")}

    assert PreviousStatus(3, ready(Truth.TRUE)).is_ready_for(3)
    assert not PreviousStatus(2, ready(Truth.TRUE)).is_ready_for(3)
    assert not PreviousStatus(3, ready(Truth.FALSE)).is_ready_for(3)
    assert not PreviousStatus(3).is_ready_for(3)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        pytest.param("AccessDenied", "AccessDenied", id="a-word"),
        pytest.param("Client.UnauthorizedOperation", "ClientUnauthorizedOperation", id="dotted"),
        pytest.param("403 Forbidden", "Forbidden", id="begins-with-a-number"),
        pytest.param("…", "Unknown", id="no-word-at-all"),
    ],
)
def test_reasons_of_clouds_become_one_word(reason, expected):
    value = ConditionValue("Ready", Truth.FALSE, reason, "").within_bounds()

    assert value.reason == expected
