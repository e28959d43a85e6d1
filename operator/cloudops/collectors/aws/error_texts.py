"""What of an error's text may be told, in statuses and in the database."""

import re
from typing import Final

from botocore.exceptions import HTTPClientError

_ACCESS_KEY: Final = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b")
_MESSAGE_LENGTH: Final = 300


def own_words(error: Exception) -> str:
    """Without those of the HTTP library, which quotes the headers that it is to send."""
    if not isinstance(error, HTTPClientError):
        return str(error)
    inner = type(error.kwargs.get("error")).__name__
    return error.fmt.format(**{**error.kwargs, "error": inner})


def clean_message(text: str) -> str:
    """The first line only (later ones quote the signed request), without key ids."""
    lines = text.strip().splitlines() or [""]
    return _ACCESS_KEY.sub("<access key id>", lines[0])[:_MESSAGE_LENGTH]
