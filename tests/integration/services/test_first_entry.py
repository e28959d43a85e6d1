"""The first start with a way in that is shut: condition, reason and problem name the cure."""

from datetime import UTC, datetime, timedelta

import pytest

from cloudops.domain.conditions import ConditionType
from cloudops.domain.provider_status import PreviousStatus, SpecFacts, judge
from tests.cluster.ports import free_port
from tests.fakes.aws.faults import Fault
from tests.integration.services.aws_rig import KEY, SECRET, aws_spec, keys_of
from tests.integration.store.seeding import ACCOUNT, rows

pytestmark = [pytest.mark.integration, pytest.mark.aws, pytest.mark.database]

MEMBER = "444455556666"
UNKNOWN_ROLE = "arn:aws:iam::111122223333:role/nobody"


def condition(rig, kind):
    facts = SpecFacts(generation=1)
    now = datetime.now(UTC)
    judgement = judge(facts, rig.snapshot(), PreviousStatus(), now=now, grace=timedelta(minutes=10))
    value = judgement.condition(kind)
    assert value is not None
    return value


def said(rig, kind):
    value = condition(rig, kind)
    return value.status.value, value.reason


@pytest.mark.parametrize(
    ("secret", "role", "ready", "reason", "permission"),
    [
        pytest.param(
            keys_of(KEY),
            UNKNOWN_ROLE,
            "CredentialsRejected",
            "RoleNotAssumable",
            "sts:AssumeRole",
            id="role-not-assumable",
        ),
        pytest.param(
            keys_of("AKIAUNKNOWN"),
            "",
            "CredentialsRejected",
            "CredentialsRejected",
            "",
            id="credentials-rejected",
        ),
        pytest.param({}, "", "DependencyNotReady", "SecretNotFound", "", id="secret-missing"),
        pytest.param(
            {"AWS_SECRET_ACCESS_KEY": SECRET},
            "",
            "DependencyNotReady",
            "SecretKeyMissing",
            "",
            id="key-missing",
        ),
    ],
)
def test_it_is_told_before_any_account_is_known_and_heals(
    worker, secret, role, ready, reason, permission
):
    """Fails without the row of the entry among the problems."""
    rig = worker()
    rig.secrets.data = secret
    spec = aws_spec(rig.aws.url)
    if role:
        spec["aws"]["credentials"]["roleARN"] = role
    rig.plan(spec)

    rig.work()

    assert [(p.reason, p.permission) for p in rig.snapshot().problems] == [(reason, permission)]
    assert said(rig, ConditionType.READY) == ("False", ready)
    assert said(rig, ConditionType.CREDENTIALS_VALID) == ("False", reason)
    assert said(rig, ConditionType.INVENTORY_SYNCED) == ("False", ready)

    rig.secrets.data = keys_of(KEY)
    rig.account.role("nobody", listed=False)
    rig.period()

    assert rig.snapshot().problems == ()
    assert said(rig, ConditionType.READY) == ("True", "Succeeded")


