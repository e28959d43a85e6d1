"""One listing in one account and region, from its first call to its commit."""

import time
from datetime import datetime
from typing import NamedTuple

import structlog

from cloudops.collectors.vocabulary import Listing
from cloudops.domain.errors import CloudOpsError, ListingError, bug_in
from cloudops.domain.ledger import ErrorClass, Scope
from cloudops.domain.reasons import INTERNAL_ERROR
from cloudops.domain.resource import Facet, Page
from cloudops.domain.schedule import Failure, ScopeOutcome
from cloudops.metrics import LISTING_SECONDS, LISTINGS
from cloudops.services.detailing import DetailRun
from cloudops.services.held import Held
from cloudops.services.judging import failure_of, judge, malformed
from cloudops.services.selection import narrowed
from cloudops.store.loader import ListingLoad
from cloudops.store.merge import Target

_log = structlog.get_logger(__name__)


class Finished(NamedTuple):
    """How a listing ended.

    Attributes:
        complete: It was read to its end.
        outcome: Still to be recorded, if it is there.
        closed: The account is not signed up for what it had rows of.
    """

    complete: bool
    outcome: ScopeOutcome | None
    closed: bool = False


class ListingRun:
    """Runs the listings of one lease, each in a thread of its own."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._details = DetailRun(held)

    def one(self, scope: Scope, listing: Listing) -> Finished:
        """Read `listing` to its end, or as far as it goes, and load it.

        A bug that one row of the catalogue hits fails its own scope, which says
        so; the account's other listings go on.

        Raises:
            LeaseLostError: Nothing more was written.
            WorkerStoppingError: Likewise.
            StoreUnavailableError: Likewise.
        """
        self._held.pulse.beat()
        started_at, started = self._held.clock.now(), time.monotonic()
        try:
            read = self._detail if listing.facet is Facet.DETAIL else self._load
            finished, outcome = read(scope, listing, started_at)
        except CloudOpsError:
            raise
        except Exception as error:  # noqa: BLE001  the outermost boundary of one listing
            _log.exception("listing failed", listing=listing.name, region=scope.region)
            outcome = judge(scope, started_at, _unexpected(error))
            finished = Finished(complete=False, outcome=outcome)
        self._held.pulse.beat()
        self._report(listing, scope, outcome, time.monotonic() - started)
        return finished

    def _detail(
        self, scope: Scope, listing: Listing, started_at: datetime
    ) -> tuple[Finished, ScopeOutcome]:
        outcome = self._details.read(scope, listing, started_at)
        return Finished(outcome.failure is None, outcome), outcome

    def _load(
        self, scope: Scope, listing: Listing, started_at: datetime
    ) -> tuple[Finished, ScopeOutcome]:
        # Rows of a type that a later version lists elsewhere may still belong to this
        # scope: that it does not show them any more says nothing about them.
        types = scope.types
        if listing.facet is Facet.LISTED:
            types = types or listing.types
        target = Target(self._held.lease.cloud, scope.account_pk, scope.id, listing.facet, types)
        with ListingLoad(
            self._held.engine,
            self._held.lease,
            target,
            expected_items=scope.item_count,
            has_rows=scope.has_rows,
        ) as load:
            failure, malformed_count = self._collect(load, scope, listing)

            def verdict(item_count: int) -> ScopeOutcome:
                return judge(scope, started_at, failure, item_count, malformed_count)

            outcome = load.commit(verdict, complete=failure is None)
        closed = failure is not None and failure.error_class is ErrorClass.OPT_IN
        finished = Finished(failure is None, outcome, closed and scope.has_rows)
        return finished, outcome or verdict(0)

    def _collect(
        self, load: ListingLoad, scope: Scope, listing: Listing
    ) -> tuple[Failure | None, int]:
        """Why it broke off, if it did, and how many items could not be understood."""
        count, first, begun = 0, "", False
        try:
            for page in self._held.session.pages(narrowed(listing, scope.types), scope.region):
                load.add(page)
                begun = begun or _shows_something(page, listing)
                if page.malformed:
                    first = first or page.malformed[0].reason
                    count += len(page.malformed)
                del page  # it may be large: not kept while the next one is read
                self._held.pulse.beat()
        except ListingError as error:
            return failure_of(error, begun=begun), count
        return (malformed(count, first) if count else None), count

    def _report(
        self, listing: Listing, scope: Scope, outcome: ScopeOutcome, seconds: float
    ) -> None:
        name = listing.family or listing.name
        LISTINGS.labels(self._held.lease.cloud, name, outcome.status.value).inc()
        LISTING_SECONDS.labels(self._held.lease.cloud, name).observe(seconds)
        facts = {"listing": listing.name, "region": scope.region, "status": outcome.status.value}
        if outcome.failure is None:
            _log.debug("listing read", seconds=round(seconds, 3), **facts)
        else:
            _log.warning("listing not complete", error=outcome.failure.message, **facts)


def _shows_something(page: Page, listing: Listing) -> bool:
    """Whether the listing is there; before each parent's items comes a page of nothing."""
    return bool(page.observations or page.malformed) or listing.parents is None


def _unexpected(error: Exception) -> Failure:
    return Failure(ErrorClass.TRANSIENT, INTERNAL_ERROR, bug_in("this listing", error))
