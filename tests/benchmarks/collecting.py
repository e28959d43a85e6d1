"""`cloudops collect` as a process over one fake account: what it found, and what it took."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.counters import peak_rss_bytes
from tests.cluster.paths import REPOSITORY

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
_FOREIGN = ("AWS_", "AZURE_", "CLOUDOPS_", "GOOGLE_", "KUBE", "PG")
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Collected:
    """What one run said, and the most memory that it had."""

    resources: Mapping[str, int]
    api_calls: int
    peak_rss_bytes: int


def provider(url: str, account: str, region: str, types: Sequence[str]) -> str:
    """A CloudProvider with its Secret, as a file; details have a budget of their own, of none."""
    spec = {
        "type": "aws",
        "aws": {
            "credentials": {"source": "Secret", "secretRef": {"name": "keys"}},
            "accounts": {"ids": [account]},
            "regions": {"include": [region]},
            "endpointURL": url,
        },
        "inventory": {"types": {"include": list(types)}, "detail": {"callsPerHour": 0}},
    }
    documents = (
        _document("cloudops.dev/v1alpha1", "CloudProvider", "bench", {"spec": spec}),
        _document("v1", "Secret", "keys", {"stringData": KEYS}),
    )
    return "\n---\n".join(json.dumps(one) for one in documents)


def collect(file: Path, database_url: str) -> Collected:
    """Run it to its end.

    Raises:
        RuntimeError: It could not read everything.
    """
    output, errors = file.with_suffix(".out"), file.with_suffix(".err")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "cloudops", "collect", "-f", file, "-o", "json"],
            cwd=REPOSITORY,
            env=inherited | {"CLOUDOPS_DATABASE_URL": database_url},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    peak = _watch(process)
    if process.returncode:
        raise RuntimeError(f"collect exited {process.returncode}: {errors.read_text()[-2000:]}")
    summary = json.loads(output.read_text())
    return Collected(summary["resources"], summary["api_calls"], peak)


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Peak memory at the last look; it only grows, and the end of a run takes the least."""
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, peak_rss_bytes(process.pid))
        except (OSError, LookupError):
            continue  # it ended between the two questions
        time.sleep(_LOOK_SECONDS)
    return peak


def _document(version: str, kind: str, name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "bench"}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}
