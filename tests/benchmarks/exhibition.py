"""An estate on show: the fake serves it over HTTP, in another process."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import jmespath

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.vocabulary import Listing, RegionRule
from cloudops.domain.resource import GLOBAL_REGION, Facet
from tests.benchmarks.collecting import KEYS
from tests.benchmarks.estate import (
    Estate,
    Place,
    Row,
    Sample,
    Thing,
    samples_of,
    things_of,
    with_lists,
)
from tests.fakes.aws.bodies import tag_list
from tests.fakes.aws.model import ALWAYS_ON
from tests.fakes.aws.paging import most_on_a_page
from tests.fakes.aws.script import AccountScript, Script
from tests.unit.collectors.detail_rows import answered

MEMBER_ROLE: Final = "cloudops-read"  # what a spec asks for where it names none
# Of the passes that ask at home alone each shows a part of what is there in that region.
(TAGGING,) = (row for row in LISTINGS if row.facet is Facet.TAGS and not row.home_of)


@dataclass(slots=True)
class Census:
    """What was put where.

    Attributes:
        types: Resources by native type.
        scopes: Items by listing, account and region, `global` for global listings.
    """

    types: Counter[str] = field(default_factory=Counter)
    scopes: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @property
    def resources(self) -> int:
        return sum(self.types.values())

    def pages(self, *, tagging: bool) -> int:
        """As few as hold all items, of the tagging pass or of all other listings."""
        return sum(
            -(-count // page_maximum(name))
            for (name, _, _), count in self.scopes.items()
            if (name == TAGGING.name) == tagging
        )


_BY_NAME: Final = {listing.name: listing for listing in LISTINGS}


def page_maximum(name: str) -> int:
    """The most items that the API puts on a page of the listing."""
    listing = _BY_NAME[name]
    most = most_on_a_page(listing.operation)
    return min(most, int(listing.page_size)) if listing.page_size else most


def exhibit(aws: Script, estate: Estate, copies: int = 1) -> Census:
    """Put all of it there, `copies` times over; the first account's key is that of `KEYS`."""
    accounts = _accounts(aws, estate)
    census = Census()
    tagged: dict[Place, list[dict[str, Any]]] = {}
    for listing in {row.listing.name: row.listing for row in estate.rows}.values():
        rows = [row for row in estate.rows if row.listing is listing]
        for place, found in _by_scope(listing, rows, estate).items():
            account = accounts[place[0]]
            of = _parent_at(estate, listing, place)
            _show(account, listing, place[1], rows[0], found, copies=copies, of=of)
            things = [thing for some in found.values() for thing in some]
            census.scopes[listing.name, *place] += copies * len(things)
            _note(census, tagged, place[0], things, copies)
    for account_id, region in scopes_of(TAGGING, estate):
        mappings = tagged.get((account_id, region), [])
        accounts[account_id].replay(
            TAGGING.service,
            TAGGING.operation,
            [{"ResourceTagMappingList": mappings}],
            region=region,
            copies=copies,
        )
        census.scopes[TAGGING.name, account_id, region] += copies * len(mappings)
    return census


def scopes_of(listing: Listing, estate: Estate) -> list[Place]:
    """Where it is read."""
    regions = [GLOBAL_REGION] if listing.region_rule is RegionRule.GLOBAL else estate.regions
    return [(account_id, region) for account_id in estate.accounts for region in regions]


def _accounts(aws: Script, estate: Estate) -> dict[str, AccountScript]:
    found = {}
    for account_id in estate.accounts:
        keys = keys_of(estate, account_id)
        found[account_id] = aws.account(
            account_id,
            regions=sorted({ALWAYS_ON, *estate.regions}),
            access_key=keys["AWS_ACCESS_KEY_ID"],
            secret_key=keys["AWS_SECRET_ACCESS_KEY"],
        )
        found[account_id].role(MEMBER_ROLE, listed=False)
    return found


