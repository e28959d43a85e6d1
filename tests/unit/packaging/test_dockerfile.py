"""What a linter for Dockerfiles would say, as far as it matters here."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.benchmarks.syncing import IMAGE_ENVIRONMENT
from tests.unit.packaging.objects import ROOT

pytestmark = pytest.mark.unit


def instructions(text: str) -> list[tuple[str, str]]:
    """Pairs of keyword and arguments, continuation lines joined, comments dropped."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    pairs = (line.split(None, 1) for line in joined.splitlines() if line.strip())
    return [(keyword.upper(), arguments) for keyword, arguments in pairs]


def stages() -> dict[str, list[tuple[str, str]]]:
    """Instructions by stage name; what stands before the first FROM is stage ""."""
    found: dict[str, list[tuple[str, str]]] = {"": []}
    name = ""
    for keyword, arguments in instructions((ROOT / "Dockerfile").read_text()):
        if keyword == "FROM":
            name = arguments.rpartition(" AS ")[2]
            found[name] = []
        found[name].append((keyword, arguments))
    return found


STAGES = stages()


def values(stage: str, keyword: str) -> list[str]:
    return [arguments for found, arguments in STAGES[stage] if found == keyword]


def test_stages_are_the_ones_that_people_build():
    assert set(STAGES) == {"", "base", "wheel", "build", "development", "production", "worker"}


def test_base_image_is_an_argument_with_a_version():
    [argument] = values("", "ARG")
    name, _, default = argument.partition("=")

    assert name == "BASE_IMAGE"
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", default)
    assert [values(stage, "FROM")[0] for stage in ("base", "production")] == [
        "${BASE_IMAGE} AS base",
        "base AS production",
    ]


@pytest.mark.parametrize("stage", ["development", "production"])
def test_image_runs_as_a_numeric_user_that_is_not_root(stage):
    user = values(stage, "USER")[-1]

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_nothing_after_the_user_of_the_production_image_needs_root():
    keywords = [keyword for keyword, _ in STAGES["production"]]
    after = keywords[keywords.index("USER") + 1 :]

    assert set(after) <= {"EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


def test_every_final_image_says_how_healthy_it_is_and_what_it_runs():
    for stage in ("development", "production"):
        assert len(values(stage, "HEALTHCHECK")) == 1
    assert values("production", "ENTRYPOINT") == ['["cloudops"]']
    assert values("production", "CMD") == ['["controller"]']
    assert values("worker", "FROM") == ["production AS worker"]
    assert values("worker", "CMD") == ['["worker"]']


@pytest.mark.parametrize("stage", ["wheel", "build", "development"])
def test_all_that_is_installed_is_locked_and_comes_before_the_code(stage):
    steps = [" ".join(step) for step in STAGES[stage]]
    locked = next(i for i, step in enumerate(steps) if "--require-hashes" in step)
    code = next(i for i, step in enumerate(steps) if re.match(r"COPY (operator|\.|--from)", step))

    assert locked < code
    for step in steps[locked + 1 :]:
        if "RUN pip" in step:
            assert "--no-deps" in step
            assert re.search("--no-build-isolation|--no-index", step)


def test_build_backend_is_locked_with_its_hashes():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = (ROOT / "requirements-build.txt").read_text()
    [backend] = [Requirement(each) for each in pyproject["build-system"]["requires"]]
    versions = dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", locked, re.MULTILINE))

    assert versions[backend.name] in backend.specifier
    assert locked.count("--hash=sha256:") >= len(versions)


def test_no_stage_downloads_by_hand_or_becomes_root_again():
    for stage, steps in STAGES.items():
        for keyword, arguments in steps:
            assert keyword not in {"ADD", "MAINTAINER"}, stage
            assert not re.search(r"\b(curl|wget|sudo|apt-get upgrade)\b|:latest\b", arguments), (
                stage
            )
            assert (keyword, arguments.split(":")[0]) not in {("USER", "root"), ("USER", "0")}


def test_every_copied_path_survives_dockerignore():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {
        path.removesuffix("/")
        for steps in STAGES.values()
        for keyword, arguments in steps
        if keyword == "COPY" and not arguments.startswith("--from")
        for path in arguments.split()[:-1]
    }

    assert ignored[1] == "*"
    assert copied - {"."} <= kept
    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert values("production", "COPY") == ["--from=build /opt/cloudops /opt/cloudops"]


def test_the_tag_that_the_overlay_of_developers_runs_is_of_the_image_that_has_the_command():
    """Fails if one tag means two images: the tests' has no entry point for `args: [controller]`."""
    texts = [
        (ROOT / "Dockerfile").read_text(),
        *(file.read_text() for file in (ROOT / "manifests").rglob("kustomization.yaml")),
    ]
    built = re.findall(r"docker build --target (\w+) (?:-t|--tag) (\S+) \.", "\n".join(texts))

    assert ("production", "cloudops-central:dev") in built
    assert ("development", "cloudops-central:tests") in built
    assert len({tag for _, tag in built}) == len(set(built))


def test_benches_run_a_worker_in_the_environment_of_the_image():
    (declared,) = values("base", "ENV")

    for name, value in IMAGE_ENVIRONMENT.items():
        assert f"{name}={value}" in declared.split()
