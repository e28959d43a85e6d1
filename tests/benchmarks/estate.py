"""Estates: what there is in how many accounts and regions, as data of `estates/NAME.yaml`.

What is recorded of a row in tests/data is varied until there are as many as the estate says.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import jmespath
from ruamel.yaml import YAML

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.describing import Describer
from cloudops.collectors.details import DETAILS_SUFFIX
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import Listing, RegionRule
from cloudops.domain.resource import GLOBAL_REGION, Observation, TagSource
from tests.fakes.aws.recordings import texts, without_metadata
from tests.fakes.aws.replay_items import list_paths, members_of, tail
from tests.unit.collectors.rows import RECORDED, REDACTOR, answers_of

FOLDER: Final = Path(__file__).with_name("estates")
BY_NAME: Final = {listing.name: listing for listing in LISTINGS}
# Where the recorded answers come from.
_ACCOUNT, _REGION = "111122223333", "eu-west-1"
# Ids that AWS draws, and how many neighbours name the same.
_DRAWN = re.compile(r"\b([a-z]+(?:-[a-z]+)*)-(?:[0-9a-f]{17}|[0-9a-f]{8})\b")
_SHARED: Final = {"vpc": 400, "dopt": 400, "igw": 400, "subnet": 60, "ami": 50, "sg": 15}
_HEXADECIMAL_END = re.compile(r"[0-9a-f]{6}$")
_TAGS: Final = {"team": "team-{}", "cost-center": "cc-{}", "environment": "production"}
_TEAMS: Final = 25

Place = tuple[str, str]
"""Account and region; `global` for what an account has once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How many there are of one thing; see the estate's file."""

    listing: Listing
    count: int
    of: str = ""
    tagged: float | None = None
    also: Mapping[str, Any] = field(default_factory=dict)
    custodian: str = ""
    custodian_lists: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Of the list whose elements are varied."""
        return self.of or list_paths(self.listing.service, self.listing.operation)[0]


@dataclass(frozen=True, slots=True)
class Estate:
    """Accounts and regions with their shares, and what is in them."""

    accounts: Mapping[str, int]
    regions: Mapping[str, int]
    rows: Sequence[Row]
    custodian_asks: Sequence[Mapping[str, Any]] = ()

    def places_of(self, row: Row) -> dict[Place, int]:
        """What a row counts, spread by the shares; children only to where parents are."""
        weights = {
            (account, region): of_account * of_region
            for account, of_account in self.accounts.items()
            for region, of_region in self.regions.items()
        }
        parents = self.parents_of(row.listing)
        if parents is not None:
            there = self.places_of(parents)
            weights = {place: weight for place, weight in weights.items() if there[place]}
        return spread(row.count, weights)

    def parents_of(self, listing: Listing) -> Row | None:
        """The row whose things are the parents of what `listing` shows; None where it has none."""
        words = listing.parents
        if words is None:
            return None
        wanted = (listing.service, words.operation)
        rows = (row for row in self.rows if (row.listing.service, row.listing.operation) == wanted)
        return next(rows)


def read_estate(name: str, scale: float = 1.0) -> Estate:
    """The estate `name`, or a part of it: at least one of each thing."""
    data = YAML(typ="safe").load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    rows = [
        Row(
            **entry
            | {"listing": BY_NAME[entry["listing"]], "count": max(1, round(entry["count"] * scale))}
        )
        for entry in data["resources"]
    ]
    return Estate(data["accounts"], data["regions"], rows, data["custodian_asks"])


def spread(count: int, weights: Mapping[Place, int]) -> dict[Place, int]:
    """Whole numbers in proportion; what is left over goes to the largest remainders."""
    total = sum(weights.values())
    shares = {place: divmod(count * weight, total) for place, weight in weights.items()}
    left = count - sum(whole for whole, _ in shares.values())
    first = sorted(shares, key=lambda place: -shares[place][1])[:left]
    return {place: whole + (place in first) for place, (whole, _) in shares.items()}


@dataclass(frozen=True, slots=True)
class Thing:
    """One element of a list as it is served.

    Attributes:
        told: What a second call tells of it; None where there is none.
        seen: What the row makes of it.
        tags: As the tagging API knows them, none where the list itself brings them.
    """

    element: Any
    told: Any
    seen: Observation
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Sample:
    """A recorded element that can be varied without end."""

    listing: Listing
    path: str
    element: Any
    told: Any
    frame: Mapping[str, Any]
    told_frame: Mapping[str, Any]

    @cached_property
    def _text(self) -> str:
        return json.dumps([self.element, self.told])

    @cached_property
    def _transform(self) -> ListingTransform:
        return ListingTransform(self.listing, REDACTOR)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        listing = self.listing
        members = list(members_of(listing.service, listing.operation, self.answer(self.element)))
        names = sorted({name for one in members for name in one.names}, key=len, reverse=True)
        own = "|".join(map(re.escape, names)) or r"(?!)"
        return re.compile(rf'(?<=[/:"])(?P<own>{own})(?=[/:"])|{_DRAWN.pattern}')

    def answer(self, element: Any) -> dict[str, Any]:
        """A page with nothing else."""
        return with_lists(self.listing, self.frame, {self.path: [element]})

    def thing(self, number: int, place: Place, *, tagged: bool | None) -> Thing | None:
        """The variation `number`; None where the row reads no resource in it."""
        account, region = place

        def vary(found: re.Match[str]) -> str:
            text = found[0]
            prefix = text.rpartition("-")[0]
            end = number if found["own"] else number // _SHARED.get(prefix, 1)
            if _HEXADECIMAL_END.search(text):
                return f"{text[:-6]}{end:06x}"
            return f"{text}-{end}"

        text = self._pattern.sub(vary, self._text)
        element, told = json.loads(text.replace(_ACCOUNT, account).replace(_REGION, region))
        (emits,) = [one for one in self.listing.emits if one.items.startswith(self.path)] or [
            self.listing.emits[0]
        ]
        if tagged is False and emits.tag_source is TagSource.LISTED:
            for holder in (element, told):
                if isinstance(holder, dict):
                    holder.pop(emits.tags.partition(".")[0], None)
        seen = self._seen(element, told, place)
        if seen is None:
            return None
        by_tagging = tagged and emits.tag_source is TagSource.TAGGING
        tags = {k: v.format(number % _TEAMS) for k, v in _TAGS.items()} if by_tagging else {}
        return Thing(element, told, seen, tags)

    def _seen(self, element: Any, told: Any, place: Place) -> Observation | None:
        region = GLOBAL_REGION if self.listing.region_rule is RegionRule.GLOBAL else place[1]
        context = AnswerContext("aws", "aws", place[0], region)
        describer = Describer(self.listing, lambda *_: self.told_answer([told]))
        pages = [
            self._transform.page(part, context) for part in describer.answers(self.answer(element))
        ]
        found = [one for page in pages for one in page.observations]
        return found[0] if len(found) == 1 else None

    def told_answer(self, told: Sequence[Any]) -> dict[str, Any]:
        """What a second call answers of them."""
        describe = self.listing.describe
        return {**self.told_frame, describe.result: list(told)} if describe else {}


def with_lists(
    listing: Listing, frame: Mapping[str, Any], lists: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    """An answer whose lists hold this, and else nothing."""
    answer: dict[str, Any] = json.loads(json.dumps(frame))
    for path in list_paths(listing.service, listing.operation):
        holder = answer
        *outer, name = path.split(".")
        for step in outer:
            holder = holder[step]
        holder[name] = list(lists.get(path, ()))
    return answer


def samples_of(row: Row) -> list[Sample]:
    """The recorded elements of a row that are one resource each."""
    listing = row.listing
    record = json.loads((RECORDED / f"{listing.name}.json").read_text(encoding="utf-8"))
    answer = next(iter(answers_of(record).values()))
    elements = jmespath.search(row.path, answer)
    described = (record.get("described") or [{}])[0]
    frame = without_metadata(answer)
    found = []
    for element, of_it in _pairs(listing, elements, described):
        sample = Sample(listing, row.path, _with(row.also, element), of_it, frame, described)
        if sample.thing(0, (_ACCOUNT, _REGION), tagged=None) is not None:
            found.append(sample)
    if not found:
        raise ValueError(f"{listing.name}: nothing that is recorded can be varied")
    return found


def _pairs(
    listing: Listing, elements: Sequence[Any], described: Mapping[str, Any]
) -> Iterator[tuple[Any, Any]]:
    """Each element with what other calls told of it, if that is recorded."""
    if listing.details is not None:
        record = json.loads((RECORDED / f"{listing.name}{DETAILS_SUFFIX}.json").read_text())
        yield from _named(listing.details.calls[0].key, listing, elements, record["asked"])
    elif listing.describe is not None:
        told = jmespath.search(listing.describe.result, described)
        yield from _named(listing.describe.key, listing, elements, told)
    else:
        yield from ((element, None) for element in elements)


def _named(
    key: str, listing: Listing, elements: Sequence[Any], told: Sequence[Any]
) -> Iterator[tuple[Any, Any]]:
    """Each element with the one that says its name, or else stands in its place."""
    for number, element in enumerate(elements):
        document = {listing.emits[0].word: element} if isinstance(element, str) else element
        name = tail(jmespath.search(key, document) if key else element)
        naming = [one for one in told if name in map(tail, texts(one))]
        if naming:
            yield element, naming[0]
        elif len(told) == len(elements):
            yield element, told[number]


def _with(also: Mapping[str, Any], element: Any) -> Any:
    """Of instances, which stand in reservations, each."""
    if not also:
        return element
    if "Instances" in element:
        return element | {"Instances": [also | one for one in element["Instances"]]}
    return also | element


def _is_tagged(row: Row, number: int) -> bool | None:
    """Spread evenly; None where it is left as it was recorded."""
    share = row.tagged
    return None if share is None else int((number + 1) * share) > int(number * share)


def things_of(row: Row, estate: Estate) -> Iterator[tuple[Place, Thing]]:
    """All of them, with where they are."""
    samples = samples_of(row)
    number = 0
    for place, count in estate.places_of(row).items():
        for _ in range(count):
            thing = samples[number % len(samples)].thing(
                number, place, tagged=_is_tagged(row, number)
            )
            assert thing is not None, row.listing.name
            yield place, thing
            number += 1
