"""A ledger of 2,500 scopes an account, nearly all of them empty, put there by set-based SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import Facet, TagSource
from tests.fakes.cloud import FakeCloud, spec_of
from tests.integration.store.seeding import (
    account,
    execute,
    listing,
    provider_record,
    rows,
    write_plan,
    write_provider,
)

REGIONS = 20
LISTINGS = 125
KEPT_EVERY = 25  # one listing in so many has something to show: 4 %
ITEMS = 4
PERIOD_SECONDS = 900
KEY = "AKIAFAKE"

# As complete as after some passes; nothing is due.
_SCOPES = """
UPDATE scope SET status = 'complete', last_attempt_at = now(), last_complete_at = now(),
    last_complete_end_at = now(), next_due_at = 'infinity',
    item_count = CASE WHEN listing = ANY(:kept) THEN :items ELSE 0 END,
    empty_streak = CASE WHEN listing = ANY(:kept) THEN 0 ELSE 2 END
"""
_LEASES = "UPDATE lease SET next_due_at = 'infinity'"
# What other leases than those of the sample hold: it fills tables and indexes.
_RESOURCES = """
INSERT INTO resource (uid, cloud, canonical_id, account_pk, scope_id, region, service, type, kind,
    tag_source, tags)
SELECT md5(s.id || '/' || n)::uuid, 'aws', 'seed/' || s.id || '/' || n, s.account_pk, s.id,
    s.region, 'fake', 'Fake::Thing', 'compute.thing', 'listed', jsonb_build_object('n', n::text)
FROM scope s, generate_series(1, :items) n
WHERE s.item_count > 0 AND NOT s.lease_id = ANY(:sample)
"""
_FACETS = """
INSERT INTO facet (uid, facet, scope_id, digest, document)
SELECT uid, 'listed', scope_id, decode(md5(canonical_id), 'hex'),
    jsonb_build_object('Id', canonical_id, 'Description', repeat('x', 400))
FROM resource
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """The leases that are really worked off, and the cloud that answers them."""

    lease_ids: list[int]
    cloud: FakeCloud


def seed(engine: Engine, accounts: int, leases: int) -> Sample:
    """Fill an empty schema through the plan, as a discovery does; nothing is due."""
    ids = [f"{n:012}" for n in range(1, accounts + 1)]
    spec = spec_of(*ids, sync_period=PERIOD_SECONDS)
    provider_id = write_provider(engine, provider_record(spec=spec))
    regions = [f"region-{n}" for n in range(REGIONS)]
    listings = [_listing(n) for n in range(1, LISTINGS + 1)]
    write_plan(
        engine,
        provider_id,
        [account(id_, regions) for id_ in ids],
        [listing(one.name, period=PERIOD_SECONDS) for one in listings],
    )
    kept = listings[::KEPT_EVERY]
    execute(engine, _SCOPES, items=ITEMS, kept=[one.name for one in kept])
    execute(engine, _LEASES)
    sample = _sample(engine, leases, listings, kept)
    execute(engine, _RESOURCES, items=ITEMS, sample=sample.lease_ids)
    execute(engine, _FACETS)
    return sample


def change_some(sample: Sample, every: int) -> None:
    """One item of every so manieth listing that has any becomes another one."""
    by_name = {one.name: one for one in sample.cloud.listings}
    places = [
        (holder, place)
        for holder in sample.cloud.accounts.values()
        for place in sorted(holder.contents)
    ]
    for holder, (name, region) in places[::every]:
        first = next(iter(holder.contents[name, region]))
        holder.put(by_name[name], first, region=region, state="stopped")


def _sample(
    engine: Engine, leases: int, listings: Sequence[Listing], kept: Sequence[Listing]
) -> Sample:
    """Spread evenly over all accounts and regions."""
    cloud = FakeCloud(listings)
    cloud.page_size = 1_000
    cloud.keys[KEY] = f"{1:012}"
    chosen = rows(
        engine,
        "SELECT l.id, a.account_id, l.region FROM lease l JOIN account a ON a.id = l.account_pk"
        " ORDER BY md5(l.domain) LIMIT :leases",
        leases=leases,
    )
    for row in chosen:
        holder = cloud.accounts.get(row.account_id) or cloud.account(row.account_id)
        for one in kept:
            names = [f"{row.account_id}/{row.region}/{one.name}/{n}" for n in range(ITEMS)]
            holder.put(one, *names, region=row.region)
    return Sample([row.id for row in chosen], cloud)


def _listing(number: int) -> Listing:
    name = f"fake.listing-{number}"
    emits = Emits(
        type=f"Fake::Thing{number}",
        kind="compute.thing",
        items="Items",
        id="Id",
        tag_source=TagSource.LISTED,
    )
    return Listing(
        name=name,
        service="fake",
        operation=name,
        emits=(emits,),
        region_rule=RegionRule.REGIONAL,
        permissions=(f"fake:{name}",),
        consistency=Consistency.STRONG,
        period=PeriodClass.HOT,
        facet=Facet.LISTED,
    )
