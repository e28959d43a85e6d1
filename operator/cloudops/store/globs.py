"""Globs as PostgreSQL's regular expressions, with the meaning that `fnmatch` gives them.

Python's own translation is for Python's expressions: in a set PostgreSQL reads `[:`, `[.`
and `[=` as the beginning of a class, and atomic groups it does not know.
"""

import re
from typing import Final

# A bracket that nothing closes is a letter; the first member of a set never closes it.
_TOKEN: Final = re.compile(
    r"(?P<stars>\*+)|(?P<any>\?)|\[(?P<but>!?+)(?P<members>\]?+[^\]]*)\]|(?P<letter>.)", re.DOTALL
)
_MEMBER: Final = re.compile(r"(.)-(.)|(.)", re.DOTALL)


def regular_expression(glob: str) -> str:
    """An expression that fits whole texts."""
    return f"^{_TOKEN.sub(_translated, glob)}$"


def _translated(token: re.Match[str]) -> str:
    if token["stars"]:
        return ".*"
    if token["any"]:
        return "."
    if token["letter"]:
        return _literal(token["letter"])
    members = "".join(map(_member, _MEMBER.finditer(token["members"])))
    if not members:
        return "." if token["but"] else "(?!)"
    return f"[{'^' if token['but'] else ''}{members}]"


def _member(found: re.Match[str]) -> str:
    """A letter of a set, or a range; one that runs backwards has none."""
    first, last, letter = found.groups()
    if letter:
        return _literal(letter)
    return f"{_literal(first)}-{_literal(last)}" if first <= last else ""


def _literal(letter: str) -> str:
    """Itself, within a set and outside."""
    return f"\\{letter}" if letter.isascii() and not letter.isalnum() else letter
