#!/usr/bin/env python3
"""Refuse trailing blanks, a missing last newline and conflict markers in the files named.

Exits with 1 after naming each place as `path:line: what`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# Spelt in halves, so that this file passes its own check.
CONFLICT_MARKERS: Final = tuple(character * 7 + " " for character in "<>")


def mistakes(content: str) -> Iterator[tuple[int, str]]:
    """Pairs of line number (from 1) and what is wrong there."""
    lines = content.splitlines()
    for number, line in enumerate(lines, start=1):
        if line != line.rstrip():
            yield number, "trailing blanks"
        if line.startswith(CONFLICT_MARKERS):
            yield number, "conflict marker"
    if content and not content.endswith("\n"):
        yield len(lines), "no newline at the end of the file"


def main(paths: list[str]) -> int:
    """Check each path and say what was found."""
    found = 0
    for path in paths:
        for line, what in mistakes(Path(path).read_text()):
            sys.stdout.write(f"{path}:{line}: {what}\n")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
