"""The words of a row whose items are listed for each parent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Parents:
    """A list of parents, made first; the row's own operation is then called for each of them.

    Attributes:
        operation: The API's operation name, e.g. `ListResources`.
        permission: What it needs.
        items: Plain path from a page to the parents.
        key: The member of a parent that names it; "" where parents are plain texts.
        tail: Only what follows the last `/` or `:` is the name: parents are named by their ARN,
            and their children by an id.
        parameter: Takes the name; the row's second call, if it has one, takes it likewise.
        member: Where that wants JSON text of an object: its one member, which holds the name.
        into: The member of each item that holds the name, where the answer does not tell it.
        parameters: Sent with every call for parents.
        paging: As in `Listing`, of the parents.
        gone: Error code → words of its message by which the service says that a parent is no
            longer there, as in `Details`.
    """

    operation: str
    permission: str
    items: str
    key: str = ""
    tail: bool = False
    parameter: str
    member: str = ""
    into: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    paging: Mapping[str, str] | None = None
    gone: Mapping[str, str] = field(default_factory=dict)
