"""From what a discovery found to the rows of the plan, in transactions of a bearable size."""

from sqlalchemy import Engine

from cloudops.collectors.vocabulary import Cloud, DiscoveredAccount, Discovery, RegionRule
from cloudops.domain.ledger import PASSING, Lease
from cloudops.domain.provider import Globs, PlannedProvider, ProviderSpec
from cloudops.domain.resource import Facet
from cloudops.services.pulse import Pulse
from cloudops.services.selection import planned_listings
from cloudops.store import deriving, leases, plan
from cloudops.store.departing import AccountListing, Departures
from cloudops.store.session import transaction


def provider_plan(
    provider: PlannedProvider,
    spec: ProviderSpec,
    cloud: Cloud,
    found: Discovery,
    organization: AccountListing | None,
) -> plan.ProviderPlan:
    """What the provider's accounts, leases and scopes have to say."""
    partition = found.identity.partition
    return plan.ProviderPlan(
        provider_id=provider.id,
        cloud=provider.cloud,
        accounts=[_planned(account) for account in found.accounts],
        listings=[
            plan.PlannedListing(
                listing.name,
                listing.region_rule is RegionRule.GLOBAL,
                listing.period.multiple * spec.inventory.sync_period_seconds,
                () if types == listing.types else types,
                tuple(sorted(cloud.regions_without(listing, partition, spec))),
                listing.tier,
                types if listing.facet is Facet.LISTED else (),
            )
            for listing, types in planned_listings(cloud.listings, spec)
        ],
        organization=organization,
        regions=spec.aws.regions if spec.aws else Globs(),
    )


def write_plan(engine: Engine, lease: Lease, wanted: plan.ProviderPlan, pulse: Pulse) -> Departures:
    """Write accounts, then leases and scopes of those that differ, some accounts at a time.

    Whatever interrupts it, the next discovery goes on with what is left.

    Raises:
        LeaseLostError: Another worker has the discovery's lease.
        WorkerStoppingError: The process stops; hand the lease back.
        StoreUnavailableError: The database went away.
    """
    with transaction(engine) as connection:
        leases.guard(connection, lease)
        departures = plan.write_accounts(connection, wanted)
        outdated = deriving.outdated_accounts(connection, wanted)
    for some in deriving.batches(wanted, outdated):
        pulse.beat()
        with transaction(engine) as connection:
            leases.guard(connection, lease)
            deriving.derive_scopes(connection, wanted, some)
    return departures


def failed_by_itself(account: DiscoveredAccount) -> bool:
    """A throttled or broken call says nothing about the account; it is asked again soon."""
    return account.error is not None and account.error.error_class in PASSING


def _planned(account: DiscoveredAccount) -> plan.PlannedAccount:
    error = account.error
    return plan.PlannedAccount(
        account_id=account.account_id,
        name=account.name,
        partition=account.partition,
        regions=account.regions,
        error_reason=error.reason if error else "",
        error_message=error.message if error else "",
        error_permission=error.permission if error else "",
        error_class=error.error_class.value if error else "",
        door=_door(account),
    )


def _door(account: DiscoveredAccount) -> plan.Door:
    if failed_by_itself(account):
        return plan.Door.UNKNOWN
    if account.error is not None and account.error.closed:
        return plan.Door.CLOSED
    shut = account.error is not None and not account.error.entered
    return plan.Door.SHUT if shut else plan.Door.OPEN
