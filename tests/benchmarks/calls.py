"""HTTP calls for 1,300 resources in one region, counted in the log of moto's server."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import boto3

from tests.benchmarks import custodian
from tests.benchmarks.collecting import KEYS, collect, provider
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.servers import BenchServer
from tests.cluster.ports import free_port
from tests.fixtures.run import own_folder
from tests.fixtures.waiting import eventually

REGION = "us-east-1"
ACCOUNT = "123456789012"  # moto's own
INSTANCES, BUCKETS, ROLES = 500, 500, 300
LAUNCH = 100
_IMAGE = "ami-12c6146b"  # one that moto knows
_TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
TYPES = {
    "AWS::EC2::Instance": "aws.ec2",
    "AWS::S3::Bucket": "aws.s3",
    "AWS::IAM::Role": "aws.iam-role",
}

FIGURES = (
    Figure(
        "AWS calls for 1,300 resources",
        "calls",
        "500 instances, 500 buckets, half of them tagged, and 300 roles in moto; `cloudops "
        "collect` of these three types in one region without details, which have a budget of "
        "their own, every line of moto's access log counted, the baseline's on the same server "
        "afterwards.",
        "Entering the account and the page sizes of AWS set the least that there can be.",
        f"Cloud Custodian {custodian.VERSION} with one policy for each type",
        Aim("value", at_most=30),
    ),
)


class Moto:
    """A server whose log has one line a request."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self.url = f"http://127.0.0.1:{free_port()}"

    @classmethod
    @contextmanager
    def running(cls, log: Path) -> Iterator["Moto"]:
        """Stopped at the end."""
        moto = cls(log)
        port = moto.url.rpartition(":")[2]
        command = [
            str(Path(sys.executable).with_name("moto_server")),
            "-H",
            "127.0.0.1",
            "-p",
            port,
        ]
        with log.open("wb") as file:
            process = subprocess.Popen(command, stdout=file, stderr=file)
        try:
            eventually(moto._answers, what="moto")
            yield moto
        finally:
            process.terminate()
            process.wait()

    def calls(self) -> int:
        """Requests so far."""
        return sum(b" HTTP/1." in line for line in self._log.read_bytes().splitlines())

    def _answers(self) -> bool:
        with urlopen(f"{self.url}/moto-api/", timeout=5) as answer:  # noqa: S310  http on loopback
            return bool(answer.status == 200)


def measure(scale: float) -> list[Measured]:
    """All of FIGURES; without a baseline where Custodian can't be installed."""
    sizes = (INSTANCES, BUCKETS, ROLES)
    counts = {type_: int(size * scale) for type_, size in zip(TYPES, sizes, strict=True)}
    with (
        own_folder() as folder,
        BenchServer.running(folder / "postgres") as server,
        Moto.running(folder / "moto.log") as moto,
    ):
        _seed(moto, *counts.values())
        file = folder / "provider.yaml"
        file.write_text(provider(moto.url, ACCOUNT, REGION, list(TYPES)))
        before = moto.calls()
        found = collect(file, server.migrated("calls"))
        ours = moto.calls() - before
        _compare("cloudops", found.resources, counts)
        theirs, note = _custodian(moto, folder, counts)
        return [Measured(FIGURES[0], ours, theirs, server.version(), note)]


def _custodian(moto: Moto, folder: Path, counts: Mapping[str, int]) -> tuple[int | None, str]:
    try:
        command = custodian.install()
    except custodian.NotInstalledError as error:
        return None, f"no baseline: c7n {custodian.VERSION} could not be installed: {error}"
    before = moto.calls()
    policies = {type_.rpartition(":")[2].lower(): resource for type_, resource in TYPES.items()}
    environment = {**KEYS, "AWS_ENDPOINT_URL": moto.url}
    found = custodian.run(command, folder, environment, policies, [REGION])
    calls = moto.calls() - before
    _compare("custodian", dict(zip(TYPES, found.values(), strict=True)), counts)
    return calls, ""


def _compare(who: str, found: Mapping[str, int], counts: Mapping[str, int]) -> None:
    """Calls count only if they have found everything."""
    if dict(found) != dict(counts):
        raise AssertionError(f"{who} found {found}, there are {counts}")


def _seed(moto: Moto, instances: int, buckets: int, roles: int) -> None:
    session = boto3.Session(
        KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], region_name=REGION
    )
    ec2 = session.client("ec2", endpoint_url=moto.url)
    s3 = session.client("s3", endpoint_url=moto.url)
    iam = session.client("iam", endpoint_url=moto.url)
    for start in range(0, instances, LAUNCH):
        count = min(LAUNCH, instances - start)
        ec2.run_instances(
            ImageId=_IMAGE,
            MinCount=count,
            MaxCount=count,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "platform"}]}
            ],
        )
    for number in range(buckets):
        s3.create_bucket(Bucket=f"bench-bucket-{number}")
        if number % 2:
            s3.put_bucket_tagging(
                Bucket=f"bench-bucket-{number}",
                Tagging={"TagSet": [{"Key": "team", "Value": "platform"}]},
            )
    for number in range(roles):
        iam.create_role(RoleName=f"bench-role-{number}", AssumeRolePolicyDocument=_TRUST)
