"""The lease loop in threads of this process, over the services of a rig."""

import threading
import time

from cloudops.services.leasing import LeasingService
from cloudops.settings import Settings
from cloudops.worker.loop import Worker


class Running:
    """A worker in threads of its own."""

    def __init__(self, rig, leasing=None, **settings):
        chosen = {
            "worker_threads": 3,
            "worker_lease_seconds": 2.0,
            "worker_poll_seconds": 0.1,
            "worker_stop_seconds": 10.0,
            "listing_deadline_seconds": 60.0,
        } | settings
        self.settings = Settings(**chosen)
        if leasing is None:
            seconds = self.settings.worker_lease_seconds
            leasing = LeasingService(rig.engine, lease_seconds=seconds)
        self.worker = Worker(self.settings, leasing, rig.discovery, rig.inventory)
        self.thread = threading.Thread(target=self.worker.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop()
        # Threads that hung until now still have a connection to give back.
        self.worker._pool.shutdown(wait=True)

    def stop(self):
        """Returns how long it took to leave."""
        began = time.monotonic()
        self.worker.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()
        return time.monotonic() - began
