"""How many clients there are, and whose connections stay open."""

from threading import Lock
from typing import Any

import pytest

from cloudops.collectors.aws.clients import ClientKey, Clients

pytestmark = pytest.mark.unit

MOST = 3


class Client:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def clients() -> Clients:
    make: Any = lambda _: Client()  # noqa: E731  the type of a client is the SDK's
    return Clients(make, Lock(), MOST)


def key(number: int) -> ClientKey:
    return ClientKey("sts", f"eu-west-{number}", "", hermetic=True)


def test_a_client_is_made_once_however_many_use_it(clients: Clients):
    first = clients.borrow(key(1))

    assert clients.borrow(key(1)) is first
    assert clients.borrow(key(2)) is not first


def test_connections_are_closed_when_the_last_user_is_done(clients: Clients):
    client: Any = clients.borrow(key(1))
    clients.borrow(key(1))

    clients.give_back([key(1)])
    assert not client.closed
    clients.give_back([key(1)])
    assert client.closed == 1
    assert clients.borrow(key(1)) is client


def test_the_longest_unused_makes_way(clients: Clients):
    kept = [clients.borrow(key(number)) for number in range(MOST)]
    clients.give_back(key(number) for number in range(MOST))
    assert clients.borrow(key(0)) is kept[0]

    clients.borrow(key(MOST))

    assert len(clients) == MOST
    assert clients.borrow(key(2)) is kept[2]
    assert clients.borrow(key(1)) is not kept[1]


def test_what_is_in_use_stays_above_any_limit(clients: Clients):
    kept = [clients.borrow(key(number)) for number in range(MOST + 2)]

    assert len(clients) == MOST + 2
    assert [clients.borrow(key(number)) for number in range(MOST + 2)] == kept
