"""A plan in the database, as discovery would have written it, and ways to look at rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import Consistency, ErrorClass, Lease, LeaseKind, Scope
from cloudops.domain.provider import DeletionBrake, Origin, ProviderRecord
from cloudops.domain.resource import Facet, Observation, Page
from cloudops.domain.schedule import Failure, ScopeOutcome, judge_attempt
from cloudops.store import deriving, leases, plan, providers, scopes, sweep
from cloudops.store.departing import AccountListing, Departures
from cloudops.store.loader import SMALL_SCOPE, ListingLoad
from cloudops.store.merge import Target
from tests.fakes.cloud import CLOUD, spec_of

ACCOUNT = "111122223333"
REGION = "eu-west-1"
FREE = DeletionBrake(percent=100)
HOLDER = "worker-1"


def provider_record(name: str = "aws-prod", **changes: Any) -> ProviderRecord:
    """A CloudProvider that the controller plans."""
    record = ProviderRecord(
        namespace="platform",
        name=name,
        uid=f"uid-{name}",
        generation=1,
        created_at=datetime(2025, 1, 1, tzinfo=UTC),
        spec=spec_of(ACCOUNT),
        cloud=CLOUD,
        suspended=False,
        requested_at="",
        runnable=True,
    )
    return replace(record, **changes)


def listing(
    name: str,
    *,
    is_global: bool = False,
    period: int = 900,
    types: tuple[str, ...] = (),
    absent: tuple[str, ...] = (),
) -> plan.PlannedListing:
    return plan.PlannedListing(name, is_global, period, types, absent)


def account(
    account_id: str = ACCOUNT,
    regions: Sequence[str] | None = (REGION,),
    reason: str = "",
    door: plan.Door | None = None,
    error_class: str = "iam_deny",
) -> plan.PlannedAccount:
    """As a discovery found it; with a reason its door is shut, unless `door` says otherwise."""
    return plan.PlannedAccount(
        account_id,
        f"name-{account_id}",
        "aws",
        None if regions is None else tuple(regions),
        error_reason=reason,
        error_message=f"{reason} happened" if reason else "",
        error_class=error_class if reason else "",
        door=door or (plan.Door.SHUT if reason else plan.Door.OPEN),
    )


def write_provider(engine: Engine, record: ProviderRecord | None = None) -> int:
    with engine.begin() as connection:
        return providers.write_provider(
            connection, record or provider_record(), origin=Origin.CLUSTER
        )


def write_plan(
    engine: Engine,
    provider_id: int,
    accounts: Sequence[plan.PlannedAccount] | None = None,
    listings: Sequence[plan.PlannedListing] = (),
    organization: AccountListing | None = None,
) -> Departures:
    found = [account()] if accounts is None else accounts
    asked = listings or [listing("fake.machines")]
    wanted = plan.ProviderPlan(provider_id, CLOUD, found, asked, organization)
    with engine.begin() as connection:
        departures = plan.write_accounts(connection, wanted)
        deriving.derive_scopes(connection, wanted, deriving.outdated_accounts(connection, wanted))
        deriving.settle_leases(connection, wanted)
    return departures


def acquire(engine: Engine, holder: str = HOLDER, **wanted: Any) -> list[Lease]:
    with engine.begin() as connection:
        return leases.acquire(
            connection, **{"holder": holder, "limit": 100, "seconds": 60, **wanted}
        )


def steal(engine: Engine, lease: Lease) -> None:
    """What another worker does once the lease ran out."""
    execute(
        engine, "UPDATE lease SET fence = fence + 1, holder = 'thief' WHERE id = :id", id=lease.id
    )


def rows(engine: Engine, statement: str, **parameters: Any) -> list[Any]:
    with engine.begin() as connection:
        return list(connection.execute(text(statement), parameters))


def one(engine: Engine, statement: str, **parameters: Any) -> Any:
    """The only value of the only row."""
    ((value,),) = rows(engine, statement, **parameters)
    return value


def execute(engine: Engine, statement: str, **parameters: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), parameters)


@dataclass
class Ledger:
    """One account and region with some scopes, all leased."""

    engine: Engine
    lease: Lease
    by_listing: dict[str, Scope]
    types: tuple[str, ...] = ()  # what every scope selects of its listing's; empty = all

    @classmethod
    def plan(
        cls, engine: Engine, *listings: str, account_id: str = ACCOUNT, name: str = "aws-prod"
    ) -> "Ledger":
        provider_id = write_provider(engine, provider_record(name))
        planned = [listing(word) for word in listings or ("fake.machines",)]
        write_plan(engine, provider_id, [account(account_id)], planned)
        taken = acquire(engine, provider_id=provider_id)
        lease = next(one for one in taken if one.kind is LeaseKind.INVENTORY)
        with engine.begin() as connection:
            due = scopes.due_scopes(connection, lease)
        return cls(engine, lease, {scope.listing: scope for scope in due})

    def reread(self) -> dict[str, Scope]:
        """The scopes as they stand, all of them due."""
        with self.engine.begin() as connection:
            connection.execute(
                text("CREATE TEMP TABLE saved ON COMMIT DROP AS SELECT * FROM scope")
            )
            connection.execute(text("UPDATE scope SET next_due_at = now()"))
            due = scopes.due_scopes(connection, self.lease)
            connection.execute(
                text(
                    "UPDATE scope SET next_due_at = saved.next_due_at FROM saved"
                    " WHERE saved.id = scope.id"
                )
            )
        return {scope.listing: scope for scope in due}

    def scope(self, name: str = "fake.machines") -> Scope:
        return self.by_listing[name]

    def target(self, name: str = "fake.machines", facet: Facet = Facet.LISTED) -> Target:
        scope = self.scope(name)
        return Target(CLOUD, scope.account_pk, scope.id, facet, self.types)

    def load(
        self,
        *pages: Page | Sequence[Observation],
        name: str = "fake.machines",
        facet: Facet = Facet.LISTED,
        complete: bool = True,
        staged: bool = False,
        has_rows: bool = True,
        lease: Lease | None = None,
    ) -> ScopeOutcome | None:
        """One run of a listing; `staged` forces the path of large scopes, `has_rows` the first."""
        expected = SMALL_SCOPE + 1 if staged else 0
        with ListingLoad(
            self.engine,
            lease or self.lease,
            self.target(name, facet),
            expected_items=expected,
            has_rows=has_rows,
        ) as load:
            for page in pages:
                load.add(page if isinstance(page, Page) else Page(tuple(page)))
            return load.commit(self.judge(name, complete=complete), complete=complete)

    def judge(self, name: str = "fake.machines", *, complete: bool = True) -> Any:
        started_at = one(self.engine, "SELECT clock_timestamp()")
        broken = Failure(ErrorClass.INCOMPLETE, "PageLimit", "not at its end")

        def judge(item_count: int) -> ScopeOutcome:
            return judge_attempt(
                self.scope(name),
                started_at=started_at,
                failure=None if complete else broken,
                item_count=item_count,
                period_seconds=900,
                spread=0.5,
            )

        return judge

    def record(self, outcome: ScopeOutcome | None) -> None:
        if outcome is not None:
            with self.engine.begin() as connection:
                scopes.record_outcomes(connection, [outcome])

    def pass_over(self, *pages: Any, **options: Any) -> None:
        """A run that is recorded, whatever it changed."""
        self.record(self.load(*pages, **options))

    def sweep(
        self,
        *names: str,
        consistency: Consistency = Consistency.STRONG,
        facet: Facet = Facet.LISTED,
        brake: DeletionBrake = FREE,
        confirm_seconds: float = 60,
        lease: Lease | None = None,
        shows_permitted: bool = False,
    ) -> sweep.SweepResult:
        swept = [
            sweep.Swept(self.scope(name).id, facet, consistency, shows_permitted)
            for name in names or ("fake.machines",)
        ]
        with self.engine.begin() as connection:
            return sweep.sweep(
                connection,
                lease or self.lease,
                swept,
                brake=brake,
                confirm_seconds=confirm_seconds,
            )

    def live(self) -> set[str]:
        return {
            row.canonical_id
            for row in rows(
                self.engine,
                "SELECT canonical_id FROM resource WHERE deleted_at IS NULL AND account_pk = :pk",
                pk=next(iter(self.by_listing.values())).account_pk,
            )
        }

    def marked(self) -> set[str]:
        """Live rows that a complete listing missed."""
        return {
            row.canonical_id
            for row in rows(
                self.engine,
                "SELECT canonical_id FROM facet JOIN resource USING (uid)"
                " WHERE missing_since IS NOT NULL AND deleted_at IS NULL",
            )
        }

    def history(self) -> list[tuple[str, str]]:
        found = rows(
            self.engine,
            "SELECT coalesce(canonical_id, '?') AS id, operation FROM change"
            " LEFT JOIN resource USING (uid) ORDER BY at",
        )
        return [(row.id, row.operation) for row in found]

    def ago(self, seconds: float) -> None:
        """Everything that happened so far happened so much earlier."""
        shift = {"shift": seconds}
        execute(
            self.engine,
            "UPDATE facet SET missing_since = missing_since - make_interval(secs => :shift)",
            **shift,
        )
        execute(
            self.engine,
            "UPDATE scope SET last_complete_at = last_complete_at - make_interval(secs => :shift),"
            " last_attempt_at = last_attempt_at - make_interval(secs => :shift)",
            **shift,
        )


def denial(code: str = "UnauthorizedOperation", **facts: Any) -> ListingError:
    return ListingError(
        facts.pop("message", "not allowed"),
        error_class=facts.pop("error_class", ErrorClass.IAM_DENY),
        code=code,
        **facts,
    )


def retake(engine: Engine, ledger: Ledger) -> None:
    """What a worker does when it is let down: the lease is taken anew."""
    execute(engine, "UPDATE lease SET holder = '', expires_at = NULL, next_due_at = now()")
    ledger.engine = engine
    ledger.lease = next(lease for lease in acquire(engine) if lease.id == ledger.lease.id)
    ledger.by_listing = ledger.reread()
