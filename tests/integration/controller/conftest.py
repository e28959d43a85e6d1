"""The API server as the controller sees it, and CloudProviders to judge."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import REGISTRY

from cloudops.controller.kube import API, KubeClient, object_path
from cloudops.controller.replica import Replica
from cloudops.kubernetes_access import load_configuration
from cloudops.settings import Settings
from tests.cluster.cluster import Cluster
from tests.fakes.plan import FakePlan
from tests.fixtures.operator import OperatorAccess
from tests.fixtures.waiting import eventually

PLURAL = "cloudproviders"
AWS: dict[str, Any] = {
    "type": "aws",
    "aws": {"credentials": {"source": "Secret", "secretRef": {"name": "aws"}}},
}


def sample(name: str, /, **labels: str) -> float:
    """A metric's value; a series that is not there reads as -1."""
    value = REGISTRY.get_sample_value(name, labels)
    return -1.0 if value is None else value


def requests(method: str) -> float:
    """How many requests this process has sent so far."""
    return sum(
        found.value
        for metric in REGISTRY.collect()
        for found in metric.samples
        if found.name == "rest_client_requests_total" and found.labels["method"] == method
    )


@pytest.fixture
def admin(cluster: Cluster, crds: list[str], monkeypatch: pytest.MonkeyPatch) -> KubeClient:
    """For the test, to arrange and to look; never for what is tested."""
    with monkeypatch.context() as patch:
        patch.setenv("KUBECONFIG", str(cluster.kubeconfig))
        return KubeClient(load_configuration())


@pytest.fixture
def kube(
    operator_access: OperatorAccess, crds: list[str], monkeypatch: pytest.MonkeyPatch
) -> KubeClient:
    """Our own client, with the controller's rights; KUBECONFIG is set for what else is started."""
    monkeypatch.setenv("KUBECONFIG", str(operator_access.controller))
    return KubeClient(load_configuration())


@dataclass
class Providers:
    """CloudProviders of one namespace, changed and read as a person would."""

    cluster: Cluster
    admin: KubeClient
    namespace: str

    def apply(
        self, name: str = "aws", spec: dict[str, Any] | None = None, **annotations: str
    ) -> dict[str, Any]:
        document = {
            "apiVersion": "cloudops.dev/v1alpha1",
            "kind": "CloudProvider",
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "annotations": {key.replace("__", "/"): v for key, v in annotations.items()},
            },
            "spec": spec or AWS,
        }
        arguments = ("apply", "--server-side", "--force-conflicts", "--filename=-")
        self.cluster.run_kubectl(*arguments, stdin=json.dumps(document))
        return self.get(name)

    def annotate(self, name: str, annotation: str) -> None:
        self.kubectl("annotate", "--overwrite", f"cloudproviders/{name}", annotation)

    def kubectl(self, *arguments: str) -> str:
        return self.cluster.run_kubectl(*arguments, f"--namespace={self.namespace}").stdout

    def path(self, name: str = "aws") -> str:
        return object_path(API, PLURAL, self.namespace, name)

    def get(self, name: str = "aws") -> dict[str, Any]:
        return self.admin.get(self.path(name))

    def status(self, name: str = "aws") -> dict[str, Any]:
        status: dict[str, Any] = self.get(name).get("status", {})
        return status

    def condition(self, kind: str, name: str = "aws") -> tuple[str, str]:
        """(status, reason); ("", "") while there is none."""
        for condition in self.status(name).get("conditions", ()):
            if condition["type"] == kind:
                return condition["status"], condition["reason"]
        return "", ""

    def delete(self, name: str = "aws") -> None:
        self.kubectl("delete", f"cloudproviders/{name}", "--timeout=60s")

    def events(self, name: str = "aws") -> list[dict[str, Any]]:
        listed = self.admin.get(f"/api/v1/namespaces/{self.namespace}/events")["items"]
        return [event for event in listed if event["involvedObject"]["name"] == name]


@pytest.fixture
def providers(cluster: Cluster, admin: KubeClient, namespace: str) -> Providers:
    return Providers(cluster, admin, namespace)


@dataclass
class Running:
    """A replica in a thread of this process."""

    replica: Replica
    thread: threading.Thread
    stop_flag: threading.Event
    exits: list[int] = field(default_factory=list)

    def probe(self, path: str) -> tuple[int, str]:
        """Status and text of one of its health addresses."""
        url = f"http://127.0.0.1:{eventually(lambda: self.replica.port)}{path}"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self) -> None:
        self.stop_flag.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


StartReplica = Callable[..., Running]


@pytest.fixture
def key(namespace: str) -> tuple[str, str]:
    return namespace, "aws"


@pytest.fixture
def plan() -> FakePlan:
    return FakePlan()


def quick_settings(namespace: str) -> dict[str, Any]:
    """A namespace of one's own, any free port, and everything sooner."""
    return {
        "namespace": namespace,
        "watch_namespaces": (namespace,),
        "http_host": "127.0.0.1",
        "http_port": 0,
        "leader_lease_seconds": 6,
        "leader_renew_seconds": 4,
        "leader_retry_seconds": 0.5,
        "poll_seconds": 0.5,
        "status_times_seconds": 0,
    }


@pytest.fixture
def start_replica(kube: KubeClient, namespace: str, plan: FakePlan) -> Iterator[StartReplica]:
    """Starts replicas of the controller that share one plan and one Lease."""
    started: list[Running] = []

    def start(**values: Any) -> Running:
        settings = Settings(
            **{
                **quick_settings(namespace),
                "pod_name": f"controller-{len(started)}",
                **values,
            }
        )
        exits: list[int] = []
        replica = Replica(settings, plan, end_process=exits.append)
        stop_flag = threading.Event()
        thread = threading.Thread(target=replica.run, args=(stop_flag,), daemon=True)
        running = Running(replica, thread, stop_flag, exits)
        started.append(running)
        thread.start()
        return running

    yield start
    for running in started:
        running.stop()


def quiet_for(seconds: float, count: Callable[[], float]) -> float:
    """By how much `count` has grown once it did not grow for `seconds`."""
    first = last = count()
    since = time.monotonic()
    while time.monotonic() - since < seconds:
        if count() != last:
            last, since = count(), time.monotonic()
        time.sleep(0.05)
    return last - first
