"""`spec.azure`: which subscriptions of a tenant, and how to get in."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cloudops.api.v1alpha1.base import ApiModel
from cloudops.api.v1alpha1.credentials import AzureCredentials
from cloudops.api.v1alpha1.fields import (
    ACCOUNT_ITEMS,
    ManagementGroupId,
    OptionalUrl,
    OptionalUuid,
    Uuid,
)
from cloudops.api.v1alpha1.rules import Rule, equals, filled, require


class AzureSpec(ApiModel):
    """Reads subscriptions of one Azure tenant."""

    rules: ClassVar[tuple[Rule, ...]] = (
        require(
            filled("tenantID"), when=equals("credentials.source", "WorkloadIdentity", "Secret")
        ),
    )

    credentials: AzureCredentials = Field(description="How the operator enters Azure.")
    tenant_id: OptionalUuid = Field(
        "",
        description="Tenant (directory) id; needed with WorkloadIdentity and Secret."
        " Example: `11111111-2222-3333-4444-555555555555`.",
    )
    management_group_ids: Annotated[
        tuple[ManagementGroupId, ...], Field(max_length=ACCOUNT_ITEMS)
    ] = Field(
        (),
        description="Management groups whose subscriptions are read, added to"
        " `subscriptionIDs`; both empty means every visible subscription. Example: [`platform`].",
    )
    subscription_ids: Annotated[tuple[Uuid, ...], Field(max_length=ACCOUNT_ITEMS)] = Field(
        (),
        description="Subscriptions to read, added to those of `managementGroupIDs`; both empty"
        " means every visible subscription.",
    )
    environment: Literal["Public", "China", "USGovernment"] = Field(
        "Public", description="Which Azure cloud: Public, China or USGovernment."
    )
    endpoint_url: OptionalUrl = Field(
        "",
        description="Used instead of Azure's own management endpoint; its host must be allowed by"
        " the operator's settings. Example: `http://127.0.0.1:5001`.",
    )
