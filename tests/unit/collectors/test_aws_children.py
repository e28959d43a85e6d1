"""What is listed for each parent, where items don't say whose they are and are described later."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import orjson
import pytest

from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.engine import Run
from cloudops.collectors.aws.parentage import Parent
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import Listing, Parents
from tests.unit.collectors.rows import REDACTOR
from tests.unit.collectors.things import LISTING

pytestmark = pytest.mark.unit

CONTEXT = AnswerContext("aws", "aws", "111122223333", "eu-west-1")
OF_BOXES = Parents(
    operation="ListBoxes",
    permission="test:ListBoxes",
    items="Boxes",
    parameter="Box",
    into="BoxName",
)
[EMITS] = LISTING.emits
NAMED = replace(
    LISTING,
    parents=OF_BOXES,
    describe=None,
    emits=(replace(EMITS, items="Names", word="Name", id="{BoxName}/{Name}"),),
)
DESCRIBED = replace(LISTING, parents=OF_BOXES)


@dataclass
class Entrance:
    """A door behind which there are two boxes with a thing of the same name in each."""

    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def call(self, _service: str, _region: str, operation: str, asked: Mapping[str, Any]) -> Any:
        self.asked.append((operation, asked))
        if operation == "ListBoxes":
            return {"Boxes": ["red", "blue"]}
        if operation == "ListThings":
            return {"Names": ["t-1"]}
        return {"Things": [{"Id": f"{asked['Box']}/{name}"} for name in asked["Names"]]}

    def knows_endpoint(self, _service: str, _region: str) -> bool:
        return True

    def paginator(self, _service: str, _operation: str) -> None:
        return None


def documents(entrance: Entrance, listing: Listing) -> dict[str, dict[str, Any]]:
    transform = ListingTransform(listing, REDACTOR)
    pages = Run(cast("Door", entrance), listing, transform, CONTEXT).pages()
    return {
        one.head.canonical_id: orjson.loads(one.document)
        for page in pages
        for one in page.observations
        if one.head
    }


def test_items_say_whose_they_are_where_the_answer_does_not():
    """Fails without that: things of the same name would be one."""
    assert documents(Entrance(), NAMED) == {
        f"{box}/t-1": {"BoxName": box, "Name": "t-1"} for box in ("red", "blue")
    }


def test_the_second_call_names_the_parent_too():
    entrance = Entrance()

    assert documents(entrance, DESCRIBED).keys() == {"red/t-1", "blue/t-1"}
    assert ("GetThings", {"Box": "blue", "Names": ["t-1"]}) in entrance.asked


@pytest.mark.parametrize("broken", [None, "t-1", {"t-1": 1}], ids=["none", "text", "object"])
def test_what_is_no_list_is_left_as_it_is(broken: Any):
    answer = {"Names": broken}

    assert Parent("red", {}).claim(NAMED, answer) == answer


def test_an_item_that_nobody_can_read_stays_one():
    assert Parent("red", {}).claim(NAMED, {"Names": [7, "", "t-1"]}) == {
        "Names": [7, "", {"Name": "t-1", "BoxName": "red"}]
    }
