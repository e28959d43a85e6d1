"""A worker as a process of its own, over a cloud in memory that may end it, or hold it fast.

CLOUDOPS_TEST_ESTATE: JSON, accounts by id → names of their machines.
CLOUDOPS_TEST_TRAPS: a folder; a file there named `ACCOUNT.LISTING` holds what that listing does:
`die` at every attempt, or `hang` for ever, the first who comes (the file is gone then).
"""

import json
import os
import sys
import threading
from pathlib import Path

from cloudops import logs
from cloudops.app import WorkerApp
from cloudops.collectors.vocabulary import Listing
from cloudops.services.leasing import LeasingService
from cloudops.services.maintenance import MaintenanceService
from cloudops.settings import Settings
from cloudops.store.session import open_engine
from cloudops.worker.run import run
from tests.fakes.cloud import MACHINES, FakeAccount, FakeSession
from tests.integration.services.rig import Rig

TRAPS = Path(os.environ["CLOUDOPS_TEST_TRAPS"])


def spring(account: str, listing: Listing) -> None:
    trap = TRAPS / f"{account}.{listing.name}"
    try:
        what = trap.read_text()
    except FileNotFoundError:
        return
    if what == "die":
        os._exit(139)
    trap.unlink()
    threading.Event().wait()


def set_traps() -> None:
    """Before its first page a listing may find one."""
    pages = FakeSession.pages

    def trapped(session, listing, region):
        spring(session.identity.account_id, listing)
        return pages(session, listing, region)

    FakeSession.pages = trapped  # type: ignore[method-assign]


def open_app() -> WorkerApp:
    settings = Settings()
    engine = open_engine(settings)
    rig = Rig(engine)
    for account_id, names in json.loads(os.environ["CLOUDOPS_TEST_ESTATE"]).items():
        account: FakeAccount = rig.cloud.accounts.get(account_id) or rig.cloud.account(account_id)
        account.put(MACHINES, *names)
    leasing = LeasingService(engine, lease_seconds=settings.worker_lease_seconds)
    return WorkerApp(settings, leasing, rig.discovery, rig.inventory, MaintenanceService(engine))


logs.configure(log_format="json", level="INFO")
set_traps()
sys.exit(run(open_app))
