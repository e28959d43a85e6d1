"""What a try of a row asks, and what it could not try."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.detailing import details_listing
from cloudops.collectors.transforms import Transforms
from cloudops.collectors.vocabulary import DetailCall, Details, Listing
from cloudops.domain.errors import ListingError
from cloudops.domain.provider import Identity
from tests.unit.collectors.rows import REDACTOR
from tests.unit.collectors.test_aws_children import DESCRIBED, NAMED, OF_BOXES
from tests.unit.collectors.things import LISTING

pytestmark = pytest.mark.unit

IDENTITY = Identity("arn:aws:iam::111122223333:user/me", "111122223333")
PAGED = {"input_token": "Token", "output_token": "Token"}
CHILDREN = replace(NAMED, permissions=("test:ListThings", "test:ListBoxes"))
DETAILS = details_listing(
    replace(
        CHILDREN,
        details=Details(
            calls=(
                DetailCall(
                    operation="GetThing",
                    permission="test:GetThing",
                    key="Name",
                    parameter="Name",
                    result="Thing",
                ),
            )
        ),
    )
)


@dataclass
class Boxes:
    """A door behind which there are boxes with things in them."""

    things: Mapping[str, Sequence[str]]
    denied: str = ""
    code: str = "AccessDenied"
    of: str = ""
    more: str = ""
    asked: list[str] = field(default_factory=list)

    def call(self, _service: str, _region: str, operation: str, asked: Mapping[str, Any]) -> Any:
        self.asked.append(operation)
        if operation == self.denied and asked.get("Box", "").startswith(self.of):
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, operation)
        token = {"Token": f"{len(self.asked)}"} if operation == self.more else {}
        if operation == "ListBoxes":
            return {"Boxes": list(self.things), **token}
        if operation == "ListThings":
            return {"Names": list(self.things.get(asked.get("Box", ""), ())), **token}
        if operation == "GetThing":
            return {"Thing": {"Name": asked["Name"]}}
        return {"Things": [{"Id": name} for name in asked["Names"]]}

    def knows_endpoint(self, _service: str, _region: str) -> bool:
        return True

    def paginator(self, _service: str, operation: str) -> Mapping[str, str] | None:
        return PAGED if operation == self.more else None


def probe(door: Boxes, listing: Listing) -> str:
    session = AwsAccountSession(cast("Door", door), IDENTITY, b"", Transforms(REDACTOR))
    return session.probe(listing, "eu-west-1")


@pytest.mark.parametrize(
    ("listing", "operation", "permission"),
    [
        pytest.param(CHILDREN, "ListBoxes", "test:ListBoxes", id="parents"),
        pytest.param(CHILDREN, "ListThings", "test:ListThings", id="children"),
        pytest.param(DESCRIBED, "GetThings", "test:GetThings", id="described"),
        pytest.param(DETAILS, "GetThing", "test:GetThing", id="details"),
    ],
)
def test_what_is_denied_of_children_is_found(listing: Listing, operation: str, permission: str):
    """Fails where only the parents are asked for, or the first page of all children."""
    with pytest.raises(ListingError) as caught:
        probe(Boxes({"red": ["t-1"]}, denied=operation), listing)

    assert caught.value.permission == permission


@pytest.mark.parametrize(
    ("listing", "asked"),
    [
        (CHILDREN, ["ListBoxes", "ListThings"]),
        (DESCRIBED, ["ListBoxes", "ListThings", "GetThings"]),
        (DETAILS, ["ListBoxes", "ListThings", "GetThing"]),
    ],
    ids=["children", "described", "details"],
)
def test_children_cost_one_call_each(listing: Listing, asked: Sequence[str]):
    door = Boxes({"red": ["t-1", "t-2"], "blue": ["t-3"]})

    assert probe(door, listing) == ""
    assert door.asked == asked


@pytest.mark.parametrize(
    ("listing", "things", "untried"),
    [
        pytest.param(CHILDREN, {}, "test:ListThings", id="no parent"),
        pytest.param(CHILDREN, {"red": []}, "", id="no child"),
        pytest.param(DESCRIBED, {"red": []}, "test:GetThings", id="none to describe"),
        pytest.param(LISTING, {}, "test:GetThings", id="none to describe, without parents"),
        pytest.param(DETAILS, {"red": []}, "test:GetThing", id="none with details"),
        pytest.param(LISTING, {"": ["t-1"]}, "", id="one"),
    ],
)
def test_what_could_not_be_tried_is_named(
    listing: Listing, things: Mapping[str, Sequence[str]], untried: str
):
    assert probe(Boxes(things), listing) == untried


def test_an_empty_parent_hides_no_item_of_the_next():
    assert probe(Boxes({"red": [], "blue": ["t-1"]}), DETAILS) == ""


def test_a_parent_that_is_gone_is_none_that_is_denied():
    door = Boxes({"red": ["t-1"], "blue": ["t-2"]}, denied="ListThings", code="Gone", of="red")
    row = replace(DESCRIBED, parents=replace(OF_BOXES, gone={"Gone": ""}))

    assert probe(door, row) == ""


@pytest.mark.parametrize("operation", ["ListBoxes", "ListThings"])
def test_it_looks_at_a_few_pages_only(operation: str):
    """Fails where it goes on for as long as pages are empty: then it would read everything."""
    boxes = () if operation == "ListBoxes" else range(50)
    door = Boxes({f"box-{number}": [] for number in boxes}, more=operation)

    assert probe(door, DESCRIBED) in {"test:ListThings", "test:GetThings"}
    assert len(door.asked) <= 20
