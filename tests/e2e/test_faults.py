"""Nothing that breaks may make a living resource look deleted, nor a status untrue."""

import pytest

from tests.e2e.conftest import (
    ACCESS_KEY,
    ACCOUNT,
    REGIONS,
    SECRET_KEY,
    Provider,
    StartWith,
)
from tests.fakes.aws.builders import bucket, instance, volume
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.postgres_server import PostgresServer
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

LARGE = 6_000
MANY_PASSES = 30
INSTANCES = "aws.ec2.instances"


@pytest.fixture
def estate(account: AccountScript) -> AccountScript:
    """A few things in every region."""
    for number, region in enumerate(REGIONS):
        account.put(
            instance(f"i-{number}", region=region, tags={"Name": f"web-{number}"}),
            volume(f"vol-{number}", region=region),
            bucket(f"bucket-{number}", region=region),
        )
    return account


@pytest.fixture
def synced(provider: Provider, estate: AccountScript, operator: list[OperatorProcess]) -> Provider:
    """The provider after its first complete pass."""
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    assert provider.live() == estate.truth()
    return provider


def test_a_denied_region_keeps_its_rows_and_says_what_to_grant(
    synced: Provider, estate: AccountScript, fake_aws: FakeAws
):
    """Fails if a denial counts as an empty answer (drop the `complete` test in the loader)."""
    fake_aws.inject(Fault.deny(), service="ec2", operation="DescribeInstances", region="eu-west-1")

    synced.run_now()
    synced.wait_condition("InventorySynced", "False", "AccessDenied")

    assert synced.live() == estate.truth()
    scope = synced.scopes()[ACCOUNT, "eu-west-1", INSTANCES]
    assert (scope["status"], scope["error_class"]) == ("denied", "iam_deny")
    [problem] = synced.status()["problems"]
    assert problem["permission"] == "ec2:DescribeInstances"
    assert problem["exampleRegion"] == "eu-west-1"
    assert synced.condition("Ready")["status"] == "True"

    fake_aws.clear_faults()
    synced.run_now()
    synced.wait_condition("InventorySynced", "True")
    assert synced.status()["problemsTotal"] == 0


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        pytest.param(Fault.broken_page(), "failed", id="broken-page"),
        pytest.param(Fault.reset(), "failed", id="connection-reset"),
        pytest.param(Fault.server_error(), "failed", id="server-error"),
        pytest.param(Fault.throttle(), "throttled", id="throttled"),
        pytest.param(Fault.repeat_token(), "partial", id="repeated-token"),
    ],
)
def test_a_listing_that_breaks_in_the_middle_deletes_nothing(
    synced: Provider, estate: AccountScript, fake_aws: FakeAws, fault: Fault, status: str
):
    """Fails if what came before the break is taken for everything (sweep without `complete`)."""
    for number in range(10, 20):
        estate.put(instance(f"i-{number}", region="eu-west-1"))
    synced.run_now()
    fake_aws.page_size("DescribeInstances", 5)
    fake_aws.inject(fault, operation="DescribeInstances", region="eu-west-1", page=1)

    synced.run_now()

    assert synced.scopes()[ACCOUNT, "eu-west-1", INSTANCES]["status"] == status
    assert synced.live() == estate.truth()
    assert synced.deleted() == set()


def test_a_malformed_item_is_left_out_and_counted(
    synced: Provider, estate: AccountScript, fake_aws: FakeAws
):
    """Fails if the listing counts as complete: its row would be swept."""
    fake_aws.inject(Fault.malformed(), operation="DescribeInstances", region="eu-west-1")

    synced.run_now()
    synced.wait_condition("InventorySynced", "False", "PartialListing")

    scope = synced.scopes()[ACCOUNT, "eu-west-1", INSTANCES]
    assert (scope["status"], scope["malformed_count"]) == ("partial", 1)
    assert synced.live() == estate.truth()


def test_what_is_really_gone_is_deleted_and_nothing_else(synced: Provider, estate: AccountScript):
    """The other side of every test here: a sweep that never deletes would pass them all."""
    gone = estate.truth(kind="ec2:instance")
    estate.clear(kind="ec2:instance", region="eu-west-1")

    synced.run_now()  # EC2 is eventually consistent: the first pass only marks
    marked = synced.live()
    synced.run_now()

    assert marked == estate.truth() | gone
    assert synced.live() == estate.truth()
    assert synced.deleted() == gone - estate.truth()


def test_a_worker_killed_in_the_middle_of_a_load_leaves_the_truth(
    provider: Provider, estate: AccountScript, fake_aws: FakeAws, start: StartWith
):
    """Fails if pages are committed as they come: half of a load would be swept or seen."""
    _, worker = start("controller", "worker")
    estate.put_fleet(instance("i-{n:017x}", region="eu-west-1"), LARGE, first=100)
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    estate.delete(estate.arn(instance("i-0", region=REGIONS[0])))
    fake_aws.page_size("DescribeInstances", 500)
    slow = fake_aws.inject(Fault.latency(0.3), operation="DescribeInstances", region="eu-west-1")
    token = provider.ask_run()
    eventually(lambda: fake_aws.hits(slow) >= 3, what="the load to be under way")

    worker.kill()
    during = provider.live()
    fake_aws.clear_faults()
    start("worker")
    provider.wait_handled(token)
    provider.run_now()

    assert during >= estate.truth()
    assert provider.live() == estate.truth()


