"""The services over the AWS fake, with something in every listing that was read once."""

from collections.abc import Callable, Iterator

import botocore.retries.standard
import pytest
from sqlalchemy import Engine

from cloudops.collectors.aws import AwsCloud
from tests.fakes.aws.builders import (
    bucket,
    group,
    instance,
    policy,
    role,
    security_group,
    table,
    user,
    volume,
)
from tests.fakes.aws.model import Resource
from tests.fakes.aws.server import FakeAws
from tests.integration.services.aws_rig import REGIONS, AwsRig, aws_cloud

Worker = Callable[..., AwsRig]


def everything(region: str) -> list[Resource]:
    """Five of each kind in a region, some of them tagged; IAM's are there once."""
    tags = {"Team": "shop"}
    numbers = range(5)
    return [
        *(instance(f"i-{region}-{n}", region=region, tags=tags) for n in numbers),
        *(volume(f"vol-{region}-{n}", region=region, tags=tags) for n in numbers),
        *(security_group(f"sg-{region}-{n}", region=region) for n in numbers),
        *(bucket(f"logs-{region}-{n}", region=region, tags=tags) for n in numbers),
        *(table(f"orders-{region}-{n}", region=region, tags=tags) for n in numbers),
        *(user(f"user-{n}", tags=tags) for n in numbers),
        *(role(f"role-{n}") for n in numbers),
        *(group(f"group-{n}") for n in numbers),
        *(policy(f"policy-{n}") for n in numbers),
    ]


@pytest.fixture(scope="session")
def aws_models() -> AwsCloud:
    """One cloud for the whole run: it keeps the service models."""
    return aws_cloud()


@pytest.fixture
def hasty_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK waits up to a second before its second attempt; nothing here depends on that."""
    backoff = botocore.retries.standard.ExponentialBackoff
    monkeypatch.setattr(backoff, "delay_amount", lambda *_: 0.0)


@pytest.fixture
def worker(
    engine: Engine, fake_aws: FakeAws, aws_models: AwsCloud, hasty_sdk: None
) -> Iterator[Worker]:
    """Makes workers over the same database and fake; give one a cloud of another version."""
    made: list[AwsRig] = []

    def make(cloud: AwsCloud | None = None) -> AwsRig:
        made.append(AwsRig(engine, fake_aws, cloud or aws_models))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.fixture
def aws(worker: Worker) -> AwsRig:
    """An account whose every listing is longer than a page, planned and read once."""
    rig = worker()
    rig.aws.page_size("*", 2)
    rig.account.put(*(everything(region) for region in REGIONS))
    rig.plan()
    rig.work()
    assert rig.live() == rig.account.truth()
    assert set(rig.statuses().values()) == {"complete"}
    rig.aws.reset_calls()
    return rig
