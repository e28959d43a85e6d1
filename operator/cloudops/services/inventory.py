"""One lease's work: enter the account, run its due listings, load, sweep, give back."""

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextvars import copy_context
from functools import partial

import structlog
from sqlalchemy import Engine

from cloudops.collectors.vocabulary import AccountSession, Cloud
from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import PASSING, Lease, Scope
from cloudops.domain.provider import PlannedProvider, ProviderSpec
from cloudops.metrics import ROWS_CHANGED
from cloudops.services.access import (
    PROVIDER_REASONS,
    Keyring,
    open_access,
    provider_spec,
)
from cloudops.services.held import Held
from cloudops.services.listing import Finished, ListingRun
from cloudops.services.pulse import Pulse
from cloudops.services.threads import ListingThreads
from cloudops.services.turns import Work, in_turns, is_suspect, swept_together
from cloudops.store import entering, leases, providers, scopes, sweep
from cloudops.store.clock import DatabaseClock
from cloudops.store.notify import notify_provider
from cloudops.store.session import transaction

_log = structlog.get_logger(__name__)


class InventoryService:
    """Runs inventory leases; thread-safe, holds no state of a lease."""

    def __init__(
        self,
        engine: Engine,
        clouds: Mapping[str, Cloud],
        keyring: Keyring,
        threads: ListingThreads,
        *,
        confirm_seconds: float,
        queued_beat_seconds: float = 5.0,
    ) -> None:
        self._engine = engine
        self._clouds = clouds
        self._keyring = keyring
        self._threads = threads
        self._confirm_seconds = confirm_seconds
        self._queued_beat_seconds = queued_beat_seconds

    def run(self, lease: Lease, pulse: Pulse) -> None:
        """Read everything in the lease that is due.

        Raises:
            LeaseLostError: Another worker has the lease.
            WorkerStoppingError: The process stops; hand the lease back.
            StoreUnavailableError: The database went away.
        """
        with transaction(self._engine) as connection:
            provider = providers.planned_provider(connection, lease.provider_id)
            due, unknown = self._known(lease, scopes.due_scopes(connection, lease))
            if unknown:
                scopes.postpone(connection, unknown)
        spec = provider_spec(provider)
        if due:
            try:
                session = self._enter(lease, provider, due[0].account_pk, pulse)
            except AccessError as error:
                self._deny(lease, due, error)
            else:
                try:
                    self._read(lease, spec, session, due, pulse)
                finally:
                    session.close()
        pulse.give_back()
        with transaction(self._engine) as connection:
            leases.finish(connection, lease)
        with transaction(self._engine) as connection:
            leases.settle_request(connection, provider.id)
        # Apart from the line above: whoever is told sees what was committed before.
        with transaction(self._engine) as connection:
            notify_provider(connection, provider.namespace, provider.name)

    def _known(self, lease: Lease, due: Sequence[Scope]) -> tuple[list[Scope], list[Scope]]:
        """A worker of another version may find scopes that it knows no listing, or no type, for."""
        types = {listing.name: listing.types for listing in self._clouds[lease.cloud].listings}
        known, unknown = list[Scope](), list[Scope]()
        for scope in due:
            has = types.get(scope.listing)
            is_known = has is not None and (not scope.types or not set(scope.types).isdisjoint(has))
            (known if is_known else unknown).append(scope)
        return known, unknown

    def _enter(
        self, lease: Lease, provider: PlannedProvider, account_pk: int, pulse: Pulse
    ) -> AccountSession:
        access = open_access(provider, self._keyring)
        session = self._clouds[lease.cloud].open(access, lease.account_id, pulse.beat)
        if session.identity.account_id != lease.account_id:
            session.close()
            raise AccessError(
                f"the credentials belong to account {session.identity.account_id}, "
                f"not to {lease.account_id}: restore them, or edit spec.{lease.cloud}",
                reason="IdentityMismatch",
            )
        with transaction(self._engine) as connection:
            leases.guard(connection, lease)
            scopes.enter_account(connection, account_pk, session.fingerprint)
            if not entering.is_open(connection, account_pk):
                scopes.record_account(connection, lease, None)
        return session

    def _deny(self, lease: Lease, due: Sequence[Scope], error: AccessError) -> None:
        _log.warning("account not entered", reason=error.reason, error=str(error))
        passing = error.error_class in PASSING
        with transaction(self._engine) as connection:
            leases.guard(connection, lease)
            if not passing:
                scopes.record_account(connection, lease, error)
            # What passes by itself says nothing about listings that nobody wanted to read now.
            scopes.deny_lease(connection, lease, error, only=due if passing else None)
        if not passing and error.reason in PROVIDER_REASONS:
            # Only a discovery says what that means for the provider.
            with transaction(self._engine) as connection:
                entering.rediscover(connection, lease)

    def _read(
        self,
        lease: Lease,
        spec: ProviderSpec,
        session: AccountSession,
        due: Sequence[Scope],
        pulse: Pulse,
    ) -> None:
        clock = DatabaseClock(lease)
        run = ListingRun(Held(self._engine, lease, session, pulse, clock, spec.inventory))
        catalogue = {listing.name: listing for listing in self._clouds[lease.cloud].listings}
        turns = in_turns(lease, [(scope, catalogue[scope.listing]) for scope in due])
        for part in swept_together(turns):
            complete: list[sweep.Swept] = []
            for turn in part:
                complete += self._take_turn(run, lease, pulse, turn)
            self._sweep(lease, spec, complete)

    def _take_turn(
        self, run: ListingRun, lease: Lease, pulse: Pulse, turn: Sequence[Work]
    ) -> list[sweep.Swept]:
        """Read what is read together; what of it was read to its end."""
        if is_suspect(lease, turn):
            self._suspect(lease, turn)
        done = self._run(run, lease, pulse, turn)
        self._settle(lease, done, outlived=True)
        if any(one.closed for one in done):
            # A region or a service was closed, or the whole account: discovery tells them apart.
            with transaction(self._engine) as connection:
                entering.rediscover(connection, lease)
        return _complete(turn, done)

    def _run(
        self, run: ListingRun, lease: Lease, pulse: Pulse, work: Sequence[Work]
    ) -> list[Finished]:
        # Each thread gets the lease's correlation id for its log lines.
        futures = {
            self._threads.submit(
                lease.account_id, partial(copy_context().run, run.one, scope, listing)
            ): scope
            for scope, listing in work
        }
        try:
            recorded = self._await(lease, pulse, futures)
            return [
                future.result()._replace(outcome=None) if future in recorded else future.result()
                for future in futures
            ]
        except BaseException:
            # The session must stay open until the last thread has left it; what waits
            # for a thread is over at once, which `wait` would not see.
            wait([future for future in futures if not future.cancel()])
            raise

    def _await(
        self, lease: Lease, pulse: Pulse, futures: Mapping[Future[Finished], Scope]
    ) -> set[Future[Finished]]:
        """Wait for listings, and speak for them while other leases' fill all threads.

        Returns:
            Those whose outcome is in the ledger already: where a worker died
            before, what was finished must count, even if this one dies as well.
        """
        pending, recorded = set(futures), set[Future[Finished]]()
        while pending:
            done, pending = wait(pending, self._queued_beat_seconds, FIRST_COMPLETED)
            if done and lease.attempts > 1:
                # One that workers have outlived before says nothing of what kills them: where
                # neighbours are due again each time, the deaths would never add up.
                outlived = any(not futures[future].read_again for future in done)
                self._settle(lease, [future.result() for future in done], outlived=outlived)
                recorded |= done
            if not any(future.running() for future in pending):
                pulse.beat()
        return recorded

    def _suspect(self, lease: Lease, turn: Sequence[Work]) -> None:
        with transaction(self._engine) as connection:
            leases.guard(connection, lease)
            for scope, _ in turn:
                scopes.suspect(connection, scope)

    def _settle(self, lease: Lease, done: Sequence[Finished], *, outlived: bool) -> None:
        """Record what changed nothing, all at once; `outlived`: the deaths count no more."""
        with transaction(self._engine) as connection:
            leases.guard(connection, lease)
            scopes.record_outcomes(connection, [f.outcome for f in done if f.outcome is not None])
            if outlived:
                # Skipped while a neighbour loads; then the next that is finished does it.
                leases.clear_attempts(connection, lease)

    def _sweep(self, lease: Lease, spec: ProviderSpec, complete: Sequence[sweep.Swept]) -> None:
        with transaction(self._engine) as connection:
            result = sweep.sweep(
                connection,
                lease,
                complete,
                brake=spec.inventory.brake,
                confirm_seconds=self._confirm_seconds,
            )
        if result.deleted:
            ROWS_CHANGED.labels(lease.cloud, "deleted").inc(result.deleted)
        _log.info("lease read", complete=len(complete), deleted=result.deleted, held=result.held)


def _complete(work: Sequence[Work], finished: Sequence[Finished]) -> list[sweep.Swept]:
    return [
        sweep.Swept(scope.id, listing.facet, listing.consistency, listing.shows_permitted)
        for (scope, listing), result in zip(work, finished, strict=True)
        if result.complete
    ]
