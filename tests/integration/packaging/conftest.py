"""Helm itself, asked for one rendering or for its refusal."""

import json
import subprocess
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from scripts.helm import binary
from scripts.render_manifests import CHART
from tests.unit.packaging.objects import Manifest, load_all

Helm = Callable[..., subprocess.CompletedProcess[str]]
Render = Callable[..., list[Manifest]]

REQUIRED = {"database": {"existingSecret": "cloudops-database"}}


@pytest.fixture(scope="session")
def helm_binary(request: pytest.FixtureRequest) -> Path:
    """Built on first use, in sight: it takes a minute or more on a new machine."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        return binary()


@pytest.fixture
def helm(helm_binary: Path, tmp_path: Path) -> Helm:
    """Run helm with the values given; `--values` last, so that the chart's own come first."""

    def run(*arguments: str, values: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "values.json"
        file.write_text(json.dumps(values))
        return subprocess.run(
            [helm_binary, *arguments, "--values", str(file)],
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def render(helm: Helm) -> Render:
    """The objects that the chart yields in `namespace` for values beside the required ones."""

    def run(namespace: str = "cloudops-system", **values: Any) -> list[Manifest]:
        arguments = ("template", "cloudops", str(CHART), "--namespace", namespace)
        done = helm(*arguments, values=REQUIRED | values)
        assert done.returncode == 0, done.stderr
        return load_all(done.stdout)

    return run
