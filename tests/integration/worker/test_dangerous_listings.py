"""A listing that ends every worker that reads it, and one that never comes back.

Real processes, started again when they die, as Kubernetes does it.
"""

import json
import os
import secrets
import threading
from pathlib import Path

import pytest

from cloudops.services.plan import PlanService
from tests.cluster.paths import REPOSITORY
from tests.fakes.cloud import spec_of
from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.waiting import eventually
from tests.integration.store.seeding import (
    ACCOUNT,
    one,
    provider_record,
    rows,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

OTHERS = ("222233334444", "333344445555")
ESTATE = {ACCOUNT: ["m1", "m2"], **{other: [f"of-{other}"] for other in OTHERS}}
ALL = {name for names in ESTATE.values() for name in names}


class DangerousWorker(OperatorProcess):
    program = (str(REPOSITORY / "tests/integration/worker/dangerous_worker.py"),)


class Crew:
    """Keeps workers running: whoever dies is started again."""

    def __init__(self, url, folder: Path, **settings: str) -> None:
        self._traps = folder / "traps"
        self._traps.mkdir()
        environment = {
            "PYTHONPATH": f"{REPOSITORY / 'operator'}{os.pathsep}{REPOSITORY}",
            "CLOUDOPS_DATABASE_URL": url,
            "CLOUDOPS_TEST_ESTATE": json.dumps(ESTATE),
            "CLOUDOPS_TEST_TRAPS": str(self._traps),
            "CLOUDOPS_WORKER_LEASE_SECONDS": "1",
            "CLOUDOPS_WORKER_POLL_SECONDS": "0.1",
            **{f"CLOUDOPS_{name.upper()}": value for name, value in settings.items()},
        }
        self.deaths = 0
        self.workers = [DangerousWorker("worker", environment, folder) for _ in range(2)]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep)

    def __enter__(self):
        for worker in self.workers:
            worker.start()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        for worker in self.workers:
            if worker.exit_code is None:
                worker.kill()

    def trap(self, account: str, listing: str, what: str) -> Path:
        path = self._traps / f"{account}.{listing}"
        path.write_text(what)
        return path

    def _keep(self):
        while not self._stop.wait(0.2):
            for worker in self.workers:
                if worker.exit_code not in (None, 0) and not worker.ended_by_test:
                    self.deaths += 1
                    worker.start()


@pytest.fixture
def crew(migrated_url, run_folder):
    folder = run_folder / secrets.token_hex(4)
    folder.mkdir()

    def start(**settings):
        return Crew(migrated_url, folder, **settings)

    return start


def plan(engine, token=""):
    spec = spec_of(*ESTATE)
    return write_provider(engine, provider_record(spec=spec, requested_at=token))


def live(engine):
    return {row.canonical_id for row in rows(engine, "SELECT canonical_id FROM inventory")}


def scope(engine, account, listing):
    (found,) = rows(
        engine,
        "SELECT s.* FROM scope s JOIN account a ON a.id = s.account_pk"
        " WHERE a.account_id = :account AND s.listing = :listing",
        account=account,
        listing=listing,
    )
    return found


def status(engine, account, listing):
    found = scope(engine, account, listing)
    return found.status, found.error_code


def last_complete_at(engine, account, listing):
    return scope(engine, account, listing).last_complete_at


def crashed(engine):
    snapshot = PlanService(engine).snapshot("platform", "aws-prod")
    assert snapshot is not None
    return [
        (problem.listing, problem.example_account)
        for problem in snapshot.problems
        if problem.reason == "WorkerCrashed" and problem.listing
    ]


def all_but_the_trapped_are_read(engine):
    unread = rows(
        engine,
        "SELECT FROM scope s JOIN account a ON a.id = s.account_pk JOIN provider p ON true"
        " WHERE (s.status <> 'complete'"
        " OR s.last_attempt_at < coalesce(p.requested_at, '-infinity'))"
        # A neighbour that is suspected just now is not read yet.
        " AND NOT (s.error_code = 'WorkerCrashed' AND s.listing = 'fake.machines'"
        " AND a.account_id = :account)",
        account=ACCOUNT,
    )
    return one(engine, "SELECT count(*) FROM scope") and not unread


