"""Whose identity is used: a ServiceAccount's, if it is granted; the operator's own, if allowed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from cloudops.api.v1alpha1.contract import kstatus
from tests.e2e.conftest import (
    ACCESS_KEY,
    ACCOUNT,
    SECRET_KEY,
    SETTINGS,
    Provider,
    StartWith,
)
from tests.fakes.aws.builders import bucket, instance
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fakes.oidc import subject_of
from tests.fixtures.operator import OperatorAccess, StartOperator
from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.token_rights import RIGHT, grant_tokens

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

READER, ENTRY = "cloud-reader", f"arn:aws:iam::{ACCOUNT}:role/entry"
BY_TOKEN = "AssumeRoleWithWebIdentity"


@dataclass
class Tenant:
    """A provider that enters AWS as the ServiceAccount `cloud-reader` of its namespace."""

    provider: Provider
    release: str
    issuer: str

    def make_account(self) -> None:
        self.provider.kubectl("create", "serviceaccount", READER)

    def grant(self) -> None:
        grant_tokens(self.provider.cluster, self.release, self.provider.namespace, READER)

    def revoke(self) -> None:
        self.provider.kubectl("delete", "rolebinding", RIGHT)


@pytest.fixture
def elsewhere(provider: Provider, make_namespace: Callable[[], str]) -> Iterator[Provider]:
    """Like `provider`, in a namespace that is not the operator's own."""
    one = replace(provider, namespace=make_namespace(), aws=dict(provider.aws))
    yield one
    one.kubectl("delete", "cloudprovider", "--all", "--timeout=30s")


@pytest.fixture
def tenant(
    elsewhere: Provider,
    operator_access: OperatorAccess,
    account: AccountScript,
) -> Tenant:
    """AWS knows the cluster's real keys and trusts `cloud-reader`; the cluster knows nobody yet."""
    raw = {
        path: json.loads(elsewhere.cluster.run_kubectl("get", f"--raw={path}").stdout)
        for path in ("/.well-known/openid-configuration", "/openid/v1/jwks")
    }
    issuer = raw["/.well-known/openid-configuration"]["issuer"]
    account.oidc_provider(issuer, raw["/openid/v1/jwks"])
    account.web_identity_role("entry", issuer, subject_of(elsewhere.namespace, READER))
    account.put(instance("i-1", region="eu-west-1"), bucket("logs"))
    elsewhere.aws["credentials"] = {
        "source": "WorkloadIdentity",
        "serviceAccountName": READER,
        "roleARN": ENTRY,
    }
    return Tenant(elsewhere, operator_access.namespace, issuer)


def test_a_granted_service_account_reads_what_aws_lets_it(
    tenant: Tenant, account: AccountScript, fake_aws: FakeAws, operator: list[OperatorProcess]
):
    tenant.make_account()
    tenant.grant()
    tenant.provider.apply()
    tenant.provider.wait_condition("Ready", "True", "Succeeded")
    tenant.provider.wait_condition("InventorySynced", "True")

    assert tenant.provider.live() == account.truth()
    principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/entry/cloudops-central"
    assert tenant.provider.status()["identity"]["principal"] == principal
    calls = fake_aws.calls(operation=BY_TOKEN)
    assert {call.principal for call in calls} == {subject_of(tenant.provider.namespace, READER)}
    logs = "".join(process.log_text() for process in operator)
    assert not [call for call in calls if call.parameters["WebIdentityToken"] in logs]


@pytest.mark.usefixtures("operator")
def test_a_service_account_that_is_not_granted_is_told_and_heals_by_itself(
    tenant: Tenant, account: AccountScript, provider: Provider, fake_aws: FakeAws
):
    """Fails if the refusal counts as rejected credentials, or if nobody looks again.

    The operator's own namespace has a ServiceAccount of that name, with a grant: it is not ours.
    """
    home = replace(tenant, provider=provider)
    home.make_account()
    home.grant()
    tenant.make_account()
    tenant.provider.apply()

    ready = tenant.provider.wait_condition("Ready", "False", "DependencyNotReady")
    valid = tenant.provider.wait_condition("CredentialsValid", "False", "TokenNotAllowed")

    entry = f"{{namespace: {tenant.provider.namespace}, name: {READER}}}"
    for told in (ready, valid):
        assert (
            f"add {entry} to the chart's value workloadIdentity.serviceAccounts"
            in (told["message"])
        )
    assert tenant.provider.condition("Reconciling")["reason"] == "ProgressingWithRetry"
    assert tenant.provider.condition("Stalled")["status"] == "absent"
    assert fake_aws.calls() == []

    tenant.grant()
    tenant.provider.wait_condition("Ready", "True", "Succeeded")
    tenant.provider.wait_condition("InventorySynced", "True")
    assert tenant.provider.live() == account.truth()


@pytest.mark.usefixtures("operator")
def test_a_missing_service_account_is_waited_for(tenant: Tenant, account: AccountScript):
    tenant.grant()
    tenant.provider.apply()

    ready = tenant.provider.wait_condition("Ready", "False", "DependencyNotReady")
    tenant.provider.wait_condition("CredentialsValid", "False", "ServiceAccountNotFound")
    tenant.make_account()
    tenant.provider.run_now()
    tenant.provider.wait_condition("Ready", "True", "Succeeded")

    assert f"ServiceAccount {tenant.provider.namespace}/{READER}" in ready["message"]
    assert tenant.provider.live() == account.truth()


