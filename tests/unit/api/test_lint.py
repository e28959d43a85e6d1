"""One broken schema a rule; whatever is rendered must pass all of them."""

import copy
from typing import Any

import pytest

from cloudops.api.v1alpha1.crd import KINDS, CustomResource, render_crd
from cloudops.api.v1alpha1.lint import lint

pytestmark = pytest.mark.unit

TEXT = {"description": "d", "type": "string", "maxLength": 5}
WORD = {**TEXT, "minLength": 1}
COUNT = {"description": "d", "type": "integer", "format": "int32", "minimum": 0, "maximum": 9}
LIST = {
    "description": "d",
    "type": "array",
    "maxItems": 5,
    "items": {"type": "string", "maxLength": 5},
    "x-kubernetes-list-type": "atomic",
}
ITEM = {"type": "object", "required": ["name"], "properties": {"name": WORD}}
LIST_MAP = {
    **LIST,
    "items": ITEM,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
}
CONDITIONS = {
    **LIST_MAP,
    "items": {"type": "object", "required": ["type"], "properties": {"type": WORD}},
    "x-kubernetes-list-map-keys": ["type"],
}


def crd(fields: dict[str, Any], *, required: list[str] | None = None) -> dict[str, Any]:
    """A definition that has nothing wrong but, perhaps, `fields` of its spec."""
    return {
        "spec": {
            "versions": [
                {
                    "subresources": {"status": {}},
                    "schema": {
                        "openAPIV3Schema": {
                            "required": ["spec"],
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "properties": fields,
                                    "required": required or [],
                                },
                                "status": {
                                    "type": "object",
                                    "default": {"observedGeneration": -1},
                                    "properties": {
                                        "conditions": copy.deepcopy(CONDITIONS),
                                        "total": {
                                            "description": "d",
                                            "type": "integer",
                                            "format": "int64",
                                        },
                                    },
                                },
                            },
                        }
                    },
                }
            ]
        }
    }


@pytest.mark.parametrize("resource", [pytest.param(kind, id=kind.kind) for kind in KINDS])
def test_every_kind_follows_the_conventions(resource: CustomResource):
    assert lint(render_crd(resource)) == []


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"note": TEXT}, id="text"),
        pytest.param({"mode": {"description": "d", "type": "string", "enum": ["A"]}}, id="enum"),
        pytest.param({"day": {"description": "d", "type": "string", "format": "date"}}, id="date"),
        pytest.param({"count": COUNT}, id="count"),
        pytest.param({"names": LIST}, id="list"),
        pytest.param({"items": LIST_MAP}, id="list-map"),
        pytest.param({"suspend": {"description": "d", "type": "boolean"}}, id="suspend"),
        pytest.param({"role": {**TEXT, "default": "r", "pattern": "^r$"}}, id="default"),
        pytest.param(
            {
                "names": {
                    **LIST,
                    "default": ["*"],
                    "minItems": 1,
                }
            },
            id="list-with-default",
        ),
        pytest.param(
            {
                "labels": {
                    "description": "d",
                    "type": "object",
                    "maxProperties": 5,
                    "additionalProperties": {"type": "string", "maxLength": 5},
                }
            },
            id="map",
        ),
        pytest.param(
            {
                "refs": {
                    **LIST_MAP,
                    "items": {**ITEM, "properties": {"name": WORD, "ns": {**TEXT, "default": "a"}}},
                    "x-kubernetes-list-map-keys": ["name", "ns"],
                }
            },
            id="list-map-key-with-default",
        ),
    ],
)
def test_good_schemas_pass(fields: dict[str, Any]):
    assert lint(crd(fields)) == []


def without(schema: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != key}


