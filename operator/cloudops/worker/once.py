"""One full pass over one provider, in the foreground."""

import secrets
import socket
import time
from collections.abc import Callable

from cloudops import logs
from cloudops.app.worker import WorkerApp
from cloudops.domain.ledger import Lease, LeaseKind
from cloudops.services.collecting import CollectingService
from cloudops.worker.heartbeat import Heartbeat

POLL_SECONDS = 0.5

Progress = Callable[[int, int], None]
"""Told how many leases are done, and how many are left."""


def run_once(
    app: WorkerApp, collecting: CollectingService, provider_id: int, progress: Progress
) -> None:
    """Work off every due lease of a provider; waits for those that other workers hold.

    Raises:
        StoreUnavailableError: The database went away.
        LeaseLostError: Another worker took over, because this one hung.
    """
    holder = f"{socket.gethostname()}-collect-{secrets.token_hex(4)}"
    heartbeat = Heartbeat(
        lambda held: app.leasing.renew(held, holder),
        lease_seconds=app.settings.worker_lease_seconds,
        deadline_seconds=app.settings.listing_deadline_seconds,
    )
    heartbeat.start()
    done = 0
    try:
        while left := collecting.unfinished(provider_id):
            progress(done, left)
            taken = app.leasing.acquire(holder, 1, provider_id)
            for lease in taken:
                _work(app, lease, heartbeat)
                done += 1
            if not taken:
                time.sleep(POLL_SECONDS)
        progress(done, 0)
    finally:
        heartbeat.stop()


def _work(app: WorkerApp, lease: Lease, heartbeat: Heartbeat) -> None:
    with logs.correlated(lease=lease.domain):
        pulse = heartbeat.hold(lease)
        try:
            if lease.kind is LeaseKind.DISCOVERY:
                app.discovery.run(lease, pulse)
            else:
                app.inventory.run(lease, pulse)
        except BaseException:
            heartbeat.drop(lease)  # a beat after this would find it lost
            app.leasing.hand_back([lease])
            raise
        finally:
            heartbeat.drop(lease)
