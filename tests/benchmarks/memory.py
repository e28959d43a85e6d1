"""A worker reads 20,000 items of one scope, and 200,000."""

from pathlib import Path

from tests.benchmarks.collecting import KEYS, Collected, collect, provider
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.servers import BenchServer
from tests.cluster.reporting import say
from tests.fakes.aws.builders import instance, slim
from tests.fakes.aws.control import RemoteFakeAws
from tests.fixtures.run import own_folder

FEW, MANY = 20_000, 200_000
ACCOUNT = "111122223333"
REGION = "eu-west-1"
TYPE = "AWS::EC2::Instance"
MEGABYTE = 1_000_000

FIGURES = (
    Figure(
        "Peak memory with 200,000 items in one scope",
        "MB",
        "`cloudops collect`, a worker's own loop for one sync, reads 20,000, then as a new process "
        "200,000 instances of one region from a fake AWS in pages of 1,000; VmHWM of each process.",
        "Pages are staged in the database, so that only those in flight are in memory, beside "
        "Python, SDK and driver.",
        "the same with 20,000 items",
        Aim("ratio", at_most=1.2),
    ),
)


def measure(scale: float) -> list[Measured]:
    """All of FIGURES."""
    with own_folder() as folder, BenchServer.running(folder / "postgres") as server:
        few = _read(server, folder, int(FEW * scale))
        many = _read(server, folder, int(MANY * scale))
        return [
            Measured(
                FIGURES[0],
                many.peak_rss_bytes / MEGABYTE,
                few.peak_rss_bytes / MEGABYTE,
                server.version(),
            )
        ]


def _read(server: BenchServer, folder: Path, count: int) -> Collected:
    with RemoteFakeAws.spawn() as aws:
        account = aws.account(
            ACCOUNT,
            regions=[REGION],
            access_key=KEYS["AWS_ACCESS_KEY_ID"],
            secret_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )
        template = slim(instance("i-{n:017x}", region=REGION, tags={"Name": "web-{n}"}))
        account.put_fleet(template, count)
        file = folder / f"provider-{count}.yaml"
        file.write_text(provider(aws.url, ACCOUNT, REGION, [TYPE]))
        collected = collect(file, server.migrated(f"items_{count}"))
    if collected.resources[TYPE] != count:
        raise AssertionError(f"found {collected.resources}, there are {count}")
    say(f"  {count} items: {collected.peak_rss_bytes / MEGABYTE:.0f} MB")
    return collected
