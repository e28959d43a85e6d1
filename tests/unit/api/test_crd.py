from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field
from ruamel.yaml import YAML

from cloudops.api.v1alpha1.base import ApiModel, StatusModel, member
from cloudops.api.v1alpha1.cloudprovider import CloudProviderSpec
from cloudops.api.v1alpha1.crd import (
    CLOUD_PROVIDER,
    KINDS,
    Column,
    CustomResource,
    crd_files,
    crd_yaml,
    render_crd,
)
from cloudops.api.v1alpha1.fields import WHOLE, Glob, Name, OptionalText, list_map
from cloudops.api.v1alpha1.lint import lint
from cloudops.api.v1alpha1.rules import filled, member_named_by, refuse
from cloudops.api.v1alpha1.status import CloudProviderStatus, Conditions

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[3]
GOLDEN = REPOSITORY / "tests/data/crds/sample.yaml"


class Circle(ApiModel):
    """A circle."""

    radius: Annotated[int, Field(strict=True, ge=1, le=10**10), WHOLE] = Field(
        description="In millimetres."
    )


class Looks(ApiModel):
    """How it looks."""

    rules = (refuse(filled("note"), unless=filled("include")),)

    include: Annotated[tuple[Glob, ...], Field(min_length=1, max_length=9)] = Field(
        ("*",), description="Globs."
    )
    note: OptionalText = Field("", description="For people: no, yes, 012.")


class Corner(ApiModel):
    name: Name = Field(description="Its name.")


class Spec(ApiModel):
    """What is wanted."""

    rules = member_named_by("type", circle="Circle")

    type: Literal["Circle", "None"] = Field(description="Which shape.")
    circle: Circle | None = Field(None, description="For type Circle.")
    looks: Looks = member(Looks, "How it looks.")
    corners: Annotated[
        tuple[Corner, ...], Field(max_length=4, json_schema_extra=list_map("name"))
    ] = Field((), description="Its corners.")


class Status(StatusModel):
    """What is there."""

    conditions: Conditions = Field((), description="Conditions.")


SAMPLE = CustomResource(
    kind="Shape",
    plural="shapes",
    short_name="shp",
    description="A Shape.",
    spec=Spec,
    status=Status,
    columns=(
        Column("Type", "string", ".spec.type", "Which shape."),
        Column("Note", "string", ".spec.looks.note", "For people.", wide=True),
    ),
)


def load(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_a_small_kind_renders_to_the_golden_file():
    assert lint(render_crd(SAMPLE)) == []
    assert crd_yaml(SAMPLE) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("resource", [pytest.param(kind, id=kind.kind) for kind in KINDS])
def test_the_file_says_what_was_rendered_and_nothing_else(resource: CustomResource):
    text = crd_yaml(resource)

    assert load(text) == render_crd(resource)
    assert text == crd_yaml(resource)
    assert not [line for line in text.splitlines() if line.endswith(" ")]
    assert "null" not in text.replace("nullable", "").split()
    assert len(text) < 256 * 1024  # what `kubectl apply` without --server-side can take


@pytest.mark.parametrize("name", list(crd_files()))
def test_the_files_in_the_repository_are_up_to_date(name: str):
    committed = (REPOSITORY / "crds" / name).read_text(encoding="utf-8")

    assert committed == crd_files()[name], "run `cloudops crds`"


def test_no_file_in_the_repository_is_of_no_kind():
    assert {path.name for path in (REPOSITORY / "crds").iterdir()} == set(crd_files())


def test_a_cloudprovider_shows_the_answer_to_the_daily_question():
    assert [column.name for column in CLOUD_PROVIDER.columns if not column.wide] == [
        "Type",
        "Ready",
        "Reachable",
        "Accounts",
        "Resources",
        "Oldest Sync",
        "Age",
    ]


def fields(schema: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, child in schema.get("properties", {}).items():
        found += [(f"{path}.{name}", child), *fields(child, f"{path}.{name}")]
    if "items" in schema:
        found += fields(schema["items"], f"{path}[]")
    return found


def spec_schema() -> dict[str, Any]:
    version = render_crd(CLOUD_PROVIDER)["spec"]["versions"][0]
    schema: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return schema


def test_every_column_leads_to_a_field():
    version = render_crd(CLOUD_PROVIDER)["spec"]["versions"][0]
    known = {path for path, _ in fields(version["schema"]["openAPIV3Schema"])}
    known.add(".metadata.creationTimestamp")

    for column in CLOUD_PROVIDER.columns:
        path = column.json_path
        if "?" in path:
            path = path[: path.index("[")] + "[]" + path[path.rindex(".") :]
        assert path in known


def test_defaults_of_the_schema_are_those_of_the_models():
    def filled_in(schema: dict[str, Any]) -> Any:
        """What the API server makes of `{}`."""
        return {
            name: filled_in(child) if child["default"] == {} else child["default"]
            for name, child in schema["properties"].items()
            if "default" in child
        }

    spec = CloudProviderSpec.model_validate(
        {"type": "aws", "aws": {"credentials": {"source": "Operator"}}}
    )
    dumped = spec.model_dump(by_alias=True, mode="json", exclude={"type", "aws"})

    def without_unset(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        kept = {key: without_unset(item) for key, item in value.items()}
        return {k: v for k, v in kept.items() if v is not None and v not in ("", [])}

    expected = filled_in(spec_schema())
    actual = without_unset(dumped)
    assert actual["allowedNamespaces"].pop("selector") == {"matchLabels": {}}
    assert actual == expected


def test_status_can_be_made_by_python_names():
    status = CloudProviderStatus(observed_generation=3, problems_total=0)

    assert status.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True) == {
        "observedGeneration": 3,
        "problemsTotal": 0,
    }
