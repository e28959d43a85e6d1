"""Signs of life between the threads that work and the one that renews."""

import pytest

from cloudops.domain.errors import LeaseLostError, WorkerStoppingError
from cloudops.services.pulse import Pulse

pytestmark = pytest.mark.unit


def test_a_beat_ends_the_silence():
    pulse = Pulse("aws/1/eu")
    before = pulse.quiet_seconds()
    while pulse.quiet_seconds() <= before:
        pass
    silent = pulse.quiet_seconds()

    pulse.beat()

    assert pulse.quiet_seconds() < silent


def test_a_lost_lease_stops_its_work_at_the_next_beat():
    pulse = Pulse("aws/1/eu")
    assert pulse.lose()

    with pytest.raises(LeaseLostError, match="aws/1/eu"):
        pulse.beat()


def test_that_it_is_lost_is_news_once():
    pulse = Pulse("aws/1/eu")

    assert [pulse.lose(), pulse.lose()] == [True, False]


def test_what_is_given_back_says_so_and_works_on():
    pulse = Pulse("aws/1/eu")
    before = pulse.is_given_back

    pulse.give_back()

    assert (before, pulse.is_given_back) == (False, True)
    pulse.beat()


def test_a_stopping_worker_stops_its_work_at_the_next_beat():
    pulse = Pulse("aws/1/eu")
    pulse.stop()

    with pytest.raises(WorkerStoppingError):
        pulse.beat()


def test_lost_outweighs_stopping():
    """What is lost must not be handed back."""
    pulse = Pulse("aws/1/eu")
    pulse.stop()
    pulse.lose()

    with pytest.raises(LeaseLostError):
        pulse.beat()
