"""Text from outside, made fit for a column."""

from typing import Final

MESSAGE_LENGTH: Final = 1024
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """At most 1,024 characters, without those that PostgreSQL refuses: NUL, lone surrogates."""
    short = text[:MESSAGE_LENGTH].replace("\0", _REPLACEMENT)
    return short.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
