"""What a service says by an error where there is none, and whom it is asked about."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.vocabulary import Access, Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import Page
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.server import FakeAws
from tests.integration.collectors.conftest import KEY, SECRET

pytestmark = [pytest.mark.integration, pytest.mark.aws]

ACCOUNT = "111122223333"
ABSENT = [pytest.param(row, id=row.name) for row in LISTINGS if row.absent]
BY_NAME = {row.name: row for row in LISTINGS}


@pytest.fixture
def session(
    fake_aws: FakeAws, cloud: AwsCloud, access: Callable[..., Access]
) -> Iterator[AwsAccountSession]:
    """An account in which nothing was ever switched on."""
    fake_aws.account(ACCOUNT, access_key=KEY, secret_key=SECRET)
    session = cloud.open(access(fake_aws.url), ACCOUNT)
    yield session
    session.close()


def read(session: AwsAccountSession, row: Listing) -> list[Page]:
    region = "us-east-1" if row.region_rule is RegionRule.REGIONAL else "global"
    return list(session.pages(row, region))


@pytest.mark.parametrize("row", ABSENT)
def test_what_is_not_there_is_known_not_to_be_there(session: AwsAccountSession, row: Listing):
    """Fails without `absent`: the listing would be denied or failed, and what was there stay."""
    assert read(session, row) == [Page(observations=())]


@pytest.mark.parametrize("row", ABSENT)
def test_the_same_error_in_other_words_is_an_error(session: AwsAccountSession, row: Listing):
    other = replace(row, absent=dict.fromkeys(row.absent, "some other words"))

    with pytest.raises(ListingError):
        read(session, other)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *(
            (name, f"AccountId: {ACCOUNT} is not enabled for securityhub. Currentstate: false")
            for name in ("aws.securityhub.hubs", "aws.securityhub.enabled-standards")
        ),
        ("aws.dax.clusters", "Access Denied to API Version: DAX_V3"),
    ],
)
def test_services_were_heard_saying_so(
    fake_aws: FakeAws, session: AwsAccountSession, name: str, words: str
):
    """Security Hub says it in two ways; DAX of regions that it is not in."""
    row = BY_NAME[name]
    [code] = row.absent
    fake_aws.inject(Fault.error(code, words), operation=row.operation)

    assert read(session, row) == [Page(observations=())]


@pytest.mark.parametrize("row", ABSENT)
def test_a_denial_is_still_a_denial(fake_aws: FakeAws, session: AwsAccountSession, row: Listing):
    fake_aws.inject(Fault.deny(), operation=row.operation)

    with pytest.raises(ListingError) as refusal:
        read(session, row)
    assert refusal.value.error_class is ErrorClass.IAM_DENY
    assert refusal.value.permission


def test_an_account_is_asked_about_itself(fake_aws: FakeAws, session: AwsAccountSession):
    """Fails without the hook: the account's id before an address is no name of a host."""
    fake_aws.reset_calls()
    read(session, BY_NAME["aws.s3.account-public-access-blocks"])

    [call] = fake_aws.calls()
    assert (call.service, call.operation) == ("s3control", "GetPublicAccessBlock")
