"""A worker as a process of its own, over a cloud in memory that may end it, or hold it fast.

CLOUDOPS_TEST_ESTATE: JSON, accounts by id → names of their machines.
CLOUDOPS_TEST_TRAPS: a folder; a file there named `ACCOUNT.LISTING` holds what that listing does:
`die` at every attempt, `die last`, once its neighbours are in the ledger, or `hang` for ever, the
first who comes (the file is gone then).
"""

import json
import os
import sys
import threading
from pathlib import Path

from sqlalchemy import text

from cloudops import logs
from cloudops.app.worker import WorkerApp
from cloudops.collectors.vocabulary import Listing
from cloudops.services.leasing import LeasingService
from cloudops.services.maintenance import MaintenanceService
from cloudops.settings import Settings
from cloudops.store.session import open_engine
from cloudops.worker.run import run
from tests.fakes.cloud import MACHINES, FakeAccount, FakeSession
from tests.fixtures.waiting import eventually
from tests.integration.services.rig import Rig

TRAPS = Path(os.environ["CLOUDOPS_TEST_TRAPS"])
# Of the listings read together nothing is in the ledger at a first attempt, before all are over;
# and where they are read one by one there is nothing to wait for.
LAST = text("""
SELECT l.attempts NOT BETWEEN 2 AND 3 AND l.attempts <> 0 OR NOT EXISTS (
    SELECT FROM scope s WHERE s.lease_id = l.id AND s.listing <> :listing
      AND s.retired_at IS NULL AND coalesce(s.last_attempt_at, '-infinity') < l.started_at)
FROM scope own JOIN lease l ON l.id = own.lease_id JOIN account a ON a.id = own.account_pk
WHERE a.account_id = :account AND own.listing = :listing AND own.region = :region
""")


def spring(account: str, listing: Listing, region: str) -> None:
    trap = TRAPS / f"{account}.{listing.name}"
    try:
        what = trap.read_text()
    except FileNotFoundError:
        return
    if what == "die last":
        place = {"account": account, "listing": listing.name, "region": region}
        with open_engine(Settings()).connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            eventually(lambda: connection.scalar(LAST, place))
    if what.startswith("die"):
        os._exit(139)
    trap.unlink()
    threading.Event().wait()


def set_traps() -> None:
    """Before its first page a listing may find one."""
    pages = FakeSession.pages

    def trapped(session, listing, region):
        spring(session.identity.account_id, listing, region)
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
sys.exit(run(open_app, Settings()))
