"""A Kubernetes of this folder's own, which its tests may break, and ways around it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import kubernetes
import pytest

from tests.cluster.controlplane import LocalCluster
from tests.e2e.conftest import ACCESS_KEY, ACCOUNT, SECRET_KEY, SETTINGS, Provider
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fakes.kubernetes_proxy import KubernetesProxy
from tests.fixtures.cluster import build_with_progress, served_crds
from tests.fixtures.operator import OperatorAccess, StartOperator
from tests.fixtures.operator_process import Component, OperatorProcess

REGION = "eu-west-1"
# A leader that outlasts the fault: what is looked at is not the election.
PATIENT = {"leader_lease_seconds": "90", "leader_renew_seconds": "60"}
# The watch alone brings news, never the comparison.
NO_COMPARISON = {"list_diff_seconds": "3600"}


@pytest.fixture(scope="session")
def cluster(run_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """A control plane that no other suite needs; it logs who asked for what."""
    build_with_progress(request.config)
    own = LocalCluster(run_folder / "own-cluster", audit=True)
    try:
        own.start()
        yield own
    finally:
        own.stop()


@pytest.fixture(scope="session")
def admin_client(cluster: LocalCluster) -> Iterator[kubernetes.client.ApiClient]:
    with cluster.client() as client:
        yield client


@pytest.fixture(scope="session")
def crds(cluster: LocalCluster) -> list[str]:
    return served_crds(cluster)


@pytest.fixture(autouse=True)
def repaired(cluster: LocalCluster) -> None:
    """What a failed test has left broken is brought back before the next."""
    cluster.start()


@pytest.fixture
def proxy(cluster: LocalCluster) -> Iterator[KubernetesProxy]:
    """Passes everything on, until it is told otherwise."""
    with KubernetesProxy(cluster.kubeconfig) as one:
        yield one


@pytest.fixture
def account(fake_aws: FakeAws) -> AccountScript:
    """The account of the credentials, as small as can be: its region is `REGION`."""
    return fake_aws.account(
        ACCOUNT, regions=(REGION,), access_key=ACCESS_KEY, secret_key=SECRET_KEY
    )


StartBehind = Callable[..., list[OperatorProcess]]


@pytest.fixture
def start_behind(
    proxy: KubernetesProxy,
    operator_access: OperatorAccess,
    operator_process: StartOperator,
    tmp_path: Path,
) -> Iterator[StartBehind]:
    """Starts components that reach the API server only by way of the proxy."""
    started: list[OperatorProcess] = []
    behind = replace(
        operator_access,
        controller=proxy.kubeconfig(operator_access.controller, tmp_path / "controller"),
        worker=proxy.kubeconfig(operator_access.worker, tmp_path / "worker"),
    )

    def start(*components: Component, **settings: str) -> list[OperatorProcess]:
        for component in components:
            chosen = {**SETTINGS, **settings}
            started.append(operator_process(component, access=behind, settings=chosen))
        for process in started:
            process.wait_ready(timeout=120)
        return started

    yield start
    for process in started:
        if process.exit_code is None:
            process.stop()  # while the way is still there


def metric(process: OperatorProcess, name: str, **labels: str) -> float:
    """The sum of all series of `name` that have these labels; 0 where there is none."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    return sum(
        float(line.rpartition(" ")[2])
        for line in process.get("/metrics")[1].splitlines()
        if re.match(rf"{name}[{{ ]", line) and all(label in line for label in wanted)
    )


def leads(controller: OperatorProcess) -> bool:
    return metric(controller, "leader_election_master_status") == 1.0


def status_writes(controller: OperatorProcess) -> float:
    return metric(controller, "cloudops_status_writes_total", result="written")


def told(provider: Provider) -> list[tuple[str, int, str]]:
    """Reason, count and message of each event about the provider, sorted."""
    about = f"--field-selector=involvedObject.name={provider.name}"
    events = json.loads(provider.kubectl("get", "events", about, "-o=json"))["items"]
    return sorted((event["reason"], event["count"], event["message"]) for event in events)
