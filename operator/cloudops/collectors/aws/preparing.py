"""Answers that a service makes only when it is asked to."""

import time
from collections.abc import Callable, Iterator

from cloudops.collectors.aws.describing import Call
from cloudops.collectors.reports import Prepare
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import Page


def prepared(
    prepare: Prepare | None, call: Call, wait: Callable[[float], None] = time.sleep
) -> Iterator[Page]:
    """Ask until the service is done; an empty page before each wait is a sign of life.

    Args:
        prepare: The row's words; with None there is nothing to wait for.
        call: Makes the call.
        wait: Takes seconds.

    Raises:
        ListingError: The call failed, or the service is still not done after its last attempt.
    """
    if prepare is None:
        return
    for attempt in range(prepare.attempts):
        if attempt:
            yield Page(observations=())
            wait(prepare.wait_seconds)
        answer = call(prepare.operation, prepare.parameters, prepare.permission)
        if answer.get(prepare.member) == prepare.done:
            return
    raise ListingError(
        f"{prepare.operation}: not {prepare.done} after {prepare.attempts} calls",
        error_class=ErrorClass.TRANSIENT,
        code="NotPrepared",
    )
