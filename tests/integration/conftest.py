"""The store over a database of the test's own, and services over it with a cloud in memory."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from cloudops.settings import Settings
from cloudops.store.session import open_engine
from tests.integration.services.rig import Rig


@pytest.fixture
def engine(migrated_url: str) -> Iterator[Engine]:
    engine = open_engine(Settings(database_url=migrated_url))
    yield engine
    engine.dispose()


@pytest.fixture
def rig(engine: Engine) -> Iterator[Rig]:
    rig = Rig(engine)
    yield rig
    rig.close()
