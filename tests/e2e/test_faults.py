"""The cloud answers wrongly: no living resource may look deleted, nor a status be untrue."""

from functools import partial

import pytest

from tests.e2e.conftest import ACCOUNT, TYPES, Provider, let_a_period_pass, problems, wait_healed
from tests.fakes.aws.builders import instance
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

INSTANCES = "aws.ec2.instances"
# So many listings that their denial is one of the region.
NETWORKS = [
    f"AWS::EC2::{name}"
    for name in (
        *("EIP", "InternetGateway", "NatGateway", "NetworkAcl", "NetworkInterface", "RouteTable"),
        *("SecurityGroup", "Subnet", "VPC", "VPCEndpoint"),
    )
]


def test_a_denied_region_keeps_its_rows_and_says_what_to_grant(
    synced: Provider, estate: AccountScript, fake_aws: FakeAws
):
    """Fails if a denial counts as an empty answer (without `complete` in `_load`)."""
    fake_aws.inject(Fault.deny(), service="ec2", operation="DescribeInstances", region="eu-west-1")

    synced.run_now()
    synced.run_now()  # two passes that agree would delete
    synced.wait_condition("InventorySynced", "False", "AccessDenied")

    assert synced.live() == estate.truth()
    scope = synced.scopes()[ACCOUNT, "eu-west-1", INSTANCES]
    assert (scope["status"], scope["error_class"]) == ("denied", "iam_deny")
    assert problems(synced) == {("UnauthorizedOperation", "ec2:DescribeInstances")}
    [problem] = synced.status()["problems"]
    assert (problem["listing"], problem["exampleRegion"]) == (INSTANCES, "eu-west-1")
    unsynced = synced.condition("InventorySynced")["message"]
    assert unsynced.startswith("1 AccessDenied of ")
    assert unsynced.endswith("Grant ec2:DescribeInstances.")
    assert synced.condition("Ready")["status"] == "True"

    fake_aws.clear_faults()
    let_a_period_pass(synced)
    wait_healed(synced)
    assert synced.live() == estate.truth()


@pytest.mark.parametrize(
    ("variant", "error_class", "advice"),
    [
        pytest.param(
            "identity",
            "iam_deny",
            "Grant all that `cloudops permissions` prints, such as {permission}.",
            id="not-granted",
        ),
        pytest.param(
            "scp",
            "scp_deny",
            "The organization's policies have to allow all that `cloudops permissions` prints,"
            " such as {permission} in eu-west-1.",
            id="by-the-organization",
        ),
    ],
)
def test_a_region_that_is_denied_as_a_whole_is_one_problem_with_its_cure(
    synced: Provider,
    estate: AccountScript,
    fake_aws: FakeAws,
    variant: str,
    error_class: str,
    advice: str,
):
    """Fails if a region that is shut names no permission, or its advice is none."""
    synced.inventory["types"] = {"include": [*TYPES, *NETWORKS]}
    synced.apply()
    synced.run_now()
    fake_aws.inject(Fault.deny(variant), region="eu-west-1")

    synced.run_now()
    synced.wait_condition("InventorySynced", "False", "AccessDenied")
    eventually(lambda: synced.status()["problemsTotal"] == 1, what="the one problem")

    shut = {
        listing: scope
        for (_, region, listing), scope in sorted(synced.scopes().items())
        if region == "eu-west-1" and scope["status"] == "denied"
    }
    assert {scope["error_class"] for scope in shut.values()} == {error_class}
    [problem] = synced.status()["problems"]
    assert (problem["reason"], problem["exampleRegion"]) == ("RegionDenied", "eu-west-1")
    first = next(scope for scope in shut.values() if scope["error_permission"])
    assert problem.get("permission") == first["error_permission"]
    assert first["error_message"] in problem["message"]
    unsynced = synced.condition("InventorySynced")["message"]
    assert unsynced.endswith(advice.format(permission=problem["permission"]))
    assert synced.condition("Ready")["status"] == "True"
    assert synced.live() == estate.truth()


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        pytest.param(Fault.broken_page(), "failed", "UnreadableAnswer", id="broken-page"),
        pytest.param(Fault.reset(), "failed", "ConnectionClosed", id="connection-reset"),
        pytest.param(Fault.server_error(), "failed", "InternalError", id="server-error"),
        pytest.param(Fault.throttle(), "throttled", "RequestLimitExceeded", id="throttled"),
        pytest.param(Fault.repeat_token(), "partial", "RepeatedToken", id="repeated-token"),
    ],
)
def test_a_listing_that_breaks_in_the_middle_deletes_nothing_and_heals(
    synced: Provider,
    estate: AccountScript,
    fake_aws: FakeAws,
    fault: Fault,
    status: str,
    reason: str,
):
    """Fails if what came before the break counts as everything (no `complete` in `_load`)."""
    for number in range(10, 20):
        estate.put(instance(f"i-{number}", region="eu-west-1"))
    synced.run_now()
    fake_aws.page_size("DescribeInstances", 5)
    fake_aws.inject(fault, operation="DescribeInstances", region="eu-west-1", page=1)

    synced.run_now()
    synced.run_now()  # two passes that agree would delete

    assert synced.scopes()[ACCOUNT, "eu-west-1", INSTANCES]["status"] == status
    eventually(lambda: problems(synced) == {(reason, "")}, what="the problem")
    [problem] = synced.status()["problems"]
    assert (problem["listing"], problem["exampleRegion"]) == (INSTANCES, "eu-west-1")
    if status == "partial":
        synced.wait_condition("InventorySynced", "False", "PartialListing")
    else:  # it may pass: it counts only after three periods
        assert synced.condition("InventorySynced")["status"] == "True"
    assert synced.condition("Ready")["status"] == "True"
    assert synced.live() == estate.truth()
    assert synced.deleted() == set()

    fake_aws.clear_faults()
    let_a_period_pass(synced)
    wait_healed(synced)
    assert synced.scopes()[ACCOUNT, "eu-west-1", INSTANCES]["status"] == "complete"
    assert synced.live() == estate.truth()
    assert synced.deleted() == set()


