"""What has to be granted so that a cloud can be read, in the cloud's own documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Policy = Mapping[str, Any]
"""One document as the cloud takes it; AWS: `{"Version": …, "Statement": […]}`."""


@dataclass(frozen=True, slots=True)
class EntryPolicies:
    """What one principal on the way in needs to go one step further.

    Attributes:
        principal: The ARN of a role; of the first principal, where its credentials are.
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
    entry: tuple[EntryPolicies, ...]
