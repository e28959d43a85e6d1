"""Everything that can be set from outside, once, frozen; units stand in the names."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Names = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Read from `CLOUDOPS_*` environment variables; lists are comma-separated."""

    model_config = SettingsConfigDict(env_prefix="CLOUDOPS_", frozen=True, extra="ignore")

    database_url: str = Field("", description="postgresql://…; empty: only `cloudops run` works.")
    database_pool_size: int = Field(16, ge=1)
    data_dir: Path = Field(
        Path("~/.local/share/cloudops-central"), description="Embedded PostgreSQL's folder."
    )
    namespace: str = Field("cloudops-system", description="Where the operator itself runs.")
    pod_name: str = Field("", description="Owner of operator-level events; empty outside a pod.")
    deployment_name: str = Field("", description="The Deployment that operator-level events name.")
    watch_namespaces: Names = Field((), description="Namespaces to watch; empty: all.")
    identity_allowed_namespaces: Names = Field(
        (), description="May use `source: Operator`; empty: only `namespace`."
    )
    endpoints_allowed: Names = Field((), description="Hosts that `endpointURL` may name.")

    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    http_host: str = "0.0.0.0"  # noqa: S104  probes and scrapes come from outside the pod
    http_port: int = Field(8080, ge=0, le=65535)

    reconcile_threads: int = Field(8, ge=1)
    leader_lease_name: str = "cloudops-controller"
    leader_lease_seconds: float = 15.0
    leader_renew_seconds: float = 10.0
    leader_retry_seconds: float = 2.0
    list_diff_seconds: float = Field(600.0, gt=0)
    poll_seconds: float = Field(30.0, gt=0, description="Status counts are refreshed this often.")
    status_times_seconds: float = Field(
        600.0, ge=0, description="Status times move at most once per max(this, syncPeriod)."
    )
    credentials_grace_seconds: float = Field(
        600.0, description="Rejected credentials are retried this long before Stalled."
    )

    worker_threads: int = Field(8, ge=1)
    worker_lease_seconds: float = Field(60.0, gt=0)
    worker_poll_seconds: float = Field(5.0, gt=0)
    worker_stop_seconds: float = Field(25.0, gt=0)
    listing_deadline_seconds: float = Field(
        120.0, gt=0, description="A lease lives on only while pages or commits come this often."
    )
    confirm_seconds: float = Field(
        60.0, ge=0, description="Least time between two listings that agree on a deletion."
    )
    cloud_connect_timeout_seconds: float = Field(10.0, gt=0)
    cloud_read_timeout_seconds: float = Field(60.0, gt=0)

    @field_validator(
        "watch_namespaces", "identity_allowed_namespaces", "endpoints_allowed", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value
