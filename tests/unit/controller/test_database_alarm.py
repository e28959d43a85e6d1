"""Who tells that the database is away, and who that it is back, if leaders change in between."""

from typing import Any, cast

import pytest

from cloudops.controller.database_alarm import EVENT_LIFE_SECONDS, DatabaseAlarm
from cloudops.controller.kube import KubeClient
from cloudops.controller.recorder import Happening, Recorder
from cloudops.domain.errors import StoreUnavailableError
from cloudops.settings import Settings
from tests.fakes.plan import FakePlan

pytestmark = pytest.mark.unit

BEGUN, OVER = "DatabaseUnavailable", "DatabaseAvailable"


class Replica:
    """One process's alarm over a plan that may be away, and what it told."""

    def __init__(self) -> None:
        self.plan = FakePlan()
        self.told: list[str] = []
        self.seconds = 0.0
        self.alarm = DatabaseAlarm(
            self.plan,
            Settings(deployment_name="controller"),
            cast("KubeClient", self),
            cast("Recorder", self),
            clock=lambda: self.seconds,
        )

    def get(self, _path: str) -> dict[str, Any]:
        return {}

    def record(self, _document: object, happening: Happening) -> None:
        self.told.append(happening.reason)

    def probe(self, *, away: bool, leads: bool) -> None:
        self.plan.away = away
        try:
            self.alarm.ping(leads=leads)
        except StoreUnavailableError:
            assert away


@pytest.fixture
def replica() -> Replica:
    return Replica()


def test_who_leads_tells_beginning_and_end_once(replica: Replica):
    for away in (False, True, True, False, False):
        replica.probe(away=away, leads=True)

    assert replica.told == [BEGUN, OVER]


def test_who_stands_by_tells_nothing(replica: Replica):
    for away in (False, True, False):
        replica.probe(away=away, leads=False)

    assert replica.told == []


def test_the_end_is_told_by_who_leads_then(replica: Replica):
    """Fails if only one's own beginning has an end: that of a leader that died has none."""
    replica.probe(away=True, leads=False)
    replica.probe(away=False, leads=False)

    for _ in range(2):
        replica.probe(away=False, leads=True)

    assert replica.told == [OVER]


def test_who_leads_in_the_middle_of_it_tells_both(replica: Replica):
    replica.probe(away=True, leads=False)
    for away in (True, False):
        replica.probe(away=away, leads=True)

    assert replica.told == [BEGUN, OVER]


def test_what_no_event_tells_any_more_needs_no_end(replica: Replica):
    replica.probe(away=True, leads=False)
    replica.seconds = EVENT_LIFE_SECONDS

    replica.probe(away=False, leads=True)

    assert replica.told == []
