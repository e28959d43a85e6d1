"""Everything that can be set from outside, once, frozen; units stand in the names."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Names = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Read from `CLOUDOPS_*` environment variables; lists are comma-separated."""

    model_config = SettingsConfigDict(
        env_prefix="CLOUDOPS_", frozen=True, extra="ignore", allow_inf_nan=False
    )

    database_url: str = Field(
        "", description="`postgresql://user:password@host/name`; may be empty for `cloudops run`."
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        description="Connections that a process keeps; up to 4 more for a moment. Less than 3 for"
        " each of CLOUDOPS_WORKER_THREADS has no effect in a worker.",
    )
    data_dir: Path = Field(
        Path("~/.local/share/cloudops-central"),
        description="Where the embedded PostgreSQL of `cloudops run` and `collect` keeps its data.",
    )
    namespace: str = Field("cloudops-system", description="Where the operator itself runs.")
    pod_name: str = Field("", description="Part of the leader's identity; empty outside a pod.")
    deployment_name: str = Field(
        "", description="The Deployment that operator-level events are about; empty: none are sent."
    )
    watch_namespaces: Names = Field((), description="Namespaces to watch; empty: all.")
    identity_allowed_namespaces: Names = Field(
        (), description="May use `source: Operator`; empty: only CLOUDOPS_NAMESPACE."
    )
    endpoints_allowed: Names = Field(
        (), description="Hosts, or host:port, that `endpointURL` may name; empty: none."
    )

    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`auto`: console on a terminal, otherwise JSON."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least severe lines that are written."
    )
    http_host: str = Field(
        "::", description="Address of /livez, /readyz and /metrics; `::`: all, of IPv4 as well."
    )
    http_port: int = Field(8080, ge=0, le=65535, description="Their port; 0 takes a free one.")

    reconcile_threads: int = Field(8, ge=1, description="Objects reconciled side by side.")
    leader_lease_name: str = Field(
        "cloudops-controller", description="Name of the Lease in CLOUDOPS_NAMESPACE."
    )
    leader_lease_seconds: float = Field(
        15.0, gt=0, description="A standby may take over this long after the last renewal."
    )
    leader_renew_seconds: float = Field(
        10.0, gt=0, description="A leader that could not renew for so long ends its process."
    )
    leader_retry_seconds: float = Field(2.0, gt=0, description="Time between two attempts.")
    list_diff_seconds: float = Field(
        600.0, gt=0, description="How often a full list is compared with what the watch brought."
    )
    poll_seconds: float = Field(
        30.0, gt=0, description="Status counts are refreshed at most this often."
    )
    status_times_seconds: float = Field(
        600.0, ge=0, description="Status times move at most once per max(this, syncPeriodSeconds)."
    )
    credentials_grace_seconds: float = Field(
        600.0, ge=0, description="Rejected credentials become Stalled after this long."
    )

    worker_threads: int = Field(
        8, ge=1, description="Listings that a worker runs side by side, of half as many leases."
    )
    worker_lease_seconds: float = Field(
        60.0, gt=0, description="A lease that is not renewed for so long goes to another worker."
    )
    worker_poll_seconds: float = Field(
        5.0, gt=0, description="How often an idle worker looks for due leases."
    )
    worker_stop_seconds: float = Field(
        25.0,
        gt=0,
        description="Time from SIGTERM until unfinished leases are handed back. Less than the 40"
        " seconds after which a pod of the chart is killed.",
    )
    listing_deadline_seconds: float = Field(
        120.0,
        gt=0,
        description="A lease lives on only while pages or commits come this often. More than"
        " CLOUDOPS_CLOUD_READ_TIMEOUT_SECONDS, or a call that hangs costs the lease.",
    )
    confirm_seconds: float = Field(
        60.0, ge=0, description="Least time between two listings that agree on a deletion."
    )
    cloud_connect_timeout_seconds: float = Field(
        10.0, gt=0, description="Of each HTTP request to a cloud."
    )
    cloud_read_timeout_seconds: float = Field(
        60.0, gt=0, description="Of each HTTP request to a cloud, without a byte."
    )

    @property
    def leases_at_once(self) -> int:
        """A worker that takes more leases than keep its threads busy leaves none to others."""
        return -(-self.worker_threads // 2)

    @property
    def spare_threads(self) -> int:
        """Listing threads beside the `worker_threads` that one account has the use of."""
        return -(-self.worker_threads // 4)

    @field_validator(
        "watch_namespaces", "identity_allowed_namespaces", "endpoints_allowed", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value
