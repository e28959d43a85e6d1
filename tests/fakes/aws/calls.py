"""The log of what was asked."""

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

_KEPT = 50_000  # single calls; the counts know all of them


@dataclass(slots=True, kw_only=True)
class Call:
    """One request and how it ended.

    Attributes:
        at: Monotonic seconds when it came in (see `World.now`).
        service: The SDK's name, e.g. `ec2` or `resourcegroupstaggingapi`.
        account: Whose data is asked for: the caller's; for AssumeRole the role's.
        region: As signed; `global` for IAM.
        principal: ARN of the caller, "" where the key is unknown.
        page: Number of the page in its listing, from 0.
        resource: ARN that a denial names (AssumeRole).
        status: HTTP status; 0 where nothing was sent.
        code: Error code, "" on success.
        items: Items in the answer.
        faults: Kinds of the faults that struck.
    """

    at: float
    service: str
    operation: str
    account: str = ""
    region: str
    access_key: str
    principal: str = ""
    user_agent: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    token: str = ""
    page: int = 0
    resource: str = ""
    status: int = 0
    code: str = ""
    items: int = 0
    faults: list[str] = field(default_factory=list)


class CallLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=_KEPT)
        self._counts: Counter[tuple[str, str, str, str]] = Counter()

    def record(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)
            self._counts[call.service, call.operation, call.account, call.region] += 1

    def counts(self) -> list[tuple[tuple[str, str, str, str], int]]:
        """((service, operation, account, region), calls) in order."""
        with self._lock:
            return sorted(self._counts.items())

    def count(
        self, service: str = "*", operation: str = "*", account: str = "*", region: str = "*"
    ) -> int:
        wanted = (service, operation, account, region)
        return sum(number for key, number in self.counts() if all(map(fnmatchcase, key, wanted)))

    def list(
        self, service: str = "*", operation: str = "*", account: str = "*", region: str = "*"
    ) -> list[Call]:
        """The last 50,000 that match, oldest first."""
        wanted = (service, operation, account, region)
        with self._lock:
            return [
                call
                for call in self._calls
                if all(
                    map(
                        fnmatchcase,
                        (call.service, call.operation, call.account, call.region),
                        wanted,
                    )
                )
            ]

    def user_agents(self) -> set[str]:
        with self._lock:
            return {call.user_agent for call in self._calls}

    def reset(self) -> None:
        with self._lock:
            self._calls.clear()
            self._counts.clear()