@pytest.mark.parametrize("who", ["account", "regions"])
def test_an_account_that_the_organization_shuts_lacks_no_grant(worker, who):
    """Fails if the class of an account's error is not kept: a grant that can't work is advised."""
    rig = worker()
    operation = {"account": "AssumeRole", "regions": "DescribeRegions"}[who]
    permission = {"account": "sts:AssumeRole", "regions": "ec2:DescribeRegions"}[who]
    rig.aws.account(MEMBER).role("cloudops-read", listed=False)
    rig.aws.inject(Fault.deny("scp"), operation=operation)
    rig.plan(aws_spec(rig.aws.url, MEMBER))

    for _ in range(2):  # by the discovery, and by the leases that come after it
        rig.work()

        [problem] = rig.snapshot().problems
        assert (problem.permission, problem.by_policy) == (permission, True)
        unsynced = condition(rig, ConditionType.INVENTORY_SYNCED).message
        assert unsynced.endswith(f" Allow {permission} in the service control policies.")
        rig.age(100_000)


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        pytest.param("AssumeRole", "sts:AssumeRole", id="role"),
        pytest.param("ListAccounts", "organizations:ListAccounts", id="organization"),
    ],
)
def test_a_way_in_that_the_organization_shuts_lacks_no_grant(worker, operation, permission):
    """Fails if the class of the entry's error is not kept."""
    rig = worker()
    rig.aws.organization(rig.account)
    rig.account.role("entry", listed=False)
    rig.aws.inject(Fault.deny("scp"), operation=operation)
    spec = aws_spec(rig.aws.url)
    spec["aws"]["accounts"] = {"discovery": "Organization"}
    spec["aws"]["credentials"]["roleARN"] = f"arn:aws:iam::{ACCOUNT}:role/entry"
    rig.plan(spec)

    rig.work()

    [problem] = rig.snapshot().problems
    assert (problem.permission, problem.by_policy) == (permission, True)
    assert "service control policy" in problem.message
    assert "grant" not in problem.message


def test_a_malformed_value_is_named_before_any_call_and_told_nowhere(worker):
    """Fails without `_IN_ONE_WORD`: what can't be sent is quoted by whoever tries."""
    rig = worker()
    token = "FwoGZXIvYXdzEXAMPLE\nOFATOKENINTWOLINES"
    rig.secrets.data = {**keys_of(KEY), "AWS_SESSION_TOKEN": token}
    rig.plan()

    rig.work()

    [problem] = rig.snapshot().problems
    assert (problem.reason, problem.permission) == ("CredentialsRejected", "")
    assert "AWS_SESSION_TOKEN" in problem.message
    everything = str(rows(rig.engine, "SELECT * FROM provider, account"))
    assert not [line for line in token.splitlines() if line in everything + str(rig.snapshot())]
    assert rig.aws.call_count() == 0
    assert said(rig, ConditionType.READY) == ("False", "CredentialsRejected")
    rig.age(3600)
    assert said(rig, ConditionType.STALLED) == ("True", "CredentialsRejected")

    rig.secrets.data = keys_of(KEY)
    rig.period()

    assert said(rig, ConditionType.READY) == ("True", "Succeeded")


class TestAnotherKey:
    """One that was made just now may not be known yet: it has its ten minutes, too."""

    @pytest.fixture
    def stuck(self, worker):
        rig = worker()
        rig.secrets.data = keys_of("AKIAUNKNOWN")
        rig.plan()
        for _ in range(2):
            rig.work()
            rig.age(3600)
        assert said(rig, ConditionType.STALLED) == ("True", "CredentialsRejected")
        return rig

    @pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    def test_is_no_longer_stuck_until_it_had_them(self, stuck, name):
        """Fails if nobody looks at what the Secret holds: it would be called stuck at once."""
        stuck.secrets.data = {**stuck.secrets.data, name: "AKIAANOTHERUNKNOWN01"}

        stuck.work()

        progress = ("True", "ProgressingWithRetry")
        assert said(stuck, ConditionType.RECONCILING) == progress
        stuck.age(660)
        stuck.work()
        assert said(stuck, ConditionType.STALLED) == ("True", "CredentialsRejected")

    def test_the_same_one_again_is_stuck_as_before(self, stuck):
        stuck.work()

        assert said(stuck, ConditionType.STALLED) == ("True", "CredentialsRejected")

    def test_nothing_of_it_is_stored(self, stuck):
        everything = str(rows(stuck.engine, "SELECT * FROM provider"))

        assert [text for text in stuck.secrets.data.values() if text in everything] == []

    def test_one_that_is_known_but_opens_no_account_has_them_as_well(self, worker):
        """Fails likewise, or if its time counts only where the key itself is rejected."""
        rig = worker()
        rig.plan(aws_spec(rig.aws.url, MEMBER))
        for _ in range(2):
            rig.work()
            rig.age(3600)
        assert said(rig, ConditionType.STALLED) == ("True", "CredentialsRejected")
        rig.account.key("AKIASECONDSECOND0002", SECRET)
        rig.secrets.data = keys_of("AKIASECONDSECOND0002")

        rig.work()

        assert said(rig, ConditionType.RECONCILING) == ("True", "ProgressingWithRetry")


