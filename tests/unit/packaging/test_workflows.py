"""The rules of .github/workflows/README.md, and that every `make` target named exists."""

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.unit.packaging.objects import ROOT

pytestmark = pytest.mark.unit

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$")


def load(path) -> dict[str, Any]:
    workflow: dict[str, Any] = YAML(typ="safe").load(path.read_text())
    return workflow


JOBS = [
    pytest.param(job, id=f"{path.stem}/{name}")
    for path in WORKFLOWS
    for name, job in load(path)["jobs"].items()
]


def make_targets(text: str) -> set[str]:
    return set(re.findall(r"\bmake ((?:[a-z0-9-]+ ?)+)", text))


def known_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text()
    lines = re.findall(r"^([a-z0-9 -]+):(?!=)", makefile, re.MULTILINE)
    return {target for line in lines for target in line.split()}


def test_there_is_a_workflow():
    assert [path.name for path in WORKFLOWS] == ["ci.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_itself_has_no_permissions(path):
    assert load(path)["permissions"] == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_with_their_version(path):
    uses = [line.strip("- ") for line in path.read_text().splitlines() if "uses:" in line]

    assert uses
    assert [line for line in uses if not PINNED.search(line)] == []


@pytest.mark.parametrize("job", JOBS)
def test_job_reads_at_most_and_ends_in_time(job):
    assert job["permissions"] in ({}, {"contents": "read"})
    assert job["timeout-minutes"] <= 60


@pytest.mark.parametrize("job", JOBS)
def test_checkout_leaves_no_token_behind(job):
    checkouts = [step for step in job["steps"] if "actions/checkout@" in step.get("uses", "")]

    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("job", JOBS)
def test_scripts_hold_no_expressions(job):
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


def test_summary_waits_for_every_other_job():
    jobs = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]

    assert set(jobs["summary"]["needs"]) == set(jobs) - {"summary"}
    assert jobs["summary"]["if"] == "always()"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(ROOT / ".github" / "workflows" / "ci.yml", id="ci"),
        pytest.param(ROOT / ".github" / "workflows" / "README.md", id="workflows-readme"),
        pytest.param(ROOT / "CONTRIBUTING.md", id="contributing"),
    ],
)
def test_every_make_target_named_exists(path):
    text = path.read_text()
    if path.suffix == ".md":  # prose says "make sure", code is set apart
        text = "\n".join(re.findall(r"(?:`|^)(make [a-z0-9 -]+)", text, re.MULTILINE))
    named = {target for line in make_targets(text) for target in line.split()}

    assert named
    assert named - known_targets() == set()


def test_pre_commit_hooks_are_local_and_call_locked_tools():
    config = YAML(typ="safe").load((ROOT / ".pre-commit-config.yaml").read_text())

    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    for hook in config["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")
