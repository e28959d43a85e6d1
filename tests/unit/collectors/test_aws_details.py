"""Calls about one item: what is asked, what its answers make together, and how they fail."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.details import DetailRun
from cloudops.collectors.detailing import DetailTransform, details_listing
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.vocabulary import (
    DetailCall,
    Details,
    Emits,
    Listing,
    RegionRule,
    To,
)
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import Consistency, ErrorClass, PeriodClass
from cloudops.domain.resource import (
    GLOBAL_REGION,
    Facet,
    Facts,
    ListedItem,
    MalformedItem,
    Observation,
    TagSource,
    resource_uid,
)
from tests.unit.collectors.rows import REDACTOR

pytestmark = pytest.mark.unit

THINGS = Listing(
    name="aws.test.things",
    service="test",
    operation="ListThings",
    region_rule=RegionRule.GLOBAL,
    permissions=("test:ListThings",),
    consistency=Consistency.EVENTUAL,
    period=PeriodClass.STANDARD,
    details=Details(
        calls=(
            DetailCall(
                operation="GetThing",
                permission="test:GetThing",
                key="Name",
                parameter="ThingName",
                parameters={"Detail": "all"},
                result="Thing",
            ),
            DetailCall(
                operation="GetPolicy",
                permission="test:GetPolicy",
                key="Inner.Id",
                parameter="Id",
                result="Policy",
                into="Policy",
                absent={"NoSuchPolicy": "has no policy"},
            ),
        ),
        gone={"NoSuchThing": ""},
        state="State",
        created="Made",
        tags="Tags",
        volatile=("Used",),
        json=("Policy",),
        edges={"role": To("Role", "arn:{partition}:iam::{account}:role/{RoleName*}")},
    ),
    emits=(
        Emits(
            type="AWS::Test::Thing",
            kind="test.thing",
            items="Things",
            id="Name",
            tag_source=TagSource.DETAILS,
        ),
    ),
)
DETAILS = details_listing(THINGS)
ITEM = ListedItem(
    resource_uid("aws", "t-1"), "t-1", "eu-west-1", {"Name": "t-1", "Inner": {"Id": "7"}}, b"1"
)
MADE: dict[str, Any] = {
    "State": "READY",
    "Made": "2026-01-02T00:00:00Z",
    "Used": 3,
    "Role": "arn:aws:iam::111122223333:role/reader",
    "Password": "geheim",
    "Tags": [{"Key": "Team", "Value": "shop"}],
}
THING = {"Thing": MADE, "ResponseMetadata": {"RequestId": "1"}}
POLICY = {"Policy": '{"Statement":[]}'}


class Service:
    def __init__(self, **answers: Any) -> None:
        self.answers = {"GetThing": THING, "GetPolicy": POLICY} | answers
        self.calls: list[tuple[str, str, Mapping[str, Any], str]] = []

    def call(self, region: str, operation: str, parameters: Mapping[str, Any], permission: str):
        self.calls.append((region, operation, parameters, permission))
        answer = self.answers[operation]
        if isinstance(answer, Exception):
            raise answer
        return answer


def read(service: Service, item: ListedItem = ITEM) -> Observation | MalformedItem | None:
    context = AnswerContext("aws", "aws", "111122223333", GLOBAL_REGION)
    return DetailRun(DetailTransform.of(DETAILS, REDACTOR), context, service.call).read(item)


def told(service: Service) -> Observation:
    found = read(service)
    assert isinstance(found, Observation)
    return found


def failure(code: str, message: str = "no") -> ListingError:
    return ListingError(message, error_class=ErrorClass.TRANSIENT, code=code)


def test_each_call_names_the_item_where_the_item_is():
    service = Service()

    read(service)

    assert service.calls == [
        (
            "eu-west-1",
            "GetThing",
            {"Detail": "all", "ThingName": "t-1"},
            "test:GetThing",
        ),
        ("eu-west-1", "GetPolicy", {"Id": "7"}, "test:GetPolicy"),
    ]


def test_the_answers_make_one_document_without_secrets_and_what_moves():
    found = told(Service())
    document = orjson.loads(found.document)

    assert (found.uid, found.facet, found.head) == (ITEM.uid, Facet.DETAIL, None)
    assert found.owner_listing == "aws.test.things"
    assert document.keys() == {"State", "Made", "Role", "Password", "Tags", "Policy"}
    assert document["Policy"] == {"Statement": []}
    assert document["Password"]["redacted"] is True
    assert orjson.loads(found.volatile) == {"Used": 3}
    assert [(edge.relation, edge.target) for edge in found.edges] == [
        ("role", "arn:aws:iam::111122223333:role/reader")
    ]


def test_what_the_list_leaves_empty_is_told_beside_the_document():
    facts = told(Service()).facts

    assert facts.state == "READY"
    assert facts.created_at is not None
    assert facts.tags == {"Team": "shop"}
    assert told(Service(GetThing={"Thing": {}})).facts == Facts(tags={})


def test_another_state_is_another_digest_and_another_use_is_none():
    def digest(**changes: Any) -> bytes:
        return told(Service(GetThing={"Thing": {**MADE, **changes}})).digest

    assert digest(State="GONE") != digest()
    assert digest(Used=4) == digest()


def test_a_service_may_say_that_an_item_has_none_of_something():
    service = Service(GetPolicy=failure("NoSuchPolicy", "t-1 has no policy"))

    assert orjson.loads(told(service).document)["Policy"] is None


def test_words_that_are_not_the_rows_are_an_error():
    error = failure("NoSuchPolicy", "who are you?")

    with pytest.raises(ListingError) as caught:
        read(Service(GetPolicy=error))

    assert caught.value is error


@pytest.mark.parametrize("operation", ["GetThing", "GetPolicy"])
def test_an_item_that_has_gone_meanwhile_has_no_details(operation: str):
    assert read(Service(**{operation: failure("NoSuchThing")})) is None


NOT_OWNED = (
    "The request is rejected because the input detectorId is not owned by the current account."
)
INVALID = "The request is rejected because the one or more input parameters have invalid values."


@pytest.mark.parametrize(
    ("row", "code", "gone", "other"),
    [
        pytest.param(
            "aws.sagemaker.notebook-instances",
            "ValidationException",
            "RecordNotFound",
            "1 validation error detected",
            id="sagemaker",
        ),
        pytest.param(
            "aws.athena.work-groups",
            "InvalidRequestException",
            "WorkGroup t-1 is not found.",
            "WorkGroup name is malformed",
            id="athena",
        ),
        pytest.param(
            "aws.guardduty.detectors", "BadRequestException", NOT_OWNED, INVALID, id="guardduty"
        ),
        pytest.param(
            "aws.emr.clusters",
            "InvalidRequestException",
            "Cluster id 't-1' is not valid.",
            "The request was malformed",
            id="emr",
        ),
        pytest.param(
            "aws.ecs.task-definitions",
            "ClientException",
            "Unable to describe task definition.",
            "Too many concurrent attempts",
            id="ecs",
        ),
    ],
)
def test_a_code_of_many_meanings_says_with_its_words_that_an_item_is_gone(row, code, gone, other):
    """Fails if what was deleted meanwhile counts as a failure, or a failure as deleted."""
    (listing,) = (one for one in LISTINGS if one.name == row)
    assert listing.details is not None
    names = {call.key: "t-1" for call in listing.details.calls}

    def ask(message: str) -> Observation | MalformedItem | None:
        def call(_region: str, operation: str, *_: Any) -> Any:
            raise failure(code, f"{operation}: {message}")

        item = ListedItem(ITEM.uid, "t-1", "eu-west-1", names, b"1")
        context = AnswerContext("aws", "aws", "111122223333", "eu-west-1")
        transform = DetailTransform.of(details_listing(listing), REDACTOR)
        return DetailRun(transform, context, call).read(item)

    assert ask(gone) is None
    with pytest.raises(ListingError):
        ask(other)


@pytest.mark.parametrize("row", [row for row in LISTINGS if row.details], ids=lambda row: row.name)
def test_every_row_knows_how_its_service_says_that_an_item_is_gone(row):
    words = row.details
    assert words.gone or all(call.absent for call in words.calls)


@pytest.mark.parametrize("operation", ["GetThing", "GetPolicy"])
def test_any_failure_leaves_the_whole_of_the_details_unknown(operation: str):
    """Fails if what one call told is stored without the other: a rule would see no policy."""
    with pytest.raises(ListingError):
        read(Service(**{operation: failure("InternalError")}))


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"GetThing": {}}, "the answer has no Thing"),
        ({"GetThing": {"Thing": [1]}}, "the answer has no Thing"),
        ({"GetThing": {"Thing": {"State": {"Name": "x"}}}}, "state is not text"),
        ({"GetThing": {"Thing": {"Made": "yesterday"}}}, "created"),
    ],
)
def test_an_answer_that_nobody_understands_is_malformed(answers: dict[str, Any], reason: str):
    found = read(Service(**answers))

    assert isinstance(found, MalformedItem)
    assert found.uid == ITEM.uid
    assert reason in found.reason


def test_an_item_whose_list_does_not_tell_its_name_can_not_be_asked_about():
    service = Service()
    nameless = ListedItem(ITEM.uid, "t-1", "eu-west-1", {"Inner": {"Id": "7"}}, b"1")

    found = read(service, nameless)

    assert isinstance(found, MalformedItem)
    assert service.calls == []


def test_a_listing_of_several_types_has_no_details():
    with pytest.raises(ValueError, match=r"aws\.test\.things"):
        details_listing(Listing(**{**_fields(THINGS), "emits": THINGS.emits * 2}))
    with pytest.raises(ValueError, match="reads no details"):
        DetailTransform.of(THINGS, REDACTOR)


def _fields(listing: Listing) -> dict[str, Any]:
    return {name: getattr(listing, name) for name in listing.__dataclass_fields__}
