"""Text from outside, made fit for a column."""

from collections.abc import Mapping
from typing import Any, Final

MESSAGE_LENGTH: Final = 1024
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """At most 1,024 characters, without those that PostgreSQL refuses: NUL, lone surrogates."""
    return _without_refused(text[:MESSAGE_LENGTH])


def storable_json(value: Any) -> Any:
    """A JSON value whose texts and names of members PostgreSQL takes; nothing is cut."""
    if isinstance(value, str):
        return _without_refused(value)
    if isinstance(value, Mapping):
        return {_without_refused(name): storable_json(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    return value


def _without_refused(text: str) -> str:
    clean = text.replace("\0", _REPLACEMENT)
    return clean.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
