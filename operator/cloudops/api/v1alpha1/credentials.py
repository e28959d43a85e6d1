"""Whose identity is used, for each cloud; the rules say which members belong together."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cloudops.api.v1alpha1.base import ApiModel
from cloudops.api.v1alpha1.fields import (
    URL_LENGTH,
    ObjectName,
    OptionalExternalId,
    OptionalObjectName,
    OptionalRoleArn,
    OptionalUuid,
    RoleArn,
    ServiceAccountEmail,
)
from cloudops.api.v1alpha1.rules import Rule, equals, filled, only_with, present, refuse, require

_WORKLOAD_IDENTITY = equals("source", "WorkloadIdentity")
_NO_EXTERNAL_ID_BY_WEB_IDENTITY = refuse(filled("externalID"), when=_WORKLOAD_IDENTITY)

Audience = Annotated[str, Field(strict=True, max_length=URL_LENGTH)]
RoleChain = Annotated[tuple["RoleHop", ...], Field(max_length=5)]
Impersonation = Annotated[tuple[ServiceAccountEmail, ...], Field(max_length=5)]


class SecretRef(ApiModel):
    """A Secret in the object's own namespace."""

    name: ObjectName = Field(description="Name of the Secret. Example: `aws-credentials`.")


class RoleHop(ApiModel):
    """A further role on the way in."""

    role_arn: RoleArn = Field(
        description="The role to assume. Example: `arn:aws:iam::111122223333:role/audit`.",
    )
    external_id: OptionalExternalId = Field(
        "",
        description="External id that the role's trust policy asks for; empty for none.",
    )


class Credentials(ApiModel):
    """What the credentials of all clouds have in common."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *only_with(filled("serviceAccountName"), _WORKLOAD_IDENTITY),
        *only_with(present("secretRef"), equals("source", "Secret")),
    )

    source: Literal["WorkloadIdentity", "Secret", "Operator"] = Field(
        description="WorkloadIdentity: tokens of the ServiceAccount `serviceAccountName`."
        " Secret: the keys in `secretRef`. Operator: the worker's own identity, only in"
        " namespaces that the operator's settings allow."
    )
    service_account_name: OptionalObjectName = Field(
        "",
        description="ServiceAccount in this namespace whose tokens the cloud trusts; needed with"
        " WorkloadIdentity, otherwise not allowed. Example: `cloud-reader`.",
    )
    secret_ref: SecretRef | None = Field(
        None,
        description="Secret in this namespace; needed with source Secret, otherwise not allowed."
        " AWS: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and optionally AWS_SESSION_TOKEN."
        " Azure: AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE."
        " Google Cloud: GOOGLE_APPLICATION_CREDENTIALS_JSON.",
    )

    @property
    def secret_name(self) -> str:
        """Name of the Secret, empty where none is used."""
        return self.secret_ref.name if self.secret_ref else ""


class AwsCredentials(Credentials):
    """How the operator enters AWS."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *Credentials.rules,
        require(filled("roleARN"), when=_WORKLOAD_IDENTITY),
        refuse(filled("externalID"), unless=filled("roleARN")),
        _NO_EXTERNAL_ID_BY_WEB_IDENTITY,
    )

    role_arn: OptionalRoleArn = Field(
        "",
        description="First role to assume; needed with WorkloadIdentity."
        " Example: `arn:aws:iam::111122223333:role/cloudops-entry`.",
    )
    external_id: OptionalExternalId = Field(
        "",
        description="External id for `roleARN`; not with WorkloadIdentity, since a web identity"
        " carries none. Example: `acme-42`.",
    )
    role_chain: RoleChain = Field(
        (), description="Roles to assume after `roleARN`, in this order, at most 5."
    )


class AzureCredentials(Credentials):
    """How the operator enters Azure."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *Credentials.rules,
        require(filled("clientID"), when=equals("source", "WorkloadIdentity", "Secret")),
    )

    client_id: OptionalUuid = Field(
        "",
        description="Application (client) id; needed with WorkloadIdentity and Secret, with"
        " Operator it names a user-assigned identity."
        " Example: `11111111-2222-3333-4444-555555555555`.",
    )


class GcpCredentials(Credentials):
    """How the operator enters Google Cloud."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *Credentials.rules,
        *only_with(filled("audience"), _WORKLOAD_IDENTITY),
    )

    audience: Audience = Field(
        "",
        description="Workload identity provider that the tokens are for; needed with"
        " WorkloadIdentity, otherwise not allowed. Example: `//iam.googleapis.com/projects/123/"
        "locations/global/workloadIdentityPools/pool/providers/cluster`.",
    )
    impersonate: Impersonation = Field(
        (),
        description="Service accounts to impersonate one after the other, at most 5."
        " Example: [`reader@p.iam.gserviceaccount.com`].",
    )


class FocusCredentials(Credentials):
    """How the operator enters the cloud that stores the files; see the rules of FocusSpec."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *Credentials.rules,
        refuse(filled("externalID"), unless=filled("roleARN")),
        _NO_EXTERNAL_ID_BY_WEB_IDENTITY,
    )

    role_arn: OptionalRoleArn = Field(
        "", description="For S3: first role to assume; see spec.aws.credentials."
    )
    external_id: OptionalExternalId = Field("", description="For S3: external id for `roleARN`.")
    role_chain: RoleChain = Field(
        (), description="For S3: roles to assume after `roleARN`, in this order, at most 5."
    )
    client_id: OptionalUuid = Field("", description="For Blob: application (client) id.")
    tenant_id: OptionalUuid = Field("", description="For Blob: tenant of the application.")
    audience: Audience = Field(
        "", description="For GCS: workload identity provider that the tokens are for."
    )
    impersonate: Impersonation = Field(
        (), description="For GCS: service accounts to impersonate one after the other, at most 5."
    )
