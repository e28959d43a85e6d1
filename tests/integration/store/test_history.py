"""Monthly partitions of the history, over the turn of a month and of a year."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from cloudops.domain.resource import resource_uid
from cloudops.store import history
from tests.fakes.cloud import observe
from tests.integration.store.seeding import Ledger, execute, one, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]


def note(engine, moment):
    execute(
        engine,
        "INSERT INTO change (at, uid, facet, operation, scope_id)"
        " VALUES (:at, :uid, 'listed', 'created', 1)",
        at=moment,
        uid=resource_uid("aws", str(moment)),
    )


def ensure(engine, today):
    with engine.begin() as connection:
        return history.ensure_partitions(connection, today)


def drop_before(engine, oldest):
    with engine.begin() as connection:
        return history.drop_partitions_before(connection, oldest)


def where(engine):
    """Partition → the times of its rows."""
    found = rows(engine, "SELECT CAST(tableoid::regclass AS text) AS name, at FROM change")
    by_name: dict[str, list[datetime]] = {}
    for row in found:
        by_name.setdefault(row.name, []).append(row.at)
    return {name: sorted(moments) for name, moments in by_name.items()}


def test_this_month_and_the_next_two_are_made(engine):
    assert ensure(engine, date(2025, 11, 30)) == ["change_202511", "change_202512", "change_202601"]


def test_the_same_day_again_makes_nothing(engine):
    ensure(engine, date(2025, 11, 30))

    assert ensure(engine, date(2025, 11, 30)) == []


def test_the_next_month_makes_one_more(engine):
    ensure(engine, date(2025, 11, 30))

    assert ensure(engine, date(2025, 12, 1)) == ["change_202602"]


def test_the_first_moment_of_a_month_is_in_it_and_the_last_too(engine):
    ensure(engine, date(2025, 11, 30))
    first = datetime(2025, 12, 1, tzinfo=UTC)
    last = datetime(2025, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    note(engine, first)
    note(engine, last)
    note(engine, datetime(2026, 1, 1, tzinfo=UTC))

    assert where(engine)["change_202512"] == [first, last]


def test_rows_of_a_month_that_was_missing_move_into_it(engine):
    early, mine = datetime(2025, 10, 31, 23, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC)
    note(engine, early)
    note(engine, mine)
    assert where(engine) == {"change_default": [early, mine]}

    ensure(engine, date(2025, 11, 15))

    assert where(engine) == {"change_default": [early], "change_202511": [mine]}


def test_what_is_loaded_goes_into_this_months_partition(engine):
    today = one(engine, "SELECT CAST(now() AS date)")
    ensure(engine, today)

    Ledger.plan(engine).pass_over([observe("a")])

    assert set(where(engine)) == {f"change_{today:%Y%m}"}


def test_a_load_during_the_move_waits_and_loses_nothing(engine):
    """Else its row, in the default partition, would keep the month from being attached."""
    today = one(engine, "SELECT CAST(now() AS date)")
    ledger = Ledger.plan(engine)
    with engine.begin() as loading:
        loading.execute(
            text(
                "INSERT INTO change (at, uid, facet, operation, scope_id)"
                " VALUES (now(), gen_random_uuid(), 'listed', 'created', 1)"
            )
        )
        pool = ThreadPoolExecutor(1)
        making = pool.submit(ensure, engine, today)
        with pytest.raises(TimeoutError):
            making.result(1)
    assert len(making.result(60)) == 3
    pool.shutdown()
    ledger.pass_over([observe("a")])

    found = where(engine)
    assert set(found) == {f"change_{today:%Y%m}"}
    assert len(found[f"change_{today:%Y%m}"]) == 2


def test_months_that_lie_wholly_before_the_day_are_dropped(engine):
    ensure(engine, date(2025, 1, 1))
    for month in (1, 2, 3):
        note(engine, datetime(2025, month, 20, tzinfo=UTC))

    assert drop_before(engine, date(2025, 3, 1)) == ["change_202501", "change_202502"]
    assert set(where(engine)) == {"change_202503"}


def test_a_month_that_is_partly_wanted_stays_whole(engine):
    ensure(engine, date(2025, 1, 1))
    note(engine, datetime(2025, 1, 2, tzinfo=UTC))

    assert drop_before(engine, date(2025, 1, 31)) == []
    assert set(where(engine)) == {"change_202501"}


def test_old_rows_that_never_got_a_month_are_deleted(engine):
    kept = datetime(2025, 1, 1, tzinfo=UTC)
    note(engine, datetime(2024, 12, 31, 23, 59, tzinfo=UTC))
    note(engine, kept)

    drop_before(engine, date(2025, 1, 1))

    assert where(engine) == {"change_default": [kept]}
