"""`spec.focus`: FOCUS files of any vendor, wherever they are stored."""

from typing import ClassVar, Literal

from pydantic import Field

from cloudops.api.v1alpha1.base import ApiModel
from cloudops.api.v1alpha1.credentials import FocusCredentials
from cloudops.api.v1alpha1.fields import (
    Bucket,
    Container,
    OptionalText,
    OptionalUrl,
    Region,
    Text,
    Url,
)
from cloudops.api.v1alpha1.rules import (
    Rule,
    equals,
    filled,
    member_named_by,
    only_with,
    present,
    refuse,
    require,
)

_IN_S3 = equals("location.type", "S3")
_IN_BLOB = equals("location.type", "Blob")
_IN_GCS = equals("location.type", "GCS")
_BY_WORKLOAD_IDENTITY = equals("credentials.source", "WorkloadIdentity")
_NEEDS_AN_APPLICATION = equals("credentials.source", "WorkloadIdentity", "Secret") & _IN_BLOB


class FolderLocation(ApiModel):
    """Files on the worker's own disk."""

    directory: Text = Field(
        description="Absolute folder, below one that the operator's settings name."
        " Example: `/var/lib/focus/datadog`.",
    )


class S3Location(ApiModel):
    """Files in an S3 bucket."""

    bucket: Bucket = Field(description="Name of the bucket. Example: `acme-focus`.")
    prefix: OptionalText = Field(
        "", description="Only keys that begin so; empty for all. Example: `datadog/`."
    )
    region: Region = Field(description="Region of the bucket. Example: `eu-west-1`.")
    endpoint_url: OptionalUrl = Field(
        "",
        description="Used instead of AWS's own endpoint; its host must be allowed by the"
        " operator's settings.",
    )


class BlobLocation(ApiModel):
    """Files in an Azure storage account."""

    account_url: Url = Field(
        description="Storage account. Example: `https://acme.blob.core.windows.net`."
    )
    container: Container = Field(description="Name of the container. Example: `focus`.")
    directory: OptionalText = Field(
        "", description="Only blobs below it; empty for all. Example: `datadog`."
    )


class GcsLocation(ApiModel):
    """Files in a Google Cloud Storage bucket."""

    bucket: Bucket = Field(description="Name of the bucket. Example: `acme-focus`.")
    prefix: OptionalText = Field(
        "", description="Only objects that begin so; empty for all. Example: `datadog/`."
    )
    endpoint_url: OptionalUrl = Field(
        "",
        description="Used instead of Google's own endpoint; its host must be allowed by the"
        " operator's settings.",
    )


class FocusLocation(ApiModel):
    """Where the files are; exactly the member that `type` names is set."""

    rules: ClassVar[tuple[Rule, ...]] = member_named_by(
        "type", path="Path", s3="S3", blob="Blob", gcs="GCS"
    )

    type: Literal["Path", "S3", "Blob", "GCS"] = Field(
        description="Path, S3, Blob or GCS: the member of that name is needed, others are not"
        " allowed."
    )
    path: FolderLocation | None = Field(None, description="For type Path.")
    s3: S3Location | None = Field(None, description="For type S3.")
    blob: BlobLocation | None = Field(None, description="For type Blob.")
    gcs: GcsLocation | None = Field(None, description="For type GCS.")


class FocusSpec(ApiModel):
    """Reads cost files in the FOCUS format; brings no inventory."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *only_with(present("credentials"), equals("location.type", "S3", "Blob", "GCS")),
        refuse(filled("credentials.roleARN"), unless=_IN_S3),
        require(filled("credentials.roleARN"), when=_BY_WORKLOAD_IDENTITY & _IN_S3),
        refuse(filled("credentials.roleChain"), unless=_IN_S3),
        refuse(filled("credentials.clientID"), unless=_IN_BLOB),
        require(filled("credentials.clientID"), when=_NEEDS_AN_APPLICATION),
        refuse(filled("credentials.tenantID"), unless=_IN_BLOB),
        require(filled("credentials.tenantID"), when=_NEEDS_AN_APPLICATION),
        *only_with(filled("credentials.audience"), _BY_WORKLOAD_IDENTITY & _IN_GCS),
        refuse(filled("credentials.impersonate"), unless=_IN_GCS),
    )

    service_provider_name: Text = Field(
        description="Vendor that the charges are from, as FOCUS's ServiceProviderName."
        " Example: `Datadog`."
    )
    credentials: FocusCredentials | None = Field(
        None,
        description="How the operator enters the cloud of the location: members as for AWS with"
        " S3, Azure with Blob, Google Cloud with GCS; none for Path.",
    )
    location: FocusLocation = Field(description="Where the files are.")
