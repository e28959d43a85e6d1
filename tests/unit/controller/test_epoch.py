"""How long a leader has been without an epoch, by a clock of ours."""

import threading

import pytest

from cloudops.controller.epoch import Epoch
from tests.fakes.plan import FakePlan

pytestmark = pytest.mark.unit


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class SlowPlan(FakePlan):
    """Draws take their time, and the clock is looked at meanwhile."""

    clock: Clock
    drawn: Epoch
    seen: tuple[float, ...] = ()

    def claim_epoch(self, holder: str) -> int:
        self.clock.now += 40
        self.seen = self.drawn.missing_seconds(), self.drawn.silent_seconds()
        return super().claim_epoch(holder)


def test_who_does_not_lead_misses_none():
    epoch = Epoch(FakePlan())

    assert (epoch.known(), epoch.missing_seconds(), epoch.silent_seconds()) == (None, 0, 0)
    with pytest.raises(RuntimeError):
        epoch.required()


def test_a_draw_that_does_not_end_shows():
    plan = SlowPlan()
    plan.clock = Clock()
    plan.drawn = epoch = Epoch(plan, clock=plan.clock)
    epoch.draw("me", threading.Event())

    assert list(plan.seen) == [40, 40]
    assert (epoch.required(), epoch.missing_seconds(), epoch.silent_seconds()) == (1, 0, 0)

    epoch.give_up()

    assert (epoch.known(), epoch.missing_seconds(), epoch.silent_seconds()) == (None, 0, 0)
