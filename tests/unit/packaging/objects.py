"""Kubernetes objects as plain dictionaries, and the questions that several tests ask of them."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

ROOT: Final = Path(__file__).resolve().parents[3]
BASE: Final = ROOT / "manifests" / "base"

Manifest = dict[str, Any]


def load_all(source: Path | str) -> list[Manifest]:
    """Every document of a file or of a text; empty documents are left out."""
    text = source.read_text() if isinstance(source, Path) else source
    return [document for document in YAML(typ="safe").load_all(text) if document]


def base_objects() -> list[Manifest]:
    """What manifests/base holds, without its kustomization."""
    files = sorted(BASE.glob("*.yaml"))
    return [
        document
        for file in files
        if file.name != "kustomization.yaml"
        for document in load_all(file)
    ]


def of_kind(objects: Iterable[Manifest], *kinds: str) -> dict[tuple[str, str, str], Manifest]:
    """By (kind, namespace, name); the namespace of a cluster-wide object is ""."""
    return {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each
        for each in objects
        if each["kind"] in kinds
    }


def workloads(objects: Iterable[Manifest]) -> dict[str, Manifest]:
    """Pod specs by the name of their Deployment."""
    return {
        name: each["spec"]["template"]["spec"]
        for (_, _, name), each in of_kind(objects, "Deployment").items()
    }


def containers(pod: Manifest) -> Iterator[Manifest]:
    """Init containers too: they run with the same rights."""
    yield from pod.get("initContainers", [])
    yield from pod["containers"]


def rules(manifest: Manifest) -> list[tuple[str, str, str, str]]:
    """One line a rule: groups, resources, resource names, verbs, each comma-separated."""
    lines = []
    for rule in manifest["rules"]:
        groups, resources, names, verbs = (
            ",".join(rule.get(part, []))
            for part in ("apiGroups", "resources", "resourceNames", "verbs")
        )
        lines.append((groups, resources, names, verbs))
    return sorted(lines)
