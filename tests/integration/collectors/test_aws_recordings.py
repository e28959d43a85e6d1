"""The whole pack of recorded answers, served in each service's protocol and read by the engine."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import jmespath
import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.detailing import details_listing, words_of
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.parents import Parents
from cloudops.collectors.vocabulary import (
    DESCRIBED,
    Access,
    Describe,
    DetailCall,
    Listing,
    RegionRule,
)
from cloudops.domain.errors import ListingError
from cloudops.domain.resource import Facet, ListedItem, Observation, Page
from tests.fakes.aws.recordings import fitted, records, texts, without_metadata
from tests.fakes.aws.replay_items import tail
from tests.fakes.aws.rows import LISTED, detail_calls
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fakes.aws.writers import output_shape
from tests.integration.collectors.conftest import SECRET
from tests.unit.collectors.pack import (
    NEEDS_PACK,
    PACK,
    PARENT,
    STRANGE,
    account_of,
    is_of,
    items_of,
    lost_values,
    own_items,
    whosoever,
    without_loss,
)
from tests.unit.collectors.rows import with_table

pytestmark = [pytest.mark.integration, pytest.mark.aws, *NEEDS_PACK]


HOME = "us-east-1"
Body = dict[str, Any]
Enter = Callable[[str], tuple[AccountScript, AwsAccountSession]]


@dataclass(frozen=True, slots=True)
class Flight:
    """What one recording holds for a row: pages of its list, and answers of its second call."""

    recording: str
    listed: Body
    told: list[Body]


def flights(listing: Listing) -> Iterator[Flight]:
    """Every list that was recorded; of rows with a second call those that have one, too."""
    second = listing.describe.operation if listing.describe else ""
    told: dict[str, list[Body]] = {}
    for record in records(PACK, listing.service):
        if second and record.operation == second:
            answer = fitted(output_shape(listing.service, second), record.data)
            told.setdefault(record.recording, []).append(answer)
    for record in records(PACK, listing.service):
        if record.operation == listing.operation and is_of(listing, record.data):
            answers = told.get(record.recording, [])
            if answers or not second:
                listed = fitted(output_shape(listing.service, listing.operation), record.data)
                yield Flight(record.recording, listed, answers)


FLIGHTS = {listing.name: list(flights(listing)) for listing in LISTED}
REPLAYED = [pytest.param(one, id=one.name) for one in LISTED if FLIGHTS[one.name]]
TOLD = [
    pytest.param(row, call, id=f"{row.name}-{call.operation}")
    for row, call in detail_calls()
    if any(one.operation == call.operation for one in records(PACK, row.service))
]


@pytest.fixture(scope="module")
def enter(cloud: AwsCloud, access: Callable[..., Access]) -> Iterator[tuple[FakeAws, Enter]]:
    """The fake, and the way into an account of it; sessions stay open for the next row."""
    sessions: dict[str, AwsAccountSession] = {}

    with FakeAws() as aws:

        def enter(account_id: str) -> tuple[AccountScript, AwsAccountSession]:
            key = f"AKIA{account_id}0000"
            account = aws.account(account_id, access_key=key, secret_key=SECRET)
            if account_id not in sessions:
                sessions[account_id] = cloud.open(access(aws.url, key=key), account_id)
            return account, sessions[account_id]

        yield aws, enter
        for session in sessions.values():
            session.close()


def read(session: AwsAccountSession, listing: Listing, region: str) -> tuple[Page, str]:
    """All pages as one, and the code of the error that ended them."""
    pages: list[Page] = []
    code = ""
    try:
        pages.extend(session.pages(listing, region))  # keeps the pages before the error
    except ListingError as error:
        code = error.code
    return Page(
        tuple(one for page in pages for one in page.observations),
        tuple(one for page in pages for one in page.malformed),
    ), code


def named(name: str, told: list[Body]) -> Body | None:
    """The first answer that says the name, or an ARN or address that ends like it."""
    found = (one for one in told if any(tail(text) == tail(name) for text in texts(one)))
    return next(found, None)


def described(describe: Describe, flight: Flight) -> tuple[Body, bool]:
    """What the second call tells of the listed items, and whether it does of each."""
    told = [one for answer in flight.told for one in jmespath.search(describe.result, answer)]
    listed = jmespath.search(describe.items, flight.listed)
    names = [jmespath.search(describe.key, one) if describe.key else one for one in listed]
    by_name = [named(name, told) for name in names]
    items = [one for one in by_name if one is not None]
    return {DESCRIBED: items}, len(items) == len(by_name)


@pytest.mark.parametrize("listing", REPLAYED)
def test_what_was_recorded_is_read_over_the_wire_without_loss(listing: Listing, enter):
    """Pages are cut after two items, wherever the operation pages."""
    aws, enter_account = enter
    # Tags of any type will do here, not only of those that the catalogue tags.
    every = {k: v for k, v in listing.parameters.items() if k != "ResourceTypeFilters"}
    emits = tuple(replace(one, id_shape="") for one in listing.emits)
    row = replace(listing, parameters=every, emits=emits)
    region = "global" if listing.region_rule is RegionRule.GLOBAL else HOME
    for flight in FLIGHTS[listing.name]:
        answer, whole = whosoever(listing, with_table(listing, flight.listed)), True
        if listing.describe:
            answer, whole = described(listing.describe, flight)
        owner = account_of(listing, answer)
        account, session = enter_account(owner)
        show(aws, account, listing, flight)

        page, code = read(session, row, region)

        assert code == ("" if whole else "CountMismatch"), flight.recording
        assert not page.malformed or flight.recording in STRANGE
        if listing.facet is Facet.LISTED and flight.recording not in STRANGE:
            own = own_items(listing, answer, AnswerContext("aws", "aws", owner, region))
            assert {o.uid for o in page.observations} == set(own), flight.recording
            assert not lost_values(own, page), flight.recording
        if listing.facet is Facet.TAGS:
            assert len(page.observations) == len(items_of(answer, listing.emits[0]))


def the_one(parents: Parents) -> Body:
    """A list of one parent."""
    return {parents.items: [{parents.key: PARENT} if parents.key else PARENT]}


def show(aws: FakeAws, account: AccountScript, listing: Listing, flight: Flight) -> None:
    aws.forget_replays()
    aws.page_size("*", 2)
    if listing.parents:
        account.replay(listing.service, listing.parents.operation, [the_one(listing.parents)])
    account.replay(listing.service, listing.operation, [flight.listed])
    if listing.describe:
        account.replay(listing.service, listing.describe.operation, flight.told)


@pytest.mark.parametrize(("row", "call"), TOLD)
def test_what_was_recorded_of_single_items_is_read_over_the_wire(
    row: Listing, call: DetailCall, enter
):
    """One call at a time, since recordings hold them for items of their own."""
    aws, enter_account = enter
    account, session = enter_account("111122223333")
    named = replace(call, key="Name", beside=dict.fromkeys(call.beside, "Name"))
    alone = details_listing(
        replace(
            owner_of(row),
            name=f"{row.name}-{call.operation.lower()}",
            details=replace(words_of(row), calls=(named,)),
        )
    )
    region = "global" if row.region_rule is RegionRule.GLOBAL else HOME
    for record in records(PACK, row.service):
        if record.operation != call.operation or record.recording in STRANGE:
            continue
        told = fitted(output_shape(row.service, call.operation), record.data)
        aws.forget_replays()
        account.replay(row.service, call.operation, [told])
        name = "any-name" if row.service == "s3" else name_in(told)  # its answers name nobody
        item = ListedItem(UUID(int=0), "id", HOME, {"Name": name}, b"")

        found = session.detail(alone, region, item)

        assert isinstance(found, Observation), record.recording
        answer = jmespath.search(call.result, without_metadata(told))
        assert without_loss(alone, call, answer), record.recording


def owner_of(row: Listing) -> Listing:
    assert row.details_of is not None
    return row.details_of


def name_in(told: Body) -> str:
    """A name by which the fake finds the answer; any, where it says none."""
    names = (text for text in texts(told) if re.fullmatch(r"[\w.:/-]{3,200}", text))
    return next(names, "any-name")
