"""What a try of a provider's way in means."""

import pytest

from cloudops.domain.diagnosis import AccountDiagnosis, Check, Diagnosis, Trouble
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import Identity

OWN = Identity("arn:aws:iam::111122223333:user/me", "111122223333")
DENIED = Trouble(ErrorClass.IAM_DENY, "AccessDenied", "no", "sqs:ListQueues")
BY_POLICY = Trouble(ErrorClass.SCP_DENY, "AccessDenied", "no", "sqs:ListQueues")
AWAY = Trouble(ErrorClass.TRANSIENT, "InternalError", "later")
NOT_HERE = Trouble(ErrorClass.OPT_IN, "OptInRequired", "not here")


def account(*troubles, trouble=None, principal="reader"):
    checks = tuple(Check(f"aws.{n}", "eu-west-1", one) for n, one in enumerate(troubles))
    return AccountDiagnosis("1", "one", principal, ("eu-west-1",), trouble, checks)


def test_what_can_be_read_or_is_not_there_is_healthy():
    diagnosis = Diagnosis(OWN, (account(None, NOT_HERE),))

    assert diagnosis.healthy
    assert diagnosis.missing == {}
    assert not diagnosis.shut_out


def test_what_could_not_be_tried_anywhere_is_named_and_is_healthy():
    """Fails where it counts as read: its permission may well be missing."""
    found = AccountDiagnosis(
        "1",
        "one",
        "reader",
        ("eu-west-1", "eu-west-2"),
        None,
        (
            Check("aws.a", "eu-west-1", None, "a:Get"),
            Check("aws.a", "eu-west-2", None),
            Check("aws.b", "eu-west-1", None, "b:Get"),
            Check("aws.b", "eu-west-2", NOT_HERE),
            Check("aws.c", "eu-west-1", None),
        ),
    )
    diagnosis = Diagnosis(OWN, (found, found))

    assert found.untried == diagnosis.untried == ("aws.b",)
    assert diagnosis.healthy


@pytest.mark.parametrize("trouble", [DENIED, BY_POLICY, AWAY])
def test_any_other_trouble_is_not(trouble):
    assert not Diagnosis(OWN, (account(None, trouble),)).healthy
    assert not Diagnosis(OWN, (account(trouble=trouble),)).healthy
    assert not Diagnosis(None, trouble=trouble).healthy


def test_a_reader_lacks_what_was_denied_once_each_whatever_failed():
    regions = Trouble(ErrorClass.IAM_DENY, "AccessDenied", "no", "ec2:DescribeRegions")

    found = account(DENIED, None, DENIED, AWAY, trouble=regions)

    assert found.missing == ("ec2:DescribeRegions", "sqs:ListQueues")
    assert Diagnosis(OWN, (found, account(None))).missing == {"reader": found.missing}


def test_a_service_control_policy_leaves_nothing_to_grant():
    found = account(BY_POLICY)

    assert found.missing == ()
    assert [check.trouble for check in found.unread] == [BY_POLICY]


def test_whoever_stands_before_a_door_is_no_reader():
    door = Trouble(ErrorClass.IAM_DENY, "RoleNotAssumable", "no", "sts:AssumeRole")

    diagnosis = Diagnosis(OWN, (account(trouble=door, principal=""),))

    assert diagnosis.shut_out
    assert diagnosis.missing == {}
    assert Diagnosis(None, trouble=door).shut_out
    assert not Diagnosis(None, trouble=AWAY).shut_out
