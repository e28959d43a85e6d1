"""Answers that hold no list, but a statement about the account or region."""

from typing import Any

import orjson
import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.items import Hole, item_at
from cloudops.collectors.paths import parse_path
from cloudops.collectors.transform import ListingTransform, UnreadableAnswerError
from cloudops.domain.resource import Page
from tests.unit.collectors.rows import REDACTOR

pytestmark = pytest.mark.unit

BY_NAME = {listing.name: listing for listing in LISTINGS}
CONTEXT = AnswerContext("aws", "aws", "111122223333", "eu-west-1")
METADATA = {"ResponseMetadata": {"RequestId": "changes with each call"}}


def page(name: str, answer: dict[str, Any]) -> Page:
    return ListingTransform(BY_NAME[name], REDACTOR).page(answer, CONTEXT)


@pytest.mark.parametrize(
    ("path", "answer", "item"),
    [
        pytest.param("Policy", {"Policy": {"Length": 14}}, {"Length": 14}, id="an-object"),
        pytest.param(
            "On", {"On": False, "Kind": "sse"}, {"On": False, "Kind": "sse"}, id="a-value"
        ),
        pytest.param("Names", {"Names": []}, {"Names": []}, id="no-names"),
        pytest.param("A.B", {"A": {"B": {"C": 1}}}, {"C": 1}, id="further-inside"),
        pytest.param("A.On", {"A": {"On": 1}}, {"On": 1}, id="a-value-further-inside"),
        pytest.param("A.B", {"A": {}}, Hole("B"), id="missing"),
        pytest.param("A.B", {"A": "text"}, Hole("B"), id="nothing-to-enter"),
        pytest.param("A", {"A": None}, Hole("A"), id="null"),
    ],
)
def test_a_path_leads_to_the_object_or_to_what_holds_the_value(
    path: str, answer: dict[str, Any], item: object
):
    assert item_at(answer | METADATA, parse_path(path)) == item


def test_a_statement_is_one_resource_and_the_call_is_no_part_of_it():
    answer = {"EbsEncryptionByDefault": False} | METADATA
    [found] = page("aws.ec2.ebs-encryption-defaults", answer).observations

    assert found.head is not None
    assert found.head.canonical_id == "arn:aws:ec2:eu-west-1:111122223333:ebs-encryption-by-default"
    assert found.head.id_synthetic
    assert orjson.loads(found.document) == {"EbsEncryptionByDefault": False}


@pytest.mark.parametrize(
    "name", [row.name for row in LISTINGS if any(emits.single for emits in row.emits)]
)
def test_an_answer_without_the_statement_proves_nothing(name: str):
    """Fails if a statement were taken for absent: an empty answer would delete it."""
    with pytest.raises(UnreadableAnswerError):
        page(name, METADATA)


def test_a_statement_of_the_wrong_shape_is_reported():
    found = page("aws.iam.password-policies", {"PasswordPolicy": None})

    assert not found.observations
    assert "PasswordPolicy is not readable" in found.malformed[0].reason
