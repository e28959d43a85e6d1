"""The store over a database of the test's own."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from cloudops.settings import Settings
from cloudops.store.session import open_engine
from tests.integration.store.seeding import Ledger


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = open_engine(Settings(database_url=migrated_url))
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """One account, one region, one scope, leased."""
    return Ledger.plan(engine)
