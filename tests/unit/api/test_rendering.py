"""Every row of the table "what pydantic emits → what the API server accepts"."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from cloudops.api.v1alpha1.base import ApiModel, member
from cloudops.api.v1alpha1.fields import list_map
from cloudops.api.v1alpha1.rendering import RenderError, structural_schema
from cloudops.api.v1alpha1.rules import member_named_by, present, refuse

pytestmark = pytest.mark.unit


class Colour(StrEnum):
    """An enum's own words are less specific than the field's."""

    RED = "Red"
    BLUE = "Blue"


class Box(ApiModel):
    """A box,
    described over two lines."""

    rules = (refuse(present("depth"), unless=present("width")),)

    width: int | None = Field(None, ge=1, le=9)
    depth: int | None = Field(None, ge=1, le=9)


class Lid(ApiModel):
    name: str


class Shelf(ApiModel):
    height: Annotated[int, Field(ge=0, le=9)] = 3


class Tree(ApiModel):
    branches: tuple["Tree", ...] = ()


class Cat(BaseModel):
    type: Literal["Cat"]


class Dog(BaseModel):
    type: Literal["Dog"]


def rendered(annotation: Any, default: Any = ...) -> dict[str, Any]:
    """The schema of one field of that type."""
    model = create_model("Sample", __base__=ApiModel, field=(annotation, default))
    schema: dict[str, Any] = structural_schema(model)["properties"]["field"]
    return schema


@pytest.mark.parametrize(
    ("annotation", "default", "schema"),
    [
        pytest.param(
            Colour, ..., {"type": "string", "enum": ["Red", "Blue"]}, id="reference-is-inlined"
        ),
        pytest.param(
            Colour,
            Field(Colour.RED, description="Of the lid."),
            {
                "description": "Of the lid.",
                "type": "string",
                "enum": ["Red", "Blue"],
                "default": "Red",
            },
            id="keywords-beside-a-reference-win",
        ),
        pytest.param(str | None, None, {"type": "string"}, id="none-is-absent"),
        pytest.param(
            Shelf | None,
            Field(None, description="Optional."),
            {
                "description": "Optional.",
                "type": "object",
                "properties": {
                    "height": {
                        "type": "integer",
                        "format": "int32",
                        "default": 3,
                        "minimum": 0,
                        "maximum": 9,
                    }
                },
            },
            id="none-or-a-model",
        ),
        pytest.param(Literal["v1"], ..., {"type": "string", "enum": ["v1"]}, id="const"),
        pytest.param(
            set[str],
            ...,
            {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            id="set",
        ),
        pytest.param(
            Annotated[float, Field(gt=0, lt=1.5)],
            ...,
            {
                "type": "number",
                "minimum": 0,
                "exclusiveMinimum": True,
                "maximum": 1.5,
                "exclusiveMaximum": True,
            },
            id="exclusive-bounds",
        ),
        pytest.param(
            Decimal,
            ...,
            {"type": "string", "maxLength": 24, "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"},
            id="decimal",
        ),
        pytest.param(
            Decimal | None,
            Field(None, json_schema_extra={"pattern": "^[0-9]+$"}),
            {"type": "string", "maxLength": 24, "pattern": "^[0-9]+$"},
            id="optional-decimal-with-its-own-pattern",
        ),
        pytest.param(
            int | str,
            ...,
            {
                "x-kubernetes-int-or-string": True,
                "anyOf": [{"type": "integer"}, {"type": "string"}],
            },
            id="int-or-string",
        ),
        pytest.param(
            str | int | None,
            None,
            {
                "x-kubernetes-int-or-string": True,
                "anyOf": [{"type": "integer"}, {"type": "string"}],
            },
            id="optional-int-or-string-in-the-other-order",
        ),
        pytest.param(
            tuple[Lid, ...],
            Field((), max_length=5, json_schema_extra=list_map("name")),
            {
                "type": "array",
                "maxItems": 5,
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}},
                },
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
            id="list-of-models-with-keys",
        ),
        pytest.param(
            tuple[str, ...],
            Field(("*",), min_length=1, max_length=5),
            {
                "type": "array",
                "default": ["*"],
                "minItems": 1,
                "maxItems": 5,
                "items": {"type": "string"},
                "x-kubernetes-list-type": "atomic",
            },
            id="other-list",
        ),
        pytest.param(
            dict[str, str],
            Field({}, max_length=3),
            {
                "type": "object",
                "maxProperties": 3,
                "additionalProperties": {"type": "string"},
            },
            id="map-of-strings",
        ),
        pytest.param(
            Annotated[int, Field(ge=1, le=2**31 - 1)],
            ...,
            {"type": "integer", "format": "int32", "minimum": 1, "maximum": 2**31 - 1},
            id="int32",
        ),
        pytest.param(
            Annotated[int, Field(lt=2**40)],
            ...,
            {
                "type": "integer",
                "format": "int64",
                "maximum": 2**40,
                "exclusiveMaximum": True,
            },
            id="int64",
        ),
        pytest.param(
            Annotated[int, Field(json_schema_extra={"format": "int64"})],
            ...,
            {"type": "integer", "format": "int64"},
            id="int64-without-bounds",
        ),
        pytest.param(
            Box,
            ...,
            {
                "description": "A box, described over two lines.",
                "type": "object",
                "properties": {
                    name: {"type": "integer", "format": "int32", "minimum": 1, "maximum": 9}
                    for name in ("width", "depth")
                },
                "x-kubernetes-validations": [
                    {
                        "rule": "(has(self.width)) || !(has(self.depth))",
                        "message": "not allowed unless width is set",
                        "reason": "FieldValueForbidden",
                        "fieldPath": ".depth",
                    }
                ],
            },
            id="rules",
        ),
        pytest.param(
            Shelf,
            member(Shelf, "There by default."),
            {
                "description": "There by default.",
                "type": "object",
                "default": {},
                "properties": {
                    "height": {
                        "type": "integer",
                        "format": "int32",
                        "default": 3,
                        "minimum": 0,
                        "maximum": 9,
                    }
                },
            },
            id="member-brings-its-defaults",
        ),
        pytest.param(
            Lid | None,
            Field(None, json_schema_extra={"default": {}}),
            {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}},
            },
            id="default-object-without-defaults-below-is-idle",
        ),
        pytest.param(str, "", {"type": "string"}, id="empty-default"),
        pytest.param(
            datetime | None, None, {"type": "string", "format": "date-time"}, id="date-time"
        ),
        pytest.param(date, ..., {"type": "string", "format": "date"}, id="date"),
    ],
)
def test_field_becomes_what_the_api_server_accepts(
    annotation: Any, default: Any, schema: dict[str, Any]
):
    assert rendered(annotation, default) == {
        **({"description": Colour.__doc__} if default is ... and annotation is Colour else {}),
        **schema,
    }


def test_titles_and_closedness_are_dropped_but_not_fields_of_those_names():
    class Book(BaseModel):
        model_config = ConfigDict(extra="forbid")

        title: str
        default: str | None

    assert structural_schema(Book) == {
        "type": "object",
        "required": ["title"],
        "properties": {"title": {"type": "string"}, "default": {"type": "string"}},
    }


def test_rules_of_a_model_and_of_the_field_both_hold():
    class Outer(ApiModel):
        box: Box = Field(json_schema_extra={"x-kubernetes-validations": [{"rule": "true"}]})

    rules = structural_schema(Outer)["properties"]["box"]["x-kubernetes-validations"]

    assert [rule["rule"] for rule in rules] == ["(has(self.width)) || !(has(self.depth))", "true"]


def test_union_is_a_flat_object_with_a_rule_for_each_member():
    class Amount(ApiModel):
        rules = member_named_by("type", fixed="Fixed", shelf="Shelf")

        type: Literal["Fixed", "Shelf"]
        fixed: Lid | None = None
        shelf: Shelf | None = None

    schema = structural_schema(Amount)

    assert schema["required"] == ["type"]
    assert list(schema["properties"]) == ["type", "fixed", "shelf"]
    assert schema["x-kubernetes-validations"][:2] == [
        {
            "rule": "!(has(self.type) && self.type == 'Fixed') || (has(self.fixed))",
            "message": "needed when type is Fixed",
            "reason": "FieldValueRequired",
            "fieldPath": ".fixed",
        },
        {
            "rule": "(has(self.type) && self.type == 'Fixed') || !(has(self.fixed))",
            "message": "not allowed unless type is Fixed",
            "reason": "FieldValueForbidden",
            "fieldPath": ".fixed",
        },
    ]


def test_keywords_come_in_one_order():
    schema = rendered(Annotated[str, Field(max_length=3, pattern="a")], Field("b", description="c"))

    assert list(schema) == ["description", "type", "default", "maxLength", "pattern"]


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        pytest.param(Tree, "Tree contains itself", id="recursion"),
        pytest.param(
            Annotated[Cat | Dog, Field(discriminator="type")],
            "a structural schema has no discriminator, oneOf",
            id="discriminated-union",
        ),
        pytest.param(Cat | Dog, "no unions", id="union"),
        pytest.param(int | str | bool, "no unions", id="union-of-scalars"),
        pytest.param(tuple[int, str], "items of one type", id="tuple"),
        pytest.param(list, "items of one type", id="list-of-anything"),
        pytest.param(dict[str, Lid], "no maps but string to string", id="map-of-models"),
        pytest.param(dict[str, Any], "no maps but string to string", id="map-of-anything"),
        pytest.param(
            dict[Annotated[str, Field(pattern="^a")], str], "keys of a map", id="map-key-pattern"
        ),
        pytest.param(
            dict[Annotated[str, Field(max_length=3)], str], "keys of a map", id="map-key-length"
        ),
        pytest.param(frozenset[Lid], "a set holds scalars only", id="set-of-models"),
        pytest.param(Annotated[str, Field(deprecated=True)], "no deprecated", id="unknown-keyword"),
        pytest.param(
            Annotated[str, Field(json_schema_extra={"readOnly": True})],
            "no readOnly",
            id="read-only",
        ),
        pytest.param(
            Annotated[str, Field(json_schema_extra={"format": "duration"})],
            "format duration is not checked strictly",
            id="format",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_place(annotation: Any, message: str):
    with pytest.raises(RenderError, match=message) as caught:
        rendered(annotation)

    assert str(caught.value).startswith("Sample.field")


def test_an_open_object_without_fields_is_refused():
    class Anything(BaseModel):
        model_config = ConfigDict(extra="allow")

    with pytest.raises(RenderError, match="Anything: no maps but string to string"):
        structural_schema(Anything)
    with pytest.raises(RenderError, match=r"Sample\.field: an object needs named fields"):
        rendered(Annotated[dict, Field(json_schema_extra={"additionalProperties": False})])
