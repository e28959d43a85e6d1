"""One estate in two emulators, and what our collector makes of each of them.

What is compared is not what an emulator answers but what we store of it: ids, names, states,
regions, tags, edges, and whether a creation time is there. Ids that an emulator makes up are
told by the name that the estate's description gives them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from string import Template
from threading import Lock
from typing import Any, Final
from uuid import UUID

import boto3
import jmespath
import orjson
from ruamel.yaml import YAML

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.detailing import details_listing
from cloudops.collectors.vocabulary import Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.resource import Facet, Facts, Observation, TagSource
from tests.cluster.paths import REPOSITORY
from tests.integration.collectors.reading import shown_by

FOLDER: Final = REPOSITORY / "tests/data/second_opinion"
ACCOUNT, REGION = "123456789012", "eu-west-1"
NAME: Final = "estate"
# The access key tells ministack which account is meant; for moto that one is the only one.
_SDK: Final = boto3.Session(ACCOUNT, "any will do")
_LOCK: Final = Lock()  # sessions make one client at a time
ROWS: Final = tuple(listing for listing in LISTINGS if listing.facet is Facet.LISTED)

# What is made up beside the things that the estate names: ids, and times in names.
_MADE_UP: Final = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?<=[a-z]-)[0-9a-f]{6,17}\b"
    r"|(?<=-)\d{4}(?:-\d\d){4}"
    r"|(?<=/auth-)\w{6}$"
)

Known = Mapping[str, Any]
"""Of one resource: field → what we make of it."""


@cache
def load(name: str) -> Any:
    """A file of `tests/data/second_opinion`."""
    return YAML(typ="safe").load((FOLDER / name).read_text())


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one resource that the two emulators show differently."""

    item: str
    field: str
    moto: Any
    ministack: Any


@dataclass(frozen=True, slots=True)
class Reading:
    """What one emulator shows of one row.

    Attributes:
        items: Canonical id, told by the estate's names → its facts.
        error: Code of the error by which the listing broke off.
    """

    items: Mapping[str, Known] = field(default_factory=dict)
    error: str = ""


class Emulator:
    """One of the two, with the estate in it."""

    def __init__(self, url: str, session: AwsAccountSession) -> None:
        """Make the estate.

        Args:
            url: Of an empty emulator.
            session: Our own way into its account.
        """
        self._url = url
        self._session = session
        self._clients: dict[tuple[str, str], Any] = {}
        self._names: dict[str, str] = {}
        for call in load("estate.yaml")["calls"]:
            self._make(call)
        # Where one made-up value holds another, the longer one is looked for first.
        self._values = sorted(self._names.items(), key=lambda one: -len(one[1]))

    def readings(self) -> dict[str, Reading]:
        """Every described row, by its name."""
        tagging = [row for row in LISTINGS if row.facet is Facet.TAGS]
        shown = (o for row in tagging for o in self._observations(row))
        tags = {o.uid: orjson.loads(o.document) for o in shown}
        return {row.name: self._reading(row, tags) for row in ROWS}

    def _reading(self, row: Listing, tags: Mapping[Any, Any]) -> Reading:
        try:
            found = list(self._observations(row))
            told = self._details(row)
        except ListingError as error:
            return Reading(error=error.code)
        shown = {self._told(o.head.canonical_id): o for o in found if o.head is not None}
        single = {emits.type for emits in row.emits if emits.single}
        return Reading(
            {
                item: self._facts(one, tags, told.get(one.uid))
                for item, one in shown.items()
                if NAME in item or "${" in item or (one.head and one.head.type in single)
            }
        )

    def _observations(self, row: Listing) -> Iterator[Observation]:
        for page in self._session.pages(row, region_of(row)):
            assert page.malformed == ()
            yield from page.observations

    def _details(self, row: Listing) -> dict[UUID, Observation]:
        """What calls about single items tell, where the row has such."""
        if row.details is None:
            return {}
        found = shown_by(self._session, details_listing(row), region_of(row))
        return {one.uid: one for one in found}

    def _facts(
        self, one: Observation, tags: Mapping[Any, Any], detail: Observation | None
    ) -> Known:
        head, facts = one.head, detail.facts if detail else Facts()
        assert head is not None
        edges: dict[str, list[str]] = {}
        for edge in (*one.edges, *(detail.edges if detail else ())):
            edges.setdefault(f"edge {edge.relation}", []).append(self._told(edge.target))
        known = facts.tags if head.tags is None else head.tags
        tagged = tags.get(one.uid) if head.tag_source is TagSource.TAGGING else known
        return {
            "type": head.type,
            "name": self._told(head.name or ""),
            "state": head.state or facts.state,
            "region": head.region,
            "created": (head.created_at or facts.created_at) is not None,
            "tags": None if tagged is None else dict(tagged),
            **{relation: sorted(targets) for relation, targets in edges.items()},
        }

    def _told(self, text: str) -> str:
        for name, value in self._values:
            text = text.replace(value, f"${{{name}}}")
        return _MADE_UP.sub("…", text)

    def _make(self, call: Mapping[str, Any]) -> None:
        client = self._client(call["service"], call.get("region", REGION))
        answer = getattr(client, call["call"])(**self._filled(call["with"]))
        for name, path in call.get("keep", {}).items():
            value = jmespath.search(path, answer)
            assert value, f"{call['service']} {call['call']}: no {path} in {answer}"
            # Route 53 puts a path before its ids, which ARNs don't have.
            self._names[name] = value.rpartition("/")[2] if value.startswith("/") else value

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return Template(value).substitute(self._names)
        if isinstance(value, list):
            return [self._filled(one) for one in value]
        if isinstance(value, dict):
            return {key: self._filled(one) for key, one in value.items()}
        return value

    def _client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            make: Any = _SDK.client  # its stubs know service names only as literals
            with _LOCK:
                made = make(service, region_name=region, endpoint_url=self._url)
            self._clients[service, region] = made
        return self._clients[service, region]


def region_of(row: Listing) -> str:
    return REGION if row.region_rule is RegionRule.REGIONAL else "global"


def differences(moto: Reading, ministack: Reading) -> list[Difference]:
    """In the order of their ids and fields; none where one of the two can't be read."""
    if moto.error or ministack.error:
        return []
    found = []
    for item in sorted({*moto.items, *ministack.items}):
        first, second = moto.items.get(item), ministack.items.get(item)
        if first is None or second is None:
            found.append(Difference(item, "shown", first is not None, second is not None))
            continue
        found += [
            Difference(item, name, first.get(name), second.get(name))
            for name in sorted({*first, *second})
            if first.get(name) != second.get(name)
        ]
    return found


def named_differences(row: str) -> list[Difference]:
    """What `differences.yaml` says of a row, in the same order."""
    named = load("differences.yaml").get(row, ())
    return [Difference(one["item"], one["field"], one["moto"], one["ministack"]) for one in named]
