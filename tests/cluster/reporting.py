"""What a person at the terminal sees, and the error that ends a command."""

import sys
from pathlib import Path

_TAIL_LINES = 12
_LINE_WIDTH = 300


class ClusterError(Exception):
    """A cluster cannot be built, started or reached; the message says what to do."""


def say(message: str) -> None:
    """Progress goes to stderr: stdout belongs to what `env` prints."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def tail(log: Path) -> str:
    """The last lines of a log, indented, for an error message."""
    if not log.exists():
        return f"  ({log} was never written)"
    lines = log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    return "\n".join([f"  the end of {log}:", *(f"  | {line[:_LINE_WIDTH]}" for line in lines)])