@pytest.mark.parametrize(
    ("fields", "required", "found"),
    [
        pytest.param(
            {"a": without(TEXT, "description")}, [], "spec.a: needs a description", id="undescribed"
        ),
        pytest.param({"phase": TEXT}, [], "spec.phase: no phase; use conditions", id="phase"),
        pytest.param(
            {"syncTimestamp": TEXT},
            [],
            "spec.syncTimestamp: instants end in Time",
            id="timestamp",
        ),
        pytest.param(
            {"secretReference": TEXT},
            [],
            "spec.secretReference: references end in Ref or Refs",
            id="reference",
        ),
        pytest.param(
            {"requestTimeout": COUNT}, [], "spec.requestTimeout: say the unit", id="no-unit"
        ),
        pytest.param({"roleArn": TEXT}, [], "spec.roleArn: acronyms keep one case", id="acronym"),
        pytest.param({"Role": TEXT}, [], "spec.Role: names are camelCase", id="capital"),
        pytest.param({"role_name": TEXT}, [], "spec.role_name: names are camelCase", id="snake"),
        pytest.param(
            {"a": {**TEXT, "nullable": True}},
            [],
            "spec.a: no nullable; absent is unset",
            id="nullable",
        ),
        pytest.param(
            {"a": {"description": "d", "type": "number"}},
            [],
            "spec.a: no floats; use a decimal string",
            id="float",
        ),
        pytest.param(
            {"a": {"description": "d", "type": "boolean"}},
            [],
            "spec.a: no bools; use an enum that can grow",
            id="bool",
        ),
        pytest.param(
            {"a": {"description": "d", "type": "object"}},
            [],
            "spec.a: no maps but string to string",
            id="free-form",
        ),
        pytest.param(
            {"a": {**WORD, "default": "x"}},
            ["a"],
            "spec.a: required fields carry no default",
            id="required-with-default",
        ),
        pytest.param(
            {"a": {**TEXT, "format": "duration"}},
            [],
            "spec.a: no formats but date and date-time; durations are integers with their unit",
            id="duration",
        ),
        pytest.param(
            {"a": without(TEXT, "maxLength")}, [], "spec.a: needs maxLength", id="no-max-length"
        ),
        pytest.param(
            {"a": WORD}, [], 'spec.a: must take "", which means unset', id="optional-not-empty"
        ),
        pytest.param(
            {"a": {**TEXT, "pattern": "^x$"}},
            [],
            'spec.a: must take "", which means unset',
            id="optional-pattern-not-empty",
        ),
        pytest.param({"a": TEXT}, ["a"], 'spec.a: must not take ""', id="required-empty"),
        pytest.param(
            {"a": without(LIST, "maxItems")}, [], "spec.a: needs maxItems", id="no-max-items"
        ),
        pytest.param(
            {"a": LIST}, ["a"], "spec.a: a required list needs minItems", id="required-list"
        ),
        pytest.param(
            {"a": {**LIST, "minItems": 1}},
            [],
            "spec.a: must take [], which means unset",
            id="optional-list",
        ),
        pytest.param(
            {"a": without(LIST, "x-kubernetes-list-type")},
            [],
            "spec.a: needs x-kubernetes-list-type",
            id="no-list-type",
        ),
        pytest.param(
            {"a": {**LIST, "default": ["*"], "x-kubernetes-list-type": "set"}},
            [],
            "spec.a: a list with a default must be atomic: applying would merge the default in",
            id="set-with-default",
        ),
        pytest.param(
            {"a": {**LIST, "items": ITEM, "x-kubernetes-list-type": "set"}},
            [],
            "spec.a: no sets of objects",
            id="set-of-objects",
        ),
        pytest.param(
            {"a": {**LIST, "items": {"type": "object", "properties": {"name": TEXT}}}},
            [],
            "spec.a: items need at least one required field",
            id="items-without-required",
        ),
        pytest.param(
            {"a": without(LIST_MAP, "x-kubernetes-list-map-keys")},
            [],
            "spec.a: needs list-map-keys",
            id="no-keys",
        ),
        pytest.param(
            {"a": {**LIST_MAP, "x-kubernetes-list-map-keys": ["ns"]}},
            [],
            "spec.a: key ns must be required or have a default",
            id="optional-key",
        ),
        pytest.param(
            {
                "a": {
                    "description": "d",
                    "type": "object",
                    "additionalProperties": {"type": "string", "maxLength": 5},
                }
            },
            [],
            "spec.a: needs maxProperties",
            id="unbounded-map",
        ),
        pytest.param(
            {"a": without(COUNT, "format")}, [], "spec.a: needs format int32 or int64", id="format"
        ),
        pytest.param(
            {"a": {**COUNT, "format": "int64", "maximum": 2**63 - 1}},
            [],
            "spec.a: this maximum refuses every object; leave it out",
            id="int64-max",
        ),
        pytest.param(
            {"a": without(COUNT, "maximum")},
            [],
            "spec.a: needs minimum and maximum",
            id="unbounded-integer",
        ),
        pytest.param(
            {"a": {**TEXT, "x-kubernetes-validations": [{"rule": "true"}]}},
            [],
            "spec.a: rule 'true' needs a message",
            id="no-message",
        ),
    ],
)
def test_bad_schemas_are_named(fields: dict[str, Any], required: list[str], found: str):
    assert lint(crd(fields, required=required)) == [found]


@pytest.mark.parametrize("path", ["a", ".b", ".a.b", ""])
def test_a_field_path_leads_to_an_existing_field(path: str):
    broken = crd({"a": TEXT})
    spec = broken["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["x-kubernetes-validations"] = [{"rule": "true", "message": "m", "fieldPath": path}]

    assert lint(broken) == [
        f"spec: fieldPath {path!r} must begin with a dot and name an existing field"
    ]


def test_a_good_field_path_passes():
    good = crd({"a": TEXT})
    spec = good["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["x-kubernetes-validations"] = [{"rule": "true", "message": "m", "fieldPath": ".a"}]

    assert lint(good) == []


def test_the_status_is_shaped_as_tools_expect_it():
    broken = crd({})
    version = broken["spec"]["versions"][0]
    root = version["schema"]["openAPIV3Schema"]
    version["subresources"] = {}
    root["required"] = []
    root["properties"]["status"] = {
        "type": "object",
        "required": ["total"],
        "properties": {"total": {**COUNT}, "conditions": {**LIST}},
    }

    assert lint(broken) == [
        "spec: must be required",
        "status: needs the status subresource",
        "status: defaults to observedGeneration -1, or unseen objects look current",
        "status: first-level fields are optional",
        "status: conditions is the first field",
        "status.conditions: is a list map with the key type",
    ]


def test_a_kind_without_status_passes():
    bare = crd({"a": TEXT})
    del bare["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]

    assert lint(bare) == []
