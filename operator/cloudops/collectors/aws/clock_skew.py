"""Whether AWS refuses what this process signs for its wrong clock, or for its wrong keys."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from cloudops.collectors.aws.error_codes import SKEW_CODES, SKEW_OR_KEY_CODES

CLOCK_SKEWED: Final = "ClockSkewed"
TOLERANCE_SECONDS: Final = 300
"""AWS's own, of most services; S3 allows for more."""

_SAYS_SO: Final = re.compile(
    r"signature expired|signature not yet current|timestamp", re.IGNORECASE
)


def is_clock_skewed(answer: Mapping[str, Any]) -> bool:
    """Whether `answer`, as the SDK parses it, is an error that a wrong clock explains.

    Where neither code nor text says so, as with EC2, the answer's own time does. Nothing
    that is signed by such a clock is accepted, so whatever else is wrong comes later.
    """
    error = answer.get("Error", {})
    code = error.get("Code", "")
    if code not in SKEW_OR_KEY_CODES:
        return code in SKEW_CODES
    return bool(_SAYS_SO.search(str(error.get("Message", "")))) or _is_of_another_time(answer)


def _is_of_another_time(answer: Mapping[str, Any]) -> bool:
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        sent = parsedate_to_datetime(str(headers.get("date", ""))).timestamp()
    except ValueError:  # there is no time in it
        return False
    return abs(time.time() - sent) > TOLERANCE_SECONDS