def test_a_database_restarted_in_the_middle_of_a_load_loses_and_deletes_nothing(
    provider: Provider,
    estate: AccountScript,
    fake_aws: FakeAws,
    operator: list[OperatorProcess],
    postgres: PostgresServer,
):
    """Fails if the stage outlives its connection half-filled (`prepare` without TRUNCATE)."""
    estate.put_fleet(instance("i-{n:017x}", region="eu-west-1"), LARGE, first=100)
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    fake_aws.page_size("DescribeInstances", 500)
    slow = fake_aws.inject(Fault.latency(0.3), operation="DescribeInstances", region="eu-west-1")
    token = provider.ask_run()
    eventually(lambda: fake_aws.hits(slow) >= 3, what="the load to be under way")

    postgres.restart("immediate")
    fake_aws.clear_faults()
    provider.wait_handled(token)

    assert provider.live() == estate.truth()
    assert provider.deleted() == set()
    provider.wait_condition("InventorySynced", "True")


def test_two_controllers_started_at_once_never_lead_together(
    provider: Provider,
    estate: AccountScript,
    start: StartWith,
):
    """Fails without the election: both would draw an epoch at once and write the plan."""
    _, first, second = start("worker", "controller", "controller")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")

    masters = [_leads(first), _leads(second)]

    assert sorted(masters) == [False, True]
    leader, standby = (first, second) if masters[0] else (second, first)
    leader.kill()
    eventually(lambda: _leads(standby), what="the standby to lead")
    provider.run_now()
    assert provider.live() == estate.truth()


def test_a_leader_that_stood_still_beyond_its_lease_writes_nothing_stale(
    provider: Provider,
    estate: AccountScript,
    start: StartWith,
):
    """Fails without epoch and monotonic deadline: the old leader would undo `suspend`."""
    _, first = start("worker", "controller")
    eventually(lambda: _leads(first), what="the first to lead")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    [second] = start("controller")

    first.pause()
    eventually(lambda: _leads(second), timeout=120, what="the second to take over")
    provider.apply(suspend=True)
    provider.wait_condition("Ready", "True", "Suspended")
    [before] = provider.rows("SELECT epoch, holder FROM leader")
    first.ended_by_test = True
    first.resume()
    eventually(lambda: first.exit_code is not None, what="the old leader to leave")

    [after] = provider.rows("SELECT epoch, holder FROM leader")
    assert after == before
    assert provider.condition("Ready")["reason"] == "Suspended"
    assert provider.rows("SELECT suspended FROM provider") == [{"suspended": True}]
    assert provider.live() == estate.truth()


def test_a_secret_that_leads_to_another_account_retires_nothing(
    synced: Provider, estate: AccountScript, fake_aws: FakeAws
):
    """Fails if discovery follows the credentials: the old account would leave the plan."""
    other = fake_aws.account("999988887777", regions=REGIONS, access_key="AKIAOTHEROTHEROTHER0")
    other.put(instance("i-foreign", region="eu-west-1"))
    synced.put_secret("AKIAOTHEROTHEROTHER0", "secret-of-AKIAOTHEROTHEROTHER0")

    synced.run_now()
    valid = synced.wait_condition("CredentialsValid", "False", "IdentityMismatch")

    assert "999988887777" in valid["message"]
    assert synced.live() == estate.truth()
    assert {scope["error_code"] for scope in synced.scopes().values()} == {"IdentityMismatch"}
    assert synced.condition("Ready")["status"] == "False"

    synced.put_secret()
    synced.run_now()
    synced.wait_condition("Ready", "True", "Succeeded")
    synced.wait_condition("InventorySynced", "True")


def test_an_estate_that_looks_empty_at_another_endpoint_is_not_deleted(
    synced: Provider, estate: AccountScript
):
    """Fails without probation and brakes: one complete pass over nothing would delete it all."""
    with FakeAws() as empty:
        empty.account(ACCOUNT, regions=REGIONS, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
        synced.aws["endpointURL"] = empty.url
        synced.apply()
        for _ in range(3):
            synced.run_now()
        held = synced.wait_condition("DeletionHeld", "True")

        assert synced.deleted() == set()
        assert synced.live() == estate.truth()
        assert held["message"]


def test_passes_in_quick_succession_do_not_wear_the_probation_off(
    provider: Provider, account: AccountScript, start: StartWith
):
    """Fails if passes that are too close to confirm a deletion count as passes that agree.

    The estate is smaller than any brake's minimum, and none of it is listed consistently:
    only the probation protects it.
    """
    account.put(instance("i-1", region="eu-west-1"), volume("vol-1", region="eu-west-1"))
    start("controller", "worker", confirm_seconds="8")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    known = provider.live()

    with FakeAws() as empty:
        empty.account(ACCOUNT, regions=REGIONS, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
        provider.aws["endpointURL"] = empty.url
        provider.apply()
        for _ in range(MANY_PASSES):
            provider.run_now()
            assert provider.deleted() == set()
            if provider.condition("DeletionHeld")["status"] == "True":
                break
        else:
            pytest.fail("the brake never held")

    assert known == account.truth()
    assert provider.live() == known


def _leads(controller: OperatorProcess) -> bool:
    return (
        'leader_election_master_status{name="cloudops-controller"} 1.0'
        in (controller.get("/metrics")[1])
    )
