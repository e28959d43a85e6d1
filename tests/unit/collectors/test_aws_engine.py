from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel

from cloudops.collectors.aws.paging import PagingRule, _no_more
from cloudops.collectors.aws.timestamps import parse_timestamp
from cloudops.collectors.aws.wire import mend_answer, mend_xml
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass

pytestmark = pytest.mark.unit

MARKER = PagingRule(("Marker",), ("Marker",), "IsTruncated")
TOKEN = PagingRule(("NextToken",), ("NextToken",), "")
PAIR = PagingRule(("Key", "Version"), ("NextKey || Items[-1]", "NextVersion"), "")


@pytest.mark.parametrize(
    ("rule", "answer", "tokens"),
    [
        pytest.param(TOKEN, {"NextToken": "a"}, {"NextToken": "a"}, id="token"),
        pytest.param(TOKEN, {"NextToken": ""}, {}, id="empty-token"),
        pytest.param(TOKEN, {}, {}, id="no-token"),
        pytest.param(MARKER, {"IsTruncated": True, "Marker": "m"}, {"Marker": "m"}, id="marker"),
        pytest.param(MARKER, {"IsTruncated": False, "Marker": "m"}, {}, id="marker-at-the-end"),
        pytest.param(
            PAIR, {"Items": ["x"], "NextVersion": "2"}, {"Key": "x", "Version": "2"}, id="two"
        ),
        pytest.param(PAIR, {"Items": ["x"]}, {"Key": "x"}, id="one-of-two"),
    ],
)
def test_the_next_call_follows_from_the_answer(
    rule: PagingRule, answer: dict[str, Any], tokens: dict[str, Any]
):
    assert rule.next(answer) == tokens


def test_truncated_without_a_token_is_incomplete():
    with pytest.raises(ListingError, match="brings no token") as caught:
        MARKER.next({"IsTruncated": True})

    assert (caught.value.error_class, caught.value.code) == (ErrorClass.INCOMPLETE, "TokenMissing")


def test_paging_rules_are_botocores():
    declared = {"input_token": ["A", "B"], "output_token": ["a", "b"], "more_results": "More"}

    assert PagingRule.of(declared) == PagingRule(("A", "B"), ("a", "b"), "More")
    assert PagingRule.of(None) is None


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        pytest.param(
            "2026-01-02T03:04:05.678Z", datetime(2026, 1, 2, 3, 4, 5, 678000, UTC), id="iso"
        ),
        pytest.param("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), id="naive"),
        pytest.param(
            "Fri, 02 Jan 2026 03:04:05 GMT", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), id="http"
        ),
        pytest.param("1767225600", datetime(2026, 1, 1, tzinfo=UTC), id="epoch-text"),
        pytest.param(1767225600, datetime(2026, 1, 1, tzinfo=UTC), id="epoch"),
        pytest.param("2026-99-99", "2026-99-99", id="broken-date"),
        pytest.param("soon", "soon", id="text"),
        pytest.param([], [], id="no-time-at-all"),
    ],
)
def test_times_on_the_wire_are_parsed_or_passed_on(wire: object, value: object):
    assert parse_timestamp(wire) == value


@pytest.mark.parametrize(
    ("body", "mended"),
    [
        pytest.param(b"<a>\x00\x1f</a>", "<a>\ufffd\ufffd</a>", id="control-characters"),
        pytest.param(b"<a>\xed\xa0\x80</a>", "<a>\ufffd</a>", id="surrogate"),
        pytest.param(b"<a>&#0;&#x1;&#xD800;</a>", "<a>\ufffd\ufffd\ufffd</a>", id="references"),
        pytest.param(b"<a>&#x110000;</a>", "<a>\ufffd</a>", id="beyond-unicode"),
    ],
)
def test_characters_that_end_an_xml_page_are_replaced(body: bytes, mended: str):
    assert mend_xml(body).decode() == mended


@pytest.mark.parametrize(
    "body", [b"<a>\t&#10;&#x9;&amp;\r\n</a>", "<a>&#xE9;\u00e9\ue000</a>".encode()]
)
def test_legal_xml_is_left_alone(body: bytes):
    assert mend_xml(body) == body


@pytest.mark.parametrize("body", [b'{"a": "\x00"}', b"", None])
def test_what_is_no_xml_is_left_alone(body: bytes | None):
    answer: dict[str, Any] = {"body": body}
    mend_answer(answer, event_name="before-parse")

    assert answer == {"body": body}


def test_a_success_without_a_single_byte_is_no_answer():
    """Fails without the check: of S3's protocol botocore takes no bytes for an empty answer."""
    with pytest.raises(ValueError, match="empty body"):
        mend_answer({"body": b"", "status_code": 200}, event_name="before-parse")


@pytest.mark.parametrize("answer", [{"body": b"", "status_code": 403}, {"body": b"{}"}])
def test_errors_and_empty_objects_are_answers(answer: dict[str, Any]):
    mend_answer(answer | {"status_code": answer.get("status_code", 200)}, event_name="")


def json_operation() -> OperationModel:
    model = botocore.session.Session().get_service_model("sqs")
    return model.operation_model("ListQueues")


@pytest.mark.parametrize("body", [b"<html></html>", b'{"QueueUrls": [', b"[]", b"null", b"\xff"])
def test_a_success_that_should_be_json_and_is_not_is_no_answer(body: bytes):
    """Fails without the check: botocore makes `{}` of it, and of SQS that means no queues."""
    with pytest.raises((ValueError, TypeError)):
        mend_answer({"body": body, "status_code": 200}, operation_model=json_operation())


@pytest.mark.parametrize("body", [b"{}", b' {"QueueUrls": []}\n', b'{"Name": "\\ud800"}'])
def test_json_objects_are_left_alone(body: bytes):
    answer: dict[str, Any] = {"body": body, "status_code": 200}
    mend_answer(answer, operation_model=json_operation())

    assert answer["body"] == body


@pytest.mark.parametrize("member", ["NextToken", "Marker", "IsTruncated"])
def test_an_operation_that_does_not_page_must_not_go_on(member: str):
    with pytest.raises(ListingError) as caught:
        _no_more({"Regions": [], member: "more"})

    assert (caught.value.error_class, caught.value.code) == (
        ErrorClass.INCOMPLETE,
        "UndeclaredToken",
    )


def test_an_operation_that_does_not_page_ends_with_its_answer():
    assert _no_more({"Regions": [], "NextToken": "", "IsTruncated": False}) == {}
