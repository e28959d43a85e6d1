from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudops.api.v1alpha1.conditions import (
    Condition,
    Reason,
    at_generation,
    condition,
    find_condition,
    with_condition,
    without_condition,
)
from cloudops.domain.conditions import ConditionType, Truth

pytestmark = pytest.mark.unit

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


def ready(status: Truth, message: str = "") -> Condition:
    return condition(ConditionType.READY, status, Reason.SUCCEEDED, message, generation=1)


def stalled(status: Truth) -> Condition:
    return condition(ConditionType.STALLED, status, Reason.INVALID_SPEC, "edit it", generation=1)


def test_a_first_condition_gets_the_time_of_the_caller():
    [only] = with_condition([], ready(Truth.TRUE, "read"), MONDAY)

    assert only == {
        "type": "Ready",
        "status": "True",
        "reason": "Succeeded",
        "message": "read",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-11-23T08:00:00Z",
    }
    assert type(only["type"]) is type(only["status"]) is type(only["reason"]) is str


def test_the_time_stays_while_the_status_stays_though_the_message_changes():
    before = with_condition([], ready(Truth.TRUE, "1 of 2"), MONDAY)

    [after] = with_condition(before, ready(Truth.TRUE, "2 of 2"), TUESDAY)

    assert (after["message"], after["lastTransitionTime"]) == ("2 of 2", "2026-11-23T08:00:00Z")


def test_the_time_moves_with_the_status():
    before = with_condition([], ready(Truth.TRUE), MONDAY)

    [after] = with_condition(before, ready(Truth.FALSE), TUESDAY)

    assert after["lastTransitionTime"] == "2026-11-24T08:00:00Z"


def test_a_condition_that_lost_its_time_gets_a_new_one():
    [after] = with_condition([ready(Truth.TRUE)], ready(Truth.TRUE), TUESDAY)

    assert after["lastTransitionTime"] == "2026-11-24T08:00:00Z"


def test_times_are_utc():
    [only] = with_condition([], ready(Truth.TRUE), MONDAY.astimezone(timezone(timedelta(hours=2))))

    assert only["lastTransitionTime"] == "2026-11-23T08:00:00Z"


def test_ready_comes_first_then_what_is_abnormal_then_the_rest_by_name():
    conditions: list[Condition] = []
    for kind in ("InventorySynced", "CredentialsValid", "Stalled", "Ready", "Reconciling"):
        new = condition(kind, Truth.TRUE, Reason.FAILED, "", generation=1)
        conditions = with_condition(conditions, new, MONDAY)

    assert [c["type"] for c in conditions] == [
        "Ready",
        "Stalled",
        "Reconciling",
        "CredentialsValid",
        "InventorySynced",
    ]


@pytest.mark.parametrize("status", [Truth.FALSE, Truth.UNKNOWN])
def test_stalled_is_there_only_while_true(status: Truth):
    before = with_condition([ready(Truth.FALSE)], stalled(Truth.TRUE), MONDAY)

    after = with_condition(before, stalled(status), TUESDAY)

    assert [c["type"] for c in before] == ["Ready", "Stalled"]
    assert [c["type"] for c in after] == ["Ready"]


def test_a_condition_can_be_taken_away_and_found():
    both = with_condition([ready(Truth.FALSE)], stalled(Truth.TRUE), MONDAY)

    assert [c["type"] for c in without_condition(both, ConditionType.READY)] == ["Stalled"]
    assert find_condition(both, "Stalled") == both[1]
    assert find_condition(both, "DeletionHeld") is None


def test_verdicts_can_be_said_of_another_generation():
    before = with_condition([], ready(Truth.TRUE), MONDAY)

    [after] = at_generation(before, 7)

    assert after == {**before[0], "observedGeneration": 7}


@pytest.mark.parametrize(
    ("length", "kept"), [pytest.param(1024, 1024, id="fits"), pytest.param(1025, 1024, id="cut")]
)
def test_long_messages_are_cut(length: int, kept: int):
    message = ready(Truth.TRUE, "m" * length)["message"]

    assert len(message) == kept
    assert message.endswith("…") is (length > kept)


def test_an_unknown_status_is_refused():
    with pytest.raises(ValueError, match="Maybe"):
        condition("Ready", "Maybe", "Succeeded", "", generation=1)


NEWS = st.lists(
    st.tuples(
        st.sampled_from(list(ConditionType)),
        st.sampled_from(list(Truth)),
        st.text(max_size=2000),
        st.integers(1, 9),
    ),
    max_size=12,
)


@given(news=NEWS)
def test_whatever_happens_the_list_stays_in_order(news):
    conditions: list[Condition] = []
    truth: dict[str, tuple[str, str]] = {}
    for hour, (kind, status, message, generation) in enumerate(news):
        now = MONDAY + timedelta(hours=hour)
        new = condition(kind, status, Reason.PROGRESSING, message, generation=generation)
        conditions = with_condition(conditions, new, now)
        if kind in (ConditionType.STALLED, ConditionType.RECONCILING) and status != Truth.TRUE:
            truth.pop(kind, None)
        elif truth.get(kind, ("",))[0] != status:
            truth[kind] = (status, now.strftime("%Y-%m-%dT%H:%M:%SZ"))

    assert {c["type"]: (c["status"], c["lastTransitionTime"]) for c in conditions} == truth
    assert len(conditions) == len(truth)
    assert all(len(c["message"]) <= 1024 for c in conditions)
    assert "Ready" not in truth or conditions[0]["type"] == "Ready"


@given(news=NEWS)
def test_saying_the_same_again_changes_nothing(news):
    conditions: list[Condition] = []
    for kind, status, message, generation in news:
        new = condition(kind, status, Reason.PROGRESSING, message, generation=generation)
        conditions = with_condition(conditions, new, MONDAY)
        assert with_condition(conditions, new, TUESDAY) == conditions
