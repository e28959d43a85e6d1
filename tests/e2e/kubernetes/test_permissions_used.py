"""The chart grants nothing that the operator does not use, and the operator lacks nothing."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from scripts.helm import binary
from scripts.render_manifests import CHART
from tests.cluster.audit import AuditedRequest, audited_requests
from tests.cluster.controlplane import LocalCluster
from tests.e2e.conftest import ACCOUNT, SETTINGS, Provider
from tests.e2e.kubernetes.conftest import REGION, told
from tests.fakes.aws.builders import instance
from tests.fakes.aws.script import AccountScript
from tests.fakes.forwarder import Forwarder
from tests.fixtures.cluster import MakeNamespace
from tests.fixtures.operator import OperatorAccess, StartOperator
from tests.fixtures.operator_access import RELEASE_NAMESPACE, access_documents, manifest_list
from tests.fixtures.operator_process import Component, OperatorProcess
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

COMPONENTS: tuple[Component, ...] = ("controller", "worker")
CONTROLLER, WORKER, READER = "cloudops-controller", "cloudops-worker", "cloud-reader"

# Granted, but not seen in what is played here: each with the reason why it must stay.
EXCEPTIONS: dict["Grant", str] = {}


@dataclass(frozen=True, order=True)
class Grant:
    """One permission that one ServiceAccount has by one binding.

    Attributes:
        binding: As the API server names it, e.g. `RoleBinding "cloudops-worker-secrets/team-a"`.
        name: Of the only object that it is for; "" = of any.
    """

    account: str
    binding: str
    group: str
    resource: str
    name: str
    verb: str

    def covers(self, request: AuditedRequest) -> bool:
        """Whether it is this grant that let the request pass."""
        return (
            f"allowed by {self.binding} of" in request.reason
            and (self.group, self.resource, self.verb)
            == (request.group, request.resource, request.verb)
            and self.name in ("", request.name)
        )


@dataclass(frozen=True)
class Install:
    """The chart's rights for some values; `tenant` is where CloudProviders live."""

    release: str
    tenant: str
    watched: str
    documents: list[dict[str, Any]]

    def grants(self) -> set[Grant]:
        """All that its bindings give to the operator."""
        return {
            grant
            for one in self.documents
            if one["kind"].endswith("Binding")
            for grant in self._bound(one)
        }

    def _bound(self, binding: dict[str, Any]) -> Iterator[Grant]:
        metadata, [subject] = binding["metadata"], binding["subjects"]
        place = "/".join(
            part for part in (metadata["name"], metadata.get("namespace")) if part is not None
        )
        for rule in self._rules(binding["roleRef"], metadata.get("namespace")):
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    for name in rule.get("resourceNames", [""]):
                        for verb in rule["verbs"]:
                            yield Grant(
                                subject["name"],
                                f'{binding["kind"]} "{place}"',
                                group,
                                resource,
                                name,
                                verb,
                            )

    def _rules(self, role: dict[str, str], namespace: str | None) -> list[dict[str, Any]]:
        [found] = [
            one["rules"]
            for one in self.documents
            if (one["kind"], one["metadata"]["name"]) == (role["kind"], role["name"])
            and one["metadata"].get("namespace") == namespace
        ]
        return list(found)


@pytest.fixture(params=["everywhere", "one-namespace"])
def install(request: pytest.FixtureRequest, make_namespace: MakeNamespace) -> Install:
    """As it comes, for CloudProviders beside it; or for those of one other namespace alone."""
    release = make_namespace()
    values: dict[str, Any] = {"database": {"existingSecret": "cloudops-database"}}
    tenant, named = release, RELEASE_NAMESPACE
    if request.param == "one-namespace":
        tenant = named = make_namespace()
        values |= {"watchNamespaces": [tenant], "secretNamespaces": [tenant]}
    values["workloadIdentity"] = {"serviceAccounts": [{"namespace": named, "name": READER}]}
    done = subprocess.run(
        [binary(), "template", "cloudops", CHART, f"-n={RELEASE_NAMESPACE}", "--values=-"],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=True,
    )
    watched = ",".join(values.get("watchNamespaces", []))
    return Install(release, tenant, watched, access_documents(done.stdout, release))


@pytest.fixture
def operator_access(cluster: LocalCluster, install: Install, tmp_path: Path) -> OperatorAccess:
    """The release with the rights that the chart renders for the values of `install`."""
    apply = ("apply", "--server-side", "--filename=-")
    cluster.run_kubectl(*apply, stdin=manifest_list(install.documents))
    return OperatorAccess(
        install.release,
        *(
            cluster.service_account_kubeconfig(install.release, name, tmp_path / name)
            for name in (CONTROLLER, WORKER)
        ),
    )


