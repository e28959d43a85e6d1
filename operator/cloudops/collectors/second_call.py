"""The words of a row whose list only names its items."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ANSWER = "@"
"""The path of a whole answer: its members are those of one item."""

DESCRIBED = "Described"
"""Where the items of a listing with a second call stand: its rows' `items` path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe:
    """A second call, made for the items of every page of a list that only names them.

    A row that has one finds its items under `Described`: what the second call
    tells of an item, on top of what the list told.

    Attributes:
        operation: The API's operation name, e.g. `DescribeTable`.
        permission: What it needs, e.g. `dynamodb:DescribeTable`.
        items: Plain path from a page of the list to its items, e.g. `TableNames`.
        key: The member of an item that names it; "" where the items are texts.
        parameter: Takes that name, or a list of `at_once` names.
        result: JMESPath from the answer to what it tells; to the list of items if `at_once`,
            `@` if the answer has no member around it.
        parameters: Sent with every call.
        at_once: Most items a call; 0 = one item a call.
        gone_codes: Error codes by which the service says that an item is no longer there.
        missing: With `at_once`: JMESPath to those that the service says are no longer there.
    """

    operation: str
    permission: str
    items: str
    parameter: str
    result: str
    key: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    at_once: int = 0
    gone_codes: tuple[str, ...] = ()
    missing: str = ""