def keys_of(estate: Estate, account_id: str) -> Mapping[str, str]:
    """As a program finds them in its environment; those of the first account are `KEYS`."""
    if account_id == next(iter(estate.accounts)):
        return KEYS
    return KEYS | {"AWS_ACCESS_KEY_ID": f"AKIA{account_id}0000"}


def exhibit_for_custodian(aws: Script, estate: Estate) -> None:
    """What Cloud Custodian asks for and nobody else, for an estate that is on show."""
    for account_id in estate.accounts:
        account = AccountScript(aws, account_id, "aws")
        for asked in estate.custodian_asks:
            items = (row.count for row in estate.rows if row.listing.name == asked.get("of_each"))
            answers = [asked["answer"]] * max(1, sum(items))
            for operation, region in product(asked["operations"], estate.regions):
                account.replay(asked["service"], operation, answers, region=region)
    for row in estate.rows:
        if row.custodian_lists:
            operation, into = row.custodian_lists["operation"], row.custodian_lists["into"]
            for (account_id, region), found in _by_scope(row.listing, [row], estate).items():
                elements = [thing.element for thing in found.get(row.path, ())]
                AccountScript(aws, account_id, "aws").replay(
                    row.listing.service,
                    operation,
                    [{into: elements}],
                    region=ALWAYS_ON if region == GLOBAL_REGION else region,
                )


def _by_scope(
    listing: Listing, rows: list[Row], estate: Estate
) -> dict[Place, dict[str, list[Thing]]]:
    """Account and region of the scope → path of the list → what is in it, if anything."""
    scopes: dict[Place, dict[str, list[Thing]]] = {
        place: {} for place in scopes_of(listing, estate)
    }
    for row in rows:
        for (account_id, region), thing in things_of(row, estate):
            place = (account_id, region)
            scope = place if place in scopes else (account_id, GLOBAL_REGION)
            scopes[scope].setdefault(row.path, []).append(thing)
    return scopes


def _parent_at(estate: Estate, listing: Listing, place: Place) -> str:
    """The first parent there, to whom all belongs; "" where a row has no parents."""
    row, words = estate.parents_of(listing), listing.parents
    if row is None or words is None:
        return ""
    things = (thing for at, thing in things_of(row, estate) if at == place)
    name = next((jmespath.search(words.key or "@", thing.element) for thing in things), "nobody")
    return str(name)


def _show(
    account: AccountScript,
    listing: Listing,
    region: str,
    row: Row,
    found: Mapping[str, list[Thing]],
    *,
    copies: int,
    of: str,
) -> None:
    region = ALWAYS_ON if region == GLOBAL_REGION else region
    sample = samples_of(row)[0]
    lists = {path: [thing.element for thing in things] for path, things in found.items()}
    page = with_lists(listing, sample.frame, lists)
    shown = (listing.service, listing.operation, [page])
    account.replay(*shown, region=region, copies=copies, of=of)
    told = [thing.told for things in found.values() for thing in things]
    for operation, answers in _other_answers(listing, sample, told).items():
        account.replay(listing.service, operation, answers, region=region, copies=copies)


def _other_answers(
    listing: Listing, sample: Sample, told: list[Any]
) -> dict[str, list[dict[str, Any]]]:
    """Operation → what it answers of the same things."""
    if listing.describe is not None:
        return {listing.describe.operation: [sample.told_answer(told)]}
    return answered(listing.details.calls, told) if listing.details else {}


def _note(
    census: Census,
    tagged: dict[Place, list[dict[str, Any]]],
    account_id: str,
    things: list[Thing],
    copies: int,
) -> None:
    for thing in things:
        head = thing.seen.head
        assert head is not None
        census.types[head.type] += copies
        if thing.tags:
            region = ALWAYS_ON if head.region == GLOBAL_REGION else head.region
            mapping = {"ResourceARN": head.canonical_id, "Tags": tag_list(thing.tags)}
            tagged.setdefault((account_id, region), []).append(mapping)
