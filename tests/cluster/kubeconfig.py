"""Kubeconfig files, written as JSON: every reader of YAML reads it, and nothing needs quoting."""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cluster.pki import Pair


def write_kubeconfig(
    path: Path, cluster: Mapping[str, Any], user: Mapping[str, Any], namespace: str = "default"
) -> None:
    """One cluster, one user, one context; readable by the owner alone."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "cloudops", "cluster": dict(cluster)}],
        "users": [{"name": "cloudops", "user": dict(user)}],
        "contexts": [
            {
                "name": "cloudops",
                "context": {"cluster": "cloudops", "user": "cloudops", "namespace": namespace},
            }
        ],
        "current-context": "cloudops",
    }
    write_private(path, json.dumps(content, indent=1))


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step; nobody else may read it at any moment."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)


def server_entry(url: str, authority: Path) -> dict[str, str]:
    return {"server": url, "certificate-authority-data": _encoded(authority)}


def certificate_user(pair: Pair) -> dict[str, str]:
    return {
        "client-certificate-data": _encoded(pair.certificate),
        "client-key-data": _encoded(pair.key),
    }


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
