"""A worker reads an estate, and one that is 25 times as large."""

from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.syncing import Reader, Stage

COPIES = 25
MEGABYTE = 1_000_000

FIGURES = (
    Figure(
        "Peak memory of a worker with 500,000 resources",
        "MB",
        "A worker process reads the estate of `tests/benchmarks/estates/mixed.yaml` with each "
        "thing 25 times, from a fake AWS into an empty database; VmHWM at the end.",
        "Service models and clients of the SDK, and a page for each thread.",
        aim=Aim("value", at_most=450),
    ),
    Figure(
        "… against 20,000 resources",
        "MB",
        "The same, beside another worker that has read the estate with each thing once.",
        "Pages go through the database, so that only those in flight are in memory.",
        "the same with 20,000 resources",
        Aim("ratio", at_most=1.1),
    ),
)


def measure(scale: float) -> list[Measured]:
    """All of FIGURES."""
    few, _ = _peak(scale, 1)
    many, version = _peak(scale, COPIES)
    return [
        Measured(FIGURES[0], many, postgres=version),
        Measured(FIGURES[1], many, few, version),
    ]


def _peak(scale: float, copies: int) -> tuple[float, str]:
    with (
        Stage.set(scale, copies) as stage,
        Reader.ready(stage, f"inventory_memory_{copies}") as reader,
    ):
        return reader.sync().peak_rss_bytes / MEGABYTE, stage.server.version()
