"""The whole pack of recorded answers, served in each service's protocol and read by the engine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import jmespath
import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.vocabulary import DESCRIBED, Access, Describe, Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.resource import Facet, Page
from tests.fakes.aws.recordings import fitted, records, texts
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fakes.aws.writers import output_shape
from tests.integration.collectors.conftest import SECRET
from tests.unit.collectors.pack import (
    NEEDS_PACK,
    PACK,
    STRANGE,
    account_of,
    is_of,
    items_of,
    lost_values,
    own_items,
)
from tests.unit.collectors.rows import with_table

pytestmark = [pytest.mark.integration, pytest.mark.aws, *NEEDS_PACK]


HOME = "us-east-1"
Body = dict[str, Any]
# Whose second call does not say whom it is about: those that were recorded are taken in order.
ANONYMOUS = {
    "aws.cloudtrail.trail-status",
    "aws.guardduty.detectors",
    "aws.kms.key-rotations",
}
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


FLIGHTS = {listing.name: list(flights(listing)) for listing in LISTINGS}
REPLAYED = [pytest.param(one, id=one.name) for one in LISTINGS if FLIGHTS[one.name]]


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


def tail(name: str) -> str:
    return name.rstrip("/").replace(":", "/").rpartition("/")[2]


def named(name: str, told: list[Body]) -> Body | None:
    """The first answer that says the name, or an ARN or address that ends like it."""
    found = (one for one in told if any(tail(text) == tail(name) for text in texts(one)))
    return next(found, None)


def described(describe: Describe, flight: Flight, *, anonymous: bool = False) -> tuple[Body, bool]:
    """What the second call tells of the listed items, and whether it does of each."""
    told = flight.told
    if describe.at_once:
        told = [one for answer in told for one in jmespath.search(describe.result, answer)]
    listed = jmespath.search(describe.items, flight.listed)
    names = [jmespath.search(describe.key, one) if describe.key else one for one in listed]
    by_name = [named(name, told) for name in names]
    if anonymous:
        by_name = [*told, *[None] * len(names)][: len(names)]
    items = []
    for item, answer in zip(listed, by_name, strict=True):
        if answer is not None:
            base = item if isinstance(item, dict) else {describe.parameter: item}
            found = answer if describe.at_once else jmespath.search(describe.result, answer)
            items.append(found if describe.at_once else base | found)
    return {DESCRIBED: items}, not describe.at_once or None not in by_name


@pytest.mark.parametrize("listing", REPLAYED)
def test_what_was_recorded_is_read_over_the_wire_without_loss(listing: Listing, enter):
    """Pages are cut after two items, wherever the operation pages."""
    aws, enter_account = enter
    # Tags of any type will do here, not only of those that the catalogue tags.
    row = replace(listing, emits=tuple(replace(emits, id_shape="") for emits in listing.emits))
    region = "global" if listing.region_rule is RegionRule.GLOBAL else HOME
    for flight in FLIGHTS[listing.name]:
        answer, whole = with_table(listing, flight.listed), True
        if listing.describe:
            answer, whole = described(listing.describe, flight, anonymous=listing.name in ANONYMOUS)
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


def show(aws: FakeAws, account: AccountScript, listing: Listing, flight: Flight) -> None:
    aws.forget_replays()
    aws.page_size("*", 2)
    account.replay(listing.service, listing.operation, [flight.listed])
    if listing.describe:
        account.replay(listing.service, listing.describe.operation, flight.told)
