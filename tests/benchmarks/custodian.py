"""Cloud Custodian beside the operator: one release, in a virtual environment of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.cluster.paths import cache_directory, locked
from tests.cluster.reporting import say

VERSION = "0.9.53"
_POLICIES = """
policies:
- {name: all-ec2, resource: aws.ec2}
- {name: all-s3, resource: aws.s3}
- {name: all-roles, resource: aws.iam-role}
"""
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


def run(command: Path, folder: Path, environment: Mapping[str, str], region: str) -> None:
    """List all instances, buckets and roles of one region.

    Raises:
        RuntimeError: It ended with an error.
    """
    policies = folder / "policies.yml"
    policies.write_text(_POLICIES)
    done = subprocess.run(
        [command, "run", "--cache-period=0", "-s", folder / "out", "--region", region, policies],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=_RUN_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"custodian exited {done.returncode}: {done.stderr[-2000:]}")


def found(folder: Path, policy: str) -> int:
    """How many resources a policy of the run has listed."""
    return len(json.loads((folder / "out" / policy / "resources.json").read_text()))


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
