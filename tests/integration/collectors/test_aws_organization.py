"""The accounts of an organization: listed page by page to the end, or not at all."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.vocabulary import Access, DiscoveredAccount
from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import AccountDiscovery, AwsAccounts, Globs, RoleHop
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.organization_script import OrganizationScript
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.integration.collectors.conftest import KEY, SECRET

pytestmark = [pytest.mark.integration, pytest.mark.aws]

MANAGEMENT, SUSPENDED = "111122223333", "999900001111"
MEMBERS = ("222233334444", "333344445555", "444455556666")
ALL = AwsAccounts(AccountDiscovery.ORGANIZATION)

Discover = Callable[..., dict[str, DiscoveredAccount]]


@pytest.fixture
def management(fake_aws: FakeAws) -> AccountScript:
    return fake_aws.account(MANAGEMENT, access_key=KEY, secret_key=SECRET, name="management")


@pytest.fixture
def organization(fake_aws: FakeAws, management: AccountScript) -> OrganizationScript:
    """Three members that let us in, and a suspended one; two accounts a page."""
    made = fake_aws.organization(management)
    for number, id_ in enumerate(MEMBERS):
        member = fake_aws.account(
            id_, name=f"member-{number}", regions=("us-east-1", f"eu-{number}")
        )
        member.role("cloudops-read", listed=False)
        made.put(id_)
    made.put(SUSPENDED, name="closed", state="SUSPENDED")
    fake_aws.page_size("ListAccounts", 2)
    return made


@pytest.fixture
def discover(
    fake_aws: FakeAws, cloud: AwsCloud, access: Callable[..., Access], organization: object
) -> Discover:
    del organization

    def discover(accounts: AwsAccounts = ALL, **way: object) -> dict[str, DiscoveredAccount]:
        found = cloud.discover(access(fake_aws.url, accounts=accounts, **way))
        return {account.account_id: account for account in found.accounts}

    return discover


def test_every_page_is_read_and_every_active_account_entered(fake_aws: FakeAws, discover: Discover):
    found = discover()

    assert set(found) == {MANAGEMENT, *MEMBERS, SUSPENDED}
    assert [found[id_].name for id_ in (MANAGEMENT, *MEMBERS)] == [
        "management",
        "member-0",
        "member-1",
        "member-2",
    ]
    assert all(found[id_].error is None for id_ in (MANAGEMENT, *MEMBERS))
    assert found[MEMBERS[1]].regions == ("eu-1", "us-east-1")
    assert fake_aws.call_count(operation="ListAccounts") == 3


def test_the_management_account_is_entered_without_a_role_and_the_suspended_one_not_at_all(
    fake_aws: FakeAws, discover: Discover
):
    """Fails if closed accounts are tried: AWS would be asked for a role in vain each period."""
    found = discover()

    error = found[SUSPENDED].error
    assert error is not None
    assert (error.reason, error.closed) == ("AccountSuspended", True)
    assert {call.account for call in fake_aws.calls(operation="AssumeRole")} == set(MEMBERS)
    assert fake_aws.call_count(operation="DescribeRegions", account=MANAGEMENT) == 1


def test_the_organizations_id_and_who_is_left_out_are_told(
    fake_aws: FakeAws,
    organization: OrganizationScript,
    cloud: AwsCloud,
    access: Callable[..., Access],
):
    selection = Globs(("*",), ("member-1", SUSPENDED))
    accounts = AwsAccounts(AccountDiscovery.ORGANIZATION, selection=selection)

    found = cloud.discover(access(fake_aws.url, accounts=accounts))

    assert found.identity.organization_id == organization.id
    assert not found.implicit
    assert set(found.not_selected) == {MEMBERS[1], SUSPENDED}
    assert {one.account_id for one in found.accounts} == {MANAGEMENT, MEMBERS[0], MEMBERS[2]}
    assert fake_aws.call_count(operation="AssumeRole", account=MEMBERS[1]) == 0


def test_one_member_that_does_not_let_us_in_is_its_own_trouble(
    fake_aws: FakeAws, organization: OrganizationScript, discover: Discover
):
    fake_aws.account("555566667777", name="stranger")
    organization.put("555566667777")

    found = discover()

    stranger = found.pop("555566667777")
    del found[SUSPENDED]
    assert stranger.error is not None
    assert (stranger.error.reason, stranger.error.permission) == (
        "RoleNotAssumable",
        "sts:AssumeRole",
    )
    assert stranger.name == "stranger"
    assert all(account.error is None for account in found.values())


def test_an_external_id_and_a_chain_of_roles_lead_to_every_member(
    fake_aws: FakeAws,
    management: AccountScript,
    organization: OrganizationScript,
    discover: Discover,
):
    entry = management.role("entry", external_id="acme-1", listed=False)
    for id_ in MEMBERS:
        member = fake_aws.account(id_)
        member.role("audit", path="/security/", external_id="acme-2", trusts=("*role/entry/*",))
    accounts = AwsAccounts(
        AccountDiscovery.ORGANIZATION,
        member_role_name="security/audit",
        member_external_id="acme-2",
    )

    found = discover(accounts, roles=(RoleHop(entry, "acme-1"),))

    del found[SUSPENDED]
    assert all(account.error is None for account in found.values())
    assert [call.principal for call in fake_aws.calls(operation="ListAccounts")] == [
        f"arn:aws:sts::{MANAGEMENT}:assumed-role/entry/cloudops-central"
    ] * 3


def test_a_delegated_administrator_enters_the_management_account_by_its_role(
    fake_aws: FakeAws, management: AccountScript, discover: Discover
):
    """Fails if the management account counts as the caller's own."""
    admin = fake_aws.account(MEMBERS[0])
    admin.key("AKIADELEGATE00000001", SECRET)
    management.role("cloudops-read", listed=False)
    made = fake_aws.organization(management, "o-example0001", MEMBERS[0])
    made.put(MEMBERS[0])

    found = discover(key="AKIADELEGATE00000001")

    assert all(account.error is None for account in found.values())
    assert [call.account for call in fake_aws.calls(operation="AssumeRole")] == [MANAGEMENT]