def test_a_grant_that_is_taken_away_keeps_the_rows_and_is_waited_for(
    tenant: Tenant, account: AccountScript, start: StartWith
):
    """Fails if its reason is none of `DEPENDENCY_REASONS`: Stalled after the grace."""
    start("controller", "worker", credentials_grace_seconds="0")
    tenant.make_account()
    tenant.grant()
    tenant.provider.apply()
    tenant.provider.wait_condition("InventorySynced", "True")

    tenant.revoke()
    tenant.provider.ask_run()
    tenant.provider.wait_condition("Ready", "False", "DependencyNotReady")
    tenant.provider.wait_condition("CredentialsValid", "False", "TokenNotAllowed")

    assert tenant.provider.condition("Stalled")["status"] == "absent"
    assert tenant.provider.live() == account.truth()
    assert tenant.provider.deleted() == set()

    tenant.grant()
    tenant.provider.run_now()
    tenant.provider.wait_condition("Ready", "True", "Succeeded")
    tenant.provider.wait_condition("InventorySynced", "True")


@pytest.mark.usefixtures("operator")
def test_a_role_that_trusts_somebody_else_is_told_with_what_to_allow(
    tenant: Tenant, account: AccountScript
):
    """Fails if the call by token is none of `_ROLE_PERMISSIONS`: the keys would be blamed."""
    account.web_identity_role("entry", tenant.issuer, subject_of("another", READER))
    tenant.make_account()
    tenant.grant()
    tenant.provider.apply()

    tenant.provider.wait_condition("Ready", "False", "CredentialsRejected")
    valid = tenant.provider.wait_condition("CredentialsValid", "False", "RoleNotAssumable")
    assert "sts:AssumeRoleWithWebIdentity" in valid["message"]
    assert tenant.provider.live() == set()

    reader = subject_of(tenant.provider.namespace, READER)
    account.web_identity_role("entry", tenant.issuer, reader)
    tenant.provider.run_now()
    tenant.provider.wait_condition("Ready", "True", "Succeeded")


@pytest.mark.usefixtures("operator")
def test_the_operators_own_identity_is_refused_outside_the_allowed_namespaces(
    elsewhere: Provider, fake_aws: FakeAws
):
    """Fails if `refuse_aws` does not ask which namespaces are allowed: calls would be made."""
    elsewhere.aws["credentials"] = {"source": "Operator"}
    elsewhere.apply()

    stalled = elsewhere.wait_condition("Stalled", "True", "IdentityNotAllowed")

    assert elsewhere.condition("Ready")["status"] == "False"
    assert elsewhere.namespace in stalled["message"]
    assert kstatus(elsewhere.read()) == "Failed"
    assert fake_aws.calls() == []


OWN_KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


@pytest.fixture
def start_pair(operator_process: StartOperator) -> Callable[..., None]:
    """A controller, and a worker that has an identity of its own."""

    def start_pair(controller: dict[str, str], worker: dict[str, str]) -> None:
        pair = (
            operator_process("controller", settings=SETTINGS | controller),
            operator_process("worker", settings=SETTINGS | worker, environment=OWN_KEYS),
        )
        for process in pair:
            process.wait_ready(timeout=120)

    return start_pair


def test_an_allowed_namespace_enters_with_the_operators_own_identity_and_no_other_does(
    elsewhere: Provider,
    provider: Provider,
    account: AccountScript,
    start_pair: Callable[..., None],
):
    """Fails if the worker's default chain is not asked, or if the list only ever adds."""
    account.put(instance("i-1", region="eu-west-1"), bucket("logs"))
    allowed = {"identity_allowed_namespaces": elsewhere.namespace}
    start_pair(allowed, allowed)
    for one in (elsewhere, provider):
        one.aws["credentials"] = {"source": "Operator"}
        one.apply()

    elsewhere.wait_condition("InventorySynced", "True")
    assert elsewhere.live() == account.truth()
    assert elsewhere.status()["identity"]["principal"].startswith(f"arn:aws:iam::{ACCOUNT}:")
    provider.wait_condition("Stalled", "True", "IdentityNotAllowed")
    assert "identity" not in provider.status()


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        pytest.param("identity_allowed_namespaces", "IdentityNotAllowed", id="identity"),
        pytest.param("endpoints_allowed", "EndpointNotAllowed", id="endpoint"),
    ],
)
def test_a_worker_enters_nothing_that_its_own_settings_do_not_allow(
    elsewhere: Provider,
    fake_aws: FakeAws,
    start_pair: Callable[..., None],
    setting: str,
    reason: str,
):
    """Fails if only the controller looks: a row that was planned before a setting was narrowed

    would be read. The status says what the controller's own refusal says.
    """
    allowed = {"identity_allowed_namespaces": elsewhere.namespace}
    start_pair(allowed, {**allowed, setting: ""})
    elsewhere.aws["credentials"] = {"source": "Operator"}
    elsewhere.apply()

    elsewhere.wait_condition("Stalled", "True", reason)
    elsewhere.wait_condition("Ready", "False", reason)
    elsewhere.wait_condition("CredentialsValid", "Unknown", reason)
    assert kstatus(elsewhere.read()) == "Failed"
    assert fake_aws.calls() == []
