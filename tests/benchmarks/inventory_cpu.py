"""The processor time of a sync, beside that of botocore for the same pages."""

import json
import subprocess
import sys

from tests.benchmarks.botocore_parsing import parsing_cpu_seconds
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.syncing import Reader, Stage, Synced
from tests.cluster.paths import REPOSITORY
from tests.cluster.reporting import say

_SAMPLE = (
    "A worker process reads the estate of `tests/benchmarks/estates/mixed.yaml` from a fake AWS, "
    "a process of its own that answers from memory"
)
_READING = "a program that asks botocore for the same pages and throws them away"

FIGURES = (
    Figure(
        "CPU of a first sync of 20,000 resources",
        "s",
        f"{_SAMPLE} and does not count, into an empty database; CPU time of the worker and of all "
        "PostgreSQL processes from the plan to the end of the last lease.",
        "Each scope costs a call, and each resource its rows, indexes and history.",
        _READING,
        Aim("ratio", at_most=1.5),
    ),
    Figure(
        "… of the worker",
        "s",
        "CPU time of the worker alone.",
        "Requests, signatures and parsing of the SDK are most of it.",
        _READING,
    ),
    Figure(
        "… of the server",
        "s",
        "CPU time of all PostgreSQL processes.",
        "A transaction a scope that holds anything new.",
    ),
    Figure(
        "CPU of a second sync with nothing changed",
        "s",
        "The same worker reads everything once more.",
        "Requests, parsing, and the comparison of digests.",
        _READING,
        Aim("ratio", at_most=1.5),
    ),
    Figure(
        "… of the worker, second sync",
        "s",
        "CPU time of the worker alone.",
        "As above, without loading service models and making clients.",
        _READING,
    ),
    Figure(
        "… of the server, second sync",
        "s",
        "CPU time of all PostgreSQL processes.",
        "One comparison a scope, and the ledger in batches.",
    ),
    Figure(
        "CPU of botocore's parsers for these pages",
        "s",
        "All answers of the second sync, parsed once more and nothing else.",
        "A small part of what it takes botocore to make these calls, most of which bring little.",
    ),
)


def measure(scale: float) -> list[Measured]:
    """All of FIGURES."""
    with Stage.set(scale) as stage:
        with Reader.ready(stage, "inventory_cpu_before") as reader:
            reader.sync()  # after it the fake knows its answers
        with Reader.ready(stage, "inventory_cpu") as reader:
            first, second = reader.sync(), reader.sync()
        reading = _reading_cpu_seconds(stage)
        parsing = parsing_cpu_seconds(stage.aws.kept_answers())
        numbers = [*_numbers(first, reading), *_numbers(second, reading), (parsing, None)]
        return [
            Measured(figure, value, baseline, stage.server.version())
            for figure, (value, baseline) in zip(FIGURES, numbers, strict=True)
        ]


def _numbers(synced: Synced, reading: float) -> list[tuple[float, float | None]]:
    whole = synced.worker_cpu + synced.server_cpu
    return [(whole, reading), (synced.worker_cpu, reading), (synced.server_cpu, None)]


def _reading_cpu_seconds(stage: Stage) -> float:
    estate = stage.estate
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.benchmarks.botocore_reading", stage.aws.url),
            *(",".join(estate.regions), ",".join(estate.accounts)),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"botocore broke off: {done.stderr[-2000:]}")
    told = json.loads(done.stdout)
    say(f"  botocore alone: {told['calls']} calls, CPU {told['cpu_seconds']:.1f} s")
    return float(told["cpu_seconds"])
