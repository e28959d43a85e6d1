"""Which kind of cluster CLOUDOPS_CLUSTER asks for."""

import os
from pathlib import Path

from tests.cluster.cluster import Cluster
from tests.cluster.controlplane import LocalCluster
from tests.cluster.current import CurrentCluster
from tests.cluster.kind import KindCluster
from tests.cluster.reporting import ClusterError


def choose_cluster(directory: Path, *, port: int = 0, audit: bool = False) -> Cluster:
    """`kind`, `current`, or empty for a control plane of our own; not started yet.

    `port` and `audit` matter to the last alone.
    """
    wanted = os.environ.get("CLOUDOPS_CLUSTER", "")
    match wanted:
        case "":
            return LocalCluster(directory, port=port, audit=audit)
        case "kind":
            return KindCluster(directory)
        case "current":
            return CurrentCluster(directory)
    raise ClusterError(f"CLOUDOPS_CLUSTER is {wanted!r}: kind, current, or nothing")
