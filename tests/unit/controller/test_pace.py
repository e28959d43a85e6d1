"""News that come thick and fast are read seldom where reading is dear."""

import pytest

from cloudops.controller.pace import SHORTEST_SECONDS, Pace

pytestmark = pytest.mark.unit

KEY = ("platform", "aws-prod")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def read(pace: Pace, clock: Clock, seconds: float) -> None:
    began = pace.now()
    clock.now += seconds
    pace.was_read(KEY, since=began)


def test_first_news_wait_only_for_their_like(clock: Clock):
    assert Pace(30, clock=clock).pause(KEY) == SHORTEST_SECONDS


@pytest.mark.parametrize(
    ("took", "pause"),
    [
        pytest.param(0.001, SHORTEST_SECONDS, id="cheap"),
        pytest.param(0.5, 10, id="a-twentieth-of-the-time"),
        pytest.param(60, 30, id="never-longer-than-the-poll"),
    ],
)
def test_the_pause_grows_with_the_time_that_reading_took(clock: Clock, took, pause):
    pace = Pace(30, clock=clock)
    read(pace, clock, took)

    assert pace.pause(KEY) == pytest.approx(pause)
    assert pace.pause(("platform", "another")) == SHORTEST_SECONDS


def test_the_pause_counts_from_the_last_reading(clock: Clock):
    pace = Pace(30, clock=clock)
    read(pace, clock, 0.5)
    clock.now += 7

    assert pace.pause(KEY) == pytest.approx(3)


def test_what_is_gone_leaves_no_pause(clock: Clock):
    pace = Pace(30, clock=clock)
    read(pace, clock, 0.5)
    pace.forget(KEY)
    pace.forget(KEY)

    assert pace.pause(KEY) == SHORTEST_SECONDS
