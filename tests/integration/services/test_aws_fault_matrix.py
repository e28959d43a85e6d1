"""Every fault in every protocol: nothing is deleted, nothing is lost, the ledger names it.

A listing of each protocol is longer than a page and recorded answers are what it shows. While
a fault strikes it, something really is gone from the cloud: a broken reading must not be what
says so, and the first whole ones after it must.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.domain.errors import StoreUnavailableError
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.server import FakeAws
from tests.fakes.aws.writers import service_model
from tests.fixtures.postgres_server import PostgresServer
from tests.integration.services.aws_rig import (
    REGIONS,
    AwsRig,
    InterruptedPulse,
    aws_cloud,
    aws_spec,
)
from tests.integration.store.seeding import rows
from tests.unit.collectors.rows import recorded

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

HOME, REGION = REGIONS
NAMES = {
    "ec2": "aws.ec2.vpcs",
    "query": "aws.elb.load-balancers",
    "json": "aws.acm.certificates",
    "rest-json": "aws.lambda.functions",
    "rest-xml": "aws.s3.access-points",
}
ROWS = {name: row for row in LISTINGS for name in NAMES.values() if row.name == name}
COPIES = 3  # of what was recorded, two items a page
PATIENCE = 4.0  # seconds until a call counts as hung


class Word(NamedTuple):
    """What a fault makes of a row of the ledger; "" = each service has its own code."""

    status: str
    error_class: str
    code: str = ""


class WorkerDiedError(BaseException):
    """What SIGKILL looks like from inside: nothing catches it, nothing is cleaned up."""


COMPLETE = Word("complete", "")


@pytest.fixture(scope="module")
def five_listings() -> AwsCloud:
    """Kept for the whole module: reading service models takes longest."""
    return aws_cloud(tuple(ROWS.values()))


def show(rig: AwsRig, region: str, copies: int) -> None:
    for row in ROWS.values():
        answer = recorded(row)["answer"]
        rig.account.replay(
            row.service, row.operation, [answer], region=region, copies=copies, move=True
        )


def spec(rig: AwsRig, **credentials: Any) -> dict[str, Any]:
    """Any deletion is consented to, so that no brake does what the ledger has to."""
    given = aws_spec(rig.aws.url, brake={"percent": 100, "minimum": 1000})
    given["aws"]["credentials"] |= credentials
    return given


@pytest.fixture
def matrix(
    engine: Engine, fake_aws: FakeAws, five_listings: AwsCloud, hasty_sdk: None
) -> Iterator[AwsRig]:
    """Everything was read once, whole."""
    rig = AwsRig(engine, fake_aws, five_listings, threads=10)
    fake_aws.page_size("*", 2)
    for region in REGIONS:
        show(rig, region, COPIES)
    rig.plan(spec(rig))
    rig.work()
    assert set(words(rig).values()) == {COMPLETE}
    yield rig
    rig.close()


def words(rig: AwsRig) -> Mapping[tuple[str, str], Word]:
    """(listing, region) → what the ledger says."""
    found = rows(rig.engine, "SELECT * FROM scope WHERE retired_at IS NULL")
    return {
        (row.listing, row.region): Word(row.status, row.error_class, row.error_code)
        for row in found
    }


def picture(rig: AwsRig) -> Any:
    """All that is known of every item, and whether it is in question."""
    found = rows(
        rig.engine,
        "SELECT r.canonical_id, r.deleted_at, f.facet, f.digest, f.missing_since"
        " FROM resource r JOIN facet f ON f.uid = r.uid ORDER BY 1, 3",
    )
    return [tuple(row) for row in found]


def strike(rig: AwsRig, fault: Fault, page: int | None = None) -> None:
    for row in ROWS.values():
        rig.aws.inject(
            fault, service=row.service, operation=row.operation, region=REGION, page=page
        )


def agrees(rig: AwsRig, word: Word, *, regions: tuple[str, ...] = (REGION,)) -> None:
    """The ledger says `word` of every listing there, and of all others that they are complete."""
    for (listing, region), said in words(rig).items():
        wanted = word if region in regions else COMPLETE
        assert said[:2] == wanted[:2], (listing, region)
        assert said.code == wanted.code if wanted.code else bool(said.code) == bool(wanted[1])


def heals(rig: AwsRig, everything: set[str]) -> None:
    """What is gone goes, what is there is there, and what comes back does so."""
    rig.period()
    agrees(rig, COMPLETE)
    rig.period()
    left = rig.live()
    assert left < everything
    assert {name.split(":")[3] for name in everything - left} == {REGION}
    show(rig, REGION, COPIES)
    rig.period()
    assert rig.live() == everything
    assert rig.inventory_view() == everything
    assert rig.snapshot().unsynced == {}


FAULTS: dict[str, tuple[Fault, int | None, Word]] = {
    "one-region-denied": (Fault.deny(), None, Word("denied", "iam_deny")),
    "page-fails-in-the-middle": (Fault.broken_page(), 1, Word("failed", "transient")),
    "malformed-item": (Fault.malformed(), 0, Word("partial", "malformed_item", "MalformedItem")),
    "throttle-storm": (Fault.throttle(), None, Word("throttled", "throttled")),
    "500s": (Fault.server_error(), 1, Word("failed", "transient")),
    "connection-reset": (Fault.reset(), 1, Word("failed", "transient", "ConnectionClosed")),
    "repeated-token": (Fault.repeat_token(), 1, Word("partial", "incomplete", "RepeatedToken")),
    "credentials-expire": (Fault.expired(), 1, Word("denied", "credentials")),
}


@pytest.mark.parametrize(("fault", "page", "word"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_the_cloud(matrix: AwsRig, fault: Fault, page: int | None, word: Word):
    """Fails without `complete=failure is None` in `ListingRun._load`: a part passes for all."""
    everything, before = matrix.live(), picture(matrix)
    show(matrix, REGION, COPIES - 1)
    strike(matrix, fault, page)

    matrix.period()
    matrix.period()

    agrees(matrix, word)
    assert picture(matrix) == before

    matrix.aws.clear_faults()
    heals(matrix, everything)


def test_a_call_that_times_out(engine: Engine, matrix: AwsRig):
    """Fails without the SDK's read timeout: the lease is held for ever."""
    everything, before = matrix.live(), picture(matrix)
    show(matrix, REGION, COPIES - 1)
    strike(matrix, Fault.hang(), 1)
    impatient = aws_cloud(tuple(ROWS.values()), read_timeout_seconds=PATIENCE)
    worker = AwsRig(engine, matrix.aws, impatient, threads=10)

    worker.period()

    worker.close()
    # On a slow machine a call elsewhere may look hung, too.
    struck = {said[:2] for (_, region), said in words(matrix).items() if region == REGION}
    assert struck == {("failed", "transient")}
    assert picture(matrix) == before

    matrix.aws.clear_faults()
    heals(matrix, everything)


