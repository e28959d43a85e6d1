"""`spec.aws`: which accounts and regions of AWS, and how to get in."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cloudops.api.v1alpha1.base import ApiModel, member
from cloudops.api.v1alpha1.credentials import AwsCredentials
from cloudops.api.v1alpha1.fields import (
    ACCOUNT_ITEMS,
    AwsAccountId,
    OptionalExternalId,
    OptionalRoleName,
    OptionalUrl,
)
from cloudops.api.v1alpha1.rules import Rule, equals, filled, refuse
from cloudops.api.v1alpha1.selection import AccountExclusions, AccountGlobs, RegionGlobs
from cloudops.domain import provider

_MEMBER_ROLE = "cloudops-read"


class AwsAccounts(ApiModel):
    """Which accounts are read."""

    rules: ClassVar[tuple[Rule, ...]] = (
        refuse(filled("ids"), when=equals("discovery", "Organization")),
    )

    discovery: Literal["None", "Organization"] = Field(
        "None",
        description="None: the accounts in `ids`, or the caller's own if there are none."
        " Organization: every active account of the caller's organization.",
    )
    ids: Annotated[tuple[AwsAccountId, ...], Field(max_length=ACCOUNT_ITEMS)] = Field(
        (),
        description="Account ids, quoted; not with discovery Organization."
        " Example: [`111122223333`].",
    )
    member_role_name: OptionalRoleName = Field(
        _MEMBER_ROLE,
        description="Role to assume in every account but the caller's own, with its path if it"
        " has one. Example: `cloudops-read`.",
    )
    member_external_id: OptionalExternalId = Field(
        "", description="External id for that role; empty for none. Example: `acme-42`."
    )
    include: AccountGlobs = Field(
        provider.ANY,
        description="Globs on account ids or names, at least one; `*` means all. Only discovery"
        " Organization tells names. Example: [`prod-*`].",
    )
    exclude: AccountExclusions = Field(
        (), description="Globs taken away from what `include` selects. Example: [`*-sandbox`]."
    )

    def to_domain(self) -> provider.AwsAccounts:
        return provider.AwsAccounts(
            discovery=provider.AccountDiscovery(self.discovery),
            ids=tuple(dict.fromkeys(self.ids)),
            member_role_name=self.member_role_name or _MEMBER_ROLE,
            member_external_id=self.member_external_id,
            selection=provider.Globs(self.include, self.exclude),
        )


class AwsSpec(ApiModel):
    """Reads one AWS account, several, or an organization."""

    credentials: AwsCredentials = Field(description="How the operator enters AWS.")
    accounts: AwsAccounts = member(AwsAccounts, "Which accounts are read.")
    regions: RegionGlobs = member(RegionGlobs, "Which regions are read.")
    endpoint_url: OptionalUrl = Field(
        "",
        description="Used instead of AWS's own endpoints, for emulators and private endpoints;"
        " its host must be allowed by the operator's settings. Example: `http://127.0.0.1:5000`.",
    )

    def to_domain(self) -> provider.AwsConnection:
        first = (
            (provider.RoleHop(self.credentials.role_arn, self.credentials.external_id),)
            if self.credentials.role_arn
            else ()
        )
        chain = (provider.RoleHop(h.role_arn, h.external_id) for h in self.credentials.role_chain)
        return provider.AwsConnection(
            credentials=provider.AwsCredentials(
                source=provider.CredentialSource(self.credentials.source),
                secret_name=self.credentials.secret_name,
                service_account_name=self.credentials.service_account_name,
                roles=(*first, *chain),
            ),
            accounts=self.accounts.to_domain(),
            regions=self.regions.to_domain(),
            endpoint_url=self.endpoint_url,
        )
