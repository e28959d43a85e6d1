"""An organization as its user sees it: accounts that are found, refused, shut, and that leave."""

import pytest

from tests.e2e.conftest import Provider, StartWith
from tests.fakes.aws.builders import instance
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

MEMBERS = ("222233334444", "333344445555", "444455556666")
STRANGER, SUSPENDED = "555566667777", "999900001111"


def test_the_accounts_of_an_organization_are_read_and_one_that_leaves_goes_after_two_listings(
    provider: Provider, account: AccountScript, fake_aws: FakeAws, start: StartWith
):
    """Fails if one listing is enough to give an account up, or a broken one confirms it."""
    start("controller", "worker")
    organization = fake_aws.organization(account)
    account.put(instance("i-management", region="eu-west-1"))
    for id_ in MEMBERS:
        member = fake_aws.account(id_, regions=("eu-west-1",))
        member.role("cloudops-read", external_id="tenant-7", listed=False)
        member.put(instance(f"i-{id_}", region="eu-west-1"))
        organization.put(id_)
    fake_aws.account(STRANGER)
    organization.put(STRANGER)
    organization.put(SUSPENDED, state="SUSPENDED")
    fake_aws.page_size("ListAccounts", 2)
    provider.aws["accounts"] = {"discovery": "Organization", "memberExternalID": "tenant-7"}
    provider.aws["regions"] = {"include": ["eu-west-1"]}

    provider.apply()
    provider.wait_condition("Ready", "True", "Succeeded")
    eventually(lambda: provider.live() == truth(fake_aws, account.id, *MEMBERS), timeout=120)
    eventually(lambda: provider.status()["problemsTotal"] == 2, what="both problems to be told")
    status = provider.status()
    header, row = provider.kubectl("get", "cloudproviders").splitlines()

    assert status["accounts"] == {"total": 6, "reachable": 4, "unreachable": 2}
    assert status["identity"]["organizationID"] == organization.id
    assert {(one["reason"], one["exampleAccount"]) for one in status["problems"]} == {
        ("RoleNotAssumable", STRANGER),
        ("AccountSuspended", SUSPENDED),
    }
    assert header.split()[3:5] == ["REACHABLE", "ACCOUNTS"]
    assert row.split()[:5] == ["prod", "aws", "True", "4", "6"]
    assert fake_aws.calls(account=SUSPENDED) == []

    organization.remove(MEMBERS[0])
    provider.run_now()
    once = provider.live()
    fake_aws.inject(Fault.server_error(), operation="ListAccounts", page=1)
    provider.ask_run()
    eventually(lambda: provider.rows(_AFTER_A_FAILED_RUN), what="a listing to break off")
    broken = provider.live()
    fake_aws.clear_faults()
    provider.run_now()
    eventually(lambda: provider.status()["accounts"]["total"] == 5, what="the account to go")

    assert once == broken == truth(fake_aws, account.id, *MEMBERS)
    assert provider.live() == truth(fake_aws, account.id, *MEMBERS[1:])
    assert provider.deleted() >= truth(fake_aws, MEMBERS[0])


def truth(fake_aws: FakeAws, *ids: str) -> set[str]:
    return {arn for id_ in ids for arn in fake_aws.truth(id_)}


_AFTER_A_FAILED_RUN = """
SELECT FROM lease WHERE kind = 'discovery'
  AND finished_start_at > (SELECT requested_at FROM provider)
"""