def test_a_malformed_item_is_left_out_counted_and_read_again(
    synced: Provider, estate: AccountScript, fake_aws: FakeAws
):
    """Fails if the listing counts as complete: its row would be swept."""
    fake_aws.inject(Fault.malformed(), operation="DescribeInstances", region="eu-west-1")

    synced.run_now()
    synced.run_now()
    synced.wait_condition("InventorySynced", "False", "PartialListing")

    scope = synced.scopes()[ACCOUNT, "eu-west-1", INSTANCES]
    assert (scope["status"], scope["malformed_count"]) == ("partial", 1)
    assert problems(synced) == {("MalformedItem", "")}
    assert synced.live() == estate.truth()

    fake_aws.clear_faults()
    let_a_period_pass(synced)
    wait_healed(synced)
    assert synced.live() == estate.truth()


def test_throttling_counts_after_three_periods_and_heals(
    synced: Provider, estate: AccountScript, fake_aws: FakeAws
):
    """Fails if throttling is excused for ever (`excused_periods` None), or at once counts (0)."""
    throttled = fake_aws.inject(Fault.throttle(), operation="DescribeInstances", region="eu-west-1")
    for period in range(3):
        assert synced.condition("InventorySynced")["status"] == "True"
        asked = fake_aws.hits(throttled)
        let_a_period_pass(synced)
        eventually(partial(_was_tried, synced, period + 1), what="the throttled attempt")
        assert fake_aws.hits(throttled) > asked

    synced.wait_condition("InventorySynced", "False", "Throttled")

    assert problems(synced) == {("RequestLimitExceeded", "")}
    assert synced.status()["inventory"]["scopes"]["throttled"] == 1
    assert synced.condition("Ready")["status"] == "True"
    assert synced.live() == estate.truth()

    fake_aws.clear_faults()
    let_a_period_pass(synced)
    wait_healed(synced)
    assert synced.live() == estate.truth()
    assert synced.deleted() == set()


def test_a_denial_by_the_organization_is_named_and_ends_by_itself_within_a_day(
    synced: Provider, estate: AccountScript, fake_aws: FakeAws
):
    """Fails if it is excused for ever (`excused_periods` None): stale rows pass for synced."""
    fake_aws.inject(Fault.deny("scp"), operation="DescribeInstances", region="eu-west-1")

    synced.run_now()
    synced.wait_condition("InventorySynced", "False", "AccessDenied")

    [problem] = synced.status()["problems"]
    assert problem["reason"] == "UnauthorizedOperation"
    assert "service control policy" in problem["message"]
    assert (problem["listing"], problem["exampleRegion"]) == (INSTANCES, "eu-west-1")
    unsynced = synced.condition("InventorySynced")["message"]
    assert "Grant" not in unsynced  # no grant helps
    assert "Allow ec2:DescribeInstances in the service control policies." in unsynced
    assert synced.live() == estate.truth()

    fake_aws.clear_faults()
    let_a_period_pass(synced, periods=24)
    wait_healed(synced)
    assert synced.live() == estate.truth()
    assert synced.deleted() == set()


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


def _was_tried(provider: Provider, times: int) -> bool:
    """Whether the throttled listing failed so often, and all others were read again since."""
    scopes = provider.scopes()
    scope = scopes.pop((ACCOUNT, "eu-west-1", INSTANCES))
    return scope["consecutive_failures"] >= times and {
        other["status"] for other in scopes.values()
    } <= {"complete", "unsupported"}
