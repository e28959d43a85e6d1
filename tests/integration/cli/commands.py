"""The one command as a process, as people and CI call it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.paths import REPOSITORY

# The machine's own credentials and settings must not reach the command.
_FOREIGN = ("AWS_", "AZURE_", "CLOUDOPS_", "GOOGLE_", "KUBE", "PG")


@dataclass
class Command:
    """`cloudops …` with an environment of its own."""

    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self, *arguments: str | Path, timeout: float = 120, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cloudops", *arguments],
            cwd=REPOSITORY,
            env=self.inherited() | {**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    @staticmethod
    def inherited() -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
