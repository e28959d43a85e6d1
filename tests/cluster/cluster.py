"""What tests and the demo may ask of a cluster, wherever it comes from."""

import json
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import kubernetes

from tests.cluster.kubeconfig import write_kubeconfig
from tests.cluster.reporting import ClusterError

_TOKEN_LIFETIME = "8h"  # no test run outlives it
_KUBECTL_SECONDS = 180
_ESTABLISHED_SECONDS = 120


class Cluster(ABC):
    """Start it before anything else; `directory` holds all that it leaves on disk."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.kubeconfig = self.directory / "kubeconfig"

    @property
    @abstractmethod
    def kubectl(self) -> Path:
        """The command that fits this cluster."""

    @abstractmethod
    def start(self) -> None:
        """Bring it up, or find it up, and write `kubeconfig`. Raises ClusterError."""

    @abstractmethod
    def stop(self, *, keep: bool = False) -> None:
        """Take it down; `keep` leaves its data for the next start."""

    def run_kubectl(
        self,
        *arguments: str | Path,
        stdin: str | None = None,
        check: bool = True,
        timeout: float = _KUBECTL_SECONDS,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as admin. With `check` a failure raises, showing what kubectl said."""
        done = subprocess.run(
            [self.kubectl, f"--kubeconfig={self.kubeconfig}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        if check and done.returncode:
            command = " ".join(str(argument) for argument in arguments)
            raise ClusterError(f"kubectl {command} exited {done.returncode}:\n{done.stderr}")
        return done

    def install_crds(self, folder: Path) -> None:
        """Apply the CRDs of `folder` and wait until they are served."""
        self.run_kubectl("apply", "--server-side", "--force-conflicts", f"--filename={folder}")
        wait = ("wait", "--for=condition=Established", f"--filename={folder}")
        deadline = time.monotonic() + _ESTABLISHED_SECONDS
        # kubectl gives up at once where a new CRD has no conditions at all yet.
        while self.run_kubectl(*wait, "--timeout=60s", check=False).returncode:
            if time.monotonic() > deadline:
                self.run_kubectl(*wait, "--timeout=1s")
            time.sleep(0.5)

    def client(self) -> kubernetes.client.ApiClient:
        """A new admin client; the caller closes it."""
        config = str(self.kubeconfig)
        client: kubernetes.client.ApiClient = kubernetes.config.new_client_from_config(config)
        return client

    def service_account_kubeconfig(self, namespace: str, name: str, into: Path) -> Path:
        """Write a kubeconfig that holds a token of the ServiceAccount, and nothing of admin's."""
        token = self.run_kubectl(
            "create", "token", name, f"--namespace={namespace}", f"--duration={_TOKEN_LIFETIME}"
        ).stdout.strip()
        write_kubeconfig(into, self._server(), {"token": token}, namespace)
        return into

    def _server(self) -> dict[str, Any]:
        """The `cluster` entry of the current context, certificate included."""
        answer = self.run_kubectl("config", "view", "--raw", "--minify", "--flatten", "-o=json")
        entry: dict[str, Any] = json.loads(answer.stdout)["clusters"][0]["cluster"]
        return entry
