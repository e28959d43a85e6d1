"""The words of a row whose list only names its items, which can be described many at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DESCRIBED = "Described"
"""Where the items of a listing with a second call stand: its rows' `items` path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe:
    """A second call, made for the items of every page of a list that only names them.

    A row that has one finds its items under `Described`, as the second call tells them.

    Attributes:
        operation: The API's operation name, e.g. `DescribeClusters`.
        permission: What it needs, e.g. `ecs:DescribeClusters`.
        items: Plain path from a page of the list to its items, e.g. `clusterArns`.
        key: The member of an item that names it; "" where the items are texts.
        parameter: Takes a list of `at_once` names.
        result: JMESPath from the answer to the list of items.
        told_key: The member of an item there that tells which it is, e.g. `clusterArn`.
        parameters: Sent with every call.
        at_once: Most items a call.
        missing: JMESPath to those that the service says are no longer there.
    """

    operation: str
    permission: str
    items: str
    parameter: str
    result: str
    told_key: str
    at_once: int
    key: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""
