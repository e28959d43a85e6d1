"""A status names what is wrong: of all scopes it looks at those that have something to say."""

import pytest

from cloudops.store import snapshot
from tests.integration.store.plans import plan_nodes, touched
from tests.integration.store.seeding import Ledger, one

pytestmark = [pytest.mark.integration, pytest.mark.database]

SCOPES = 20_000
ADDED = """
INSERT INTO scope (account_pk, region, listing, lease_id, period_seconds, status, error_code)
SELECT account_pk, 'r' || n % 20, 'fake.{name}-' || n, lease_id, 900, '{status}', '{code}'
FROM (SELECT account_pk, lease_id FROM scope LIMIT 1) one, generate_series(1, {count}) n
"""
COMPLETE = ADDED.format(name="complete", status="complete", code="", count=SCOPES)
# Ten in each region are enough to ask whether all of the region is denied.
DENIED = ADDED.format(name="denied", status="denied", code="AccessDenied", count=200)


@pytest.mark.parametrize(
    ("name", "most"), [("_ACCOUNTS", 10), ("_FIRST_PROBLEMS", 2_000), ("_HELD", 10)]
)
def test_complete_scopes_are_not_looked_at(engine, name, most):
    """Fails without `scope_telling` or `scope_held`, or if a denied region reads all its scopes."""
    Ledger.plan(engine)
    statements = (
        (COMPLETE, DENIED, "ANALYZE scope")
        if name == "_FIRST_PROBLEMS"
        else (COMPLETE, "ANALYZE scope")
    )
    parameters = {"id": one(engine, "SELECT id FROM provider"), "limit": 20}

    nodes = plan_nodes(engine, getattr(snapshot, name), *statements, **parameters)

    assert touched(nodes) < most
