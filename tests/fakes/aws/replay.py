"""Recorded answers, served again: cut into pages, multiplied, and damaged where a rule says so.

What an operation answers in one account and region is an `Exhibit`. Of a list the items are
cut anew, with tokens of our own; a second call is answered by what was recorded of the item
that it names.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import jmespath

from cloudops.collectors.vocabulary import ANSWER, Describe, DetailCall
from tests.fakes.aws.calls import Call
from tests.fakes.aws.damage import Body, damaged
from tests.fakes.aws.elsewhere import is_global
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.model import GLOBAL, Resource
from tests.fakes.aws.paging import InvalidTokenError, Pager
from tests.fakes.aws.protocols import ApiError
from tests.fakes.aws.recordings import fitted, renamed, texts
from tests.fakes.aws.replay_items import (
    Member,
    Paging,
    describe_of,
    gone_error,
    list_paths,
    members_of,
    naming_members,
    paging_of,
    parent_parameter,
    spoilt,
    tail,
)
from tests.fakes.aws.writers import output_shape

_COPY = re.compile(r"(.+)-copy(\d+)", re.DOTALL)
_NO_LIMIT = 10**9


class Reel:
    """The items of an answer in order, and all that so many times.

    Copies are made when they are served. Keys are positions.
    """

    def __init__(self, members: Sequence[Member], copies: int, region: str) -> None:
        self._members = members
        self._copies = copies
        self._region = region

    def after(self, key: str | None) -> Iterator[tuple[str, Resource]]:
        start = 0 if key is None else int(key) + 1
        for position in range(start, len(self._members) * self._copies):
            yield str(position), self._at(position)

    def get(self, key: str | None) -> Resource | None:
        return None if key is None else self._at(int(key))

    def _at(self, position: int) -> Resource:
        copy, number = divmod(position, len(self._members))
        return self._members[number].as_resource(copy, self._region)


@dataclass(slots=True)
class Exhibit:
    """What one operation answers in one place.

    Attributes:
        frame: An answer without its lists.
        reel: The items of the lists.
        told: Of a second call: all its answers.
        copies: How many there are of each item.
        given: Name → which of the answers that don't say whom they are about is this one's.
        behind: Where the last item of a page is the token: item → token.
    """

    frame: Body
    reel: Reel
    told: list[Body]
    copies: int
    given: dict[str, int] = field(default_factory=dict)
    behind: dict[str, str] = field(default_factory=dict)


class Replay:
    """All exhibits of a fake; those of global operations stand in the region `global`."""

    def __init__(self) -> None:
        self._exhibits: dict[tuple[str, str, str, str, str], Exhibit] = {}
        self._known: set[tuple[str, str]] = set()

    def knows(self, service: str, operation: str) -> bool:
        """Whether it is served anywhere."""
        return (service, operation) in self._known

    def show(
        self,
        *,
        account: str,
        region: str,
        service: str,
        operation: str,
        answers: Sequence[Body],
        copies: int = 1,
        of: str = "",
    ) -> None:
        """Serve `answers` of an operation: pages of one list, or answers of a second call.

        Args:
            account: Where.
            region: Where.
            service: As the SDK calls it.
            operation: As the API calls it.
            answers: As the SDK gives them.
            copies: How many there are of each item.
            of: The parent whose list it is; "" = of any that has no other.
        """
        shape = output_shape(service, operation)
        answers = [fitted(shape, answer) for answer in answers]
        members = [one for answer in answers for one in members_of(service, operation, answer)]
        frame = deepcopy(answers[-1]) if answers else {}
        for path in list_paths(service, operation):
            _put(frame, path, [])
        told = answers if describe_of(service, operation) else []
        place = _place(service, operation, region)
        exhibit = Exhibit(frame, Reel(members, copies, place), told, copies)
        self._exhibits[account, place, service, operation, of] = exhibit
        self._known.add((service, operation))

    def forget(self) -> None:
        self._exhibits.clear()
        self._known.clear()

    def token(self, service: str, operation: str, parameters: Mapping[str, Any]) -> str:
        """What the caller wants to go on from, "" at the start."""
        paging = paging_of(service, operation)
        given = (parameters.get(name) for name in paging.inputs) if paging else ()
        return next((str(token) for token in given if token), "")

    def exhibit(self, call: Call) -> Exhibit | None:
        place = _place(call.service, call.operation, call.region)
        parent = str(call.parameters.get(parent_parameter(call.service, call.operation), ""))
        known = (
            self._exhibits.get((call.account, place, call.service, call.operation, of))
            for of in (parent, "")
        )
        return next((one for one in known if one is not None), None)


def _place(service: str, operation: str, region: str) -> str:
    return GLOBAL if service == "iam" or is_global(service, operation) else region


def answer(exhibit: Exhibit, call: Call, pager: Pager, faults: Sequence[Fault]) -> Body:
    """What `exhibit` shows to the call.

    Raises:
        ApiError: The token is no good, or nothing is known of what a second call names.
    """
    describe = describe_of(call.service, call.operation)
    if describe is not None:
        return _second(exhibit, describe, call, faults)
    return _page(exhibit, call, pager, faults)


def _page(exhibit: Exhibit, call: Call, pager: Pager, faults: Sequence[Fault]) -> Body:
    service, operation = call.service, call.operation
    paging = paging_of(service, operation)
    size = _NO_LIMIT if paging is None else _size(paging, call, pager)
    asked = replace(call, token=exhibit.behind.get(call.token, call.token))
    asked.parameters = _without(paging, call.parameters)
    try:
        page = pager.cut(exhibit.reel, asked, size, faults, _wanted(call))
    except InvalidTokenError:
        raise ApiError("InvalidParameterException", "The page token is not valid.") from None
    items = damaged(
        [(resource.kind, _item(resource)) for resource in page.resources],
        page.damage,
        lambda one, how: (one[0], spoilt(service, operation, *one, how)),
    )
    shown = deepcopy(exhibit.frame)
    for path in list_paths(service, operation):
        _put(shown, path, [item for of, item in items if of == path])
    if paging is not None:
        _go_on(exhibit, paging, shown, page.next_token)
    return shown


def _wanted(call: Call) -> Callable[[Resource], bool] | None:
    """The tagging API is asked for some services alone; None = for all."""
    services = {kind.partition(":")[0] for kind in call.parameters.get("ResourceTypeFilters", ())}
    if not services:
        return None
    return lambda resource: resource.fields["member"].item["ResourceARN"].split(":")[2] in services


def _size(paging: Paging, call: Call, pager: Pager) -> int:
    asked = str(call.parameters.get(paging.limit, ""))
    size = pager.size(call.operation)
    return min(size, int(asked)) if asked.isdigit() else size


def _without(paging: Paging | None, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What may not change between two pages."""
    own = (*paging.inputs, paging.limit) if paging else ()
    return {name: value for name, value in parameters.items() if name not in own}


