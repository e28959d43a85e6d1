"""Workers as processes, which read an estate that the fake shows; and what each sync took."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from sqlalchemy import Engine

from cloudops.settings import Settings
from cloudops.store.session import open_engine
from tests.benchmarks.counters import cpu_seconds, peak_rss_bytes
from tests.benchmarks.estate import Estate, read_estate
from tests.benchmarks.exhibition import Census, exhibit
from tests.benchmarks.servers import BenchServer
from tests.cluster.paths import REPOSITORY
from tests.cluster.ports import free_port
from tests.cluster.reporting import say
from tests.fakes.aws.control import RemoteFakeAws
from tests.fixtures.run import own_folder
from tests.fixtures.waiting import eventually
from tests.integration.store.seeding import execute, one, provider_record, rows, write_provider

ESTATE: Final = "mixed"
LONGEST_SECONDS: Final = 7_200
_STOP_SECONDS: Final = 60
_POLL_SECONDS: Final = 0.2
IMAGE_ENVIRONMENT: Final = {"MALLOC_ARENA_MAX": "2"}
"""What the image sets for the worker."""
_FOREIGN: Final = ("AWS_", "AZURE_", "CLOUDOPS_", "GOOGLE_", "KUBE", "PG")
_LEFT: Final = """
SELECT count(*) FILTER (WHERE next_due_at <= now() OR holder <> '') = 0
   AND count(*) FILTER (WHERE kind = 'inventory') > 0 FROM lease
"""
_DUE: Final = (
    "UPDATE scope SET next_due_at = now()",
    "UPDATE lease SET next_due_at = now() WHERE kind = 'inventory'",
)
_TOOK: Final = "SELECT extract(epoch FROM max(finished_at) - :began) FROM lease"
_TYPES: Final = "SELECT type, count(*) FROM resource WHERE deleted_at IS NULL GROUP BY type"
_TROUBLE: Final = """
SELECT listing, region, status, error_code, error_message FROM scope
WHERE retired_at IS NULL AND status <> 'complete' LIMIT 5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What one sync took, by the clock and of processors, and the calls that it made."""

    seconds: float
    worker_cpu: float
    server_cpu: float
    peak_rss_bytes: int
    calls: Counter[tuple[str, str, str, str]]


@dataclass(frozen=True, slots=True)
class Stage:
    """A fake AWS with the estate, and a database server without anything."""

    aws: RemoteFakeAws
    server: BenchServer
    estate: Estate
    census: Census
    folder: Path

    @classmethod
    @contextmanager
    def set(cls, scale: float, copies: int = 1) -> Iterator["Stage"]:
        """The fake answers each question once and keeps the answer, as long as memory allows."""
        with (
            own_folder() as folder,
            RemoteFakeAws.spawn() as aws,
            BenchServer.running(folder / "postgres") as server,
        ):
            estate = read_estate(ESTATE, scale)
            census = exhibit(aws, estate, copies)
            aws.keep_answers(on=copies == 1)
            say(f"  {census.resources} resources in {len(census.scopes)} scopes")
            yield cls(aws, server, estate, census, folder)


class Reader:
    """Workers, ready and idle, on a database of their own."""

    def __init__(self, stage: Stage, name: str, workers: int) -> None:
        self._stage = stage
        self._url = stage.server.migrated(name)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._planned = False
        self.engine: Engine = open_engine(Settings(database_url=self._url))
        self._workers = workers

    @classmethod
    @contextmanager
    def ready(cls, stage: Stage, name: str, *, workers: int = 1) -> Iterator["Reader"]:
        """Stopped at the end."""
        reader = cls(stage, name, workers)
        with ExitStack() as stack:
            stack.callback(reader.engine.dispose)
            for number in range(workers):
                reader._processes.append(stack.enter_context(reader._start(f"{name}-{number}")))
            yield reader

    def sync(self) -> Synced:
        """Have everything read: at first by the plan, then once more.

        Raises:
            AssertionError: Something was not read, or more than there is.
        """
        stage = self._stage
        before = self._cpu(), stage.server.cpu_seconds(), stage.aws.call_counts()
        began = one(self.engine, "SELECT clock_timestamp()")
        if self._planned:
            for statement in _DUE:
                execute(self.engine, statement)
        else:
            write_provider(self.engine, provider_record(cloud="aws", spec=self._spec()))
            self._planned = True
        eventually(
            lambda: one(self.engine, _LEFT), LONGEST_SECONDS, _POLL_SECONDS, "every lease's end"
        )
        synced = Synced(
            seconds=float(one(self.engine, _TOOK, began=began)),
            worker_cpu=self._cpu() - before[0],
            server_cpu=stage.server.cpu_seconds() - before[1],
            peak_rss_bytes=max(peak_rss_bytes(process.pid) for process in self._processes),
            calls=stage.aws.call_counts() - before[2],
        )
        self._judge()
        say(
            f"  {self._workers} worker(s): {synced.seconds:.1f} s, CPU {synced.worker_cpu:.1f} s "
            f"+ {synced.server_cpu:.1f} s, {synced.calls.total()} calls, "
            f"{synced.peak_rss_bytes / 1e6:.0f} MB"
        )
        return synced

    def _judge(self) -> None:
        """Figures count only if everything was found."""
        trouble = rows(self.engine, _TROUBLE)
        if trouble:
            raise AssertionError(f"not read: {trouble}")
        found = dict(map(tuple, rows(self.engine, _TYPES)))
        wrong = {
            name: (found.get(name), count)
            for name, count in self._stage.census.types.items()
            if found.get(name) != count
        }
        if wrong:
            raise AssertionError(f"found, and there are: {wrong}")

    def _cpu(self) -> float:
        return sum(cpu_seconds(process.pid) for process in self._processes)

    @contextmanager
    def _start(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        port = free_port()
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        own = {
            "CLOUDOPS_DATABASE_URL": self._url,
            "CLOUDOPS_HTTP_HOST": "127.0.0.1",
            "CLOUDOPS_HTTP_PORT": str(port),
            "CLOUDOPS_WORKER_POLL_SECONDS": str(_POLL_SECONDS),
        }
        log = self._stage.folder / f"{name}.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.worker_process"],
                cwd=REPOSITORY,
                env=inherited | IMAGE_ENVIRONMENT | own,
                stdout=output,
                stderr=output,
            ) as process,
        ):
            try:
                eventually(lambda: _answers(port), what=f"the worker, see {log}")
                yield process
            finally:
                process.terminate()
                process.wait(_STOP_SECONDS)

    def _spec(self) -> Mapping[str, Any]:
        estate = self._stage.estate
        return {
            "type": "aws",
            "aws": {
                "credentials": {"source": "Secret", "secretRef": {"name": "keys"}},
                "accounts": {"ids": list(estate.accounts)},
                "regions": {"include": list(estate.regions)},
                "endpointURL": self._stage.aws.url,
            },
            "inventory": {
                "syncPeriodSeconds": 86_400,  # so that nothing becomes due by itself
                "detail": {"callsPerHour": 0},
            },
        }


def _answers(port: int) -> bool:
    with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
        return bool(answer.status == 200)
