"""A cluster made by kind, where containers can run: real nodes, real pods."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.cluster.cluster import Cluster
from tests.cluster.current import kubectl_on_path
from tests.cluster.paths import locked
from tests.cluster.reporting import ClusterError, say

_READY_WAIT = "180s"


class KindCluster(Cluster):
    """Named after its folder, so that several live side by side.

    CLOUDOPS_KIND_NAME gives it another name, CLOUDOPS_KIND_IMAGE another node image.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        mark = hashlib.sha256(str(self.directory).encode()).hexdigest()[:8]
        self.name = os.environ.get("CLOUDOPS_KIND_NAME") or f"cloudops-{mark}"

    @property
    def kubectl(self) -> Path:
        return kubectl_on_path()

    def start(self) -> None:
        for command in ("kind", "docker"):
            if shutil.which(command) is None:
                raise ClusterError(f"CLOUDOPS_CLUSTER=kind needs `{command}` on PATH")
        with locked(self.directory / "lock"):
            if self._exists() and self._answers():
                say(f"kind cluster {self.name} is up already.")
                return
            # Either nothing of that name, or a node that came back from a reboot broken.
            self._kind("delete", "cluster", f"--name={self.name}")
            image = os.environ.get("CLOUDOPS_KIND_IMAGE")
            self._kind(
                "create",
                "cluster",
                f"--name={self.name}",
                f"--kubeconfig={self.kubeconfig}",
                f"--wait={_READY_WAIT}",
                *([f"--image={image}"] if image else []),
            )

    def stop(self, *, keep: bool = False) -> None:
        if keep:
            return
        with locked(self.directory / "lock"):
            self._kind("delete", "cluster", f"--name={self.name}")
            self.kubeconfig.unlink(missing_ok=True)

    def load_image(self, image: str) -> None:
        """Copy a local image onto the node, where no registry holds it."""
        self._kind("load", "docker-image", image, f"--name={self.name}")

    def _exists(self) -> bool:
        listed = subprocess.run(
            ["kind", "get", "clusters"], capture_output=True, text=True, check=False
        )
        return self.name in listed.stdout.split()

    def _answers(self) -> bool:
        self._kind("export", "kubeconfig", f"--name={self.name}", f"--kubeconfig={self.kubeconfig}")
        return self.run_kubectl("get", "--raw=/readyz", check=False).returncode == 0

    def _kind(self, *arguments: str) -> None:
        """kind tells its progress itself, on stderr."""
        done = subprocess.run(["kind", *arguments], check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise ClusterError(f"kind {' '.join(arguments)} exited {done.returncode}")
