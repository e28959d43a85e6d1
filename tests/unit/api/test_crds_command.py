from pathlib import Path

import pytest
from click.testing import CliRunner

from cloudops.api.v1alpha1.crd import crd_files
from cloudops.cli.crds import crds

pytestmark = pytest.mark.unit


def run(*arguments: str | Path):
    return CliRunner().invoke(crds, [str(argument) for argument in arguments])


def test_files_are_written_and_then_up_to_date(tmp_path: Path):
    folder = tmp_path / "new" / "crds"

    written = run("--directory", folder)
    checked = run("--directory", folder, "--check")

    assert written.exit_code == 0
    assert written.output.split() == [str(folder / name) for name in crd_files()]
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == crd_files()
    assert (checked.exit_code, checked.output) == (0, "")


def test_a_stale_file_is_shown_as_a_diff_and_left_alone(tmp_path: Path):
    run("--directory", tmp_path)
    stale = tmp_path / next(iter(crd_files()))
    text = stale.read_text(encoding="utf-8").replace("kind: CloudProvider\n", "kind: Stale\n")
    stale.write_text(text, encoding="utf-8")

    result = run("--directory", tmp_path, "--check")

    assert result.exit_code == 1
    assert "\n-    kind: Stale\n+    kind: CloudProvider\n" in result.output
    assert stale.read_text(encoding="utf-8") == text


def test_missing_files_and_files_of_no_kind_are_stale(tmp_path: Path):
    (tmp_path / "old.yaml").write_text("kind: Old\n", encoding="utf-8")

    result = run("--directory", tmp_path, "--check")

    assert result.exit_code == 1
    assert "-kind: Old\n" in result.output
    assert "+kind: CustomResourceDefinition\n" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["old.yaml"]
