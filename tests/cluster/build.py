"""Builds command-line tools from Go modules, once, into a cache outside the work tree."""

import hashlib
import os
import platform
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.golang import find_go, run_go
from tests.cluster.paths import TOOLS_MODULE, cache_directory, locked
from tests.cluster.reporting import ClusterError, say


@dataclass(frozen=True, slots=True)
class Toolset:
    """The `tool` directives of one go.mod, and what their binaries are called in the cache."""

    name: str
    module: Path
    ldflags: str = "-s -w"
    renames: Mapping[str, str] = field(default_factory=dict)

    def flags(self) -> list[str]:
        return ["-trimpath", "-ldflags", self.ldflags]

    def binaries(self) -> list[str]:
        """Names as Go gives them: the last element of the path that is not a major version."""
        directives = re.search(r"^tool \((.*?)^\)", self._go_mod(), re.MULTILINE | re.DOTALL)
        single = re.findall(r"^tool ([^\s(]+)$", self._go_mod(), re.MULTILINE)
        paths = [*single, *(directives.group(1).split() if directives else [])]
        return [re.sub(r"/v\d+$", "", path).rpartition("/")[2] for path in paths]

    def key(self) -> str:
        """Changes whenever the binaries would."""
        digest = hashlib.sha256()
        for name in ("go.mod", "go.sum"):
            digest.update((self.module / name).read_bytes())
        digest.update(repr((self.flags(), platform.system(), platform.machine())).encode())
        return digest.hexdigest()[:20]

    def _go_mod(self) -> str:
        return (self.module / "go.mod").read_text()


def kubernetes_version() -> str:
    """Of the binaries, as go.mod names it: "v1.36.3"."""
    text = (TOOLS_MODULE / "go.mod").read_text()
    found = re.search(r"k8s\.io/kubernetes (v\d+\.\d+\.\d+)", text)
    if found is None:
        raise ClusterError(f"{TOOLS_MODULE / 'go.mod'} does not require k8s.io/kubernetes")
    return found.group(1)


def kubernetes_toolset() -> Toolset:
    """etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kubectl."""
    version = kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".")
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    # Without these the binaries say v0.0.0: a module build knows nothing of its release.
    stamps = [
        f"-X {package}.{name}={value}"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in values.items()
    ]
    ldflags = " ".join(["-s -w", *stamps])
    return Toolset("kubernetes", TOOLS_MODULE, ldflags, {"server": "etcd"})


def build(toolset: Toolset) -> Path:
    """The folder with the built binaries; minutes on a new machine, then at once.

    Several callers may ask at the same time: one builds, the others wait for it. The folder
    appears only when it is complete.
    """
    folder = cache_directory() / toolset.name / toolset.key()
    names = [toolset.renames.get(name, name) for name in toolset.binaries()]
    with locked(folder.parent / ".lock"):
        if all((folder / name).exists() for name in names):
            return folder
        say(f"Building {', '.join(names)} into {folder}: minutes the first time.")
        began = time.monotonic()
        partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
        try:
            _build_into(partial, toolset)
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        say(f"Built in {time.monotonic() - began:.0f} s.")
    return folder


def _build_into(folder: Path, toolset: Toolset) -> None:
    module = toolset.module
    go = find_go(module)
    listing = run_go(go, ["list", "-deps", "tool"], module, what="fetching modules")
    folder.mkdir(parents=True)
    run_go(
        go,
        ["build", "-v", *toolset.flags(), "-o", folder, "tool"],
        module,
        what="compiling",
        packages=len(listing.splitlines()),
    )
    for built, wanted in toolset.renames.items():
        (folder / built).rename(folder / wanted)
