"""Locked Python packages that don't belong into the project's own environment."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cluster.paths import cache_directory, locked
from tests.cluster.reporting import ClusterError, say


def install(name: str, requirements: Path) -> Path:
    """The folder with the packages of the lock file `requirements`; seconds the first time.

    Several callers may ask at the same time: one installs, the others wait for it. The folder
    appears only when it is complete.

    Args:
        name: What they are together, for the cache and in messages.
        requirements: With hashes, and complete: what they depend on is not looked for.
    """
    folder = cache_directory() / name / _key(requirements)
    with locked(folder.parent / ".lock"):
        if not folder.exists():
            say(f"Installing {name} into {folder}")
            _pip_install(name, requirements, folder)
    return folder


def _key(requirements: Path) -> str:
    """Changes whenever the packages would."""
    digest = hashlib.sha256(requirements.read_bytes())
    machine = (sys.version_info[:2], platform.system(), platform.machine())
    digest.update(repr(machine).encode())
    return digest.hexdigest()[:20]


def _pip_install(name: str, requirements: Path, folder: Path) -> None:
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
    command += ["--require-hashes", "--no-deps", "--target", str(partial)]
    done = subprocess.run(
        [*command, "-r", str(requirements)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        shutil.rmtree(partial, ignore_errors=True)
        raise ClusterError(f"{name} could not be installed with pip:\n{done.stderr}")
    partial.rename(folder)
