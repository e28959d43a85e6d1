"""What it takes to reach a provider's cloud, and whom long work tells that it goes on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cloudops.domain.provider import ProviderSpec

TokenSupplier = Callable[[], str]
"""Gives a new token of the ServiceAccount each time; raises AccessError where there is none."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a provider's cloud. Secret values live here, in memory only.

    Attributes:
        spec: What the CloudProvider asks for.
        secret: The data of the Secret that `spec` refers to; empty without one.
        token: Vouches for us with `source: WorkloadIdentity`; asked anew at each refresh.
    """

    spec: ProviderSpec
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: TokenSupplier | None = field(default=None, repr=False)


Progress = Callable[[], None]
"""Called by long work, from any of its threads, after each call; what it raises ends the work."""


def unobserved() -> None:
    """Progress that nobody waits for."""
