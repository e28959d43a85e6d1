"""Which accounts of an organization are asked for, and which nobody needs to try."""

import pytest

from cloudops.collectors.aws.organization import Member, Organization, read_organization
from cloudops.collectors.aws.policy import entry_policies
from cloudops.collectors.vocabulary import unobserved
from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import (
    AccountDiscovery,
    AwsAccounts,
    AwsConnection,
    AwsCredentials,
    CredentialSource,
    Globs,
    Identity,
    RoleHop,
)

pytestmark = pytest.mark.unit

MANAGEMENT, PROD, SANDBOX = "111122223333", "222233334444", "333344445555"
ORGANIZATION = Organization(
    "o-example0001",
    (
        Member(MANAGEMENT, "management", "ACTIVE"),
        Member(PROD, "prod-shop", "ACTIVE"),
        Member(SANDBOX, "ada-sandbox", "SUSPENDED"),
    ),
)
ENTRY = "arn:aws-us-gov:iam::111122223333:role/entry"


@pytest.mark.parametrize(
    ("include", "exclude", "chosen"),
    [
        pytest.param(("*",), (), {MANAGEMENT, PROD, SANDBOX}, id="everything"),
        pytest.param((PROD,), (), {PROD}, id="by-id"),
        pytest.param(("3333*",), (), {SANDBOX}, id="by-glob-on-the-id"),
        pytest.param(("prod-*",), (), {PROD}, id="by-name"),
        pytest.param(("*",), ("*-sandbox",), {MANAGEMENT, PROD}, id="without-a-name"),
        pytest.param(("*",), (MANAGEMENT,), {PROD, SANDBOX}, id="without-the-management-account"),
        pytest.param(("prod-*", "2222*"), ("prod-shop",), set(), id="excluded-by-its-other-name"),
        pytest.param(("Prod-*",), (), set(), id="case-counts"),
    ],
)
def test_accounts_are_selected_by_id_or_name(include, exclude, chosen):
    selected, others = ORGANIZATION.selected(Globs(include, exclude))

    assert {member.account_id for member in selected} == chosen
    assert set(others) == {MANAGEMENT, PROD, SANDBOX} - chosen


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("SUSPENDED", "AccountSuspended"),
        ("PENDING_CLOSURE", "AccountPendingClosure"),
        ("CLOSED", "AccountClosed"),
        ("PENDING_ACTIVATION", "AccountPendingActivation"),
    ],
)
def test_an_account_that_is_not_active_is_told_with_what_to_do(state, reason):
    member = Member(PROD, "prod-shop", state)

    told = member.as_closed("aws")

    assert member.is_closed
    assert told.error is not None
    assert (told.error.reason, told.error.closed, told.error.permission) == (reason, True, "")
    assert "spec.aws.accounts.exclude" in told.error.message
    assert (told.name, told.regions) == ("prod-shop", None)


@pytest.mark.parametrize("state", ["ACTIVE", "", "A_WORD_OF_TOMORROW"])
def test_a_state_that_nobody_knows_shuts_no_account(state):
    assert not Member(PROD, "prod-shop", state).is_closed


class ScriptedDoor:
    """Answers ListAccounts with what a test says, the last one again and again."""

    home = "us-east-1"

    def __init__(self, *answers):
        self.answers = list(answers)

    def call(self, service, region, operation, parameters):
        assert (service, region, operation) == ("organizations", "us-east-1", "ListAccounts")
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(parameters) if callable(answer) else answer


def shown(account_id, organization="o-example0001"):
    arn = f"arn:aws:organizations::{MANAGEMENT}:account/{organization}/{account_id}"
    return {"Id": account_id, "Arn": arn, "Name": "name", "Status": "ACTIVE"}


FIRST_PAGE = {"Accounts": [shown(MANAGEMENT)], "NextToken": "1"}


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param({}, id="no-list"),
        pytest.param({"Accounts": None}, id="null"),
        pytest.param({"Accounts": [None]}, id="null-for-an-account"),
        pytest.param({"Accounts": ["prod"]}, id="a-word-for-an-account"),
        pytest.param({"Accounts": [{**shown(PROD), "Id": ""}]}, id="no-id"),
        pytest.param({"Accounts": [{**shown(PROD), "Id": SANDBOX}]}, id="id-of-another"),
        pytest.param({"Accounts": [shown("prod")]}, id="not-an-id"),
        pytest.param({"Accounts": [{"Id": PROD, "Arn": "arn:aws:x"}]}, id="not-an-arn"),
        pytest.param({"Accounts": [shown(PROD, "o-another00001")]}, id="two-organizations"),
        pytest.param(
            lambda asked: {"Accounts": [], "NextToken": str(int(asked["NextToken"]) + 1)},
            id="without-end",
        ),
    ],
)
def test_a_page_that_is_not_understood_makes_the_whole_listing_void(rest):
    """Fails if such a page counts as empty, or such an account as none: others would be lost."""
    own = Identity(f"arn:aws:iam::{MANAGEMENT}:user/reader", MANAGEMENT)

    with pytest.raises(AccessError) as caught:
        read_organization(ScriptedDoor(FIRST_PAGE, rest), own, unobserved)

    assert (caught.value.reason, caught.value.error_class) == (
        "Unreachable",
        ErrorClass.TRANSIENT,
    )


def statements(connection):
    return {
        entry.principal: [
            (one["Action"], one["Resource"])
            for policy in entry.policies
            for one in policy["Statement"]
        ]
        for entry in entry_policies(connection)
    }


def test_who_enters_the_accounts_of_an_organization_lists_them_too():
    credentials = AwsCredentials(
        CredentialSource.SECRET, secret_name="keys", roles=(RoleHop(ENTRY),)
    )
    accounts = AwsAccounts(AccountDiscovery.ORGANIZATION, member_role_name="audit/reader")

    assert statements(AwsConnection(credentials, accounts)) == {
        "the credentials in Secret keys": [(["sts:AssumeRole"], [ENTRY])],
        ENTRY: [
            (["organizations:ListAccounts"], "*"),
            (["sts:AssumeRole"], ["arn:aws-us-gov:iam::*:role/audit/reader"]),
        ],
    }


def test_without_a_role_the_credentials_themselves_list_and_enter():
    credentials = AwsCredentials(CredentialSource.OPERATOR)
    accounts = AwsAccounts(AccountDiscovery.ORGANIZATION)

    assert statements(AwsConnection(credentials, accounts)) == {
        "the worker's own identity": [
            (["organizations:ListAccounts"], "*"),
            (["sts:AssumeRole"], ["arn:aws:iam::*:role/cloudops-read"]),
        ],
    }
