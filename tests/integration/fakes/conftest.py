from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws

ACCOUNT = "111122223333"
KEY, SECRET = "AKIAEXAMPLEPROD", "secret-of-prod"

Connect = Callable[..., Any]


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """Shared: its loader keeps the service models, which take longest to read."""
    return boto3.Session()


@pytest.fixture
def connect(fake_aws: FakeAws, session: boto3.Session) -> Iterator[Connect]:
    """A real boto3 client of the fake, without retries unless asked for."""
    with ExitStack() as clients:

        def build(
            service: str,
            region: str = "eu-west-1",
            *,
            access_key: str = KEY,
            secret_key: str = SECRET,
            token: str | None = None,
            url: str | None = None,
            **config: Any,
        ) -> Any:
            options = {"retries": {"total_max_attempts": 1, "mode": "standard"}} | config
            # The stubs want a literal service name, one overload each.
            make: Any = session.client
            client = make(
                service,
                region_name=region,
                endpoint_url=url or fake_aws.url,
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                aws_session_token=token,
                config=Config(**options),
            )
            return clients.enter_context(closing(client))

        yield build


@pytest.fixture
def prod(fake_aws: FakeAws) -> AccountScript:
    return fake_aws.account(
        ACCOUNT,
        regions=["us-east-1", "eu-west-1", "eu-central-1"],
        opted_out=["me-south-1"],
        access_key=KEY,
        secret_key=SECRET,
    )
