"""A ledger to begin with, and a database that can fail over."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cloudops.services.plan import PlanService
from cloudops.settings import Settings
from cloudops.store.session import open_engine
from tests.integration.store.derived import MACHINES, OTHER, QUEUES, settle
from tests.integration.store.failover import Pair, replicated
from tests.integration.store.seeding import Ledger, account, write_plan, write_provider


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """One account, one region, one scope, leased."""
    return Ledger.plan(engine)


@pytest.fixture
def plan(engine: Engine) -> PlanService:
    """What a controller asks of the store."""
    return PlanService(engine)


@pytest.fixture
def epoch(plan: PlanService) -> int:
    """Of the one leader there is."""
    return plan.claim_epoch("pod-a")


@pytest.fixture
def pair(run_folder: Path) -> Iterator[Pair]:
    with replicated(run_folder / secrets.token_hex(4)) as found:
        yield found


@pytest.fixture
def pair_engine(pair: Pair) -> Iterator[Engine]:
    """Through the one address; a test does not try again, as a worker would."""
    engine = open_engine(Settings(database_url=pair.url), rested_seconds=0)
    yield engine
    engine.dispose()


@pytest.fixture
def provider_id(engine: Engine) -> int:
    return write_provider(engine)


@pytest.fixture
def planned(engine: Engine, provider_id: int) -> int:
    """A provider with two accounts, all of whose scopes were read."""
    write_plan(engine, provider_id, [account(), account(OTHER)], [MACHINES, QUEUES])
    settle(engine)
    return provider_id
