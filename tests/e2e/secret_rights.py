"""What the chart grants for one more entry of `secretNamespaces`, given and taken while it runs."""

import json

from tests.cluster.cluster import Cluster

_NAME = "cloudops-worker-secrets"
_KINDS = ("role", "rolebinding")


def grant_secrets(cluster: Cluster, release: str, namespace: str) -> None:
    """Let the worker of `release` read Secrets in `namespace`, by a copy of its own Role."""
    for kind in _KINDS:
        answer = cluster.run_kubectl("get", kind, _NAME, f"--namespace={release}", "-o=json")
        document = json.loads(answer.stdout)
        document["metadata"] = {"name": _NAME, "namespace": namespace}
        cluster.run_kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(document))


def revoke_secrets(cluster: Cluster, namespace: str) -> None:
    for kind in _KINDS:
        cluster.run_kubectl("delete", kind, _NAME, f"--namespace={namespace}")
