"""Cloud Custodian beside the operator: one release, in a virtual environment of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster.paths import cache_directory, locked
from tests.cluster.reporting import say

VERSION = "0.9.53"
_INSTALL_SECONDS = 900
_RUN_SECONDS = 1_800


class NotInstalledError(Exception):
    """The package index or the disk said no; the message is pip's last line."""


def install() -> Path:
    """Its command, installed on first use.

    Raises:
        NotInstalledError: It can't be installed here.
    """
    folder = cache_directory() / f"c7n-{VERSION}"
    command = folder / "bin" / "custodian"
    with locked(folder.with_suffix(".lock")):
        if not command.exists():
            say(f"  installing c7n {VERSION} into {folder}")
            _run(sys.executable, "-m", "venv", folder)
            _run(folder / "bin" / "pip", "install", "--quiet", f"c7n=={VERSION}")
    return command


def run(
    command: Path,
    folder: Path,
    environment: Mapping[str, str],
    policies: Mapping[str, str],
    regions: Sequence[str],
) -> dict[str, int]:
    """List all resources of some types in some regions.

    Args:
        command: See `install`.
        folder: For what it writes.
        environment: With credentials and endpoint.
        policies: Name of a policy → its resource, e.g. `aws.ec2`.
        regions: Where.

    Returns:
        How many each policy has found.

    Raises:
        RuntimeError: It ended with an error.
    """
    file, output = folder / "policies.yml", folder / "out"
    rules = [{"name": name, "resource": resource} for name, resource in policies.items()]
    file.write_text(json.dumps({"policies": rules}))
    shutil.rmtree(output, ignore_errors=True)
    places = [word for region in regions for word in ("--region", region)]
    done = subprocess.run(
        [command, "run", "--cache-period=0", "-s", output, *places, file],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=_RUN_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"custodian exited {done.returncode}: {done.stderr[-2000:]}")
    return {name: _found(output, name) for name in policies}


def _found(output: Path, policy: str) -> int:
    """In all regions together."""
    return sum(
        len(json.loads(file.read_text())) for file in output.rglob(f"{policy}/resources.json")
    )


def _run(*command: str | Path) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalledError(f"{Path(command[0]).name} took too long") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise NotInstalledError(lines[-1])
