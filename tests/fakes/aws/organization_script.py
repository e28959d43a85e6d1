"""What a test says to the fake about an organization."""

from collections.abc import Callable
from typing import Any


class OrganizationScript:
    """One organization of a running fake; `do` sends a command (see `Script`)."""

    def __init__(self, do: Callable[..., Any], id_: str) -> None:
        self._do = do
        self.id = id_

    def put(self, account_id: str, *, name: str = "", state: str = "ACTIVE") -> None:
        """An account joins, or has another name or state from now on; it need not exist."""
        self._do("put_member", organization=self.id, account=account_id, name=name, state=state)

    def remove(self, account_id: str) -> None:
        """It has left."""
        self._do("remove_member", organization=self.id, account=account_id)
