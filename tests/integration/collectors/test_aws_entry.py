"""Who we are and which doors open, against the scriptable fake."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.vocabulary import Access, AccountError
from cloudops.domain.errors import AccessError, ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import AwsAccounts, CredentialSource, Globs, RoleHop
from tests.fakes.aws.builders import instance
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.integration.collectors.conftest import KEY, SECRET

pytestmark = [pytest.mark.integration, pytest.mark.aws]

OWN, MEMBER = "111122223333", "444455556666"
INSTANCES = next(listing for listing in LISTINGS if listing.name == "aws.ec2.instances")
BOTH = AwsAccounts(ids=(OWN, MEMBER), member_external_id="agreed")


@pytest.fixture
def own(fake_aws: FakeAws) -> AccountScript:
    return fake_aws.account(OWN, access_key=KEY, secret_key=SECRET)


@pytest.fixture
def member(fake_aws: FakeAws, own: AccountScript) -> AccountScript:
    member = fake_aws.account(MEMBER, regions=("us-east-1", "eu-west-1"))
    member.role("cloudops-read", external_id="agreed", listed=False)
    return member


def test_without_ids_the_callers_own_account_is_found(
    fake_aws: FakeAws, own: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    found = cloud.discover(access(fake_aws.url))

    assert found.implicit
    assert found.identity.principal == f"arn:aws:iam::{OWN}:user/cloudops"
    assert [(a.account_id, a.regions, a.error) for a in found.accounts] == [
        (OWN, ("eu-central-1", "eu-west-1", "us-east-1"), None)
    ]


def test_named_accounts_are_entered_by_the_member_role(
    fake_aws: FakeAws, member: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    found = cloud.discover(access(fake_aws.url, accounts=BOTH))

    assert not found.implicit
    assert {a.account_id: a.regions for a in found.accounts} == {
        OWN: ("eu-central-1", "eu-west-1", "us-east-1"),
        MEMBER: ("eu-west-1", "us-east-1"),
    }
    assert fake_aws.call_count(operation="AssumeRole") == 1


def test_an_account_that_does_not_trust_us_is_an_answer_with_an_error(
    fake_aws: FakeAws, member: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    accounts = AwsAccounts(ids=(OWN, MEMBER), member_external_id="guessed")

    first, second = cloud.discover(access(fake_aws.url, accounts=accounts)).accounts
    assert first.error is None
    assert second.regions is None
    assert second.error is not None
    assert (second.error.reason, second.error.permission) == ("RoleNotAssumable", "sts:AssumeRole")
    with pytest.raises(AccessError) as caught:
        cloud.open(access(fake_aws.url, accounts=accounts), MEMBER)
    assert caught.value.reason == "RoleNotAssumable"


@pytest.mark.parametrize(
    ("fault", "reason", "permission"),
    [
        pytest.param(Fault.deny(), "AccessDenied", "ec2:DescribeRegions", id="denied"),
        pytest.param(Fault.throttle(), "Throttled", "", id="throttled"),
        pytest.param(Fault.server_error(), "Unreachable", "", id="500"),
        pytest.param(Fault.broken_page(), "Unreachable", "", id="broken-page"),
        pytest.param(Fault.expired(), "CredentialsRejected", "", id="expired"),
    ],
)
def test_unreadable_regions_are_unknown_and_not_none_at_all(
    fake_aws: FakeAws,
    own: AccountScript,
    cloud: AwsCloud,
    access: Callable[..., Access],
    *,
    fault: Fault,
    reason: str,
    permission: str,
):
    fake_aws.inject(fault, operation="DescribeRegions")

    [account] = cloud.discover(access(fake_aws.url)).accounts
    assert account.regions is None
    assert isinstance(account.error, AccountError)
    assert (account.error.reason, account.error.permission) == (reason, permission)


def test_only_enabled_and_selected_regions_are_found(
    fake_aws: FakeAws, own: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    own.opt_out("eu-central-1")

    [account] = cloud.discover(access(fake_aws.url, regions=Globs(("eu-*",)))).accounts
    assert account.regions == ("eu-west-1",)


def test_excluded_accounts_are_left_alone(
    fake_aws: FakeAws, member: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    accounts = AwsAccounts(ids=(OWN, MEMBER), selection=Globs(exclude=("4444*",)))

    found = cloud.discover(access(fake_aws.url, accounts=accounts))
    assert [a.account_id for a in found.accounts] == [OWN]
    assert fake_aws.call_count(operation="AssumeRole") == 0


@pytest.mark.parametrize(
    ("fault", "reason", "error_class"),
    [
        pytest.param(Fault.expired(), "CredentialsRejected", ErrorClass.IAM_DENY, id="expired"),
        pytest.param(Fault.opt_in("auth"), "CredentialsRejected", ErrorClass.IAM_DENY, id="key"),
        pytest.param(Fault.throttle(), "Throttled", ErrorClass.THROTTLED, id="throttled"),
        pytest.param(Fault.reset(), "Unreachable", ErrorClass.TRANSIENT, id="reset"),
    ],
)
def test_credentials_that_do_not_work_are_told_from_an_outage(
    fake_aws: FakeAws,
    own: AccountScript,
    cloud: AwsCloud,
    access: Callable[..., Access],
    *,
    fault: Fault,
    reason: str,
    error_class: ErrorClass,
):
    fake_aws.inject(fault, operation="GetCallerIdentity")

    for enter in (cloud.discover, lambda a: cloud.open(a, OWN)):
        with pytest.raises(AccessError) as caught:
            enter(access(fake_aws.url))
        assert (caught.value.reason, caught.value.error_class) == (reason, error_class)


def test_an_endpoint_that_is_not_there_is_unreachable(
    cloud: AwsCloud, access: Callable[..., Access]
):
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{placeholder.getsockname()[1]}"

        with pytest.raises(AccessError) as caught:
            cloud.discover(access(url))
    assert (caught.value.reason, caught.value.error_class) == ("Unreachable", ErrorClass.TRANSIENT)


def test_a_revoked_key_is_rejected(
    fake_aws: FakeAws, own: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    fake_aws.revoke(KEY)

    with pytest.raises(AccessError) as caught:
        cloud.open(access(fake_aws.url), OWN)
    assert caught.value.reason == "CredentialsRejected"
    assert KEY not in str(caught.value)


def test_a_swapped_key_shows_who_it_belongs_to(
    fake_aws: FakeAws, own: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    fake_aws.account("999988887777", access_key="AKIASWAPPED", secret_key=SECRET)

    session = cloud.open(access(fake_aws.url, key="AKIASWAPPED"), OWN)
    assert session.identity.account_id == "999988887777"


def test_a_chain_of_roles_is_walked_in_order(
    fake_aws: FakeAws, member: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    hub = member.role("hub", trusts=(OWN,), listed=False)
    last = fake_aws.account("777788889999")
    spoke = last.role("spoke", external_id="xyz", trusts=(MEMBER,), listed=False)
    last.put(instance("i-1", region="eu-west-1"))
    roles = (RoleHop(hub), RoleHop(spoke, "xyz"))

    session = cloud.open(access(fake_aws.url, roles=roles), last.id)
    [page] = session.pages(INSTANCES, "eu-west-1")
    assert session.identity.principal == (
        f"arn:aws:sts::{last.id}:assumed-role/spoke/cloudops-central"
    )
    assert len(page.observations) == 1
    session.close()


def test_a_role_of_the_chain_that_is_closed_closes_the_provider(
    fake_aws: FakeAws, member: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    hub = member.role("hub", trusts=("000000000000",))

    with pytest.raises(AccessError) as caught:
        cloud.discover(access(fake_aws.url, roles=(RoleHop(hub),)))
    assert (caught.value.reason, caught.value.permission) == ("RoleNotAssumable", "sts:AssumeRole")


def test_assumed_credentials_are_refreshed_before_they_expire(
    fake_aws: FakeAws, member: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    # botocore refreshes ten minutes ahead, so keys of nine minutes are always due.
    member.role("cloudops-read", external_id="agreed", session_seconds=540, listed=False)
    member.put([instance(f"i-{n}", region="eu-west-1") for n in range(3)])
    fake_aws.page_size("*", 1)
    session = cloud.open(access(fake_aws.url, accounts=BOTH), MEMBER)
    before = fake_aws.call_count(operation="AssumeRole")

    assert len(list(session.pages(INSTANCES, "eu-west-1"))) == 3
    assert fake_aws.call_count(operation="AssumeRole") > before


def test_a_role_that_is_closed_in_the_middle_denies_the_listing(
    fake_aws: FakeAws, member: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    member.role("cloudops-read", external_id="agreed", session_seconds=540, listed=False)
    session = cloud.open(access(fake_aws.url, accounts=BOTH), MEMBER)
    member.remove_role("cloudops-read")

    with pytest.raises(ListingError) as caught:
        list(session.pages(INSTANCES, "eu-west-1"))
    assert caught.value.error_class is ErrorClass.CREDENTIALS
    assert caught.value.permission == "sts:AssumeRole"


def test_sessions_that_expire_in_the_middle_deny_the_listing(
    fake_aws: FakeAws, member: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    session = cloud.open(access(fake_aws.url, accounts=BOTH), MEMBER)
    fake_aws.expire_sessions(MEMBER)

    with pytest.raises(ListingError) as caught:
        list(session.pages(INSTANCES, "eu-west-1"))
    assert (caught.value.error_class, caught.value.permission) == (ErrorClass.CREDENTIALS, "")


def test_another_partition_is_believed(
    fake_aws: FakeAws, cloud: AwsCloud, access: Callable[..., Access]
):
    china = fake_aws.account(
        OWN, access_key=KEY, secret_key=SECRET, partition="aws-cn", regions=("cn-north-1",)
    )
    china.put(instance("i-1", region="cn-north-1"))

    session = cloud.open(access(fake_aws.url), OWN)
    [page] = session.pages(INSTANCES, "cn-north-1")
    assert session.identity.partition == "aws-cn"
    assert page.observations[0].head is not None
    assert page.observations[0].head.canonical_id in china.truth()


def test_keys_of_a_secret_are_all_that_is_used(
    fake_aws: FakeAws,
    member: AccountScript,
    cloud: AwsCloud,
    access: Callable[..., Access],
    hostile_environment: Path,
):
    member.put(instance("i-1", region="eu-west-1"))
    session = cloud.open(access(fake_aws.url, accounts=BOTH), MEMBER)
    list(session.pages(INSTANCES, "eu-west-1"))

    assert "AKIAENVIRONMENT" not in {call.access_key for call in fake_aws.calls()}
    assert not hostile_environment.exists()


def test_the_operators_own_identity_is_the_sdks_default_chain(
    fake_aws: FakeAws,
    own: AccountScript,
    cloud: AwsCloud,
    access: Callable[..., Access],
    monkeypatch: pytest.MonkeyPatch,
):
    own.key("AKIAOPERATOR", "operators-secret", principal="role/operator")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOPERATOR")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "operators-secret")

    session = cloud.open(access(fake_aws.url, source=CredentialSource.OPERATOR), OWN)
    assert session.identity.principal == f"arn:aws:iam::{OWN}:role/operator"
    assert {call.access_key for call in fake_aws.calls()} == {"AKIAOPERATOR"}


def test_an_operator_without_an_identity_is_told_so(
    fake_aws: FakeAws,
    cloud: AwsCloud,
    access: Callable[..., Access],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))

    with pytest.raises(AccessError, match="credentials") as caught:
        cloud.discover(access(fake_aws.url, source=CredentialSource.OPERATOR))
    assert caught.value.reason == "CredentialsRejected"


def test_another_account_behind_the_same_key_is_another_fingerprint(
    fake_aws: FakeAws, member: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
):
    wanted = access(fake_aws.url, accounts=BOTH)
    first, again, other = (cloud.open(wanted, id_).fingerprint for id_ in (OWN, OWN, MEMBER))

    assert first == again != other
