"""An existing cluster: whatever KUBECONFIG and its current context name."""

import shutil
import subprocess
from pathlib import Path

from tests.cluster.build import build, kubernetes_toolset
from tests.cluster.cluster import Cluster
from tests.cluster.kubeconfig import write_private
from tests.cluster.reporting import ClusterError, say


class CurrentCluster(Cluster):
    """Never started, never stopped; its context is copied: a later switch changes nothing."""

    @property
    def kubectl(self) -> Path:
        return kubectl_on_path()

    def start(self) -> None:
        # Read with the caller's own environment: KUBECONFIG may list several files.
        view = subprocess.run(
            [self.kubectl, "config", "view", "--raw", "--minify", "--flatten"],
            capture_output=True,
            text=True,
            check=False,
        )
        if view.returncode:
            raise ClusterError(f"CLOUDOPS_CLUSTER=current needs a context: {view.stderr.strip()}")
        self.directory.mkdir(parents=True, exist_ok=True)
        write_private(self.kubeconfig, view.stdout)
        self.run_kubectl("get", "--raw=/readyz")
        server = self.run_kubectl("config", "view", "-o=jsonpath={.clusters[0].cluster.server}")
        say(f"Using the cluster at {server.stdout}.")

    def stop(self, *, keep: bool = False) -> None:
        """The cluster is not ours; only the copy of its context goes."""
        if not keep:
            self.kubeconfig.unlink(missing_ok=True)


def kubectl_on_path() -> Path:
    """The user's own kubectl, which fits the cluster; ours where there is none."""
    found = shutil.which("kubectl")
    return Path(found) if found else build(kubernetes_toolset()) / "kubectl"
