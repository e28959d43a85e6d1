"""How a run of a listing ends."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.engine import Run
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transform import ListingTransform
from cloudops.domain.errors import ListingError
from tests.unit.collectors.rows import REDACTOR
from tests.unit.collectors.things import LISTING

pytestmark = pytest.mark.unit

ABSENT = replace(
    LISTING,
    absent={"Off": "is not subscribed"},
    paging={"input_token": "Token", "output_token": "Token"},
)
CONTEXT = AnswerContext("aws", "aws", "111122223333", "eu-west-1")


def refused(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class Entrance:
    """A door behind which a service is switched off after its first page."""

    left_out: str = ""

    def call(self, _service: str, _region: str, operation: str, asked: Mapping[str, Any]) -> Any:
        if operation == "ListThings" and "Token" in asked:
            raise refused("Off", "Account is not subscribed to Things", operation)
        if operation == "ListThings":
            return {"Names": ["t-1", "t-2"], "Token": "more"}
        told = [{"Id": f"id-{name}"} for name in asked["Names"] if name != self.left_out]
        return {"Things": told, "Failures": []}

    def knows_endpoint(self, _service: str, _region: str) -> bool:
        return True


def run(entrance: Entrance) -> Run:
    return Run(cast("Door", entrance), ABSENT, ListingTransform(ABSENT, REDACTOR), CONTEXT)


def test_a_service_that_is_switched_off_ends_its_listing():
    pages = list(run(Entrance()).pages())

    assert [len(page.observations) for page in pages] == [2, 0]


def test_what_was_left_out_before_is_not_forgotten_where_there_is_nothing_more():
    """Fails without settling there: the listing counts as read, and that item as gone."""
    pages = run(Entrance(left_out="t-2")).pages()

    assert len(next(pages).observations) == 1
    with pytest.raises(ListingError) as caught:
        list(pages)
    assert caught.value.code == "CountMismatch"
