#!/usr/bin/env python3
"""Copy crds/ into the chart and render manifests/base from the chart.

Exits with 1 and names the files when `--check` finds one that is out of date; nothing is written
then.
"""

import argparse
import io
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

ROOT: Final = Path(__file__).resolve().parent.parent
CHART: Final = ROOT / "helm" / "cloudops-central"
BASE: Final = ROOT / "manifests" / "base"
NAMESPACE: Final = "cloudops-system"

# Every kind has its place; one without is an error, so that nothing is lost on the way.
FILES: Final = {
    "CustomResourceDefinition": "crds.yaml",
    "ServiceAccount": "serviceaccounts.yaml",
    "ClusterRole": "rbac.yaml",
    "ClusterRoleBinding": "rbac.yaml",
    "Role": "rbac.yaml",
    "RoleBinding": "rbac.yaml",
    "Service": "services.yaml",
    "Deployment": "deployments.yaml",
    "PodDisruptionBudget": "disruption.yaml",
}
GENERATED: Final = "# Rendered from helm/cloudops-central by `make manifests`; edit there.\n"
HELM_ONLY: Final = ("helm.sh/chart", "helm.sh/resource-policy", "app.kubernetes.io/managed-by")


def chart_crds(crds: Path) -> dict[Path, str]:
    """The chart's copies of the generated CRDs, by the path where they belong."""
    copies = CHART / "files" / "crds"
    return {copies / file.name: file.read_text() for file in sorted(crds.glob("*.yaml"))}


def base_files(rendered: str) -> dict[Path, str]:
    """The files of manifests/base, by path, for the output of `helm template`."""
    yaml = _yaml()
    documents: dict[str, list[Any]] = {}
    for document in yaml.load_all(_without_source_comments(rendered)):
        if document is not None:
            _forget_helm(document)
            documents.setdefault(FILES[document["kind"]], []).append(document)
    files = {BASE / name: _dump(yaml, each) for name, each in documents.items()}
    resources = sorted(["namespace.yaml", *documents])
    files[BASE / "kustomization.yaml"] = _dump(
        yaml,
        [
            {
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "resources": resources,
            }
        ],
    )
    return files


def stale(wanted: Mapping[Path, str], folder: Path) -> Iterator[Path]:
    """Files that differ from what is wanted, or that nobody wants any more."""
    kept = {BASE / "namespace.yaml"}
    for path in folder.glob("*.yaml"):
        if path not in wanted and path not in kept:
            yield path
    for path, content in wanted.items():
        if not path.exists() or path.read_text() != content:
            yield path


def render() -> str:
    """What `helm template` prints for the values of the manifests."""
    chart = ["template", "cloudops", str(CHART), "--namespace", NAMESPACE]
    values = ["--values", str(ROOT / "manifests" / "values.yaml")]
    done = subprocess.run(  # noqa: S603  our own module and files
        [sys.executable, "-m", "scripts.helm", *chart, *values],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def _yaml() -> YAML:
    yaml = YAML()  # the round-trip kind: comments that say why stay with their lines
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 4096
    return yaml


def _without_source_comments(rendered: str) -> str:
    lines = rendered.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("# Source: "))


def _forget_helm(node: Any) -> None:
    """Drop what only `helm` may claim, at every depth, and maps that are empty without it."""
    if isinstance(node, dict):
        for member in ("labels", "annotations"):
            if isinstance(node.get(member), dict):
                for key in HELM_ONLY:
                    node[member].pop(key, None)
                if not node[member]:
                    del node[member]
    metadata = node.get("metadata")
    if isinstance(metadata, dict):
        _forget_helm(metadata)


def _dump(yaml: YAML, documents: list[Any]) -> str:
    buffer = io.StringIO()
    yaml.dump_all(documents, buffer)
    return GENERATED + buffer.getvalue()


def main() -> int:
    """Write the files, or name the stale ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 if stale")
    check = parser.parse_args().check
    outdated = _apply(chart_crds(ROOT / "crds"), CHART / "files" / "crds", check=check)
    if not (check and outdated):  # the chart is the source of what follows
        outdated += _apply(base_files(render()), BASE, check=check)
    for path in outdated:
        state = "is stale, run `make manifests`" if check else "written"
        sys.stdout.write(f"{path.relative_to(ROOT)}: {state}\n")
    return 1 if check and outdated else 0


def _apply(wanted: Mapping[Path, str], folder: Path, *, check: bool) -> list[Path]:
    outdated = sorted(stale(wanted, folder))
    if not check:
        folder.mkdir(parents=True, exist_ok=True)
        for path in outdated:
            if path in wanted:
                path.write_text(wanted[path])
            else:
                path.unlink()
    return outdated


if __name__ == "__main__":
    sys.exit(main())
