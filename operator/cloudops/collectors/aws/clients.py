"""The SDK's clients of this process: each is for whoever calls, whosever credentials he has.

A client takes 8 ms to make, which is more than most of its calls take, and a quarter of a
megabyte. Nothing in it is about an account but what signs requests.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Final, NamedTuple

from botocore.client import BaseClient

MAX_CLIENTS: Final = 256
"""Above it those that nobody uses make way, the longest unused first."""


class ClientKey(NamedTuple):
    """What makes a client differ from others.

    Attributes:
        hermetic: It knows no environment, profiles or files; see `Sdk.session_of`.
    """

    service: str
    region: str
    endpoint_url: str
    hermetic: bool


@dataclass(slots=True, eq=False)
class _Shared:
    client: BaseClient
    users: int = 0


class Clients:
    """Thread-safe.

    Args:
        make: Makes a client; called behind `lock`, since the SDK makes only one at a time.
        lock: Taken for each change.
        most: Clients that are kept, beside any number that are in use.
    """

    def __init__(
        self, make: Callable[[ClientKey], BaseClient], lock: Lock, most: int = MAX_CLIENTS
    ) -> None:
        self._make = make
        self._lock = lock
        self._most = most
        self._shared: OrderedDict[ClientKey, _Shared] = OrderedDict()

    def __len__(self) -> int:
        return len(self._shared)

    def borrow(self, key: ClientKey) -> BaseClient:
        """The client of this key, for a user more; give it back as often."""
        with self._lock:
            shared = self._shared.get(key)
            if shared is None:
                shared = self._shared[key] = _Shared(self._make(key))
            self._shared.move_to_end(key)
            shared.users += 1
            self._make_way()
        return shared.client

    def give_back(self, keys: Iterable[ClientKey]) -> None:
        """A user is done with them; connections of those without any are closed."""
        with self._lock:
            for key in keys:
                shared = self._shared[key]
                shared.users -= 1
                if not shared.users:
                    shared.client.close()  # it can be used again, and then connects anew

    def _make_way(self) -> None:
        excess = len(self._shared) - self._most
        idle = [key for key, shared in self._shared.items() if not shared.users]
        for key in idle[: max(0, excess)]:
            del self._shared[key]
