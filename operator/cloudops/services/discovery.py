"""Discovery: who we are, which accounts and regions there are, and what to read there."""

from collections.abc import Mapping

import structlog
from sqlalchemy import Engine

from cloudops.collectors.vocabulary import Access, Cloud, Discovery, Progress
from cloudops.domain.errors import AccessError, CloudOpsError, internal_error
from cloudops.domain.ledger import PASSING, Lease
from cloudops.domain.provider import PlannedProvider, ProviderSpec
from cloudops.domain.snapshot import Entry, EntryState
from cloudops.services.access import (
    Keyring,
    credentials_digest,
    open_access,
    provider_spec,
    refused,
)
from cloudops.services.planning import failed_by_itself, provider_plan, write_plan
from cloudops.services.pulse import Pulse
from cloudops.services.wishes import identity_digest
from cloudops.store import claims, deriving, entering, installation, leases, plan, providers
from cloudops.store.departing import AccountListing
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

        A bug counts as what passes by itself: the status tells of it, and it is tried again.

        Raises:
            LeaseLostError: Another worker has the lease.
            WorkerStoppingError: The process stops; hand the lease back.
            StoreUnavailableError: The database went away.
        """
        with transaction(self._engine) as connection:
            provider = providers.planned_provider(connection, lease.provider_id)
        spec = provider_spec(provider)
        try:
            found = self._discover(lease, provider, spec, pulse.beat)
            self._write(lease, provider, spec, found, self._listing(lease, spec, found), pulse)
        except AccessError as error:
            refusal = error
        except CloudOpsError:
            raise
        except Exception as error:  # noqa: BLE001  the outermost boundary of one discovery
            _log.exception("discovery failed")
            refusal = internal_error("the discovery", error)
        else:
            return
        pulse.give_back()
        self._record_refusal(lease, provider, spec, refusal)

    def _discover(
        self, lease: Lease, provider: PlannedProvider, spec: ProviderSpec, progress: Progress
    ) -> Discovery:
        access = open_access(provider, self._keyring)
        if access.secret:
            self._note_credentials(lease, access)
        found = self._clouds[provider.cloud].discover(access, progress)
        progress()
        if provider.discovered_for == identity_digest(spec):
            self._refuse_other_identity(provider, found)
        return found

    def _note_credentials(self, lease: Lease, access: Access) -> None:
        """A key that was made just now may not be known yet: it is no older than it is."""
        with transaction(self._engine) as connection:
            leases.guard(connection, lease)
            key = installation.fingerprint_key(connection)
            digest = credentials_digest(access.secret, key)
            entering.record_credentials(connection, lease.provider_id, digest)

    def _refuse_other_identity(self, provider: PlannedProvider, found: Discovery) -> None:
        """Swapped credentials must not retire what the spec still asks for.

        Which account a provider without ids reads follows from its
        credentials. If they lead elsewhere while the spec asks for the same, a
        mistake is likelier than a wish; one that asks for others says that it is one.
        Which accounts an organization has follows from them as well.
        """
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
            entering.record_entry(connection, provider.id, entry, None, passing=passing)
            leases.finish(connection, lease, due_in_seconds=wait)
        self._notify(provider)

    def _write(
        self,
        lease: Lease,
        provider: PlannedProvider,
        spec: ProviderSpec,
        found: Discovery,
        organization: AccountListing | None,
        pulse: Pulse,
    ) -> None:
        failed = [account for account in found.accounts if failed_by_itself(account)]
        wait = RETRY_SECONDS if failed else spec.inventory.sync_period_seconds
        wanted = provider_plan(provider, spec, self._clouds[provider.cloud], found, organization)
        departures = write_plan(self._engine, lease, wanted, pulse)
        pulse.give_back()
        with transaction(self._engine) as connection:
            leases.guard(connection, lease)
            deriving.settle_leases(connection, wanted)
            entering.record_entry(
                connection, provider.id, Entry(EntryState.ACCEPTED), found.identity
            )
            plan.mark_discovered(
                connection, provider.id, provider.generation, identity_digest(spec)
            )
            leases.finish(connection, lease, due_in_seconds=wait)
        _log.info(
            "discovered",
            accounts=len(found.accounts),
            failed=len(failed),
            missing=departures.missing,
            deleted=departures.deleted,
            held=departures.held,
            principal=found.identity.principal,
        )
        self._notify(provider)

    def _listing(self, lease: Lease, spec: ProviderSpec, found: Discovery) -> AccountListing | None:
        """Where the accounts come from, if that is an organization."""
        if not found.identity.organization_id:
            return None
        return AccountListing(
            found.identity.organization_id,
            found.not_selected,
            lease.started_at,
            self._confirm_seconds,
            spec.inventory.brake,
        )

    def _notify(self, provider: PlannedProvider) -> None:
        with transaction(self._engine) as connection:
            leases.settle_request(connection, provider.id)
        # Apart from the line above: whoever is told sees what was committed before.
        with transaction(self._engine) as connection:
            notify_provider(connection, provider.namespace, provider.name)
