"""When a scope is due again, and what its ledger row says after an attempt."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudops.domain.ledger import CONSEQUENCES, ErrorClass, PeriodClass, Scope, ScopeStatus
from cloudops.domain.schedule import BACKOFF_SECONDS, DAY_SECONDS, Failure, judge_attempt

pytestmark = pytest.mark.unit

STARTED = datetime(2025, 1, 1, tzinfo=UTC)
SCOPE = Scope(
    id=1,
    listing="aws.ec2.instances",
    account_id="111122223333",
    region="eu-west-1",
    status=ScopeStatus.COMPLETE,
    last_complete_at=datetime(2024, 12, 31, tzinfo=UTC),
    consecutive_failures=0,
    empty_streak=0,
    item_count=5,
    period_seconds=900,
    account_pk=1,
)


def judge(error_class=None, *, items=1, period=900, spread=0.5, malformed=0, **scope):
    failure = None if error_class is None else Failure(error_class, "Code", "message")
    return judge_attempt(
        replace(SCOPE, **scope),
        started_at=STARTED,
        failure=failure,
        item_count=items,
        malformed_count=malformed,
        period_seconds=period,
        spread=spread,
    )


def test_a_complete_listing_is_due_after_its_period():
    outcome = judge(items=3)

    assert outcome.status is ScopeStatus.COMPLETE
    assert (outcome.item_count, outcome.empty_streak, outcome.due_in_seconds) == (3, 0, 900)
    assert outcome.started_at == STARTED


@pytest.mark.parametrize("error_class", ErrorClass)
def test_a_failure_has_the_status_of_its_class_and_keeps_the_last_count(error_class):
    outcome = judge(error_class, items=7, malformed=2)

    assert outcome.status is CONSEQUENCES[error_class].status
    assert outcome.item_count is None
    assert outcome.malformed_count == 2


def test_every_class_has_a_consequence():
    assert set(CONSEQUENCES) == set(ErrorClass)


@pytest.mark.parametrize(
    "error_class", [ErrorClass.IAM_DENY, ErrorClass.INCOMPLETE, ErrorClass.MALFORMED_ITEM]
)
def test_these_are_tried_again_each_period(error_class):
    assert judge(error_class, consecutive_failures=9).due_in_seconds == 900


@pytest.mark.parametrize(
    "error_class", [ErrorClass.SCP_DENY, ErrorClass.OPT_IN, ErrorClass.UNSUPPORTED]
)
@pytest.mark.parametrize(
    ("period", "wait"), [(900, DAY_SECONDS), (2 * DAY_SECONDS, 2 * DAY_SECONDS)]
)
def test_these_are_tried_again_each_day_or_later(error_class, period, wait):
    assert judge(error_class, period=period).due_in_seconds == wait


@pytest.mark.parametrize(
    "error_class", [ErrorClass.THROTTLED, ErrorClass.TRANSIENT, ErrorClass.CREDENTIALS]
)
@pytest.mark.parametrize(
    ("failures", "wait"),
    [(0, BACKOFF_SECONDS), (1, 60), (2, 120), (4, 480), (5, 900), (1000, 900)],
)
def test_these_back_off_up_to_the_period(error_class, failures, wait):
    assert judge(error_class, consecutive_failures=failures).due_in_seconds == wait


@pytest.mark.parametrize(
    ("streak", "wait"),
    [(0, 900), (1, 900), (2, 1800), (3, 3600), (8, DAY_SECONDS), (999, DAY_SECONDS)],
)
def test_empty_three_times_in_a_row_it_slows_down_up_to_a_day(streak, wait):
    outcome = judge(items=0, empty_streak=streak)

    assert outcome.empty_streak == streak + 1
    assert outcome.due_in_seconds == wait


def test_a_period_longer_than_a_day_is_never_shortened():
    assert judge(items=0, period=3 * DAY_SECONDS, empty_streak=9).due_in_seconds == 3 * DAY_SECONDS


def test_one_item_ends_the_streak():
    assert judge(items=1, empty_streak=9).empty_streak == 0


def test_a_failure_neither_ends_nor_lengthens_the_streak():
    assert judge(ErrorClass.TRANSIENT, items=0, empty_streak=2).empty_streak == 2


@given(
    st.sampled_from([None, *ErrorClass]),
    st.integers(0, 1000),
    st.integers(0, 1000),
    st.integers(0, 10**6),
    st.integers(60, 96 * 86_400),
    st.floats(0, 1),
)
def test_the_wait_is_never_nothing_and_never_more_than_a_day_or_its_period(
    error_class, failures, streak, items, period, spread
):
    outcome = judge(
        error_class,
        items=items,
        period=period,
        spread=spread,
        consecutive_failures=failures,
        empty_streak=streak,
    )

    assert 28 <= outcome.due_in_seconds <= 1.05 * max(period, DAY_SECONDS) + 1


@pytest.mark.parametrize(("spread", "wait"), [(0, 855), (0.5, 900), (1, 945)])
@pytest.mark.parametrize("error_class", [None, ErrorClass.IAM_DENY])
def test_due_times_are_spread_by_five_percent(error_class, spread, wait):
    assert judge(error_class, spread=spread).due_in_seconds == pytest.approx(wait)


@pytest.mark.parametrize(("spread", "wait"), [(0, 450), (0.5, 675), (1, 900)])
def test_what_was_planned_together_is_read_the_second_time_over_half_a_period(spread, wait):
    outcome = judge(spread=spread, last_complete_at=None)

    assert outcome.due_in_seconds == pytest.approx(wait)


def test_a_first_attempt_that_fails_is_tried_again_as_any_other():
    assert judge(ErrorClass.TRANSIENT, last_complete_at=None).due_in_seconds == BACKOFF_SECONDS


def test_period_classes_are_multiples_of_the_sync_period():
    assert [period.multiple for period in PeriodClass] == [1, 4, 96]