def test_a_listing_that_kills_workers_is_named_and_all_others_go_on(engine, crew):
    """Fails without `scopes.suspect`: nobody would know which listing it is, and each run of

    its lease would begin with it. Fails without `suspects`: its neighbours in the same process
    would look guilty, too, and be read with ever longer pauses.
    """
    with crew() as running:
        trap = running.trap(ACCOUNT, "fake.machines", "die")
        plan(engine)

        eventually(lambda: crashed(engine) == [("fake.machines", ACCOUNT)])
        eventually(lambda: all_but_the_trapped_are_read(engine))
        assert live(engine) == ALL - set(ESTATE[ACCOUNT])
        assert status(engine, ACCOUNT, "fake.machines") == ("failed", "WorkerCrashed")
        # It is named before it is read for the fourth time, the first time alone.
        eventually(lambda: running.deaths >= 4)
        assert running.deaths <= 12

        plan(engine, token="while it kills")
        eventually(lambda: all_but_the_trapped_are_read(engine))
        # A neighbour that is read alone is suspected, too, until it is done.
        eventually(lambda: crashed(engine) == [("fake.machines", ACCOUNT)])

        trap.unlink()
        plan(engine, token="healed")
        eventually(lambda: live(engine) == ALL)
        eventually(lambda: crashed(engine) == [])

    assert one(engine, "SELECT count(*) FROM resource WHERE deleted_at IS NOT NULL") == 0


def test_listings_that_were_known_stay_while_workers_die(engine, crew):
    """What the trapped listing had shown before is kept, and it is not called fresh."""
    with crew() as running:
        plan(engine)
        eventually(lambda: live(engine) == ALL and all_but_the_trapped_are_read(engine))
        before = last_complete_at(engine, ACCOUNT, "fake.machines")
        running.trap(ACCOUNT, "fake.machines", "die")

        plan(engine, token="again")
        eventually(lambda: crashed(engine) == [("fake.machines", ACCOUNT)])

        assert live(engine) == ALL
        assert last_complete_at(engine, ACCOUNT, "fake.machines") == before


def test_one_is_named_though_its_neighbours_are_read_again_before_each_death(engine, crew):
    """Fails if every neighbour that is finished calls the lease innocent: where they are due

    again each time, as with a short period, the deaths would never add up.
    """
    with crew() as running:
        plan(engine)
        eventually(lambda: live(engine) == ALL and all_but_the_trapped_are_read(engine))
        trap = running.trap(ACCOUNT, "fake.machines", "die last")

        def named_while_all_is_asked_for_again_and_again():
            plan(engine, token=secrets.token_hex(4))
            return status(engine, ACCOUNT, "fake.machines") == ("failed", "WorkerCrashed")

        eventually(named_while_all_is_asked_for_again_and_again)
        assert live(engine) == ALL

        plan(engine, token="while it kills")
        eventually(lambda: all_but_the_trapped_are_read(engine))
        trap.unlink()
        plan(engine, token="healed")
        eventually(lambda: status(engine, ACCOUNT, "fake.machines") == ("complete", ""))


def test_a_call_that_never_returns_costs_one_thread_until_the_worker_is_replaced(engine, crew):
    """Fails without the check `threads`: the thread, and its share of the work, would be gone

    until somebody looks. Fails without `works`: the process would not even end when told to.
    """
    with crew(listing_deadline_seconds="1", worker_stop_seconds="3") as running:
        trap = running.trap(ACCOUNT, "fake.machines", "hang")
        plan(engine)

        eventually(lambda: live(engine) == ALL)
        assert not trap.exists()
        fences = one(engine, "SELECT max(fence) FROM lease WHERE kind = 'inventory'")
        assert fences >= 2
        (hung,) = eventually(lambda: [w for w in running.workers if w.get("/livez")[0] == 503])
        assert "a thread has hung in a call" in hung.get("/livez")[1]
        (other,) = (worker for worker in running.workers if worker is not hung)
        assert other.get("/livez")[0] == 200

        assert hung.stop(timeout=10) == 75
        plan(engine, token="after")
        eventually(lambda: all_but_the_trapped_are_read(engine))

    assert live(engine) == ALL
    assert one(engine, "SELECT count(*) FROM resource WHERE deleted_at IS NOT NULL") == 0
