"""What a proxy before an API server may be told to answer, and to what."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came; `agent` is its User-Agent, `at` a monotonic time."""

    method: str
    path: str
    query: Mapping[str, str]
    accept: str
    agent: str
    at: float = field(default_factory=time.monotonic)

    @property
    def is_watch(self) -> bool:
        return self.query.get("watch") == "true"

    @property
    def is_full_list(self) -> bool:
        """One that asks for nothing but metadata, as the operator's own comparison does."""
        return "PartialObjectMetadataList" in self.accept


Selection = Callable[[Call], bool]


def every(_: Call) -> bool:
    """Selects all calls."""
    return True


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered instead of the API server's answer.

    Attributes:
        in_stream: A watch that begins well, and whose first event is the error.
    """

    status: int
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict)
    in_stream: bool = False

    @classmethod
    def gone(cls, *, in_stream: bool = False) -> Self:
        """The resourceVersion that the watch would begin with is too old."""
        return cls(410, "Expired", in_stream=in_stream)

    @classmethod
    def too_many_requests(cls, retry_after_seconds: int = 1) -> Self:
        return cls(429, "TooManyRequests", {"Retry-After": str(retry_after_seconds)})

    @classmethod
    def unavailable(cls) -> Self:
        return cls(503, "ServiceUnavailable")

    @classmethod
    def broken_stream(cls) -> Self:
        """A watch that ends with an error of the API server itself."""
        return cls(500, "InternalError", in_stream=True)

    def document(self) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Status",
            "status": "Failure",
            "reason": self.reason,
            "message": f"{self.reason}, says the proxy",
            "code": self.status,
        }


@dataclass(slots=True)
class Injected:
    """A refusal in force; `hits` counts the calls that it has met."""

    refusal: Refusal
    selects: Selection
    left: float
    hits: int = 0
