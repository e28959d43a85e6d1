"""One call of each service, for tests that ask all of them."""

from collections.abc import Callable
from typing import Any

from tests.fakes.aws.protocols import TAGGING

CALLS: dict[str, Callable[[Any], Any]] = {
    "ec2": lambda client: client.describe_instances(),
    "s3": lambda client: client.list_buckets(),
    "iam": lambda client: client.get_account_authorization_details(),
    "sts": lambda client: client.get_caller_identity(),
    TAGGING: lambda client: client.get_resources(),
}
