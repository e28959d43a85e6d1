"""The words of a row whose list does not tell enough of an item: calls about one at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cloudops.collectors.edges import To

ANSWER: Final = "@"
"""The path of a whole answer: its members are those of one item."""

DETAILS_SUFFIX: Final = ".details"
"""What the name of the row that reads details has behind the name of the row that lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailCall:
    """One call about one item.

    Attributes:
        operation: The API's operation name, e.g. `DescribeTable`.
        permission: What it needs, e.g. `dynamodb:DescribeTable`.
        key: JMESPath from the document of the list to what names the item.
        parameter: Takes that name.
        beside: Parameter → JMESPath to what else names the item, such as its parent.
        parameters: Sent with every call.
        result: JMESPath from the answer to what it tells.
        into: The member of the details that holds what is told; "" = its members are
            members of the details.
        only_if: JMESPath into what the calls before it told: where that is not true the
            call is not made, and the member `into` is null.
        absent: Error code → words of its message by which the service says that the item
            has none, as in `Details.gone`; the member `into` is null then.
    """

    operation: str
    permission: str
    key: str
    parameter: str
    beside: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    result: str = ANSWER
    into: str = ""
    only_if: str = ""
    absent: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is read of one item beside its list, for items that are new, changed or long unread.

    Attributes:
        calls: All of them are made, in this order.
        gone: Error code → words of its message by which the service says that an item is no
            longer there, alternatives with `|` between them; "" where the code says it all.
        state: JMESPath into the details to the life-cycle state, "" where the list tells it.
        created: JMESPath into the details to the creation time, "" where the list tells it.
        tags: JMESPath into the details to the tags, where they come from there.
        every_period: Nothing in the list shows when these change, and there are few of them:
            they are read again in each period.
        passing: As in `Emits`, of the details; so are the rest.
        volatile: Paths outside hash and history.
        unordered: Paths of lists whose order means nothing.
        redact: Paths whose values are replaced by a fingerprint.
        webhooks: Paths of addresses that may themselves be the credential.
        json: Paths of strings that hold JSON, stored decoded.
        edges: Relation name → where the details name the targets.
    """

    calls: tuple[DetailCall, ...]
    gone: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    created: str = ""
    tags: str = ""
    every_period: bool = False
    passing: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    volatile: tuple[str, ...] = ()
    unordered: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    webhooks: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    edges: Mapping[str, str | To] = field(default_factory=dict)

    @property
    def permissions(self) -> tuple[str, ...]:
        """What the calls need, each once."""
        return tuple(dict.fromkeys(call.permission for call in self.calls))
