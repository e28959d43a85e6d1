"""`spec.gcp`: which part of a Google Cloud hierarchy, and how to get in."""

from typing import Annotated

from pydantic import Field

from cloudops.api.v1alpha1.base import ApiModel
from cloudops.api.v1alpha1.credentials import GcpCredentials
from cloudops.api.v1alpha1.fields import (
    ACCOUNT_ITEMS,
    GcpParent,
    OptionalProjectId,
    OptionalUrl,
)


class GcpSpec(ApiModel):
    """Reads organizations, folders or projects of Google Cloud."""

    credentials: GcpCredentials = Field(description="How the operator enters Google Cloud.")
    parents: Annotated[tuple[GcpParent, ...], Field(min_length=1, max_length=ACCOUNT_ITEMS)] = (
        Field(
            description="What is read, at least one of organizations/NUMBER, folders/NUMBER,"
            " projects/ID. Example: [`organizations/123456789012`].",
        )
    )
    quota_project_id: OptionalProjectId = Field(
        "",
        description="Project that API calls are counted against; empty: the project of the"
        " credentials. Example: `cloudops-quota`.",
    )
    endpoint_url: OptionalUrl = Field(
        "",
        description="Used instead of Google's own endpoints; its host must be allowed by the"
        " operator's settings. Example: `http://127.0.0.1:5002`.",
    )
