"""Globs, as `fnmatch` reads them."""

from typing import Final

_WILDCARDS: Final = frozenset("*?[")


def is_plain(glob: str) -> bool:
    """Whether it fits nothing but itself."""
    return _WILDCARDS.isdisjoint(glob)
