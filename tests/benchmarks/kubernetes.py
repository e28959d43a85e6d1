"""A cluster full of CloudProviders, controllers that run in it, and the API server's audit log."""

import base64
import http.client
import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import kubernetes

from cloudops.controller.kube import API, MERGE_PATCH, Key, object_path
from tests.benchmarks.servers import BenchServer
from tests.cluster.controlplane import LocalCluster
from tests.cluster.paths import REPOSITORY
from tests.fixtures.operator_access import RELEASE_NAMESPACE, access_documents, manifest_list
from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.run import own_folder
from tests.fixtures.waiting import eventually

PLURAL = "cloudproviders"
NAMESPACES = 10
SENDERS = 8
CREDENTIAL = "authentication.kubernetes.io/credential-id"


@dataclass(frozen=True, slots=True)
class Request:
    """A line of the audit log; `credential` tells replicas of one ServiceAccount apart."""

    at: datetime
    verb: str
    code: int
    credential: str
    key: Key
    is_status: bool


class AuditLog:
    """Reads what was added since the last look, of CloudProviders alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def skip(self) -> None:
        """Forget what was logged so far."""
        self._position = self._path.stat().st_size

    def news(self) -> list[Request]:
        with self._path.open("rb") as log:
            log.seek(self._position)
            whole = log.read().rpartition(b"\n")[0]
        self._position += len(whole) + bool(whole)
        wanted = (line for line in whole.splitlines() if b'"resource":"cloudproviders"' in line)
        return [_request(json.loads(line)) for line in wanted]


def _request(event: Mapping[str, Any]) -> Request:
    about = event["objectRef"]
    extra = event["user"].get("extra", {})
    return Request(
        datetime.fromisoformat(event["stageTimestamp"]),
        event["verb"],
        event.get("responseStatus", {}).get("code", 0),
        extra.get(CREDENTIAL, [""])[0],
        (about.get("namespace", ""), about.get("name", "")),
        about.get("subresource") == "status",
    )


def status_writes(requests: Sequence[Request]) -> list[Request]:
    """Those that the API server accepted."""
    return [
        request
        for request in requests
        if request.verb == "patch" and request.is_status and request.code == http.client.OK
    ]


class Estate:
    """`count` suspended CloudProviders in ten namespaces, made and changed as an admin."""

    def __init__(self, cluster: LocalCluster, count: int) -> None:
        with cluster.client() as client:
            self._configuration = client.configuration
            self._make_namespaces(client)
            self.keys = [(f"team-{n % NAMESPACES}", f"aws-{n:05}") for n in range(count)]

    def create(self) -> None:
        self._send(("POST", object_path(API, PLURAL, key[0]), _provider(key)) for key in self.keys)

    def change(self, keys: Sequence[Key], sync_period_seconds: int) -> None:
        """A new generation of each, which its status has to follow."""
        body = {"spec": {"inventory": {"syncPeriodSeconds": sync_period_seconds}}}
        self._send(("PATCH", object_path(API, PLURAL, *key), body) for key in keys)

    def read(self) -> list[dict[str, Any]]:
        """All of them as they are, page by page."""
        connection, found, token = self._connect(), [], ""
        while True:
            connection.request("GET", f"{API}/{PLURAL}?limit=500&continue={token}")
            page = json.loads(connection.getresponse().read())
            found += page["items"]
            token = page["metadata"].get("continue", "")
            if not token:
                connection.close()
                return found

    @staticmethod
    def _make_namespaces(client: kubernetes.client.ApiClient) -> None:
        api = kubernetes.client.CoreV1Api(client)
        for number in range(NAMESPACES):
            metadata = kubernetes.client.V1ObjectMeta(name=f"team-{number}")
            api.create_namespace(kubernetes.client.V1Namespace(metadata=metadata))

    def _connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=self._configuration.ssl_ca_cert)
        context.load_cert_chain(self._configuration.cert_file, self._configuration.key_file)
        return http.client.HTTPSConnection(
            urlsplit(self._configuration.host).netloc, timeout=60, context=context
        )

    def _send(self, requests: Iterator[tuple[str, str, Mapping[str, Any]]]) -> None:
        """Over some connections side by side; any refusal is an error."""
        waiting = deque(requests)
        refused: list[str] = []
        threads = [
            threading.Thread(target=self._drain, args=(waiting, refused)) for _ in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if refused:
            raise RuntimeError(f"{len(refused)} requests failed, first: {refused[0]}")

    def _drain(
        self, waiting: deque[tuple[str, str, Mapping[str, Any]]], refused: list[str]
    ) -> None:
        connection = self._connect()
        while not refused:
            try:
                method, path, body = waiting.popleft()
            except IndexError:
                break
            content = "application/json" if method == "POST" else MERGE_PATCH
            connection.request(method, path, json.dumps(body), {"Content-Type": content})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= http.client.BAD_REQUEST:
                refused.append(f"{method} {path}: {answer.status} {text[:200]!r}")
        connection.close()


def _provider(key: Key) -> dict[str, Any]:
    return {
        "apiVersion": "cloudops.dev/v1alpha1",
        "kind": "CloudProvider",
        "metadata": {"namespace": key[0], "name": key[1]},
        "spec": {
            "type": "aws",
            "suspend": True,
            "aws": {
                "credentials": {"source": "Secret", "secretRef": {"name": "aws"}},
                "accounts": {"ids": [f"{int(key[1].rpartition('-')[2]):012}"]},
            },
        },
    }


@dataclass(frozen=True, slots=True)
class Replica:
    """A controller, and by what its writes are recognised: role here, credential there."""

    process: OperatorProcess
    role: str
    credential: str


def _credential(kubeconfig: Path) -> str:
    """As the audit log names the token of a kubeconfig."""
    token: str = json.loads(kubeconfig.read_text())["users"][0]["user"]["token"]
    claims = token.split(".")[1]
    padded = claims + "=" * (-len(claims) % 4)
    return f"JTI={json.loads(base64.urlsafe_b64decode(padded))['jti']}"


class Site:
    """A cluster with the CRDs and the chart's RBAC, a migrated database, and an estate."""

    def __init__(
        self, folder: Path, cluster: LocalCluster, server: BenchServer, count: int
    ) -> None:
        self._folder = folder
        self._cluster = cluster
        self.server = server
        self.database_url = server.migrated("cloudops")
        self.audit = AuditLog(cluster.logs / "audit.log")
        self._install()
        self.estate = Estate(cluster, count)
        self.estate.create()
        self.audit.skip()

    @classmethod
    @contextmanager
    def running(cls, count: int) -> Iterator[Self]:
        """Everything is on loopback, and gone afterwards."""
        with own_folder() as folder, BenchServer.running(folder / "postgres") as server:
            cluster = LocalCluster(folder / "cluster", audit=True)
            try:
                cluster.start()
                yield cls(folder, cluster, server, count)
            finally:
                cluster.stop()

    def controller(self, name: str) -> OperatorProcess:
        """A replica with the settings that are shipped; not started yet."""
        return self._process(name, self._kubeconfig(name), self.database_url)

    def replica(self, name: str) -> Replica:
        """Likewise, with a database role of its own."""
        kubeconfig = self._kubeconfig(name)
        url = self.server.member_url(name, "cloudops")
        return Replica(self._process(name, kubeconfig, url), name, _credential(kubeconfig))

    def _kubeconfig(self, name: str) -> Path:
        """With a token of its own."""
        return self._cluster.service_account_kubeconfig(
            RELEASE_NAMESPACE, "cloudops-controller", self._folder / f"{name}.kubeconfig"
        )

    def _process(self, name: str, kubeconfig: Path, database_url: str) -> OperatorProcess:
        environment = {
            "KUBECONFIG": str(kubeconfig),
            "CLOUDOPS_NAMESPACE": RELEASE_NAMESPACE,
            "CLOUDOPS_DATABASE_URL": database_url,
        }
        return OperatorProcess("controller", environment, self._folder / name)

    def _install(self) -> None:
        kubectl = self._cluster.run_kubectl
        kubectl("apply", "--server-side", "-f", REPOSITORY / "crds")
        served = ("get", f"--raw={API}")
        eventually(lambda: PLURAL in kubectl(*served, check=False).stdout, what="the CRDs")
        kubectl("create", "namespace", RELEASE_NAMESPACE)
        rendered = kubectl("kustomize", REPOSITORY / "manifests/base").stdout
        documents = manifest_list(access_documents(rendered, RELEASE_NAMESPACE))
        kubectl("apply", "--server-side", "-f", "-", stdin=documents)


@contextmanager
def stopped_at_the_end(*replicas: OperatorProcess) -> Iterator[None]:
    """Whatever happens; a replica that was killed stays killed."""
    try:
        yield
    finally:
        for replica in replicas:
            if replica.exit_code is None:
                replica.stop()


def metric(replica: OperatorProcess, name: str, *labels: str) -> float:
    """The sum of a metric's series that carry all of `labels`, such as `result="success"`."""
    _, text = replica.get("/metrics", timeout=60)
    return sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith((f"{name}{{", f"{name} ")) and all(label in line for label in labels)
    )