@pytest.fixture
def database(migrated_url: str) -> Iterator[Forwarder]:
    """The way to the database, which can be cut."""
    with Forwarder(address_of(migrated_url)) as forwarder:
        yield forwarder


def address_of(database_url: str) -> tuple[str, int]:
    server = urlsplit(database_url)
    return server.hostname or "", server.port or 0


@pytest.fixture
def tenant(provider: Provider, install: Install) -> Iterator[Provider]:
    """A CloudProvider, not applied yet, where the operator looks for them."""
    one = replace(provider, namespace=install.tenant)
    one.put_secret()
    one.kubectl("create", "serviceaccount", READER)
    yield one
    one.kubectl("delete", "cloudprovider", "--all", "--timeout=30s")


@pytest.fixture
def controller(
    install: Install, database: Forwarder, operator_process: StartOperator, tenant: Provider
) -> OperatorProcess:
    """Runs beside a worker, knows its Deployment, and reaches the database by the way there is."""
    direct, way = (f":{port}/" for port in (address_of(tenant.database_url)[1], database.port))
    places = {"watch_namespaces": install.watched, "deployment_name": CONTROLLER}
    started = [
        operator_process(
            component,
            database_url=tenant.database_url.replace(direct, way),
            settings=SETTINGS | places,
        )
        for component in COMPONENTS
    ]
    for process in started:
        process.wait_ready(timeout=120)
    return started[0]


def test_every_permission_is_used_and_none_is_lacking(
    tenant: Provider,
    account: AccountScript,
    install: Install,
    cluster: LocalCluster,
    database: Forwarder,
    controller: OperatorProcess,
):
    """Fails if the chart grants what nothing here makes use of, and if it grants too little."""
    account.put(instance("i-1", region=REGION))
    tenant.apply()
    tenant.wait_condition("InventorySynced", "True")
    ask_for_a_token(tenant)
    say_the_same_twice(tenant)
    lose_the_database_twice(replace(tenant, namespace=install.release), controller, database)

    requests = [
        request
        for name in (CONTROLLER, WORKER)
        for request in audited_requests(
            cluster.audit_log, f"system:serviceaccount:{install.release}:{name}"
        )
    ]
    refused = {(one.verb, one.resource) for one in requests if one.decision != "allow"}
    unused = {grant for grant in install.grants() if not any(grant.covers(one) for one in requests)}

    assert refused == set()
    assert sorted(unused - EXCEPTIONS.keys()) == []


def ask_for_a_token(tenant: Provider) -> None:
    """AWS will not have it; that it was asked for is what matters here."""
    one = replace(tenant, name="by-token", aws=dict(tenant.aws))
    one.aws["credentials"] = {
        "source": "WorkloadIdentity",
        "serviceAccountName": READER,
        "roleARN": f"arn:aws:iam::{ACCOUNT}:role/nobody",
    }
    one.apply()
    one.wait_condition("Ready", "False", "CredentialsRejected")


def say_the_same_twice(tenant: Provider) -> None:
    """An event of the same words raises the count of the first."""
    one = replace(tenant, name="unread", secret="nowhere", aws=dict(tenant.aws))
    one.aws["credentials"] = {"source": "Secret", "secretRef": {"name": "nowhere"}}
    for suspend, ready in ((True, "True"), (False, "False"), (True, "True")):
        one.apply(suspend=suspend)
        one.wait_condition("Ready", ready)
    eventually(lambda: ("Suspended", 2) in counted(one), what="the event to be counted")


def lose_the_database_twice(
    release: Provider, controller: OperatorProcess, database: Forwarder
) -> None:
    """The leader tells of it on its Deployment, which it must read for that."""
    release.kubectl("create", "deployment", CONTROLLER, "--image=none", "--replicas=0")
    one = replace(release, name=CONTROLLER)
    for time in (1, 2):
        database.cut()
        eventually(partial(has_said, one, controller, ("DatabaseUnavailable", time)))
        database.switch(address_of(one.database_url))
        eventually(partial(has_said, one, controller, ("DatabaseAvailable", time)))


def has_said(about: Provider, controller: OperatorProcess, event: tuple[str, int]) -> bool:
    controller.get("/readyz")  # as the kubelet does: nothing else need ask the database
    return event in counted(about)


def counted(about: Provider) -> set[tuple[str, int]]:
    return {(reason, count) for reason, count, _ in told(about)}