def test_an_account_that_can_not_be_assumed(matrix: AwsRig):
    """Fails if an account that can't be entered counts as one without anything."""
    role = matrix.account.role("reader", listed=False)
    matrix.plan(spec(matrix, roleARN=role), generation=2)
    matrix.period()
    matrix.period()
    agrees(matrix, COMPLETE)
    everything, before = matrix.live(), picture(matrix)
    show(matrix, REGION, COPIES - 1)
    matrix.account.remove_role("reader")

    matrix.period()
    matrix.period()

    agrees(matrix, Word("denied", "iam_deny"), regions=REGIONS)
    assert picture(matrix) == before

    matrix.account.role("reader", listed=False)
    heals(matrix, everything)


def die() -> None:
    raise WorkerDiedError


@pytest.mark.parametrize("at", [2, 7, 15])
def test_a_killed_worker(matrix: AwsRig, at: int):
    """Fails if a load commits its pages with the sweep that only its end allows."""
    everything, before = matrix.live(), picture(matrix)
    lease = matrix.lease(REGION)
    show(matrix, REGION, COPIES - 1)

    with pytest.raises(WorkerDiedError):
        matrix.inventory.run(lease, InterruptedPulse(lease.domain, at, lambda _: die()))

    assert set(words(matrix).values()) == {COMPLETE}
    assert gone(matrix) == set()
    known = [row[:4] for row in picture(matrix)]
    assert known == [row[:4] for row in before]
    heals(matrix, everything)


@pytest.mark.parametrize("at", [2, 7, 15])
def test_a_restart_of_the_database(matrix: AwsRig, postgres: PostgresServer, at: int):
    """Fails if what a lost connection raises passes for the end of a listing."""
    everything, before = matrix.live(), picture(matrix)
    lease = matrix.lease(REGION)
    show(matrix, REGION, COPIES - 1)

    def crash(_: InterruptedPulse) -> None:
        postgres.restart("immediate")

    with pytest.raises(StoreUnavailableError):
        matrix.inventory.run(lease, InterruptedPulse(lease.domain, at, crash))

    assert set(words(matrix).values()) == {COMPLETE}
    assert gone(matrix) == set()
    assert [row[:4] for row in picture(matrix)] == [row[:4] for row in before]
    heals(matrix, everything)


def gone(rig: AwsRig) -> set[str]:
    found = rows(rig.engine, "SELECT canonical_id FROM resource WHERE deleted_at IS NOT NULL")
    return {row.canonical_id for row in found}


def test_the_five_listings_speak_the_five_protocols():
    spoken = {
        protocol: service_model(ROWS[name].service).resolved_protocol
        for protocol, name in NAMES.items()
    }
    assert spoken == {protocol: protocol for protocol in NAMES}
