"""How a plan was derived: its rows, their versions, and a way to let them have been read."""

from cloudops.store import deriving, plan
from cloudops.store.snapshot import read_snapshot
from tests.fakes.cloud import CLOUD
from tests.integration.store.seeding import account, execute, listing, rows

OTHER = "444455556666"
MACHINES, QUEUES = listing("fake.machines"), listing("fake.queues")
PLAN_TABLES = ("account", "claim", "not_offered", "lease", "scope")


def versions(engine, account_id="%"):
    """Which version of each row of the plan stands, of the discovery's own lease apart."""
    found = rows(
        engine,
        "SELECT s.xmin, s.ctid FROM scope s JOIN account a ON a.id = s.account_pk"
        " WHERE a.account_id LIKE :id ORDER BY s.id",
        id=account_id,
    )
    return [tuple(row) for row in found]


def written(engine):
    return {
        table: rows(engine, f"SELECT xmin, ctid FROM {table} ORDER BY ctid")  # noqa: S608  our own names
        for table in PLAN_TABLES
    }


def active(engine):
    found = rows(
        engine,
        "SELECT a.account_id, s.region, s.listing FROM scope s JOIN account a ON"
        " a.id = s.account_pk WHERE s.retired_at IS NULL",
    )
    return {tuple(row) for row in found}


def retired(engine):
    found = rows(
        engine, "SELECT listing, region, retired_reason FROM scope WHERE retired_at > '-infinity'"
    )
    return {(row.listing, row.region): row.retired_reason for row in found}


def wanted(provider_id, accounts=None, listings=(MACHINES,)):
    return plan.ProviderPlan(provider_id, CLOUD, accounts or [account()], listings)


def outdated(engine, provider_plan):
    with engine.begin() as connection:
        return deriving.outdated_accounts(connection, provider_plan)


def a_day_later(engine):
    execute(engine, "UPDATE account SET derived_at = derived_at - interval '25 h'")


def settle(engine):
    execute(
        engine,
        "UPDATE scope SET status = 'complete', last_complete_at = now(), last_attempt_at = now(),"
        " next_due_at = now() + interval '1 h'",
    )
    execute(
        engine,
        "UPDATE lease SET next_due_at = now() + interval '1 h', finished_at = clock_timestamp(),"
        " finished_start_at = clock_timestamp()",
    )


def snapshot(engine):
    with engine.begin() as connection:
        found = read_snapshot(connection, "platform", "aws-prod")
    assert found is not None
    return found
