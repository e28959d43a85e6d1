"""Details of single resources: asked for one by one, as far as the calls go that may be made."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice
from typing import Final
from uuid import UUID

from cloudops.collectors.detailing import words_of
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.errors import ItemDeniedError, ListingError
from cloudops.domain.ledger import NOT_THERE, ErrorClass, Scope
from cloudops.domain.resource import ListedItem, MalformedItem, Observation
from cloudops.domain.schedule import Failure, ScopeOutcome
from cloudops.services.held import Held
from cloudops.services.judging import failure_of, judge, malformed
from cloudops.store import call_budget, detailing, leases
from cloudops.store.detailing import Attempt
from cloudops.store.merge import Target
from cloudops.store.session import transaction

# So many in a pass: their keys are held in memory. What is left is looked at in the next.
PASS_ITEMS: Final = 50_000
PART: Final = 50
# So often in a row, it is hardly a matter of single items.
MAX_IN_A_ROW: Final = 5
# Buckets lie in regions of their own, and not every action is there for every item.
_OF_ONE_ITEM: Final = NOT_THERE | {
    ErrorClass.IAM_DENY,
    ErrorClass.CREDENTIALS,
    ErrorClass.TRANSIENT,
}
BUDGET_SPENT: Final = "DetailBudgetSpent"
_EVERYWHERE: Final = ""


@dataclass(slots=True)
class _Pass:
    """What one pass found out so far.

    Attributes:
        in_a_row: Items that could not be read, since one could: in regions, where a policy of
            the organization forbids it, otherwise everywhere.
        read: The details of an item were told.
        answered: Something was said about an item: the calls are there.
        unread: Why the first item that could not be read could not.
        ended: What concerns all items.
        spent: No calls were left for the rest.
    """

    in_a_row: Counter[str] = field(default_factory=Counter)
    malformed: int = 0
    first_malformed: str = ""
    read: bool = False
    answered: bool = False
    unread: ListingError | None = None
    ended: ListingError | None = None
    spent: Failure | None = None
    due_in_seconds: float | None = None

    def is_shut(self, place: str) -> bool:
        """Whether it is hardly a matter of single items there."""
        return self.in_a_row[place] >= MAX_IN_A_ROW


@dataclass(frozen=True, slots=True)
class _Part:
    """What became of some items, until it is stored."""

    observations: list[Observation] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)


class DetailRun:
    """Reads what is due of the details of one lease's resources; thread-safe."""

    def __init__(self, held: Held) -> None:
        self._held = held

    def read(self, scope: Scope, listing: Listing, started_at: datetime) -> ScopeOutcome:
        """Ask about resources whose details are due, and store what is told, part by part.

        Raises:
            LeaseLostError: Nothing more was written.
            WorkerStoppingError: Likewise.
            StoreUnavailableError: Likewise.
        """
        owner, run = listing.emits[0].owner_listing, _Pass()
        ttl = 0 if words_of(listing).every_period else self._held.settings.detail_ttl_seconds
        with transaction(self._held.engine) as connection:
            due = detailing.wanted(connection, scope, owner, ttl_seconds=ttl, most=PASS_ITEMS)
            pace = detailing.empty_streak(connection, scope, owner)
        for uids in self._granted(scope, listing, due, run):
            self._part(scope, listing, uids, run)
            if run.ended is not None:
                break
        failure = self._failure(scope, owner, run) if due else None
        # As slow as the listing that shows the resources: where that finds none, so do we.
        slowed = replace(scope, empty_streak=max(0, pace - 1))
        known = self._known(scope) if due or scope.item_count else 0
        outcome = judge(slowed, started_at, failure, known, run.malformed)
        wait = _wait(scope, failure, run, len(due))
        return replace(
            outcome, scope=scope, due_in_seconds=outcome.due_in_seconds if wait is None else wait
        )

    def _failure(self, scope: Scope, owner: str, run: _Pass) -> Failure | None:
        """What the ledger has to say of the pass: nothing only where all items are known.

        A limit that somebody set excuses what waits for it, and nothing that can't be read.
        """
        error = run.ended or run.unread
        if error is None and run.malformed:
            return malformed(run.malformed, run.first_malformed)
        if error is None:
            with transaction(self._held.engine) as connection:
                error = detailing.unread(connection, scope, owner)
        if error is None:
            return run.spent
        return failure_of(error, begun=self._is_there(scope, owner, error, run))

    def _is_there(self, scope: Scope, owner: str, error: ListingError, run: _Pass) -> bool:
        """Whether others know better where an item says that there is nothing to be asked.

        Also those of earlier passes: this one may have asked only about what was unread.
        """
        if run.answered or error.error_class not in NOT_THERE:
            return True
        with transaction(self._held.engine) as connection:
            return detailing.answered(connection, scope, owner)

    def _known(self, scope: Scope) -> int:
        with transaction(self._held.engine) as connection:
            return detailing.known(connection, scope)

    def _granted(
        self, scope: Scope, listing: Listing, due: Sequence[detailing.Due], run: _Pass
    ) -> Iterator[list[UUID]]:
        """Parts of `due` whose calls the account's budget has granted."""
        unit = len(words_of(listing).calls)
        per_hour = self._held.settings.detail_calls_per_hour
        left, waiting = len(due), iter(due)
        while some := list(islice((one for one in waiting if not run.is_shut(one.region)), PART)):
            with transaction(self._held.engine) as connection:
                leases.guard(connection, self._held.lease)
                granted = call_budget.take(
                    connection,
                    scope.account_pk,
                    calls=len(some) * unit,
                    unit=unit,
                    per_hour=per_hour,
                )
            if not granted.calls:
                run.spent = _spent(left, per_hour, unit)
                more = granted.more_in_seconds if unit <= per_hour else scope.period_seconds
                run.due_in_seconds = min(scope.period_seconds, more)
                return
            part, rest = some[: granted.calls // unit], some[granted.calls // unit :]
            waiting, left = chain(rest, waiting), left - len(part)
            yield [one.uid for one in part]

    def _part(self, scope: Scope, listing: Listing, uids: Sequence[UUID], run: _Pass) -> None:
        at, part = self._held.clock.now(), _Part()
        with transaction(self._held.engine) as connection:
            items = detailing.items(connection, uids)
        for item in items:
            self._held.pulse.beat()
            if run.ended is None and not run.is_shut(item.region):
                self._ask(scope, listing, item, run, part)
        target = Target(
            self._held.lease.cloud, scope.account_pk, scope.id, listing.facet, scope.types
        )
        with transaction(self._held.engine) as connection:
            leases.guard(connection, self._held.lease)
            detailing.store(connection, target, part.observations, part.attempts, at=at)

    def _ask(
        self, scope: Scope, listing: Listing, item: ListedItem, run: _Pass, part: _Part
    ) -> None:
        """One item; where that ends the pass, `run` says so."""
        code = ""
        try:
            told = self._held.session.detail(listing, scope.region, item)
        except ListingError as error:
            code = error.code
            _note(error, item, run)
            if error.error_class is ErrorClass.THROTTLED:
                return  # that says nothing about this item
        else:
            run.answered = True
            run.in_a_row.pop(_EVERYWHERE, None)
            run.in_a_row.pop(item.region, None)
            if isinstance(told, MalformedItem):
                code = "MalformedItem"
                run.malformed += 1
                run.first_malformed = run.first_malformed or told.reason
            elif told is None:
                code = detailing.GONE
            else:
                run.read = True
                part.observations.append(told)
        part.attempts.append(Attempt(item.uid, item.digest, code))


def _note(error: ListingError, item: ListedItem, run: _Pass) -> None:
    """One item that can't be read does not hide the others, unless it is none of its own doing.

    What a policy of the organization forbids, it mostly forbids in some regions; the buckets
    of an account, listed together, are in many.
    """
    run.unread = run.unread or error
    if error.error_class is ErrorClass.SCP_DENY:
        run.in_a_row[item.region] += 1
        return
    run.in_a_row[_EVERYWHERE] += not isinstance(error, ItemDeniedError)
    if error.error_class not in _OF_ONE_ITEM or run.is_shut(_EVERYWHERE):
        run.ended = error


def _wait(scope: Scope, failure: Failure | None, run: _Pass, due: int) -> float | None:
    """Seconds until the next pass, where it is not the failure that decides."""
    if run.due_in_seconds is not None:
        return run.due_in_seconds
    if failure is not None and failure.error_class is ErrorClass.SCP_DENY:
        return scope.period_seconds  # for the items that it does not concern
    # There may be more; where nothing could be read, it would be the same ones for ever.
    return 0 if run.read and run.ended is None and due == PASS_ITEMS else None


def _spent(left: int, per_hour: int, unit: int) -> Failure:
    cause = f"{per_hour} calls an hour and account are spent"
    if unit > per_hour:
        cause = f"{per_hour} calls an hour and account are allowed, and one takes {unit}"
    return Failure(
        ErrorClass.BUDGET,
        BUDGET_SPENT,
        f"the details of {left} resources wait: {cause} (spec.inventory.detail.callsPerHour)",
    )
