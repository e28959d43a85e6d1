"""`cloudops worker` as a process: it waits, works, answers probes and leaves when told to."""

import signal
import socket
import threading
from typing import Any

import pytest

from cloudops.app.worker import WorkerApp
from cloudops.domain.errors import StoreUnavailableError
from cloudops.domain.ledger import Lease
from cloudops.services.leasing import LeasingService
from cloudops.services.maintenance import MaintenanceService
from cloudops.settings import Settings
from cloudops.worker import run
from tests.cluster.ports import free_port
from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.waiting import eventually
from tests.integration.store.seeding import one, provider_record, rows, write_provider

pytestmark = [pytest.mark.integration, pytest.mark.database]


@pytest.fixture
def worker(migrated_url, tmp_path):
    process = OperatorProcess(
        "worker",
        {"CLOUDOPS_DATABASE_URL": migrated_url, "CLOUDOPS_WORKER_POLL_SECONDS": "0.2"},
        tmp_path,
    )
    yield process
    if process.exit_code is None:
        process.kill()


def test_it_makes_history_partitions_answers_probes_and_leaves_with_0(worker, engine):
    worker.start()
    worker.wait_ready()

    assert worker.get("/livez")[0] == 200
    assert "cloudops_worker_leases" in worker.get("/metrics")[1]
    eventually(
        lambda: (
            one(engine, "SELECT count(*) FROM pg_class WHERE relname ~ '^change_[0-9]{6}$'") == 3
        )
    )
    assert worker.stop() == 0


def test_a_secret_that_nobody_can_read_is_told_in_the_ledger(worker, engine):
    """There is no cluster here: the operator's own trouble, which passes by itself."""
    write_provider(engine, provider_record())
    worker.start()

    def told():
        ((row),) = rows(engine, "SELECT entry_state, entry_reason FROM provider")
        return tuple(row) == ("dependency_missing", "SecretUnavailable")

    eventually(told)
    assert worker.stop() == 0


def test_it_waits_for_a_database_that_is_away(worker, postgres):
    """Fails if it answers no probe meanwhile: it would be killed again and again."""
    postgres.stop()
    worker.start()
    eventually(lambda: "waiting for the database" in worker.log_text())
    assert worker.get("/livez")[0] == 200
    assert worker.get("/readyz")[0] == 503

    postgres.start()

    worker.wait_ready()
    assert worker.stop() == 0


def test_told_to_leave_while_it_waits_it_leaves(worker, postgres):
    postgres.stop()
    worker.start()
    eventually(lambda: "waiting for the database" in worker.log_text())

    assert worker.stop() == 0
    postgres.start()


def test_a_database_that_goes_away_makes_it_unready_and_not_dead(worker, postgres):
    worker.start()
    worker.wait_ready()
    postgres.stop("immediate")

    eventually(lambda: worker.get("/readyz")[0] == 503)
    assert worker.get("/livez")[0] == 200
    postgres.start()
    eventually(lambda: worker.get("/readyz")[0] == 200)
    assert worker.stop() == 0


def test_a_taken_port_is_told_in_one_line(worker):
    """Fails if it ends in a traceback: nobody reads there which setting to change."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", worker.port))
        taken.listen()
        worker.start()

        assert eventually(lambda: worker.exit_code) == 2
    assert f"can't listen on 127.0.0.1:{worker.port}" in worker.log_text()
    assert "Traceback" not in worker.log_text()


class BrokenLeasing(LeasingService):
    """A bug that ends the loop's thread."""

    def acquire(self, *_: Any, **__: Any) -> list[Lease]:
        raise ValueError("a bug")


class RefusingMaintenance(MaintenanceService):
    runs = 0

    def run(self) -> None:
        self.runs += 1
        raise StoreUnavailableError("away") if self.runs == 1 else ValueError("a bug")


def test_a_loop_that_ends_by_itself_is_no_success(rig, monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(threading, "excepthook", lambda *_: None)
    app = WorkerApp(
        Settings(http_host="127.0.0.1", http_port=free_port(), worker_stop_seconds=2),
        BrokenLeasing(rig.engine, lease_seconds=60),
        rig.discovery,
        rig.inventory,
        MaintenanceService(rig.engine),
    )

    assert run.run(lambda: app, app.settings) == 1


def test_maintenance_that_fails_is_tried_again(rig, monkeypatch):
    monkeypatch.setattr(run, "MAINTENANCE_SECONDS", 0.05)
    maintenance, stop = RefusingMaintenance(rig.engine), threading.Event()
    app = WorkerApp(Settings(), rig.leasing, rig.discovery, rig.inventory, maintenance)
    thread = threading.Thread(target=run._maintain, args=(app, stop))
    thread.start()
    try:
        eventually(lambda: maintenance.runs >= 3, timeout=30)
    finally:
        stop.set()
        thread.join(30)
