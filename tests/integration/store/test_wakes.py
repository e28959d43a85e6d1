"""What becomes due while its lease is given back is due at once, not a period later.

Two transactions that do not see one another, in both orders: one makes something due, and the
other gives the lease back. Each test fails where one of them lets the other's row be.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event

from cloudops.domain.ledger import Lease, LeaseKind
from cloudops.domain.resource import Facet
from cloudops.domain.schedule import EMPTY_PASSES_BEFORE_SLOWING
from cloudops.store import claims, deriving, entering, leases, plan, providers, scopes
from tests.fakes.cloud import observe
from tests.fixtures.waiting import eventually
from tests.integration.store.derived import MACHINES, QUEUES, wanted
from tests.integration.store.locking import waits_for_a_lock
from tests.integration.store.seeding import (
    REGION,
    Ledger,
    account,
    acquire,
    execute,
    listing,
    one,
    provider_record,
    write_plan,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

ELSEWHERE = "eu-north-1"
ORDERS = pytest.mark.parametrize("woken_first", [True, False], ids=["woken", "given-back"])
Step = Callable[[Connection], object]


@contextmanager
def meanwhile(engine: Engine, step: Step) -> Iterator[Callable[[], None]]:
    """`step` in a transaction of its own, beside one that ends before this block does.

    Yields:
        What begins it, and returns when it waits for a lock or is through.
    """

    def run() -> None:
        with engine.begin() as connection:
            step(connection)

    with ThreadPoolExecutor(1) as threads:
        begun: list[Future[None]] = []

        def begin() -> None:
            begun.append(threads.submit(run))
            eventually(
                lambda: waits_for_a_lock(engine) or begun[0].done(),
                what="the other one to wait, or to be through",
            )

        yield begin
        [other] = begun
        other.result(60)


def meet(engine: Engine, wake: Step, lease: Lease, *, woken_first: bool) -> None:
    def give_back(connection: Connection) -> None:
        leases.finish(connection, lease, due_in_seconds=3600)

    first, second = (wake, give_back) if woken_first else (give_back, wake)
    with meanwhile(engine, second) as begin, engine.begin() as connection:
        first(connection)
        begin()


def is_due(engine: Engine, lease: Lease) -> bool:
    found: bool = one(
        engine, "SELECT next_due_at <= now() AND holder = '' FROM lease WHERE id = :id", id=lease.id
    )
    return found


def read_everything(engine: Engine) -> None:
    execute(engine, "UPDATE scope SET next_due_at = now() + interval '1 h', status = 'complete'")


@ORDERS
def test_by_a_plan_that_has_something_new(engine, provider_id, woken_first):
    write_plan(engine, provider_id)
    [lease] = [one for one in acquire(engine) if one.region == REGION]
    read_everything(engine)
    more = wanted(provider_id, listings=[MACHINES, QUEUES])
    with engine.begin() as connection:
        plan.write_accounts(connection, more)
        found = deriving.outdated_accounts(connection, more)

    def derive(connection: Connection) -> None:
        deriving.derive_scopes(connection, more, found)

    meet(engine, derive, lease, woken_first=woken_first)

    assert is_due(engine, lease)


@ORDERS
def test_by_a_worker_that_gets_into_the_account_again(engine, provider_id, woken_first):
    write_plan(engine, provider_id, [account(regions=(REGION, ELSEWHERE), reason="Shut")])
    held = {lease.region: lease for lease in acquire(engine)}
    read_everything(engine)

    def enter(connection: Connection) -> None:
        scopes.record_account(connection, held[ELSEWHERE], None)

    meet(engine, enter, held[REGION], woken_first=woken_first)

    assert is_due(engine, held[REGION])


@ORDERS
def test_by_tags_of_what_a_listing_has_not_shown(engine, provider_id, woken_first):
    """Of a listing that was slowed down, in another region than the tags."""
    listings = [MACHINES, listing("fake.tagging")]
    write_plan(engine, provider_id, [account(regions=(REGION, ELSEWHERE))], listings)
    held = {lease.region: lease for lease in acquire(engine)}
    with engine.begin() as connection:
        due = scopes.due_scopes(connection, held[REGION])
    ledger = Ledger(engine, held[REGION], {scope.listing: scope for scope in due})
    read_everything(engine)
    execute(engine, "UPDATE scope SET empty_streak = :streak", streak=EMPTY_PASSES_BEFORE_SLOWING)
    tags = observe("a", facet=Facet.TAGS, document={"team": "web"}, owner_listing="fake.machines")

    def load(_: object = None) -> None:
        ledger.load([tags], name="fake.tagging", facet=Facet.TAGS)

    def give_back(connection: Connection) -> None:
        leases.finish(connection, held[ELSEWHERE])

    if woken_first:
        with (
            meanwhile(engine, give_back) as begin,
            behind(engine, "UPDATE scope SET next_due_at = clock_timestamp()", begin),
        ):
            load()
    else:
        with meanwhile(engine, load) as begin, engine.begin() as connection:
            give_back(connection)
            begin()

    assert is_due(engine, held[ELSEWHERE])


@contextmanager
def behind(engine: Engine, words: str, then: Callable[[], None]) -> Iterator[None]:
    """Do something once, behind the first statement that has these words."""
    done: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if words in statement and not done:
            done.append(statement)
            then()

    event.listen(engine, "after_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", look)
    assert done, f"nobody said {words}"


@ORDERS
def test_by_an_older_provider_that_is_gone(engine, woken_first):
    older, younger = (
        write_provider(engine, provider_record(name, uid=name)) for name in ("a-older", "b-younger")
    )
    for provider_id in (older, younger):
        write_plan(engine, provider_id)
    execute(engine, "UPDATE claim SET enters = true")
    [discovery] = [one for one in acquire(engine, provider_id=younger) if not one.account_id]

    def vanish(connection: Connection) -> None:
        providers.vanish_providers(connection, [("platform", "a-older")])
        claims.settle_owners(connection)

    meet(engine, vanish, discovery, woken_first=woken_first)

    assert is_due(engine, discovery)


@ORDERS
def test_by_a_worker_that_finds_the_providers_door_shut(engine, provider_id, woken_first):
    write_plan(engine, provider_id)
    found = {lease.kind: lease for lease in acquire(engine)}
    execute(
        engine,
        "UPDATE lease SET started_at = started_at + interval '1 s' WHERE kind = 'inventory'",
    )

    def rediscover(connection: Connection) -> None:
        entering.rediscover(connection, found[LeaseKind.INVENTORY])

    meet(engine, rediscover, found[LeaseKind.DISCOVERY], woken_first=woken_first)

    assert is_due(engine, found[LeaseKind.DISCOVERY])


def test_a_discovery_that_nobody_woke_is_due_a_period_later(engine, provider_id):
    [discovery] = acquire(engine, provider_id=provider_id)

    with engine.begin() as connection:
        leases.finish(connection, discovery, due_in_seconds=3600)

    assert not is_due(engine, discovery)
