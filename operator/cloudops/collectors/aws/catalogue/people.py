"""Who answers for an account, and with what its users sign in."""

from functools import partial
from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, Prepare, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

_alternate_contacts: Final = partial(
    Listing,
    service="account",
    operation="GetAlternateContact",
    region_rule=RegionRule.GLOBAL,
    permissions=("account:GetAlternateContact",),
    absent={"ResourceNotFoundException": ""},
    consistency=Consistency.EVENTUAL,
    period=PeriodClass.STANDARD,
)
_alternate_contact: Final = partial(
    Emits,
    kind="account.contact",
    items="AlternateContact",
    single=True,
    tag_source=TagSource.NONE,
    redact=("EmailAddress", "Name", "PhoneNumber"),
)

LISTINGS: Final = (
    Listing(
        name="aws.iam.user-credentials",
        service="iam",
        operation="GetCredentialReport",
        region_rule=RegionRule.GLOBAL,
        permissions=("iam:GetCredentialReport", "iam:GenerateCredentialReport"),
        # A report that is younger than four hours is not made anew.
        prepare=Prepare(
            operation="GenerateCredentialReport",
            permission="iam:GenerateCredentialReport",
            member="State",
            done="COMPLETE",
        ),
        csv="Content",
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::IAM::UserCredentials",
                kind="identity.credentials",
                items="Content",
                id="arn:{partition}:iam::{account}:credential-report/{user}",
                name="user",
                created="user_creation_time",
                tag_source=TagSource.NONE,
                volatile=(
                    "access_key_1_last_used_date",
                    "access_key_1_last_used_region",
                    "access_key_1_last_used_service",
                    "access_key_2_last_used_date",
                    "access_key_2_last_used_region",
                    "access_key_2_last_used_service",
                    "password_last_used",
                ),
                edges={
                    "user": To("arn", arns.IAM_USER),
                },
            ),
        ),
    ),
    Listing(
        name="aws.account.primary-contacts",
        service="account",
        operation="GetContactInformation",
        region_rule=RegionRule.GLOBAL,
        permissions=("account:GetContactInformation",),
        absent={
            "ResourceNotFoundException": "",
        },
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Account::PrimaryContact",
                kind="account.contact",
                items="ContactInformation",
                single=True,
                id="arn:{partition}:account::{account}:primary-contact",
                tag_source=TagSource.NONE,
                redact=(
                    "AddressLine1",
                    "AddressLine2",
                    "AddressLine3",
                    "FullName",
                    "PhoneNumber",
                    "PostalCode",
                ),
            ),
        ),
    ),
    _alternate_contacts(
        name="aws.account.billing-contacts",
        parameters={"AlternateContactType": "BILLING"},
        emits=(
            _alternate_contact(
                type="AWS::Account::BillingContact",
                id="arn:{partition}:account::{account}:billing-contact",
            ),
        ),
    ),
    _alternate_contacts(
        name="aws.account.operations-contacts",
        parameters={"AlternateContactType": "OPERATIONS"},
        emits=(
            _alternate_contact(
                type="AWS::Account::OperationsContact",
                id="arn:{partition}:account::{account}:operations-contact",
            ),
        ),
    ),
    _alternate_contacts(
        name="aws.account.security-contacts",
        parameters={"AlternateContactType": "SECURITY"},
        emits=(
            _alternate_contact(
                type="AWS::Account::SecurityContact",
                id="arn:{partition}:account::{account}:security-contact",
            ),
        ),
    ),
)