@pytest.mark.parametrize(
    ("swapped", "key"),
    [
        pytest.param("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", KEY, id="no-id"),
        pytest.param("wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY", KEY, id="an-id-for-its-secret"),
    ],
)
def test_values_that_are_exchanged_are_told_before_any_call_and_to_nobody(worker, swapped, key):
    """Fails without `_KEY_ID`: AWS answers with what it takes for the id."""
    rig = worker()
    rig.secrets.data = {"AWS_ACCESS_KEY_ID": swapped, "AWS_SECRET_ACCESS_KEY": key}
    rig.plan()

    rig.work()

    [problem] = rig.snapshot().problems
    assert problem.reason == "CredentialsRejected"
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY exchanged?" in problem.message
    assert said(rig, ConditionType.READY) == ("False", "CredentialsRejected")
    assert swapped not in str(rows(rig.engine, "SELECT * FROM provider")) + str(rig.snapshot())
    assert rig.aws.call_count() == 0


class TestACloudThatDoesNotAnswer:
    """Fails if what passes by itself is taken for a refusal (`refused` without `PASSING`)."""

    def assert_waited_for(self, rig, reason):
        rig.work()

        assert [(p.reason, p.permission) for p in rig.snapshot().problems] == [(reason, "")]
        for seconds in (0, 36_000):  # it is never anybody's fault, however long it lasts
            rig.age(seconds)
            assert said(rig, ConditionType.READY) == ("False", reason)
            assert said(rig, ConditionType.RECONCILING) == ("True", "ProgressingWithRetry")
            assert said(rig, ConditionType.CREDENTIALS_VALID) == ("Unknown", reason)
            assert said(rig, ConditionType.INVENTORY_SYNCED) == ("False", reason)

    def assert_heals(self, rig):
        rig.age(64)  # it is asked again every minute

        rig.work()

        assert rig.snapshot().problems == ()
        assert said(rig, ConditionType.READY) == ("True", "Succeeded")
        assert rig.live() == rig.account.truth()

    def test_a_throttled_first_call_is_waited_for(self, worker):
        rig = worker()
        rig.aws.inject(Fault.throttle(), service="sts")
        rig.plan()

        self.assert_waited_for(rig, "Throttled")

        rig.aws.clear_faults()
        self.assert_heals(rig)

    @pytest.mark.parametrize("hours", [-1, 1])
    def test_a_worker_whose_clock_is_wrong_has_no_wrong_keys(self, worker, signing_clock, hours):
        rig = worker()
        rig.plan()
        signing_clock(hours * 3600)

        self.assert_waited_for(rig, "ClockSkewed")

        signing_clock(0)
        self.assert_heals(rig)

    def test_an_endpoint_that_nobody_serves_is_waited_for(self, worker):
        rig = worker()
        rig.plan(aws_spec(f"http://127.0.0.1:{free_port()}"))

        self.assert_waited_for(rig, "Unreachable")

        rig.plan()
        self.assert_heals(rig)


def test_a_secret_that_goes_missing_later_is_no_matter_of_permissions(aws):
    """Fails if the reasons of what is missing are not told from denials (`unsynced_reasons`)."""
    aws.secrets.data = {}

    aws.period()

    total = aws.snapshot().scopes.total
    assert aws.snapshot().unsynced == {"DependencyNotReady": total}
    assert said(aws, ConditionType.INVENTORY_SYNCED) == ("False", "DependencyNotReady")
    assert said(aws, ConditionType.READY) == ("False", "DependencyNotReady")
    assert aws.live() == aws.account.truth()
