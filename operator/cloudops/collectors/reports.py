"""The words of a row whose answer is a report: it is made first, and then read as a table."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class UnreadableTableError(ValueError):
    """Where a table should be there is none: that proves nothing, least of all emptiness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """A call that is made, and made again, until the service has prepared the row's answer.

    Attributes:
        operation: The API's operation name, e.g. `GenerateCredentialReport`.
        permission: What it needs.
        member: The member of its answer that says how far the service is.
        done: What stands there once the row's own call has something to tell.
        parameters: Sent with every call.
        wait_seconds: Until it is asked again.
        attempts: Most calls; where the last is still not `done`, the listing breaks off.
    """

    operation: str
    permission: str
    member: str
    done: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    wait_seconds: float = 2.0
    attempts: int = 30


def tabulated(answer: Mapping[str, Any], member: str) -> dict[str, Any]:
    """`answer` with the rows of a table, as objects, in place of the bytes of its CSV text.

    A row that has more or fewer cells than the table has columns is none, and stays a list.

    Args:
        answer: What the row's own call told.
        member: Where the bytes stand; the first line of the text names the columns.

    Raises:
        UnreadableTableError: There is no text with a line of names.
    """
    content = answer.get(member)
    if not isinstance(content, bytes):
        raise UnreadableTableError(f"{member} holds no bytes")
    try:
        header, *rows = _lines(content.decode())
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableTableError(f"{member} holds no CSV text") from error
    return {**answer, member: [_row(header, cells) for cells in rows]}


def _lines(text: str) -> list[list[str]]:
    lines = [cells for cells in csv.reader(io.StringIO(text, newline="")) if cells]
    if not lines:
        raise UnreadableTableError("the table has no line of names")
    return lines


def _row(header: list[str], cells: list[str]) -> dict[str, str] | list[str]:
    return dict(zip(header, cells, strict=True)) if len(cells) == len(header) else cells
