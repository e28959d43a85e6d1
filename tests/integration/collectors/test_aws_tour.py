"""Entering many accounts: several at once, with signs of life, and one's trouble is its own."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from cloudops.collectors.aws import AwsCloud, discovery
from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.discovery import ACCOUNTS_AT_ONCE
from cloudops.collectors.vocabulary import Access
from cloudops.domain.errors import LeaseLostError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import AwsAccounts
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.server import FakeAws
from tests.integration.collectors.conftest import KEY, SECRET

pytestmark = [pytest.mark.integration, pytest.mark.aws]

MEMBERS = tuple(f"{number:012}" for number in range(1, 41))
OWN = "111122223333"


@pytest.fixture
def accounts(fake_aws: FakeAws) -> AwsAccounts:
    """The caller's own account and forty that trust it."""
    fake_aws.account(OWN, access_key=KEY, secret_key=SECRET)
    for id_ in MEMBERS:
        fake_aws.account(id_).role("cloudops-read", listed=False)
    return AwsAccounts(ids=(OWN, *MEMBERS))


def test_all_are_found_in_the_order_of_the_spec(
    fake_aws: FakeAws, accounts: AwsAccounts, cloud: AwsCloud, access: Callable[..., Access]
):
    found = cloud.discover(access(fake_aws.url, accounts=accounts)).accounts

    assert [account.account_id for account in found] == list(accounts.ids)
    assert all(account.regions and account.error is None for account in found)


def test_several_are_entered_at_once_and_each_is_a_sign_of_life(
    fake_aws: FakeAws, accounts: AwsAccounts, cloud: AwsCloud, access: Callable[..., Access]
):
    threads: set[int] = set()
    signs: list[None] = []

    def progress() -> None:
        threads.add(threading.get_ident())
        signs.append(None)

    # A call that takes its time keeps the next account from the same thread.
    fake_aws.inject(Fault.latency(0.3), operation="DescribeRegions")

    cloud.discover(access(fake_aws.url, accounts=accounts), progress)

    assert len(threads - {threading.get_ident()}) == ACCOUNTS_AT_ONCE
    # The identity, the door of each account, and its regions.
    assert len(signs) == 1 + 2 * len(accounts.ids)


def test_who_must_not_go_on_enters_no_further_account(
    fake_aws: FakeAws, accounts: AwsAccounts, cloud: AwsCloud, access: Callable[..., Access]
):
    signs: list[None] = []

    def progress() -> None:
        signs.append(None)
        if len(signs) > 1:
            raise LeaseLostError("taken")

    # While the first few take their time, there is some for the others to be called off.
    fake_aws.inject(Fault.latency(0.3), operation="AssumeRole")
    with pytest.raises(LeaseLostError):
        cloud.discover(access(fake_aws.url, accounts=accounts), progress)

    assert fake_aws.call_count(operation="DescribeRegions") <= 2 * ACCOUNTS_AT_ONCE
    assert fake_aws.call_count(operation="AssumeRole") < len(MEMBERS)


@pytest.mark.parametrize(
    ("fault", "operation", "error_class", "entered"),
    [
        pytest.param(Fault.deny(), "AssumeRole", ErrorClass.IAM_DENY, False, id="role-denied"),
        pytest.param(
            Fault.throttle(), "AssumeRole", ErrorClass.THROTTLED, False, id="role-throttled"
        ),
        pytest.param(
            Fault.server_error(), "AssumeRole", ErrorClass.TRANSIENT, False, id="role-500"
        ),
        pytest.param(
            Fault.deny(), "DescribeRegions", ErrorClass.IAM_DENY, True, id="regions-denied"
        ),
        pytest.param(
            Fault.throttle(), "DescribeRegions", ErrorClass.THROTTLED, True, id="regions-throttled"
        ),
        pytest.param(
            Fault.server_error(), "DescribeRegions", ErrorClass.TRANSIENT, True, id="regions-500"
        ),
    ],
)
def test_what_stops_one_account_is_classified_and_stops_no_other(
    fake_aws: FakeAws,
    accounts: AwsAccounts,
    cloud: AwsCloud,
    access: Callable[..., Access],
    *,
    fault: Fault,
    operation: str,
    error_class: ErrorClass,
    entered: bool,
):
    fake_aws.inject(fault, operation=operation, account=MEMBERS[0])

    answer = cloud.discover(access(fake_aws.url, accounts=accounts)).accounts
    found = {account.account_id: account for account in answer}
    error = found.pop(MEMBERS[0]).error

    assert error is not None
    assert (error.error_class, error.entered) == (error_class, entered)
    assert all(account.error is None for account in found.values())


