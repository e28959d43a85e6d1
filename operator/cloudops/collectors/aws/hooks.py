"""What every client of the SDK does besides its work: it queues, counts, and mends answers."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.credentials import Credentials

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

    def add(self) -> None:
        """One more."""
        with self._lock:
            self._calls += 1


@dataclass(slots=True)
class _Caller:
    """Who makes the call that a thread is in the middle of."""

    credentials: Credentials | None
    counter: CallCounter
    attempts: Attempts
    slower: bool = False


class Hooks:
    """Those of all clients. Thread-safe: the SDK handles events where it calls."""

    def __init__(self) -> None:
        self._thread = threading.local()

    @contextmanager
    def during(
        self, credentials: Credentials | None, counter: CallCounter, attempts: Attempts
    ) -> Iterator[None]:
        """Sign what this thread sends with `credentials`, and let it go through `attempts`.

        Within one call there may be another, which refreshes its credentials.
        """
        outer = getattr(self._thread, "caller", None)
        self._thread.caller = _Caller(credentials, counter, attempts)
        try:
            yield
        finally:
            self._thread.caller = outer

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
        events.register("before-send", self._count)
        # The wildcards put it before S3's own handler, which parses already.
        events.register("before-parse.*.*", mend_answer)
        if at_address:
            events.register_first("request-created.s3-control", without_account)
        events.register("response-received", partial(self._received, service))
        # The stubs know only of handlers that answer nothing.
        again: Callable[..., Any] = self._again
        events.register_first("needs-retry.*.*", again)

    def _caller(self) -> _Caller:
        caller: _Caller = self._thread.caller
        return caller

    def _begin(self, request: AWSRequest, **_event: object) -> None:
        """Handle `request-created`: each attempt queues anew, and is signed by who calls."""
        caller = self._caller()
        caller.attempts.begin()
        signing = request.context.get("signing", {})
        request.context["signing"] = {**signing, "request_credentials": caller.credentials}

    def _count(self, **_event: object) -> None:
        """Handle `before-send`; returning None lets the request go out."""
        self._caller().counter.add()

    def _received(self, service: str, **event: Any) -> None:
        """Handle `response-received`, which tells of answers and of broken connections."""
        caller = self._caller()
        operation = str(event["event_name"]).rsplit(".", 1)[-1]
        status = call_status(event["parsed_response"])
        PROVIDER_API_CALLS.labels("aws", service, operation, status).inc()
        caller.slower = False
        if status == THROTTLED:
            caller.slower = caller.attempts.throttled(_retry_after(event["response_dict"]))
        elif event["parsed_response"] is not None:
            caller.attempts.succeeded()
        caller.attempts.end()

    def _again(self, attempts: int, **_event: object) -> float | None:
        """Handle `needs-retry`: try again at once where the limits have become slower.

        The limits wait, not the SDK. At the slowest rate it is the SDK's turn to decide.
        """
        slower = self._caller().slower
        return 0.0 if slower and attempts < MAX_ATTEMPTS_IF_THROTTLED else None


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
