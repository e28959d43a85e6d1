"""When a clock that somebody else reads has jumped, as far as we can tell from here."""

from datetime import UTC, datetime, timedelta

import pytest

from cloudops.store.clock import ClockWatch
from cloudops.store.machine import Machine

pytestmark = pytest.mark.unit

START = datetime(2025, 11, 24, tzinfo=UTC)


class Box(Machine):
    """A machine that was booted when it was made."""

    def __init__(self, world, name, skew=0.0):
        self.world, self.name, self.skew = world, name, skew
        self.booted = world.seconds

    def ran_seconds(self):
        return self.world.seconds - self.booted

    def now(self):
        return START.timestamp() + self.world.seconds + self.skew


class World:
    """True time, how far the database's clock is off, and what machines told others of it."""

    def __init__(self):
        self.seconds = 1000.0
        self.skew = 0.0
        self.answer_takes = 0.0
        self.kept = []

    def read(self):
        shown = START + timedelta(seconds=self.seconds + self.skew)
        self.seconds += self.answer_takes
        return shown

    def look(self, watch):
        jump = watch.look(self.read, lambda: self.latest(watch.machine.name))
        if sighting := watch.accept(jump):
            self.kept.append(sighting)
        return round(jump.seconds)

    def latest(self, machine):
        ours = [one for one in self.kept if one.machine == machine != ""]
        return next(reversed(ours or self.kept), None)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def box(world):
    return Box(world, "one")


@pytest.fixture
def watch(world, box):
    watch = ClockWatch(box)
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

    assert watch.look(world.read, lambda: None).seconds == 3600
    assert watch.look(world.read, lambda: None).seconds == 3600


class TestAProcessThatJustStarted:
    @pytest.mark.parametrize("hour", [3600, -3600])
    def test_sees_what_happened_since_another_one_looked(self, world, watch, box, hour):
        world.seconds += 5000
        world.skew = hour

        assert world.look(ClockWatch(box)) == hour
        assert world.look(ClockWatch(box)) == 0

    @pytest.mark.parametrize("passed", [5, 100_000])
    def test_sees_nothing_where_time_passed(self, world, watch, box, passed):
        world.seconds += passed

        assert world.look(ClockWatch(box)) == 0

    def test_is_not_taken_in_by_a_clock_that_was_set_along(self, world, watch, box):
        """Fails by the machine's own clock: the database may run on the same machine."""
        world.skew = box.skew = 3600

        assert world.look(ClockWatch(box)) == 3600

    @pytest.mark.parametrize("name", ["two", ""])
    def test_goes_by_its_own_clock_on_a_machine_that_has_seen_nothing(self, world, watch, name):
        world.seconds += 5000
        assert world.look(ClockWatch(Box(world, name))) == 0

        world.skew = 3600

        assert world.look(ClockWatch(Box(world, f"{name}3"))) == 3600

    def test_takes_a_wrong_clock_of_its_machine_for_a_jump_once(self, world, watch):
        wrong = Box(world, "two", skew=-3600)

        assert world.look(ClockWatch(wrong)) == 3600
        world.seconds += 5000
        assert world.look(ClockWatch(wrong)) == 0

    def test_machines_that_cannot_be_told_apart_are_never_taken_for_one(self, world, box):
        world.look(ClockWatch(Box(world, "")))
        world.seconds += 5000

        assert world.look(ClockWatch(Box(world, ""))) == 0


class TestKeeping:
    def test_is_done_now_and_then(self, world, watch):
        for _ in range(100):
            world.seconds += 10
            world.look(watch)

        assert len(world.kept) == 4

    def test_is_done_once_for_many_processes(self, world, watch, box):
        for _ in range(10):
            world.look(ClockWatch(box))

        assert len(world.kept) == 1

    def test_is_done_at_once_after_a_jump(self, world, watch):
        world.skew = 3600
        world.look(watch)

        assert len(world.kept) == 2

    def test_waits_for_a_quick_answer(self, world, watch):
        """Fails if any will do: a minute of waiting would be taken for a jump."""
        world.skew = 3600
        world.answer_takes = 60.0
        world.look(watch)
        assert len(world.kept) == 1

        world.answer_takes = 0.0
        world.look(watch)

        assert len(world.kept) == 2
