"""What every client of the SDK does besides its work: it queues, counts, and mends answers."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient

from cloudops.collectors.aws.errors import THROTTLED, call_status
from cloudops.collectors.aws.wire import mend_answer
from cloudops.collectors.turnstile import Attempts
from cloudops.metrics import PROVIDER_API_CALLS

MAX_ATTEMPTS_IF_THROTTLED: Final = 8
"""Attempts of a call while each is throttled and makes the next go slower; see `Hooks._again`."""


class CallCounter:
    """HTTP requests sent, by however many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls = 0

    @property
    def calls(self) -> int:
        return self._calls

    def add(self, **_event: object) -> None:
        """Handle botocore's `before-send`; returning None lets the request go out."""
        with self._lock:
            self._calls += 1


class Hooks:
    """Those of the clients of one door. Thread-safe: the SDK handles events where it calls."""

    def __init__(self, counter: CallCounter) -> None:
        self._counter = counter
        self._thread = threading.local()

    @contextmanager
    def during(self, attempts: Attempts) -> Iterator[None]:
        """Let the attempts that this thread makes go through `attempts`."""
        self._thread.attempts = attempts
        self._thread.slower = False
        try:
            yield
        finally:
            del self._thread.attempts

    def attach(self, client: BaseClient, service: str, *, at_address: bool) -> None:
        """Hook into a new client.

        Args:
            client: It is not used yet.
            service: The SDK's name.
            at_address: It talks to an endpoint of the user's, which may be an IP address.
        """
        events = client.meta.events
        # The wildcards put it before the signer: a signature ages while a call waits.
        events.register_first("request-created.*.*", self._begin)
        events.register("before-send", self._counter.add)
        # The wildcards put it before S3's own handler, which parses already.
        events.register("before-parse.*.*", mend_answer)
        if at_address:
            events.register_first("request-created.s3-control", without_account)
        events.register("response-received", partial(self._received, service))
        # The stubs know only of handlers that answer nothing.
        again: Callable[..., Any] = self._again
        events.register_first("needs-retry.*.*", again)

    def _begin(self, **_event: object) -> None:
        """Handle `request-created`: each attempt queues anew."""
        self._thread.attempts.begin()

    def _received(self, service: str, **event: Any) -> None:
        """Handle `response-received`, which tells of answers and of broken connections."""
        attempts: Attempts = self._thread.attempts
        operation = str(event["event_name"]).rsplit(".", 1)[-1]
        status = call_status(event["parsed_response"])
        PROVIDER_API_CALLS.labels("aws", service, operation, status).inc()
        self._thread.slower = False
        if status == THROTTLED:
            self._thread.slower = attempts.throttled(_retry_after(event["response_dict"]))
        elif event["parsed_response"] is not None:
            attempts.succeeded()
        attempts.end()

    def _again(self, attempts: int, **_event: object) -> float | None:
        """Handle `needs-retry`: try again at once where the limits have become slower.

        The limits wait, not the SDK. At the slowest rate it is the SDK's turn to decide.
        """
        return 0.0 if self._thread.slower and attempts < MAX_ATTEMPTS_IF_THROTTLED else None


def without_account(request: AWSRequest, **_event: object) -> None:
    """Handle `request-created`: no name can be put before an address.

    S3's control plane is asked at `111122223333.<host>`, which leads nowhere where the
    host is an IP address, as an emulator's is. The account stands in a header, too.
    """
    parts = urlsplit(str(request.url))
    account, _, host = (parts.hostname or "").partition(".")
    if account.isdecimal() and _is_address(host):
        port = f":{parts.port}" if parts.port else ""
        request.url = parts._replace(netloc=f"{host}{port}").geturl()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _retry_after(response: Mapping[str, Any]) -> float:
    """Seconds; 0 where there is no such header, or a date, which AWS does not send."""
    text = str(response["headers"].get("retry-after", ""))
    return float(text) if text.isdecimal() else 0.0
