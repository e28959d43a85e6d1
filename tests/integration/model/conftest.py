"""A quiet, hasty neighbourhood for very many runs."""

import logging
from collections.abc import Iterator

import botocore.retries.standard
import pytest
import structlog

from cloudops.collectors.aws import AwsCloud
from tests.fakes.aws.rows import SERVED
from tests.integration.model.estate import LISTINGS
from tests.integration.services.aws_rig import aws_cloud


@pytest.fixture
def hasty_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK waits up to a second before its second attempt; nothing here depends on that."""
    backoff = botocore.retries.standard.ExponentialBackoff
    monkeypatch.setattr(backoff, "delay_amount", lambda *_: 0.0)


@pytest.fixture
def quiet_logs() -> Iterator[None]:
    """Only bugs are told: faults are what these tests are made of."""
    level = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=level)
    yield
    structlog.reset_defaults()


@pytest.fixture
def cloud(hasty_sdk: None, quiet_logs: None) -> AwsCloud:
    """The rows of the catalogue that the estate has something for."""
    return aws_cloud([listing for listing in SERVED if listing.name in LISTINGS])
