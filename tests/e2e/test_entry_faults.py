"""The way in is lost: what each of many causes looks like, and that it heals by itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.e2e.conftest import Provider, StartWith, let_a_period_pass, problems
from tests.e2e.secret_rights import grant_secrets, revoke_secrets
from tests.fakes.aws.builders import bucket, instance, role
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.operator import OperatorAccess
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

REGION = "eu-west-1"
SECRET = "canary-of-the-way-in"
ENTRY, MEMBER = "cloudops-entry", "cloudops-read"


@dataclass(frozen=True)
class Case:
    """A provider with an account of its own, how its way in is lost, and what it says then.

    Attributes:
        ready, valid: Reasons of the conditions Ready and CredentialsValid.
        problem: Reason and permission of the problem that stands for it.
        cure: Words that the message must hold.
        stalls: Whether it is somebody's mistake, not a matter of waiting.
    """

    provider: Provider
    account: AccountScript
    lose: Callable[[], Any]
    restore: Callable[[], Any]
    ready: str
    valid: str
    problem: tuple[str, str]
    cure: str
    stalls: bool = False


class Estate:
    """Makes providers that have nothing in common but the operator."""

    def __init__(self, provider: Provider, aws: FakeAws) -> None:
        self._provider = provider
        self._aws = aws
        self._made = 0

    def account(self) -> AccountScript:
        """A new account with a few things in it; its key is `key(id)`."""
        self._made += 1
        account_id = f"{self._made:012}"
        account = self._aws.account(
            account_id, regions=(REGION,), access_key=key_of(account_id), secret_key=SECRET
        )
        account.put(instance(f"i-{account_id}", region=REGION), role("app"))
        account.put(bucket(f"bucket-{account_id}", region=REGION))
        return account

    def provider(self, name: str, account: AccountScript, **changes: Any) -> Provider:
        aws = {**self._provider.aws, "credentials": {"source": "Secret", "secretRef": {}}}
        aws["credentials"]["secretRef"] = {"name": name}
        one = replace(self._provider, name=name, secret=name, aws=aws, **changes)
        one.put_secret(key_of(account.id), SECRET)
        return one


def key_of(account_id: str) -> str:
    return f"AKIA{account_id}TEST"


@pytest.fixture
def estate(provider: Provider, fake_aws: FakeAws) -> Estate:
    return Estate(provider, fake_aws)


@pytest.fixture
def elsewhere(
    provider: Provider, operator_access: OperatorAccess, make_namespace: Callable[[], str]
) -> Iterator[str]:
    """Another namespace, whose Secrets the worker may read."""
    namespace = make_namespace()
    grant_secrets(provider.cluster, operator_access.namespace, namespace)
    yield namespace
    one = replace(provider, namespace=namespace)
    one.kubectl("delete", "cloudprovider", "--all", "--timeout=30s")


def missing_secret(estate: Estate) -> Case:
    account = estate.account()
    one = estate.provider("missing-secret", account)
    return Case(
        one,
        account,
        one.delete_secret,
        lambda: one.put_secret(key_of(account.id), SECRET),
        ready="DependencyNotReady",
        valid="SecretNotFound",
        problem=("SecretNotFound", ""),
        cure=f"Secret {one.namespace}/missing-secret does not exist: create it",
    )


def wrong_key(estate: Estate) -> Case:
    account = estate.account()
    one = estate.provider("wrong-key", account)

    def restore() -> None:
        one.put_secret(key_of(account.id), SECRET)

    return Case(
        one,
        account,
        lambda: rename_key(one),
        restore,
        ready="DependencyNotReady",
        valid="SecretKeyMissing",
        problem=("SecretKeyMissing", ""),
        cure="AWS_ACCESS_KEY_ID",
    )


def rename_key(one: Provider) -> None:
    path = '[{"op": "move", "from": "/data/AWS_ACCESS_KEY_ID", "path": "/data/ACCESS_KEY"}]'
    one.kubectl("patch", "secret", one.secret, "--type=json", f"--patch={path}")


def forbidden_secret(estate: Estate, namespace: str, release: str) -> Case:
    account = estate.account()
    one = estate.provider("forbidden-secret", account, namespace=namespace)
    return Case(
        one,
        account,
        lambda: revoke_secrets(one.cluster, namespace),
        lambda: grant_secrets(one.cluster, release, namespace),
        ready="DependencyNotReady",
        valid="SecretAccessDenied",
        problem=("SecretAccessDenied", f"get secrets in {namespace}"),
        cure="add it to the chart's value secretNamespaces",
    )


def rejected_credentials(estate: Estate, aws: FakeAws) -> Case:
    account = estate.account()
    one = estate.provider("rejected", account)
    return Case(
        one,
        account,
        lambda: aws.revoke(key_of(account.id)),
        lambda: account.key(key_of(account.id), SECRET),
        ready="CredentialsRejected",
        valid="CredentialsRejected",
        problem=("CredentialsRejected", ""),
        cure="The security token included in the request is invalid",
        stalls=True,
    )


def unassumable_entry(estate: Estate) -> Case:
    account = estate.account()
    one = estate.provider("unassumable-entry", account)
    one.aws["credentials"]["roleARN"] = account.role(ENTRY, listed=False)
    return Case(
        one,
        account,
        lambda: account.remove_role(ENTRY),
        lambda: account.role(ENTRY, listed=False),
        ready="CredentialsRejected",
        valid="RoleNotAssumable",
        problem=("RoleNotAssumable", "sts:AssumeRole"),
        cure="sts:AssumeRole",
        stalls=True,
    )


def unassumable_member(estate: Estate) -> Case:
    """Another account than the key's own, and nothing but that: nothing is readable then."""
    own, member = estate.account(), estate.account()
    member.role(MEMBER, listed=False)
    one = estate.provider("unassumable-member", own)
    one.aws["accounts"] = {"ids": [member.id]}
    return Case(
        one,
        member,
        lambda: member.remove_role(MEMBER),
        lambda: member.role(MEMBER, listed=False),
        ready="CredentialsRejected",
        valid="",
        problem=("RoleNotAssumable", "sts:AssumeRole"),
        cure="sts:AssumeRole",
        stalls=True,
    )


