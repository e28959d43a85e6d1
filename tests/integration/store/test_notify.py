"""Wake-up calls: heard while the connection lives, and again after it was lost."""

import queue
import threading
import time
from collections.abc import Generator
from typing import cast

import pytest

from cloudops.services.plan import PlanService
from cloudops.store.notify import CHANNEL, EVERY_SECONDS, notify_provider
from tests.fixtures.waiting import eventually
from tests.integration.store.locking import waits_for_a_lock
from tests.integration.store.seeding import execute, one, provider_record, write_provider

pytestmark = [pytest.mark.integration, pytest.mark.database]


@pytest.fixture
def heard(engine):
    """What a listener hears, from a thread of its own."""
    stop, said = threading.Event(), queue.Queue[tuple[str, str]]()

    def listen():
        for key in PlanService(engine).changes(stop):
            said.put(key)

    thread = threading.Thread(target=listen)
    thread.start()
    yield said
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def plan(engine, *names):
    """What can be told of: there is a row of it."""
    for name in names:
        write_provider(engine, provider_record(name))


def say(engine, name="aws-prod"):
    """A moment after whatever was told of it before."""
    execute(engine, "UPDATE provider SET notified_at = '-infinity'")
    tell(engine, name)


def tell(engine, name="aws-prod"):
    with engine.begin() as connection:
        notify_provider(connection, "platform", name)


def drain(said):
    found = []
    while not said.empty():
        found.append(said.get())
    return found


def ready(engine, heard):
    """Say it until it is heard: a listener needs a moment to be there."""
    if not one(engine, "SELECT count(*) FROM provider"):
        plan(engine, "hello", "aws-prod")

    def answered():
        say(engine, "hello")
        return drain(heard)

    eventually(answered, what="the listener")


def test_what_is_said_is_heard(engine, heard):
    ready(engine, heard)

    say(engine)

    assert eventually(lambda: ("platform", "aws-prod") in drain(heard))


def test_several_are_all_heard(engine, heard):
    ready(engine, heard)
    names = {f"p{number}" for number in range(20)}
    plan(engine, *names)
    with engine.begin() as connection:
        for name in names:
            notify_provider(connection, "platform", name)

    found: set[str] = set()

    def complete():
        found.update(name for _, name in drain(heard))
        return names <= found

    eventually(complete, what="all names")


def test_nothing_is_heard_of_what_was_rolled_back(engine, heard):
    ready(engine, heard)
    plan(engine, "never", "after")
    with engine.connect() as connection:
        notify_provider(connection, "platform", "never")
        connection.rollback()
    say(engine, "after")
    found: list[str] = []

    def arrived():
        found.extend(name for _, name in drain(heard))
        return "after" in found

    eventually(arrived)
    assert "never" not in found


class TestAtMostOnceASecond:
    """What a listener hears without anybody looking again: `raw`."""

    @pytest.fixture
    def raw(self, engine):
        plan(engine, "aws-prod", "other")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            driver = connection.connection.dbapi_connection
            yield lambda: [found.payload for found in driver.notifies(timeout=0.2)]

    def test_of_many_within_a_second_the_first_is_told(self, engine, raw):
        """Fails without the condition on `notified_at`."""
        for _ in range(5):
            tell(engine)
            tell(engine, "other")
        execute(engine, "UPDATE provider SET notified_at = clock_timestamp()")
        tell(engine)

        assert sorted(raw()) == ["platform/aws-prod", "platform/other"]

    @pytest.mark.parametrize("ago", ["1001 ms", "1 h", "-1 h"])
    def test_a_second_later_it_is_told_again_wherever_the_clock_jumped(self, engine, raw, ago):
        """Fails if a time in the future holds back until it is reached."""
        tell(engine)
        execute(
            engine,
            "UPDATE provider SET notified_at = clock_timestamp() - CAST(:ago AS interval)",
            ago=ago,
        )

        tell(engine)

        assert raw() == ["platform/aws-prod"] * 2

    def test_what_was_rolled_back_holds_nothing_back(self, engine, raw):
        with engine.connect() as connection:
            notify_provider(connection, "platform", "aws-prod")
            connection.rollback()

        tell(engine)

        assert raw() == ["platform/aws-prod"]

    def test_of_two_workers_at_once_one_tells(self, engine, raw):
        with engine.begin() as first:
            notify_provider(first, "platform", "aws-prod")
            second = threading.Thread(target=tell, args=(engine,))
            second.start()
            eventually(lambda: waits_for_a_lock(engine))
        second.join(60)

        assert raw() == ["platform/aws-prod"]


def test_what_was_held_back_is_looked_at_after_the_second(engine, heard):
    """Fails without the second yield: nobody would come back for the last news."""
    ready(engine, heard)
    said = time.monotonic()
    say(engine)
    tell(engine)  # within the second

    times: list[float] = []

    def heard_twice():
        now = time.monotonic()
        times.extend(now for _, name in drain(heard) if name == "aws-prod")
        return len(times) == 2

    eventually(heard_twice)
    assert times[1] - said > EVERY_SECONDS


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_after_a_restart_of_the_database_it_listens_again(engine, heard, postgres, mode):
    ready(engine, heard)
    postgres.restart(mode)

    ready(engine, heard)


def test_while_the_database_is_away_it_tries_again(engine, heard, postgres):
    ready(engine, heard)
    postgres.stop("immediate")
    # Longer than one attempt to open the connection again.
    threading.Event().wait(3)
    postgres.start()

    ready(engine, heard)


def test_a_listener_leaves_no_ear_behind_in_the_pool(engine, migrated_url):
    """A pooled connection that still listens would hoard what nobody hears."""
    plan(engine, "aws-prod")
    stop = threading.Event()
    changes = cast("Generator[tuple[str, str]]", PlanService(engine).changes(stop))
    listening = threading.Thread(target=lambda: next(changes, None))
    listening.start()
    eventually(lambda: (say(engine), not listening.is_alive())[1], what="the first call")
    changes.close()

    with engine.connect() as one, engine.connect() as two:
        for connection in (one, two):
            channels = connection.exec_driver_sql("SELECT pg_listening_channels()").all()
            assert channels == []
