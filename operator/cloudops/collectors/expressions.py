"""JMESPath expressions of a catalogue, compiled once and evaluated a million times.

Most of them are plain names of members, for which no interpreter is needed; what the library
makes anew for each evaluation takes longer than most of these themselves.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Protocol

import jmespath
from jmespath.visitor import TreeInterpreter

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_INTERPRETER: Final = TreeInterpreter()
"""It keeps nothing of an evaluation, so that all threads share it."""


class Expression(Protocol):
    """A compiled JMESPath."""

    def search(self, value: Any) -> Any:
        """What the expression finds; None where there is nothing.

        Raises:
            JMESPathError: A function was given what it does not take.
        """
        ...


def compile_expression(text: str) -> Expression:
    """Read a JMESPath.

    Raises:
        ValueError: It does not parse (JMESPath's errors are ValueErrors).
    """
    if _PLAIN.fullmatch(text):
        return _Members(tuple(text.split(".")))
    return _Interpreted(jmespath.compile(text).parsed)


@dataclass(frozen=True, slots=True)
class _Members:
    """`A.B.C`."""

    names: tuple[str, ...]

    def search(self, value: Any) -> Any:
        for name in self.names:
            try:
                value = value.get(name)
            except AttributeError:
                return None
        return value


@dataclass(frozen=True, slots=True, eq=False)
class _Interpreted:
    """Any other; only like itself, since what the library parsed has no hash."""

    parsed: Any

    def search(self, value: Any) -> Any:
        return _INTERPRETER.visit(self.parsed, value)
