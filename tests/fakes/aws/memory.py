"""Answers that are kept: the same question gets the same answer, and it is made only once."""

import threading
from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

from tests.fakes.aws.calls import Call
from tests.fakes.aws.protocols import WireResponse

_Question = tuple[str, ...]


class Memory:
    """Keeps nothing until it is told to; then the world had better stay as it is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on = False
        self._answers: dict[_Question, tuple[Call, WireResponse]] = {}

    def switch(self, *, on: bool) -> None:
        """Keep answers from now on, or forget them all."""
        with self._lock:
            self._on = on
            self._answers.clear()

    def recall(self, call: Call) -> WireResponse | None:
        """What was answered to the same question before."""
        with self._lock:
            known = self._answers.get(_question(call)) if self._on else None
        if known is None:
            return None
        call.items = known[0].items
        return copy(known[1])

    def keep(self, call: Call, response: WireResponse) -> None:
        """Credentials run out, so that those of STS are made anew each time."""
        with self._lock:
            if self._on and call.service != "sts":
                self._answers[_question(call)] = call, copy(response)

    def told(self) -> Iterator[Mapping[str, Any]]:
        """All of them, as they went over the wire; bodies in Latin-1."""
        with self._lock:
            answers = list(self._answers.values())
        for call, response in answers:
            yield {
                "service": call.service,
                "operation": call.operation,
                "status": response.status,
                "headers": dict(response.headers),
                "body": response.body.decode("latin-1"),
            }


def _question(call: Call) -> _Question:
    asked = repr(sorted(call.parameters.items()))
    return call.service, call.operation, call.account, call.region, call.token, asked