@pytest.mark.parametrize(
    ("partition", "region"), [("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")]
)
def test_other_partitions_have_roles_and_regions_of_their_own(
    fake_aws: FakeAws,
    cloud: AwsCloud,
    access: Callable[..., Access],
    partition: str,
    region: str,
):
    management = fake_aws.account(
        MANAGEMENT, access_key=KEY, secret_key=SECRET, partition=partition, regions=(region,)
    )
    member = fake_aws.account(MEMBERS[0], partition=partition, regions=(region,))
    role = member.role("cloudops-read", listed=False)
    fake_aws.organization(management).put(MEMBERS[0])

    found = cloud.discover(access(fake_aws.url, accounts=ALL))

    assert role.startswith(f"arn:{partition}:")
    assert {one.account_id: one.regions for one in found.accounts} == {
        MANAGEMENT: (region,),
        MEMBERS[0]: (region,),
    }
    assert {one.partition for one in found.accounts} == {partition}


def test_only_regions_that_an_account_has_opted_into_are_read(
    fake_aws: FakeAws, discover: Discover
):
    fake_aws.account(MEMBERS[0], regions=("us-east-1",), opted_out=("af-south-1",))
    fake_aws.account(MEMBERS[1], regions=("us-east-1", "af-south-1"))

    found = discover()

    assert found[MEMBERS[0]].regions == ("us-east-1",)
    assert found[MEMBERS[1]].regions == ("af-south-1", "us-east-1")


