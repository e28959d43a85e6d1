"""When a clock that somebody else reads has jumped, as far as we can tell from here."""

from datetime import UTC, datetime, timedelta

import pytest

from cloudops.store.clock import ClockWatch

pytestmark = pytest.mark.unit

START = datetime(2025, 11, 24, tzinfo=UTC)


class World:
    """True time, and how far the database's clock is off."""

    def __init__(self):
        self.seconds = 1000.0
        self.skew = 0.0
        self.answer_takes = 0.0

    def monotonic(self):
        return self.seconds

    def read(self):
        shown = START + timedelta(seconds=self.seconds + self.skew)
        self.seconds += self.answer_takes
        return shown

    def look(self, watch):
        jump = watch.look(self.read)
        watch.accept(jump)
        return round(jump.seconds)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def watch(world):
    watch = ClockWatch(world.monotonic)
    assert world.look(watch) == 0
    return watch


@pytest.mark.parametrize("hour", [3600, -3600])
def test_an_hour_either_way_is_seen_once(world, watch, hour):
    world.seconds += 5
    world.skew = hour

    assert world.look(watch) == hour
    world.seconds += 5
    assert world.look(watch) == 0


def test_time_that_passes_is_no_jump(world, watch):
    world.seconds += 100_000

    assert world.look(watch) == 0


def test_neither_is_a_slow_answer(world, watch):
    """Fails if the moment is taken before the answer, or after it, alone."""
    world.answer_takes = 60.0
    assert world.look(watch) == 0
    world.answer_takes = 0.0

    assert world.look(watch) == 0


def test_nor_what_ntp_puts_right(world, watch):
    world.skew = 2.0

    assert world.look(watch) == 0


def test_a_jump_that_could_not_be_dealt_with_is_seen_again(world, watch):
    world.skew = 3600

    assert watch.look(world.read).seconds == 3600
    assert watch.look(world.read).seconds == 3600
