"""HTTP calls for an estate, beside the least that there can be and beside Cloud Custodian."""

from collections import Counter
from collections.abc import Callable

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.resource import Facet
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.syncing import Reader, Stage
from tests.cluster.reporting import say
from tests.integration.store.seeding import one

SCOPES_AND, PAGES_AND = 1.05, 1.2
_PLANNED = "SELECT count(*) FROM scope WHERE retired_at IS NULL"
_ENTRY = ("sts", "organizations")
_REGIONS = ("ec2", "DescribeRegions")

FIGURES = (
    Figure(
        "AWS calls for 20,000 resources, tier 1",
        "calls",
        "A worker process reads the estate of `tests/benchmarks/estates/mixed.yaml`, 4 accounts "
        "and 3 regions, from a fake AWS with the page sizes of the real one; every request but "
        "those about one item is counted, those to enter the accounts included.",
        "One call a scope, and one a page behind the first.",
        "105 % of the planned scopes, 120 % of the pages that hold all items, and tagging pages",
        Aim("ratio", at_most=1),
    ),
    Figure(
        "… beside them, about one item each",
        "calls",
        "Requests of the same sync that ask about one item.",
        "Rows whose list only names its items.",
    ),
)


def measure(scale: float) -> list[Measured]:
    """All of FIGURES."""
    with Stage.set(scale) as stage, Reader.ready(stage, "inventory_calls") as reader:
        calls = reader.sync().calls
        scopes = one(reader.engine, _PLANNED)
        single = _sum(calls, lambda call: call not in _TIER_1 and call[0] not in _ENTRY)
        _tell(calls)
        pages = stage.census.pages(tagging=False)
        allowed = SCOPES_AND * scopes + PAGES_AND * pages + stage.census.pages(tagging=True)
        say(f"  {scopes} scopes, {pages} pages and {stage.census.pages(tagging=True)} of tags")
        version = stage.server.version()
        return [
            Measured(FIGURES[0], calls.total() - single, allowed, version),
            Measured(FIGURES[1], single, postgres=version),
        ]


def _tier_1(listing: Listing) -> list[tuple[str, str]]:
    found = [(listing.service, listing.operation)]
    if listing.parents:
        found.append((listing.service, listing.parents.operation))
    if listing.describe and listing.describe.at_once:
        found.append((listing.service, listing.describe.operation))
    return found


_TIER_1 = frozenset(
    [call for row in LISTINGS if row.facet is not Facet.DETAIL for call in _tier_1(row)]
    + [_REGIONS]
)


def _sum(
    calls: Counter[tuple[str, str, str, str]], wanted: Callable[[tuple[str, str]], bool]
) -> int:
    return sum(
        count for (service, operation, *_), count in calls.items() if wanted((service, operation))
    )


def _tell(calls: Counter[tuple[str, str, str, str]]) -> None:
    """Which operations were asked for most."""
    most: Counter[str] = Counter()
    for (service, operation, *_), count in calls.items():
        most[f"{service}:{operation}"] += count
    for name, count in most.most_common(12):
        say(f"  {count:6} {name}")
