"""HTTP calls for an estate, beside the least that there can be and beside Cloud Custodian."""

from collections import Counter
from collections.abc import Callable, Mapping

from cloudops.collectors.vocabulary import Listing, RegionRule
from tests.benchmarks import custodian
from tests.benchmarks.estate import Row
from tests.benchmarks.exhibition import TAGGING, exhibit_for_custodian, keys_of
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.syncing import Reader, Stage
from tests.cluster.reporting import say
from tests.fakes.aws.model import ALWAYS_ON
from tests.integration.store.seeding import one

SCOPES_AND, PAGES_AND = 1.05, 1.2
_PLANNED = "SELECT count(*) FROM scope WHERE retired_at IS NULL"
_ENTRY = ("sts", "organizations")
_REGIONS = ("ec2", "DescribeRegions")
_WHERE: Mapping[RegionRule, list[str]] = {RegionRule.REGIONAL: [], RegionRule.GLOBAL: [ALWAYS_ON]}
_TAGGING = (TAGGING.service, TAGGING.operation)

FIGURES = (
    Figure(
        "AWS calls for 20,000 resources, tier 1",
        "calls",
        "A worker process reads the estate of `tests/benchmarks/estates/mixed.yaml`, 4 accounts "
        "and 3 regions, from a fake AWS with the page sizes of the real one; every request is "
        "counted, those to enter the accounts included; details are off, "
        "which have a budget of their own.",
        "One call a scope, and one a page behind the first.",
        "105 % of the planned scopes, 120 % of the pages that hold all items, and tagging pages",
        Aim("ratio", at_most=1),
    ),
    Figure(
        "AWS calls per 1,000 resources of types that both know",
        "calls",
        "Of the same sync the calls of the listings of these types, all of the tagging pass and to "
        "enter the accounts; then the baseline reads these types in the same accounts and regions.",
        "Both ask once in each account and region, and most types have few resources there.",
        f"Cloud Custodian {custodian.VERSION} with one policy for each type",
        Aim("ratio", at_most=0.05),
    ),
)


def measure(scale: float) -> list[Measured]:
    """All of FIGURES."""
    with Stage.set(scale) as stage, Reader.ready(stage, "inventory_calls") as reader:
        calls = reader.sync().calls
        scopes = one(reader.engine, _PLANNED)
        _tell(calls)
        pages = stage.census.pages(tagging=False)
        allowed = SCOPES_AND * scopes + PAGES_AND * pages + stage.census.pages(tagging=True)
        say(f"  {scopes} scopes, {pages} pages and {stage.census.pages(tagging=True)} of tags")
        version = stage.server.version()
        ours, theirs, note = _beside_custodian(stage, calls)
        return [
            Measured(FIGURES[0], calls.total(), allowed, version),
            Measured(FIGURES[1], ours, theirs, version, note),
        ]


def _beside_custodian(
    stage: Stage, calls: Counter[tuple[str, str, str, str]]
) -> tuple[float, float | None, str]:
    """Calls per 1,000 resources: ours, and its own where it can be installed."""
    rows = [row for row in stage.estate.rows if row.custodian]
    thousands = sum(row.count for row in rows) / 1_000
    own = {call for row in rows for call in _tier_1(row.listing)} | {_REGIONS, _TAGGING}
    ours = _sum(calls, lambda call: call in own or call[0] in _ENTRY) / thousands
    try:
        command = custodian.install()
    except custodian.NotInstalledError as error:
        return ours, None, f"no baseline: c7n {custodian.VERSION} could not be installed: {error}"
    exhibit_for_custodian(stage.aws, stage.estate)
    before = stage.aws.call_counts()
    found: Counter[str] = Counter()
    for account_id in stage.estate.accounts:
        environment = {**keys_of(stage.estate, account_id), "AWS_ENDPOINT_URL": stage.aws.url}
        # What an account has once it would list anew in each region.
        for rule, regions in _WHERE.items():
            asked = [row for row in rows if row.listing.region_rule is rule]
            policies = {_policy(row): row.custodian for row in asked}
            places = regions or list(stage.estate.regions)
            found.update(custodian.run(command, stage.folder, environment, policies, places))
    theirs = stage.aws.call_counts() - before
    _tell(theirs)
    wrong = {
        _policy(row): (found[_policy(row)], row.count)
        for row in rows
        if found[_policy(row)] != row.count
    }
    if wrong:  # calls count only if they have found everything
        return ours, None, f"no baseline: Cloud Custodian found, and there are: {wrong}"
    return ours, theirs.total() / thousands, ""


def _policy(row: Row) -> str:
    return row.custodian.replace(".", "-")


def _tier_1(listing: Listing) -> list[tuple[str, str]]:
    found = [(listing.service, listing.operation)]
    if listing.parents:
        found.append((listing.service, listing.parents.operation))
    if listing.describe:
        found.append((listing.service, listing.describe.operation))
    return found


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
