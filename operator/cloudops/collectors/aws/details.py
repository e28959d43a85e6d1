"""The calls about one item that tell its details."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from cloudops.collectors.aws.error_texts import says_there_is_none
from cloudops.collectors.detailing import DetailTransform
from cloudops.collectors.details import DetailCall
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.items import METADATA
from cloudops.domain.errors import ListingError
from cloudops.domain.resource import ListedItem, MalformedItem, Observation

Call = Callable[[str, str, Mapping[str, Any], str], dict[str, Any]]
"""Region, operation, parameters, permission → answer; raises ListingError."""


class _UnreadableError(Exception):
    """The answer, or what the list told, lacks what it should have."""


@dataclass(frozen=True, slots=True)
class DetailRun:
    """Asks for details of items that one listing showed."""

    transform: DetailTransform
    context: AnswerContext
    call: Call

    def read(self, item: ListedItem) -> Observation | MalformedItem | None:
        """All calls about `item`; None where it is gone.

        Raises:
            ListingError: One of them failed, so that the details are not known.
        """
        words = self.transform.words
        told: dict[str, Any] = {}
        try:
            for call in words.calls:
                told |= self._told(call, item, told)
        except ListingError as error:
            if says_there_is_none(words.gone, error):
                return None
            raise
        except (_UnreadableError, JMESPathError) as error:
            return MalformedItem(f"{item.canonical_id}: {error}", item.uid)
        return self.transform.observe(item, told, self.context)

    def _told(
        self, call: DetailCall, item: ListedItem, before: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the call adds to the details."""
        if call.only_if and not jmespath.search(call.only_if, before):
            return {call.into: None}
        parameters = {**call.parameters, **_names(call, item)}
        try:
            answer = self.call(item.region, call.operation, parameters, call.permission)
        except ListingError as error:
            if not says_there_is_none(call.absent, error):
                raise
            return {call.into: None}
        told = _plain(jmespath.search(call.result, answer))
        if call.into:
            return {call.into: told}
        if not isinstance(told, dict):
            raise _UnreadableError(f"{call.operation}: the answer has no {call.result}")
        return told


def _names(call: DetailCall, item: ListedItem) -> dict[str, str]:
    """The parameters that say which item is meant."""
    names = {}
    for parameter, path in {call.parameter: call.key, **call.beside}.items():
        name = jmespath.search(path, item.document)
        if not isinstance(name, str) or not name:
            raise _UnreadableError(f"{call.operation}: its list does not tell {path}")
        names[parameter] = name
    return names


def _plain(told: Any) -> Any:
    """Without what the SDK adds to an answer."""
    if not isinstance(told, dict):
        return told
    return {name: value for name, value in told.items() if name != METADATA}
