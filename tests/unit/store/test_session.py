"""How many connections a process may open; none is opened here."""

import re

import pytest

from cloudops.app.controller import controller_app
from cloudops.settings import Settings
from cloudops.store.session import open_engine
from tests.unit.packaging.objects import ROOT, load_all

pytestmark = pytest.mark.unit

URL = "postgresql://user:password@db.example/cloudops"
OVERFLOW = 4
LISTENING = 1  # of a controller; beside the pool
DOCUMENT = (ROOT / "docs/operations/settings.md").read_text()


def settings(**values) -> Settings:
    return Settings(database_url=URL, **values)


def kept(engine) -> int:
    """Connections that are left open when nobody uses them."""
    assert engine.pool._max_overflow == OVERFLOW
    return int(engine.pool.size())


@pytest.mark.parametrize("threads", [1, 2, 3, 8, 9])
def test_a_worker_keeps_what_its_threads_may_hold_whatever_is_set(threads):
    """Fails if less is enough: a thread that waits for another's connection may wait for ever."""
    least = kept(open_engine(settings(worker_threads=threads, database_pool_size=1)))

    assert least >= 3 * threads
    assert kept(open_engine(settings(worker_threads=threads, database_pool_size=99))) == 99


def test_a_controller_keeps_what_is_set_however_many_threads_a_worker_has():
    """Fails if `lists` is forgotten: it would keep connections for threads that it has not."""
    app = controller_app(settings(worker_threads=64, database_pool_size=5))

    assert kept(app.plan._engine) == 5


def test_the_table_counts_what_the_charts_defaults_may_open():
    [values] = load_all(ROOT / "helm/cloudops-central/values.yaml")
    pool = values["database"]["poolSize"]
    both = settings(database_pool_size=pool, worker_threads=values["worker"]["threads"])
    controller = kept(controller_app(both).plan._engine) + OVERFLOW + LISTENING
    worker = kept(open_engine(both)) + OVERFLOW
    pods = [values["controller"]["replicas"], values["worker"]["replicas"]]
    together = pods[0] * controller + pods[1] * worker

    row = re.compile(r"^\| (controllers|workers|all|and while.*?) \| (.*) \|$", re.MULTILINE)
    rows = dict(row.findall(DOCUMENT))
    assert Settings().database_pool_size == pool
    assert rows["controllers"] == f"{pods[0]} | {controller} | {pods[0] * controller}"
    assert rows["workers"] == f"{pods[1]} | {worker} | {pods[1] * worker}"
    assert rows["all"] == f"{sum(pods)} | | {together}"
    # One pod more of each Deployment: the default strategy's 25 %, rounded up.
    assert rows["and while a new version is rolled out"] == (
        f"{sum(pods) + 2} | | {together + controller + worker}"
    )