def _item(resource: Resource) -> Any:
    member, copy = resource.fields["member"], resource.fields["copy"]
    return renamed(member.item, member.names, copy) if copy else member.item


def _go_on(exhibit: Exhibit, paging: Paging, shown: Body, token: str) -> None:
    if paging.more:
        _put(shown, paging.more, bool(token))
    if paging.by_item:
        last = jmespath.search(paging.outputs[0], shown)
        exhibit.behind[str(last)] = token
        return
    for path in paging.outputs:
        _put(shown, path, token or None)


def _put(answer: Body, path: str, value: Any) -> None:
    """Set a member that may stand in objects, which are made where they are missing."""
    *outer, name = path.split(".")
    for step in outer:
        answer = answer.setdefault(step, {})
    answer[name] = value


def _second(
    exhibit: Exhibit, describe: Describe | DetailCall, call: Call, faults: Sequence[Fault]
) -> Body:
    asked = call.parameters.get(describe.parameter, ())
    if isinstance(describe, Describe):
        return _together(exhibit, describe, call, [str(name) for name in asked])
    found = _told_of(call, exhibit, str(asked), exhibit.told)
    if found is None:
        code, words = gone_error(call.service, call.operation)
        raise ApiError(code, f"There is no {asked}: {words}")
    if describe.result != ANSWER and any(fault.kind == "malformed" for fault in faults):
        _put(found, describe.result, "not an object")
    return found


def _together(exhibit: Exhibit, describe: Describe, call: Call, names: Sequence[str]) -> Body:
    """Those that are known; of the others nothing is said but their names."""
    pool = [one for told in exhibit.told for one in jmespath.search(describe.result, told) or ()]
    known = [(name, _told_of(call, exhibit, name, pool)) for name in names]
    shown = deepcopy(exhibit.told[0]) if exhibit.told else {}
    _put(shown, describe.result, [one for _, one in known if one is not None])
    if describe.missing.isidentifier():
        _put(shown, describe.missing, [name for name, one in known if one is None])
    return shown


def _told_of(call: Call, exhibit: Exhibit, name: str, told: Sequence[Body]) -> Body | None:
    """What was recorded of `name`, or of what it is a copy of."""
    found = _recorded_of(name, told)
    if found is not None:
        return deepcopy(found)
    copy = _COPY.fullmatch(name) if exhibit.copies > 1 else None
    if copy is not None and int(copy[2]) < exhibit.copies:
        original = _told_of(call, exhibit, copy[1], told)
        return original and renamed(original, frozenset([tail(copy[1])]), int(copy[2]))
    naming = naming_members(call.service, call.operation)
    return _unnamed(exhibit, name, [one for one in told if not naming & _members(one)])


def _recorded_of(name: str, told: Sequence[Body]) -> Body | None:
    """The answer that names it near its top, else the one that names it anywhere."""
    wanted = tail(name)
    for near in (True, False):
        for one in told:
            if any(tail(text) == wanted for text in (_near(one) if near else texts(one))):
                return one
    return None


def _near(value: Any, depth: int = 2) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth:
        for inner in value.values():
            yield from _near(inner, depth - 1)


def _members(answer: Body) -> set[str]:
    inner = (one for one in answer.values() if isinstance(one, dict))
    return {name for one in (answer, *inner) for name in one}


def _unnamed(exhibit: Exhibit, name: str, told: Sequence[Body]) -> Body | None:
    """Some answers don't say whom they are about: each is one item's, in order."""
    number = exhibit.given.setdefault(name, len(exhibit.given))
    return deepcopy(told[number]) if number < len(told) else None
