"""`status` of a CloudProvider. Times and texts that are not known are absent, never empty."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from cloudops.api.v1alpha1.base import StatusModel
from cloudops.api.v1alpha1.fields import TEXT_LENGTH, URL_LENGTH, list_map

Count = Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})]
Word = Annotated[str, Field(max_length=TEXT_LENGTH)]
SignedMoney = Annotated[str, Field(max_length=24, pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$")]
Currency = Annotated[str, Field(max_length=3, pattern=r"^[A-Z]{3}$")]


class StatusCondition(StatusModel):
    """One thing that can be true of the object."""

    type: Annotated[str, Field(max_length=316, pattern=r"^[A-Za-z][A-Za-z0-9]*$")] = Field(
        description="What it is about. Example: `Ready`."
    )
    status: Literal["True", "False", "Unknown"] = Field(description="True, False or Unknown.")
    observed_generation: Count | None = Field(
        None, description="The metadata.generation that was judged."
    )
    last_transition_time: datetime = Field(description="When `status` last changed.")
    reason: Annotated[
        str, Field(max_length=TEXT_LENGTH, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
    ] = Field(description="One CamelCase word for the cause. Example: `AccessDenied`.")
    message: Word = Field(description="What happened and what to do, in a sentence; may be empty.")


class ProviderIdentity(StatusModel):
    """Who the credentials turned out to be."""

    principal: Annotated[str, Field(max_length=URL_LENGTH)] | None = Field(
        None, description="ARN, application id or e-mail of the caller."
    )
    organization_id: Word | None = Field(
        None, description="Organization or tenant of the caller. Example: `o-a1b2c3d4e5`."
    )


class AccountCounts(StatusModel):
    """Accounts, subscriptions or projects."""

    total: Count | None = Field(None, description="Accounts that are to be read.")
    reachable: Count | None = Field(None, description="Of these, accounts that could be entered.")
    unreachable: Count | None = Field(
        None, description="Of these, accounts that could not be entered; see `problems`."
    )


class ScopeCounts(StatusModel):
    """Scopes (one listing in one account and region) by the outcome of their last read."""

    total: Count | None = Field(None, description="Scopes that are to be read.")
    complete: Count | None = Field(None, description="Read to the end.")
    partial: Count | None = Field(None, description="Read in part; nothing is deleted there.")
    denied: Count | None = Field(None, description="Refused by the cloud; rows are kept.")
    unsupported: Count | None = Field(None, description="Not offered in that account or region.")
    throttled: Count | None = Field(None, description="Slowed down by the cloud; read later.")
    failed: Count | None = Field(None, description="Broken off by an error; read later.")
    overdue: Count | None = Field(
        None, description="Not read to the end for 3 of their periods, whatever the outcome."
    )


class InventoryStatus(StatusModel):
    """What is known of the resources, and how old it is."""

    resources: Count | None = Field(None, description="Resources that exist, as far as known.")
    deleted_last_24h: Count | None = Field(
        None,
        alias="deletedLast24h",
        description="Resources found deleted within the last 24 hours.",
    )
    oldest_complete_time: datetime | None = Field(
        None,
        description="Start of the oldest of the last complete reads. Scopes that were never"
        " read, or are unsupported, have none and do not count.",
    )
    last_change_time: datetime | None = Field(
        None, description="When a difference was last seen in any resource."
    )
    scopes: ScopeCounts | None = Field(None, description="Scopes by outcome.")


class Problem(StatusModel):
    """One cause why something could not be read, over all accounts and regions."""

    reason: Word = Field(description="One CamelCase word for the cause. Example: `AccessDenied`.")
    permission: Word | None = Field(
        None, description="What to grant, where a grant helps. Example: `ec2:DescribeInstances`."
    )
    listing: Word | None = Field(
        None, description="What could not be listed. Example: `aws.ec2.instances`."
    )
    accounts: Count | None = Field(None, description="How many accounts are affected.")
    regions: Count | None = Field(None, description="How many regions are affected.")
    example_account: Word | None = Field(None, description="One of the accounts.")
    example_region: Word | None = Field(None, description="One of the regions.")
    since_time: datetime | None = Field(None, description="Since when it has been so.")
    message: Word | None = Field(None, description="What the cloud said, without secrets.")


class Money(StatusModel):
    """An amount and its currency."""

    amount: SignedMoney = Field(description="Decimal number in quotes. Example: `1234.56`.")
    currency: Currency = Field(description="ISO 4217 code. Example: `USD`.")


class CostStatus(StatusModel):
    """What is known of the charges, and how old it is."""

    source: Literal["None", "API", "Export"] | None = Field(
        None, description="Where the charges come from."
    )
    currency: Currency | None = Field(None, description="ISO 4217 code of the bills.")
    last_complete_date: date | None = Field(
        None, description="Newest day whose charges are complete."
    )
    month_to_date: SignedMoney | None = Field(
        None, description="Charges of this month so far, in `currency`."
    )
    requests_last_24h: Count | None = Field(
        None,
        alias="requestsLast24h",
        description="Paid or throttled requests within the last 24 hours.",
    )
    request_cost_last_24h: Money | None = Field(
        None, alias="requestCostLast24h", description="What those requests cost."
    )


Conditions = Annotated[
    tuple[StatusCondition, ...],
    Field(max_length=20, json_schema_extra=list_map("type")),
]


class CloudProviderStatus(StatusModel):
    """What the operator found; written by the operator alone."""

    conditions: Conditions = Field(
        (),
        description="Ready (reconciled as asked), Reconciling and Stalled (only while True),"
        " CredentialsValid, InventorySynced, DeletionHeld, CostDataFresh, RestatementHeld.",
    )
    observed_generation: Annotated[int, Field(ge=-1, json_schema_extra={"format": "int64"})] = (
        Field(-1, description="The metadata.generation last brought to an end; -1: not yet seen.")
    )
    last_handled_reconcile_at: Word | None = Field(
        None, description="Value of the annotation `requestedAt` whose run is over."
    )
    identity: ProviderIdentity | None = Field(
        None, description="Who the credentials turned out to be."
    )
    accounts: AccountCounts | None = Field(None, description="Accounts by reachability.")
    inventory: InventoryStatus | None = Field(
        None, description="Resources and the freshness of what is known."
    )
    problems: Annotated[tuple[Problem, ...], Field(max_length=20)] = Field(
        (), description="What could not be read and what cures it, the 20 widest causes."
    )
    problems_total: Count | None = Field(None, description="How many causes there are in all.")
    costs: CostStatus | None = Field(None, description="Charges and their freshness.")
