import pytest
from pydantic import ValidationError

from cloudops.api.v1alpha1.base import ApiModel, json_name, member
from cloudops.api.v1alpha1.rules import (
    equals,
    filled,
    must_be,
    only_with,
    present,
    refuse,
    require,
)

pytestmark = pytest.mark.unit


class Inner(ApiModel):
    ids: tuple[str, ...] = ()


class Outer(ApiModel):
    kind: str = "A"
    note: str = ""
    namespace: str = ""
    inner: Inner | None = None


@pytest.mark.parametrize(
    ("python_name", "name"),
    [
        pytest.param("role_arn", "roleARN", id="acronym"),
        pytest.param("subscription_ids", "subscriptionIDs", id="plural-of-an-acronym"),
        pytest.param("ids", "ids", id="acronym-alone"),
        pytest.param("quota_project_id", "quotaProjectID", id="three-words"),
        pytest.param("endpoint_url", "endpointURL", id="url"),
        pytest.param("max_bytes_billed", "maxBytesBilled", id="ordinary-words"),
        pytest.param("from_", "from", id="python-keyword"),
    ],
)
def test_json_names_are_camel_case_with_whole_acronyms(python_name: str, name: str):
    assert json_name(python_name) == name


@pytest.mark.parametrize(
    ("term", "cel", "words"),
    [
        pytest.param(present("inner"), "has(self.inner)", "inner is set", id="present"),
        pytest.param(
            filled("inner.ids"),
            "has(self.inner) && has(self.inner.ids) && size(self.inner.ids) > 0",
            "inner.ids is set",
            id="filled-guards-each-step",
        ),
        pytest.param(
            equals("kind", "A", "B"),
            "has(self.kind) && (self.kind == 'A' || self.kind == 'B')",
            "kind is A or B",
            id="one-of-several",
        ),
        pytest.param(
            present("namespace"), "has(self.__namespace__)", "namespace is set", id="cel-keyword"
        ),
        pytest.param(
            present("inner") & filled("note"),
            "(has(self.inner)) && (has(self.note) && size(self.note) > 0)",
            "inner is set and note is set",
            id="and",
        ),
        pytest.param(
            present("inner") | filled("note"),
            "(has(self.inner)) || (has(self.note) && size(self.note) > 0)",
            "inner is set or note is set",
            id="or",
        ),
    ],
)
def test_terms_speak_cel_and_english(term, cel: str, words: str):
    assert (term.cel, term.words) == (cel, words)


@pytest.mark.parametrize(
    ("term", "document", "expected"),
    [
        pytest.param(present("inner"), {}, False, id="absent"),
        pytest.param(present("inner"), {"inner": {}}, True, id="present"),
        pytest.param(filled("inner.ids"), {}, False, id="parent-absent"),
        pytest.param(filled("inner.ids"), {"inner": {"ids": []}}, False, id="empty-is-unset"),
        pytest.param(filled("inner.ids"), {"inner": {"ids": ["1"]}}, True, id="filled"),
        pytest.param(equals("kind", "A", "B"), {"kind": "B"}, True, id="second-value"),
        pytest.param(equals("kind", "A", "B"), {"kind": "C"}, False, id="other-value"),
        pytest.param(present("inner") & filled("note"), {"note": "x"}, False, id="and-half"),
        pytest.param(
            present("inner") & filled("note"), {"note": "x", "inner": {}}, True, id="and-both"
        ),
        pytest.param(present("inner") | filled("note"), {"note": "x"}, True, id="or-half"),
        pytest.param(present("inner") | filled("note"), {}, False, id="or-none"),
    ],
)
def test_terms_judge_models(term, document, expected):
    assert term.test(Outer.model_validate(document)) is expected


KIND_B = equals("kind", "B")


@pytest.mark.parametrize(
    ("rule", "document", "holds"),
    [
        pytest.param(require(filled("note"), when=KIND_B), {"kind": "B"}, False, id="needed"),
        pytest.param(require(filled("note"), when=KIND_B), {"kind": "A"}, True, id="not-needed"),
        pytest.param(
            require(filled("note"), when=KIND_B), {"kind": "B", "note": "x"}, True, id="given"
        ),
        pytest.param(require(filled("note"), unless=KIND_B), {"kind": "B"}, True, id="exempt"),
        pytest.param(require(filled("note"), unless=KIND_B), {}, False, id="not-exempt"),
        pytest.param(refuse(filled("note"), when=KIND_B), {"kind": "B"}, True, id="not-there"),
        pytest.param(
            refuse(filled("note"), when=KIND_B), {"kind": "B", "note": "x"}, False, id="refused"
        ),
        pytest.param(
            refuse(filled("note"), unless=KIND_B), {"kind": "B", "note": "x"}, True, id="allowed"
        ),
        pytest.param(must_be("kind", "A", when=filled("note")), {"kind": "B"}, True, id="idle"),
        pytest.param(
            must_be("kind", "A", when=filled("note")),
            {"kind": "B", "note": "x"},
            False,
            id="must-be-another",
        ),
        pytest.param(
            must_be("kind", "A", when=filled("note")), {"kind": "A", "note": "x"}, True, id="is"
        ),
    ],
)
def test_rules_hold_or_not(rule, document, holds):
    assert rule.test(Outer.model_validate(document)) is holds


def test_a_rule_says_when_it_applies():
    with pytest.raises(TypeError, match="when it applies"):
        require(present("inner"))


def test_all_broken_rules_of_a_model_are_reported_together():
    class Both(Outer):
        rules = (*only_with(filled("note"), KIND_B), *only_with(present("inner"), KIND_B))

    with pytest.raises(ValidationError) as caught:
        Both.model_validate({"kind": "B"})

    [detail] = caught.value.errors()
    assert detail["ctx"]["violations"] == [
        ("note", "needed when kind is B"),
        ("inner", "needed when kind is B"),
    ]


def test_models_are_closed_and_frozen_and_take_json_names_only():
    class Named(ApiModel):
        role_arn: str = ""
        inner: Inner = member(Inner, "Inner.")

    named = Named.model_validate({"roleARN": "a", "inner": None})

    assert (named.role_arn, named.inner) == ("a", Inner())
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Named.model_validate({"role_arn": "a"})
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Named.model_validate({"unknown": None})
    with pytest.raises(ValidationError, match="frozen"):
        named.role_arn = "b"  # type: ignore[misc]  # that it is read-only is what is tested
