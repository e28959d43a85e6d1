"""The events of a CloudProvider read as a story, and only changes of state are told."""

import pytest

from cloudops.controller.story import tell
from cloudops.domain.conditions import ConditionValue, Truth
from cloudops.domain.provider_status import Judgement, PreviousStatus

pytestmark = pytest.mark.unit


def conditions(**states: str) -> tuple[ConditionValue, ...]:
    """`Ready="True/Succeeded"`."""
    values = []
    for kind, state in states.items():
        status, _, reason = state.partition("/")
        values.append(ConditionValue(kind, Truth(status), reason, f"{kind} is {reason}."))
    return tuple(values)


def told(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str]]:
    previous = PreviousStatus(1, {value.type: value for value in conditions(**before)})
    happenings = tell(previous, Judgement(conditions(**after), 1))
    return [(happening.type, happening.reason) for happening in happenings]


FIRST = {
    "Ready": "Unknown/Progressing",
    "Reconciling": "True/Progressing",
    "CredentialsValid": "Unknown/CredentialsUntried",
    "InventorySynced": "Unknown/Progressing",
}
GOOD = {
    "Ready": "True/Succeeded",
    "CredentialsValid": "True/CredentialsAccepted",
    "InventorySynced": "True/Succeeded",
}
DENIED = GOOD | {"InventorySynced": "False/AccessDenied"}
REJECTED = {
    "Ready": "False/CredentialsRejected",
    "Reconciling": "True/ProgressingWithRetry",
    "CredentialsValid": "False/InvalidClientTokenId",
    "InventorySynced": "False/CredentialsRejected",
}
STUCK = {k: v for k, v in REJECTED.items() if k != "Reconciling"} | {
    "Stalled": "True/CredentialsRejected"
}
SUSPENDED = GOOD | {"Ready": "True/Suspended"}
HELD = GOOD | {"DeletionHeld": "True/DeletionBrake"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({}, FIRST, [("Normal", "Progressing")], id="first-seen"),
        pytest.param(
            FIRST,
            GOOD,
            [
                ("Normal", "Ready"),
                ("Normal", "CredentialsAccepted"),
                ("Normal", "InventorySynced"),
            ],
            id="all-read",
        ),
        pytest.param(GOOD, GOOD, [], id="nothing-new"),
        pytest.param(GOOD, DENIED, [("Warning", "AccessDenied")], id="denied"),
        pytest.param(DENIED, GOOD, [("Normal", "InventorySynced")], id="granted"),
        pytest.param(GOOD, REJECTED, [("Warning", "CredentialsRejected")], id="rejected-told-once"),
        pytest.param(REJECTED, STUCK, [("Warning", "CredentialsRejected")], id="stuck"),
        pytest.param(STUCK, STUCK, [], id="still-stuck"),
        pytest.param(GOOD, SUSPENDED, [("Normal", "Suspended")], id="suspended"),
        pytest.param(
            SUSPENDED, FIRST, [("Normal", "Resumed"), ("Normal", "Progressing")], id="resumed"
        ),
        pytest.param(GOOD, HELD, [("Warning", "DeletionHeld")], id="deletions-held"),
        pytest.param(HELD, HELD, [], id="still-held"),
        pytest.param(HELD, GOOD, [("Normal", "DeletionReleased")], id="deletions-released"),
        pytest.param(GOOD, {}, [], id="nothing-judged"),
    ],
)
def test_changes_of_state_are_told_in_words(before, after, expected):
    assert told(before, after) == expected


def test_a_stuck_object_says_that_somebody_must_act():
    previous = PreviousStatus(1, {value.type: value for value in conditions(**REJECTED)})
    [happening] = tell(previous, Judgement(conditions(**STUCK), 1))

    assert happening.message.endswith("Nothing will change until somebody acts.")
