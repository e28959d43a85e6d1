"""Where things live: the work tree, the cache outside it, and locks on folders."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS_MODULE = REPOSITORY / "tests/cluster/tools"
DEFAULT_DIRECTORY = REPOSITORY / "build/cluster"


def cache_directory() -> Path:
    """Outside the work tree, so that a fresh clone finds what an older one has built."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cloudops-central"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; other processes (and other holders in this one) wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
