"""`spec.costs`: where charges come from. Rules that need the cloud's type stand in the spec."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cloudops.api.v1alpha1.base import ApiModel, member
from cloudops.api.v1alpha1.fields import (
    WHOLE,
    Bucket,
    Container,
    OptionalProjectId,
    OptionalTagKey,
    OptionalText,
    PeriodSeconds,
    ProjectId,
    Region,
    TableWord,
    TagKey,
    Text,
    Url,
)
from cloudops.api.v1alpha1.rules import Rule, equals, filled, only_with


class CostApi(ApiModel):
    """How the cloud's cost API is asked."""

    rules: ClassVar[tuple[Rule, ...]] = only_with(
        filled("tagKey"), equals("by", "Tag", "CostCategory")
    )

    by: Literal["Service", "Region", "Tag", "CostCategory"] = Field(
        "Service", description="Second dimension of the answers beside the account."
    )
    tag_key: OptionalTagKey = Field(
        "",
        description="The tag or cost category; needed with `by: Tag` and `by: CostCategory`,"
        " otherwise not allowed. Example: `team`.",
    )


class AwsExport(ApiModel):
    """An export of AWS Data Exports in S3."""

    format: Literal["FOCUS", "CUR2"] = Field(description="What the export contains.")
    bucket: Bucket = Field(description="Name of the bucket. Example: `acme-billing`.")
    prefix: OptionalText = Field(
        "", description="Prefix that the export was given. Example: `exports`."
    )
    region: Region = Field(description="Region of the bucket. Example: `us-east-1`.")
    export_name: Text = Field(description="Name of the export. Example: `focus`.")


class AzureExport(ApiModel):
    """A FOCUS export of Azure Cost Management in a storage account."""

    account_url: Url = Field(
        description="Storage account. Example: `https://acme.blob.core.windows.net`."
    )
    container: Container = Field(description="Name of the container. Example: `costs`.")
    directory: OptionalText = Field(
        "", description="Directory that the export was given. Example: `focus`."
    )
    export_name: Text = Field(description="Name of the export. Example: `daily`.")


class GcpExport(ApiModel):
    """A billing export of Google Cloud in BigQuery."""

    format: Literal["Standard", "Detailed", "FOCUS"] = Field(
        description="Which of Google's exports the table holds."
    )
    project_id: ProjectId = Field(description="Project of the data set. Example: `acme-billing`.")
    dataset_id: TableWord = Field(description="Data set. Example: `billing`.")
    table_id: TableWord = Field(
        description="Table or view. Example: `gcp_billing_export_resource_v1_0A1B2C`."
    )
    location: TableWord = Field(description="Location of the data set. Example: `EU`.")
    job_project_id: OptionalProjectId = Field(
        "", description="Project that pays for the queries; empty: `projectID`."
    )
    max_bytes_billed: Annotated[int, Field(strict=True, ge=1, le=10**15), WHOLE] = Field(
        10 * 1024**3,
        description="A query that would scan more bytes than this is not run. Example:"
        " 10737418240 (10 GiB).",
    )


class CostExport(ApiModel):
    """Exactly the member of the provider's type."""

    aws: AwsExport | None = Field(None, description="For type aws.")
    azure: AzureExport | None = Field(None, description="For type azure.")
    gcp: GcpExport | None = Field(None, description="For type gcp.")


class CostsSpec(ApiModel):
    """Where charges come from, how often they are read and how long they are kept."""

    source: Literal["None", "API", "Export"] = Field(
        "None",
        description="None: no costs. API: the cloud's cost API (not for gcp and focus)."
        " Export: the files or the table in `export`, for focus those in spec.focus.location.",
    )
    sync_period_seconds: PeriodSeconds = Field(
        43_200, description="Seconds between two reads, 60 to 86400. Example: 43200."
    )
    request_budget_per_day: Annotated[int, Field(strict=True, ge=1, le=10_000), WHOLE] = Field(
        24,
        description="At most this many paid or throttled requests a day, each page counted."
        " Example: 24.",
    )
    estimated_days: Annotated[int, Field(strict=True, ge=0, le=31), WHOLE] = Field(
        2,
        description="The newest days are incomplete: they are shown, but no forecast is fitted to"
        " them. Example: 2.",
    )
    finalize_after_day: Annotated[int, Field(strict=True, ge=1, le=31), WHOLE] = Field(
        10, description="Day of the following month on which a month is final. Example: 10."
    )
    tag_keys: Annotated[tuple[TagKey, ...], Field(max_length=20)] = Field(
        (),
        description="Tags kept in the daily sums beside those that budgets use, at most 20."
        " Example: [`team`, `env`].",
    )
    retain_charges_days: Annotated[int, Field(strict=True, ge=31, le=3650), WHOLE] = Field(
        400, description="Days that single charges are kept. Example: 400."
    )
    api: CostApi = member(CostApi, "How the cost API is asked, for source API.")
    export: CostExport | None = Field(
        None,
        description="Where the export is; needed with source Export, except for type focus, where"
        " it is not allowed.",
    )
