"""The annotations that ask for a run now, and what answers them.

There are two, and each change of either is a request, whatever the other says:
a token of both stands in the plan where both are set. The answer has room for
one. It is Flux's, because what waits for that one waits until it is repeated.
"""

import re
from collections.abc import Mapping
from typing import Final

REQUESTS: Final = ("reconcile.fluxcd.io/requestedAt", "cloudops.dev/requestedAt")
LONGEST_TOKEN: Final = 500  # two of them fit into a column, and one into the answer
_BETWEEN: Final = "\n"
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


def requested_at(annotations: Mapping[str, str]) -> str:
    """What asks for a run now: another value is another request; "" = nobody asks."""
    tokens = [_printable(annotations[name]) for name in REQUESTS if annotations.get(name)]
    return _BETWEEN.join(tokens)


def answer_to(request: str) -> str:
    """What status.lastHandledReconcileAt says when the run for `request` is over."""
    return request.partition(_BETWEEN)[0]


def _printable(token: str) -> str:
    """No database stores NUL, and a line break stands between two tokens."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", token[:LONGEST_TOKEN])
