"""Discovery: who we are, which accounts and regions there are, and what to read there."""

from collections.abc import Mapping
from datetime import datetime

import structlog
from sqlalchemy import Connection, Engine

from cloudops.collectors.vocabulary import (
    Cloud,
    DiscoveredAccount,
    Discovery,
    Progress,
    RegionRule,
)
from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import Lease
from cloudops.domain.provider import PlannedProvider, ProviderSpec
from cloudops.domain.snapshot import Entry, EntryState
from cloudops.services.access import (
    PASSING,
    Keyring,
    open_access,
    provider_spec,
    refused,
)
from cloudops.services.pulse import Pulse
from cloudops.services.selection import planned_listings
from cloudops.store import claims, leases, plan, providers
from cloudops.store.notify import notify_provider
from cloudops.store.session import transaction

RETRY_SECONDS = 60  # a missing Secret is looked for, and a silent cloud asked, this often

_log = structlog.get_logger(__name__)


class DiscoveryService:
    """Runs discovery leases: a listing like any other, whose outcome is the plan."""

    def __init__(
        self,
        engine: Engine,
        clouds: Mapping[str, Cloud],
        keyring: Keyring,
        *,
        confirm_seconds: float = 60,
    ) -> None:
        """Do nothing yet.

        Args:
            engine: The database.
            clouds: By name.
            keyring: Where credentials come from.
            confirm_seconds: Least time between two listings of an organization that have to
                agree that an account has left it.
        """
        self._engine = engine
        self._confirm_seconds = confirm_seconds
        self._clouds = clouds
        self._keyring = keyring

    def run(self, lease: Lease, pulse: Pulse) -> None:
        """Discover one provider and materialise its plan.

        Raises:
            LeaseLostError: Another worker has the lease.
            WorkerStoppingError: The process stops; hand the lease back.
            StoreUnavailableError: The database went away.
        """
        with transaction(self._engine) as connection:
            provider = providers.planned_provider(connection, lease.provider_id)
            began_at = leases.database_now(connection)
        spec = provider_spec(provider)
        try:
            found = self._discover(provider, pulse.beat)
        except AccessError as error:
            pulse.give_back()
            self._record_refusal(lease, provider, spec, error)
            return
        pulse.give_back()
        self._write(lease, provider, spec, found, began_at)

    def _discover(self, provider: PlannedProvider, progress: Progress) -> Discovery:
        access = open_access(provider, self._keyring)
        found = self._clouds[provider.cloud].discover(access, progress)
        progress()
        self._refuse_other_identity(provider, found)
        return found

    def _refuse_other_identity(self, provider: PlannedProvider, found: Discovery) -> None:
        """Swapped credentials must not retire what the spec still asks for.

        Which account a provider without ids reads follows from its
        credentials. If they lead elsewhere while the spec is the same, a
        mistake is likelier than a wish; an edited spec says that it is one.
        Which accounts an organization has follows from them as well.
        """
        if provider.discovered_generation != provider.generation:
            return
        if found.identity.organization_id:
            self._refuse_other_organization(provider, found.identity.organization_id)
        if not found.implicit:
            return
        with transaction(self._engine) as connection:
            known = claims.claimed_accounts(connection, provider.id)
        account_id = found.identity.account_id
        if known and account_id not in known:
            raise AccessError(
                f"the credentials now belong to account {account_id}, the inventory is that of "
                f"{known[0]}: restore them, or name the account in spec.aws.accounts.ids",
                reason="IdentityMismatch",
            )

    def _refuse_other_organization(self, provider: PlannedProvider, organization: str) -> None:
        with transaction(self._engine) as connection:
            known = claims.claimed_organizations(connection, provider.id)
        if known and organization not in known:
            raise AccessError(
                f"the credentials now belong to organization {organization}, the inventory is that"
                f" of {known[0]}: restore them, or make another CloudProvider for the other one",
                reason="IdentityMismatch",
            )

    def _record_refusal(
        self, lease: Lease, provider: PlannedProvider, spec: ProviderSpec, error: AccessError
    ) -> None:
        _log.warning("discovery refused", reason=error.reason, error=str(error))
        entry, passing = refused(error), error.error_class in PASSING
        wait = spec.inventory.sync_period_seconds
        if entry.state is not EntryState.REJECTED:
            wait = min(wait, RETRY_SECONDS)
        with transaction(self._engine) as connection:
            leases.guard(connection, lease)
            # Locked before the lease is finished: an edit of this moment is seen, or waits.
            providers.planned_provider(connection, provider.id)
            providers.record_entry(connection, provider.id, entry, None, passing=passing)
            leases.finish(connection, lease, due_in_seconds=wait)
        self._notify(provider)

    def _write(
        self,
        lease: Lease,
        provider: PlannedProvider,
        spec: ProviderSpec,
        found: Discovery,
        began_at: datetime,
    ) -> None:
        failed = [account for account in found.accounts if _failed_by_itself(account)]
        wait = RETRY_SECONDS if failed else spec.inventory.sync_period_seconds
        with transaction(self._engine) as connection:
            leases.guard(connection, lease)
            departures = self._write_plan(connection, provider, spec, found, began_at)
            providers.record_entry(
                connection, provider.id, Entry(EntryState.ACCEPTED), found.identity
            )
            plan.mark_discovered(connection, provider.id, provider.generation)
            leases.finish(connection, lease, due_in_seconds=wait)
        _log.info(
            "discovered",
            accounts=len(found.accounts),
            failed=len(failed),
            missing=departures.missing,
            deleted=departures.deleted,
            principal=found.identity.principal,
        )
        self._notify(provider)

    def _write_plan(
        self,
        connection: Connection,
        provider: PlannedProvider,
        spec: ProviderSpec,
        found: Discovery,
        began_at: datetime,
    ) -> claims.Departures:
        return plan.write_plan(
            connection,
            provider_id=provider.id,
            cloud=provider.cloud,
            accounts=[_planned(account) for account in found.accounts],
            listings=[
                plan.PlannedListing(
                    listing.name,
                    listing.region_rule is RegionRule.GLOBAL,
                    listing.period.multiple * spec.inventory.sync_period_seconds,
                    () if types == listing.types else types,
                )
                for listing, types in planned_listings(self._clouds[provider.cloud].listings, spec)
            ],
            organization=self._listing(found, began_at),
        )

    def _listing(self, found: Discovery, began_at: datetime) -> claims.AccountListing | None:
        """Where the accounts come from, if that is an organization."""
        if not found.identity.organization_id:
            return None
        return claims.AccountListing(
            found.identity.organization_id, found.not_selected, began_at, self._confirm_seconds
        )

    def _notify(self, provider: PlannedProvider) -> None:
        with transaction(self._engine) as connection:
            leases.settle_request(connection, provider.id)
        # Apart from the line above: whoever is told sees what was committed before.
        with transaction(self._engine) as connection:
            notify_provider(connection, provider.namespace, provider.name)


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
        door=_door(account),
    )


def _door(account: DiscoveredAccount) -> plan.Door:
    if _failed_by_itself(account):
        return plan.Door.UNKNOWN
    if account.error is not None and account.error.closed:
        return plan.Door.CLOSED
    shut = account.error is not None and not account.error.entered
    return plan.Door.SHUT if shut else plan.Door.OPEN


def _failed_by_itself(account: DiscoveredAccount) -> bool:
    """A throttled or broken call says nothing about the account; it is asked again soon."""
    return account.error is not None and account.error.error_class in PASSING
