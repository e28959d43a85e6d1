"""The demo's processes: they outlive `up`, and `down` finds them by their records."""

import http.client
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.cluster import processes
from tests.cluster.choice import choose_cluster
from tests.cluster.paths import REPOSITORY
from tests.cluster.ports import free_port
from tests.cluster.reporting import ClusterError, say, tail
from tests.fixtures.operator_access import RELEASE_NAMESPACE, access_documents, manifest_list

NAMESPACE = RELEASE_NAMESPACE
FOLDER = REPOSITORY / "build" / "demo"
# `cloudops run` is controller and worker in one; it gets the rights of both.
ACCOUNT = "cloudops-run"

START_SECONDS = 180
PAUSE_SECONDS = 0.5


class Stack:
    """Kubernetes, AWS emulator and operator, all on loopback, all in `build/demo`."""

    def __init__(self) -> None:
        self.cluster = choose_cluster(FOLDER / "cluster")
        self.environment_folder = Path(sys.executable).parent
        self._records = FOLDER / "processes"

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self._port('emulator')}"

    @property
    def operator_port(self) -> int:
        return self._port("operator")

    def install(self) -> None:
        """CRDs, namespace and RBAC as they are shipped."""
        kubectl = self.cluster.run_kubectl
        self.cluster.install_crds(REPOSITORY / "crds")
        kubectl("apply", "--server-side", "-f", "-", stdin=_object("Namespace", NAMESPACE, ""))
        documents = access_documents(
            kubectl("kustomize", REPOSITORY / "manifests/base").stdout, NAMESPACE
        )
        for document in documents:
            if "subjects" in document:
                document["subjects"].append(
                    {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}
                )
        kubectl("apply", "--server-side", "-f", "-", stdin=manifest_list(documents))
        kubectl(
            "apply", "--server-side", "-f", "-", stdin=_object("ServiceAccount", ACCOUNT, NAMESPACE)
        )

    def start_emulator(self) -> bool:
        """Whether it had to be started, and so is empty."""
        if self._runs("emulator"):
            return False
        port = self._new_port("emulator")
        self._start(
            "emulator",
            [sys.executable, "-m", "tests.demo.emulator", str(port)],
            {},
        )
        self._wait("emulator", lambda: _answers(port, "/moto-api/"))
        return True

    def start_operator(self) -> str:
        """Start `cloudops run` if need be; returns the database's URL."""
        if not self._runs("operator"):
            port = self._new_port("operator")
            kubeconfig = self.cluster.service_account_kubeconfig(
                NAMESPACE, ACCOUNT, FOLDER / "operator.kubeconfig"
            )
            settings = {
                "KUBECONFIG": str(kubeconfig),
                "CLOUDOPS_NAMESPACE": NAMESPACE,
                "CLOUDOPS_DATA_DIR": str(FOLDER / "data"),
                "CLOUDOPS_ENDPOINTS_ALLOWED": "127.0.0.1",
                "CLOUDOPS_HTTP_HOST": "127.0.0.1",
                "CLOUDOPS_HTTP_PORT": str(port),
                "CLOUDOPS_WORKER_POLL_SECONDS": "1",
                "CLOUDOPS_LOG_FORMAT": "console",
            }
            self._log("operator").unlink(missing_ok=True)
            self._start("operator", [sys.executable, "-m", "cloudops", "run"], settings)
            self._wait(
                "operator",
                lambda: _answers(port, "/readyz") and _answers(port + 1, "/readyz"),
            )
        found = re.search(r"--database-url '([^']+)'", self._log("operator").read_text())
        if found is None:
            raise ClusterError(f"the operator did not name its database\n{self._tail('operator')}")
        return found[1]

    def stop(self) -> None:
        """Stop everything by its record, in reverse order, and forget the data."""
        for name in ("operator", "emulator"):
            record = processes.recorded(self._records).get(name)
            if record is not None:
                say(f"stopping the {name}")
                processes.stop(record, grace_seconds=60)
                processes.forget(name, self._records)
        self.cluster.stop()
        shutil.rmtree(FOLDER, ignore_errors=True)

    def _start(self, name: str, command: list[str | Path], settings: dict[str, str]) -> None:
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("AWS_", "CLOUDOPS_", "KUBE", "PG"))
        }
        record = processes.spawn(name, command, self._log(name), inherited | settings)
        processes.save(record, self._records)

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if not self._runs(name):
                raise ClusterError(f"the {name} ended\n{self._tail(name)}")
            if time.monotonic() > deadline:
                raise ClusterError(f"the {name} is not ready\n{self._tail(name)}")
            time.sleep(PAUSE_SECONDS)

    def _runs(self, name: str) -> bool:
        record = processes.recorded(self._records).get(name)
        return record is not None and processes.is_running(record)

    def _new_port(self, name: str) -> int:
        port = free_port()
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{name}.port").write_text(str(port))
        return port

    def _port(self, name: str) -> int:
        return int((FOLDER / f"{name}.port").read_text())

    def _log(self, name: str) -> Path:
        return FOLDER / "logs" / f"{name}.log"

    def _tail(self, name: str) -> str:
        return tail(self._log(name))


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _object(kind: str, name: str, namespace: str) -> str:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata})
