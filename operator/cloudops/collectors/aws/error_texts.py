"""What of an error's text may be told, in statuses and in the database."""

import re
from collections.abc import Mapping
from typing import Final

from botocore.exceptions import HTTPClientError

from cloudops.domain.errors import ListingError
from cloudops.logs import without_hidden

_ACCESS_KEY: Final = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b")
_MESSAGE_LENGTH: Final = 300
# AWS quotes the header that it can't take apart, and with it whatever is put in there.
_QUOTES_THE_HEADER: Final = "IncompleteSignature"


def says_there_is_none(known: Mapping[str, str], error: ListingError) -> bool:
    """Whether this is no failure, but an answer: `known` has its code and words of its text."""
    words = known.get(error.code)
    return words is not None and any(one in str(error) for one in words.split("|"))


def own_words(error: Exception) -> str:
    """Without those of the HTTP library, which quotes the headers that it is to send."""
    if not isinstance(error, HTTPClientError):
        return str(error)
    inner = type(error.kwargs.get("error")).__name__
    return error.fmt.format(**{**error.kwargs, "error": inner})


def words_of_aws(operation: str, code: str, text: str) -> str:
    """What AWS said of a call, so far as it may be told."""
    if code.startswith(_QUOTES_THE_HEADER):
        text = f"AWS can't read the signature: check the access key id ({code})"
    return clean_message(f"{operation}: {text or code}")


def clean_message(text: str) -> str:
    """The first line only (later ones quote the signed request), without keys and their ids."""
    lines = without_hidden(text).strip().splitlines() or [""]
    return _ACCESS_KEY.sub("<access key id>", lines[0])[:_MESSAGE_LENGTH]