@pytest.mark.parametrize(
    ("fault", "page", "reason", "error_class"),
    [
        pytest.param(Fault.throttle(), 1, "Throttled", ErrorClass.THROTTLED, id="throttled"),
        pytest.param(Fault.server_error(), 1, "Unreachable", ErrorClass.TRANSIENT, id="500"),
        pytest.param(Fault.reset(), 1, "Unreachable", ErrorClass.TRANSIENT, id="reset"),
        pytest.param(Fault.broken_page(), 1, "Unreachable", ErrorClass.TRANSIENT, id="broken"),
        pytest.param(Fault.foreign_page(), 1, "Unreachable", ErrorClass.TRANSIENT, id="foreign"),
        pytest.param(Fault.empty_body(), 2, "Unreachable", ErrorClass.TRANSIENT, id="no-body"),
        pytest.param(Fault.repeat_token(), 1, "Unreachable", ErrorClass.TRANSIENT, id="circle"),
        pytest.param(Fault.hide(), 0, "Unreachable", ErrorClass.TRANSIENT, id="without-the-caller"),
        pytest.param(Fault.deny(), 1, "AccessDenied", ErrorClass.IAM_DENY, id="denied"),
    ],
)
def test_a_listing_that_breaks_off_is_no_listing(
    fake_aws: FakeAws,
    discover: Discover,
    *,
    fault: Fault,
    page: int,
    reason: str,
    error_class: ErrorClass,
):
    """Fails if what was read before the fault is taken for all."""
    fake_aws.inject(fault, operation="ListAccounts", page=page)

    with pytest.raises(AccessError) as caught:
        discover()

    assert (caught.value.reason, caught.value.error_class) == (reason, error_class)
    assert fake_aws.call_count(operation="AssumeRole") == 0


def test_an_empty_page_in_between_ends_nothing(fake_aws: FakeAws, discover: Discover):
    fake_aws.inject(Fault.empty_page(), operation="ListAccounts", page=1, times=1)

    assert set(discover()) == {MANAGEMENT, *MEMBERS, SUSPENDED}


@pytest.mark.usefixtures("organization")
def test_who_may_not_list_hears_what_to_grant_and_to_whom(fake_aws: FakeAws, discover: Discover):
    fake_aws.account(MEMBERS[0]).key("AKIAMEMBER0000000001", SECRET)

    with pytest.raises(AccessError, match="delegated administrator") as caught:
        discover(key="AKIAMEMBER0000000001")

    assert caught.value.reason == "AccessDenied"
    assert caught.value.permission == "organizations:ListAccounts"


def test_credentials_of_an_account_without_an_organization_say_so(
    fake_aws: FakeAws, discover: Discover
):
    """Fails if AWS's error counts as one that passes: it would be asked every minute."""
    fake_aws.account("666677778888", access_key="AKIALONELY0000000001", secret_key=SECRET)

    with pytest.raises(AccessError, match=r"spec\.aws\.accounts\.ids") as caught:
        discover(key="AKIALONELY0000000001")

    assert (caught.value.reason, caught.value.error_class) == (
        "NoOrganization",
        ErrorClass.IAM_DENY,
    )


def test_an_answer_that_was_not_written_by_us_is_understood(
    moto_server: str, cloud: AwsCloud, access: Callable[..., Access]
):
    make_client: Any = boto3.client  # its stubs know service names only as literals
    organizations = make_client(
        "organizations",
        region_name="us-east-1",
        endpoint_url=moto_server,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    made = organizations.create_organization(FeatureSet="ALL")["Organization"]
    active, closed = (
        organizations.create_account(Email=f"{name}@example.com", AccountName=name)[
            "CreateAccountStatus"
        ]["AccountId"]
        for name in ("active", "closed")
    )
    organizations.close_account(AccountId=closed)

    found = cloud.discover(access(moto_server, accounts=ALL, key="testing"))

    accounts = {account.account_id: account for account in found.accounts}
    assert found.identity.organization_id == made["Id"]
    assert set(accounts) == {made["MasterAccountId"], active, closed}
    assert accounts[active].name == "active"
    assert accounts[active].regions
    error = accounts[closed].error
    assert error is not None
    assert error.reason == "AccountSuspended"
