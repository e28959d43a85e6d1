"""`python -m tests.benchmarks.worker_process`: `cloudops worker` with the keys of the fake.

Everything but where the Secrets come from is the shipped process, its settings included.
"""

import sys

from cloudops import logs
from cloudops.app.worker import WorkerApp, worker_app
from cloudops.services.access import Keyring
from cloudops.settings import Settings
from cloudops.worker.run import run
from tests.benchmarks.collecting import KEYS
from tests.fakes.cloud import FakeSecrets


def main() -> int:
    settings = Settings()
    logs.configure(log_format=settings.log_format, level=settings.log_level)

    def open_app() -> WorkerApp:
        return worker_app(settings, Keyring(FakeSecrets(KEYS)))

    return run(open_app, settings)


if __name__ == "__main__":
    sys.exit(main())
