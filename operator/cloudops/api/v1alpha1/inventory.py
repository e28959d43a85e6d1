"""`spec.inventory` and `spec.rateLimits`: what is read, how often and how fast."""

from typing import Annotated, ClassVar

from pydantic import Field

from cloudops.api.v1alpha1.base import ApiModel, member
from cloudops.api.v1alpha1.fields import (
    WHOLE,
    Glob,
    Name,
    OptionalPositiveDecimal,
    PeriodSeconds,
    list_map,
    unique_by,
)
from cloudops.api.v1alpha1.rules import Rule, filled, present, refuse, require
from cloudops.api.v1alpha1.selection import TypeGlobs
from cloudops.domain import provider

Days = Annotated[int, Field(strict=True, ge=1, le=3650), WHOLE]


class DeletionBrake(ApiModel):
    """Holds deletions that look too large to be true."""

    percent: Annotated[int, Field(strict=True, ge=1, le=100), WHOLE] = Field(
        30,
        description="Deletions are held when a listing would remove more than this percentage of"
        " its resources; 100 lets all pass. Example: 30.",
    )
    minimum: Annotated[int, Field(strict=True, ge=0, le=1_000_000), WHOLE] = Field(
        20, description="This many resources may go in any case. Example: 20."
    )

    def to_domain(self) -> provider.DeletionBrake:
        return provider.DeletionBrake(percent=self.percent, minimum=self.minimum)


class DetailCalls(ApiModel):
    """Calls for one resource at a time, where a listing does not tell enough."""

    calls_per_hour: Annotated[int, Field(strict=True, ge=0, le=1_000_000), WHOLE] = Field(
        2000,
        description="At most this many such calls an hour and account; 0 switches them off."
        " Example: 2000.",
    )
    ttl_seconds: Annotated[int, Field(strict=True, ge=60, le=31_536_000), WHOLE] = Field(
        86_400,
        description="Seconds after which the details of an unchanged resource are read again."
        " Example: 86400.",
    )


class InventorySpec(ApiModel):
    """What is read of the resources and how long it is kept; ignored for type focus."""

    sync_period_seconds: PeriodSeconds = Field(
        900,
        description="Seconds between two reads of the most volatile listings, 60 to 86400; others"
        " are read every 4 or 96 of these periods. Example: 900.",
    )
    types: TypeGlobs = member(TypeGlobs, "Which resource types are read.")
    deletion_brake: DeletionBrake = member(
        DeletionBrake, "When a surprising number of deletions waits for a second look."
    )
    detail: DetailCalls = member(DetailCalls, "Budget for calls about single resources.")
    retain_deleted_days: Days = Field(
        30, description="Days that deleted resources stay visible. Example: 30."
    )
    history_days: Days = Field(
        180,
        description="Days that changes are kept, at least: whole months go, by the longest of all"
        " CloudProviders. Example: 180.",
    )

    def to_domain(self) -> provider.InventorySettings:
        return provider.InventorySettings(
            sync_period_seconds=self.sync_period_seconds,
            types=self.types.to_domain(),
            brake=self.deletion_brake.to_domain(),
            detail_calls_per_hour=self.detail.calls_per_hour,
            detail_ttl_seconds=self.detail.ttl_seconds,
            retain_deleted_days=self.retain_deleted_days,
            history_days=self.history_days,
        )


class RateLimit(ApiModel):
    """Replaces the built-in limit of the calls that it names."""

    rules: ClassVar[tuple[Rule, ...]] = (
        require(filled("perSecond"), unless=present("maxConcurrent")),
        refuse(present("burst"), unless=filled("perSecond")),
    )

    name: Name = Field(description="Name of this entry, unique in the list. Example: `ec2-slow`.")
    service: Glob = Field(
        "*", description="Glob on the service as the cloud's SDK names it. Example: `ec2`."
    )
    action: Glob = Field("*", description="Glob on the call. Example: `Describe*`.")
    per_second: OptionalPositiveDecimal = Field(
        "",
        description="Calls per second, region and account, of all that the entry names together; a"
        " decimal above 0 in quotes, needed unless `maxConcurrent` is set. Example: `0.5`.",
    )
    burst: Annotated[int, Field(strict=True, ge=1, le=100_000), WHOLE] | None = Field(
        None,
        description="Calls that may be made at once after a pause; as many as in a second if not"
        " set. Example: 10.",
    )
    max_concurrent: Annotated[int, Field(strict=True, ge=1, le=1000), WHOLE] | None = Field(
        None,
        description="Calls that may be under way at once, in a region and account. Example: 4.",
    )

    def to_domain(self) -> provider.RateLimit:
        return provider.RateLimit(
            name=self.name,
            service=self.service,
            action=self.action,
            per_second=self.per_second,
            burst=self.burst or 0,
            max_concurrent=self.max_concurrent or 0,
        )


RateLimits = Annotated[
    tuple[RateLimit, ...],
    Field(max_length=50, json_schema_extra=list_map("name")),
    unique_by("name"),
]
