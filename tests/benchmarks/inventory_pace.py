"""The time of a sync by the clock, where calls take as long as those to AWS."""

from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.syncing import Reader, Stage, Synced
from tests.fakes.aws.faults import Fault

USUAL_SECONDS, SLOW_SECONDS = 0.05, 0.4

FIGURES = (
    Figure(
        "Time of a sync with 50 ms a call",
        "s",
        "A worker process with the settings that are shipped reads the estate of "
        "`tests/benchmarks/estates/mixed.yaml`, 20,000 resources in 4 accounts and 3 regions, into "
        "an empty database, from a fake AWS that lets each call wait for 50 ms; from the plan to "
        "the end of the last lease.",
        "Eight threads wait for AWS, PostgreSQL or each other, and all processes share the cores.",
        "CPU time of the worker meanwhile",
        Aim("ratio", at_most=1.3),
    ),
    Figure(
        "Time of a sync with 400 ms a call",
        "s",
        "Likewise, with 400 ms a call, by one worker process, and anew by two.",
        "Latency and the documented rate limits: each worker waits for its own leases.",
        "two workers",
        Aim("ratio", at_least=1.7),
    ),
)


def measure(scale: float) -> list[Measured]:
    """All of FIGURES."""
    with Stage.set(scale) as stage:
        with Reader.ready(stage, "inventory_pace_before") as reader:
            reader.sync()  # after it the fake knows its answers
        usual = _sync(stage, USUAL_SECONDS, workers=1)
        alone = _sync(stage, SLOW_SECONDS, workers=1)
        together = _sync(stage, SLOW_SECONDS, workers=2)
        version = stage.server.version()
        return [
            Measured(FIGURES[0], usual.seconds, usual.worker_cpu, version),
            Measured(FIGURES[1], alone.seconds, together.seconds, version),
        ]


def _sync(stage: Stage, seconds: float, *, workers: int) -> Synced:
    rule = stage.aws.inject(Fault.latency(seconds))
    name = f"inventory_pace_{workers}_{seconds * 1000:.0f}"
    with Reader.ready(stage, name, workers=workers) as reader:
        synced = reader.sync()
    stage.aws.clear_faults(rule)
    return synced