def test_a_lost_way_in_is_named_with_its_cure_keeps_all_rows_and_heals_within_a_period(
    estate: Estate,
    elsewhere: str,
    fake_aws: FakeAws,
    operator_access: OperatorAccess,
    start: StartWith,
):
    """Fails if who was refused is not tried again each period (`_record_refusal`)."""
    start("controller", "worker", credentials_grace_seconds="0")
    cases = [
        missing_secret(estate),
        wrong_key(estate),
        forbidden_secret(estate, elsewhere, operator_access.namespace),
        rejected_credentials(estate, fake_aws),
        unassumable_entry(estate),
        unassumable_member(estate),
    ]
    for case in cases:
        case.provider.apply()
    for case in cases:
        case.provider.wait_condition("InventorySynced", "True")
    everything = set().union(*(case.account.truth() for case in cases))

    for case in cases:
        case.lose()
        case.provider.ask_run()
    for case in cases:
        is_lost(case)
    kept = cases[0].provider.live()

    for case in cases:
        case.restore()
    let_a_period_pass(cases[0].provider)
    for case in cases:
        is_healed(case)

    assert kept == cases[0].provider.live() == everything
    assert cases[0].provider.deleted() == set()
    changes = cases[0].provider.rows("SELECT DISTINCT operation FROM change")
    assert changes == [{"operation": "created"}]


def test_a_way_in_that_was_never_open_is_named_before_any_account_is_known(
    estate: Estate, fake_aws: FakeAws, start: StartWith
):
    """Fails without the row of the provider's own entry among the problems (`_PROBLEMS`)."""
    start("controller", "worker")
    cases = [missing_secret(estate), wrong_key(estate), unassumable_entry(estate)]
    cases.append(rejected_credentials(estate, fake_aws))
    for case in cases:
        case.lose()
        case.provider.apply()

    for case in cases:
        case.provider.wait_condition("Ready", "False", case.ready)
        case.provider.wait_condition("CredentialsValid", "False", case.valid)
        case.provider.wait_condition("InventorySynced", "False", case.ready)
        [problem] = case.provider.status()["problems"]
        assert (problem["reason"], problem.get("permission", "")) == case.problem
        assert (problem["accounts"], "exampleAccount" in problem) == (0, False)
        assert case.cure in problem["message"]


def is_lost(case: Case) -> None:
    provider = case.provider
    ready = provider.wait_condition("Ready", "False", case.ready)
    if case.valid:
        provider.wait_condition("CredentialsValid", "False", case.valid)
    eventually(lambda: case.problem in problems(provider), what=f"the problem of {provider.name}")
    [problem] = provider.status()["problems"]

    assert case.cure in ready["message"]
    assert case.cure in problem["message"]
    assert problem["exampleAccount"] == case.account.id
    assert provider.condition("Stalled")["status"] == ("True" if case.stalls else "absent")
    provider.wait_condition("InventorySynced", "False", case.ready)


def is_healed(case: Case) -> None:
    case.provider.wait_condition("Ready", "True", "Succeeded")
    case.provider.wait_condition("CredentialsValid", "True")
    case.provider.wait_condition("InventorySynced", "True")
    eventually(lambda: problems(case.provider) == set(), what="the problem to be gone")
    assert case.provider.condition("Stalled")["status"] == "absent"
