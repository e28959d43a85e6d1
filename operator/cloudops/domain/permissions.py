"""What has to be granted so that a cloud can be read, in the cloud's own documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Policy = Mapping[str, Any]
"""One document as the cloud takes it; AWS: `{"Version": …, "Statement": […]}`."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one principal has to be granted.

    Attributes:
        principal: The ARN of a role or user; of the first one on the way in, where its
            credentials are.
        policies: All of them have to be granted.
    """

    principal: str
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
class Permissions:
    """Everything to grant.

    Attributes:
        reader: For whoever reads an account; all of them have to be granted.
        entry: In the order in which the principals are met; empty where the credentials
            that are given read everything themselves.
    """

    reader: tuple[Policy, ...]
    entry: tuple[Grant, ...]