def test_an_answer_without_regions_is_none(
    fake_aws: FakeAws, accounts: AwsAccounts, cloud: AwsCloud, access: Callable[..., Access]
):
    fake_aws.account("999988887777", regions=()).role("cloudops-read", listed=False)

    [found] = cloud.discover(
        access(fake_aws.url, accounts=AwsAccounts(ids=("999988887777",)))
    ).accounts

    assert found.regions is None
    assert found.error is not None
    assert (found.error.error_class, found.error.entered) == (ErrorClass.TRANSIENT, True)


@pytest.mark.parametrize(
    "region",
    [
        pytest.param({"OptInStatus": "opted-in"}, id="no-name"),
        pytest.param({"RegionName": ""}, id="empty-name"),
        pytest.param({"RegionName": None}, id="null-for-a-name"),
        pytest.param(None, id="null"),
        pytest.param("eu-west-1", id="a-word"),
    ],
)
def test_a_region_that_is_not_understood_makes_the_answer_void(
    fake_aws: FakeAws,
    accounts: AwsAccounts,
    cloud: AwsCloud,
    access: Callable[..., Access],
    monkeypatch: pytest.MonkeyPatch,
    region: Any,
):
    """Fails if it is left out (its rows would be retired), or ends the whole discovery."""
    answer = Door.call

    def odd(self: Door, service: str, *rest: Any) -> Any:
        if "DescribeRegions" in rest:
            return {"Regions": [{"RegionName": "us-east-1"}, region]}
        return answer(self, service, *rest)

    # The fake writes what AWS's model allows: a region without a name is none of it.
    monkeypatch.setattr(Door, "call", odd)

    found = cloud.discover(access(fake_aws.url, accounts=accounts)).accounts

    assert len(found) == len(accounts.ids)
    for one in found:
        assert one.regions is None
        assert one.error is not None
        assert (one.error.reason, one.error.error_class) == ("Unreachable", ErrorClass.TRANSIENT)
        assert (one.error.entered, "DescribeRegions" in one.error.message) == (True, True)


def test_a_bug_in_one_account_stops_no_other(
    fake_aws: FakeAws,
    accounts: AwsAccounts,
    cloud: AwsCloud,
    access: Callable[..., Access],
    monkeypatch: pytest.MonkeyPatch,
):
    """Fails without the boundary around one account: nobody's accounts would be planned."""
    enter = discovery.door_to

    def broken(door: Any, connection: Any, own: Any, account_id: str) -> Any:
        if account_id == MEMBERS[0]:
            raise KeyError("what an answer held")
        return enter(door, connection, own, account_id)

    # A bug of our own can only be put in.
    monkeypatch.setattr(discovery, "door_to", broken)

    answer = cloud.discover(access(fake_aws.url, accounts=accounts)).accounts
    found = {account.account_id: account for account in answer}
    error = found.pop(MEMBERS[0]).error

    assert error is not None
    assert (error.reason, error.error_class) == ("InternalError", ErrorClass.TRANSIENT)
    assert "KeyError" in error.message
    assert "what an answer held" not in error.message
    assert all(account.error is None for account in found.values())
