"""How a run of a listing ends."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.engine import Run
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
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


def run(entrance: object, listing: Listing = ABSENT) -> Run:
    return Run(cast("Door", entrance), listing, ListingTransform(listing, REDACTOR), CONTEXT)


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


@dataclass
class Scanner:
    """A door behind which a service can't tell whether it is on."""

    answer: Mapping[str, Any]

    def call(self, *_asked: Any) -> Any:
        return self.answer

    def knows_endpoint(self, _service: str, _region: str) -> bool:
        return True

    def paginator(self, _service: str, _operation: str) -> None:
        return None


def test_what_an_answer_says_that_it_could_not_tell_is_no_answer():
    """Fails without `unread`: a scanner would seem to be gone whenever it is throttled."""
    row = next(one for one in LISTINGS if one.name == "aws.inspector2.account-status")
    failed = {"accountId": CONTEXT.account, "errorCode": "SSM_THROTTLED"}
    pages = run(Scanner({"accounts": [], "failedAccounts": [failed]}), row).pages()

    with pytest.raises(ListingError, match="SSM_THROTTLED") as caught:
        list(pages)
    assert (caught.value.error_class, caught.value.code) == (ErrorClass.INCOMPLETE, "LeftUnread")
