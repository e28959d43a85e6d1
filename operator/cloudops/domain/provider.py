"""What a CloudProvider asks for, free of its YAML form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

ANY = ("*",)


@dataclass(frozen=True, slots=True)
class Globs:
    """Matches what an `include` glob names and no `exclude` glob does."""

    include: tuple[str, ...] = ANY
    exclude: tuple[str, ...] = ()

    def matches(self, *names: str) -> bool:
        """Whether any of `names` (an id and its aliases) is selected."""
        return self._any(self.include, names) and not self._any(self.exclude, names)

    @staticmethod
    def _any(globs: Iterable[str], names: Iterable[str]) -> bool:
        names = tuple(names)
        return any(fnmatchcase(name, glob) for glob in globs for name in names)


class CredentialSource(StrEnum):
    """Whose identity is used; design: who may use which is an operator setting."""

    WORKLOAD_IDENTITY = "WorkloadIdentity"
    SECRET = "Secret"  # noqa: S105  a word of the API, not a password
    OPERATOR = "Operator"


@dataclass(frozen=True, slots=True)
class RoleHop:
    """One role to assume on the way in."""

    role_arn: str
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """`roles` are assumed in order, starting from `source`."""

    source: CredentialSource
    secret_name: str = ""
    service_account_name: str = ""
    roles: tuple[RoleHop, ...] = ()


class AccountDiscovery(StrEnum):
    NONE = "None"
    ORGANIZATION = "Organization"


@dataclass(frozen=True, slots=True)
class AwsAccounts:
    """Which accounts; NONE without ids means the caller's own."""

    discovery: AccountDiscovery = AccountDiscovery.NONE
    ids: tuple[str, ...] = ()
    member_role_name: str = "cloudops-read"
    member_external_id: str = ""
    selection: Globs = Globs()


@dataclass(frozen=True, slots=True)
class AwsConnection:
    credentials: AwsCredentials
    accounts: AwsAccounts = AwsAccounts()
    regions: Globs = Globs()
    endpoint_url: str = ""


@dataclass(frozen=True, slots=True)
class DeletionBrake:
    """A sweep that would remove more than max(minimum, percent of the live rows) is held.

    Under credentials or at an endpoint that were just changed there is no
    minimum: a small estate, too, may turn out to be another one.
    """

    percent: int = 30
    minimum: int = 20

    @property
    def released(self) -> bool:
        """`percent: 100` is a person's consent to any deletion."""
        return self.percent >= 100  # noqa: PLR2004  of a hundred

    def holds(self, *, candidates: int, live: int, on_probation: bool = False) -> bool:
        """Whether removing `candidates` of `live` rows needs a person's consent."""
        limit = max(0 if on_probation else self.minimum, live * self.percent // 100)
        return not self.released and candidates > limit


@dataclass(frozen=True, slots=True)
class InventorySettings:
    sync_period_seconds: int = 900
    types: Globs = Globs()
    brake: DeletionBrake = DeletionBrake()
    detail_calls_per_hour: int = 2000
    detail_ttl_seconds: int = 86400
    retain_deleted_days: int = 30
    history_days: int = 180


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A token bucket that replaces the declared one of its service and action."""

    name: str
    service: str = "*"
    action: str = "*"
    per_second: str = ""  # decimal, so that 4 a minute can be said
    burst: int = 0
    max_concurrent: int = 0


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """One CloudProvider's wishes; `aws` is set iff `cloud` is `aws`."""

    cloud: str
    suspended: bool = False
    aws: AwsConnection | None = None
    inventory: InventorySettings = InventorySettings()
    rate_limits: tuple[RateLimit, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the credentials turned out to be."""

    principal: str  # ARN, application id or e-mail
    account_id: str
    partition: str = "aws"
    organization_id: str = ""


class Origin(StrEnum):
    """Who wrote a provider row: the controller, or `cloudops collect`."""

    CLUSTER = "cluster"
    CLI = "cli"


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """A CloudProvider as the plan keeps it.

    Attributes:
        spec: The object's spec as JSON, defaults filled in; holds no secrets.
        runnable: False while it is Stalled: planned, but never leased.
        requested_at: The token of the annotation `requestedAt`; "" = none.
    """

    namespace: str
    name: str
    uid: str
    generation: int
    created_at: datetime
    spec: Mapping[str, Any]
    cloud: str
    suspended: bool
    requested_at: str
    runnable: bool


@dataclass(frozen=True, slots=True)
class PlannedProvider:
    """A provider row as a worker needs it to do the provider's work.

    Attributes:
        discovered_for: Digest of the identity that the spec asked for when the credentials
            were accepted last; None where they never were.
    """

    id: int
    namespace: str
    name: str
    generation: int
    discovered_for: bytes | None
    cloud: str
    spec: Mapping[str, Any]
