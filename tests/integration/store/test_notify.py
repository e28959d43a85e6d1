"""Wake-up calls: heard while the connection lives, and again after it was lost."""

import queue
import threading
from collections.abc import Generator
from typing import cast

import pytest

from cloudops.services.plan import PlanService
from cloudops.store.notify import notify_provider
from tests.fixtures.waiting import eventually

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


def say(engine, name="aws-prod"):
    with engine.begin() as connection:
        notify_provider(connection, "platform", name)


def drain(said):
    found = []
    while not said.empty():
        found.append(said.get())
    return found


def ready(engine, heard):
    """Say it until it is heard: a listener needs a moment to be there."""

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
