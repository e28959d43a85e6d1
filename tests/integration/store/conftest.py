"""A ledger to begin with."""

import pytest
from sqlalchemy import Engine

from tests.integration.store.seeding import Ledger


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """One account, one region, one scope, leased."""
    return Ledger.plan(engine)
