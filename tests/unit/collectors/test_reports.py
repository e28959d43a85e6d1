"""Reports that a service makes when it is asked to, and that are read as tables."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.engine import Run
from cloudops.collectors.aws.preparing import prepared
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.reports import Prepare, UnreadableTableError, tabulated
from cloudops.collectors.transform import ListingTransform
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import Page
from tests.unit.collectors.rows import REDACTOR

pytestmark = pytest.mark.unit

PREPARE = Prepare(
    operation="MakeReport",
    permission="things:MakeReport",
    member="State",
    done="COMPLETE",
    wait_seconds=3.0,
    attempts=4,
)
[CREDENTIALS] = [row for row in LISTINGS if row.name == "aws.iam.user-credentials"]
NOTHING_YET = Page(observations=())
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@dataclass
class Service:
    """Says how far it is, one state a call; the last one stays."""

    states: list[str]
    waits: list[float] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def call(
        self, operation: str, _parameters: Mapping[str, Any], permission: str
    ) -> dict[str, Any]:
        self.asked.append((operation, permission))
        return {"State": self.states.pop(0) if len(self.states) > 1 else self.states[0]}

    def pages(self, prepare: Prepare | None = PREPARE) -> Iterator[Page]:
        return prepared(prepare, self.call, self.waits.append)


class TestPreparing:
    def test_a_report_that_is_there_is_not_waited_for(self):
        service = Service(["COMPLETE"])

        assert list(service.pages()) == []
        assert service.asked == [("MakeReport", "things:MakeReport")]
        assert service.waits == []

    def test_before_each_wait_there_is_a_sign_of_life(self):
        service = Service(["STARTED", "INPROGRESS", "COMPLETE"])

        assert list(service.pages()) == [NOTHING_YET, NOTHING_YET]
        assert service.waits == [3.0, 3.0]
        assert len(service.asked) == 3

    def test_who_must_not_go_on_does_not_wait(self):
        service = Service(["STARTED"])

        next(service.pages())
        assert service.waits == []

    def test_a_service_that_never_gets_done_is_given_up(self):
        service = Service(["INPROGRESS"])

        with pytest.raises(ListingError) as caught:
            list(service.pages())
        assert (caught.value.error_class, caught.value.code) == (
            ErrorClass.TRANSIENT,
            "NotPrepared",
        )
        assert len(service.asked) == 4

    def test_most_rows_have_nothing_to_wait_for(self):
        service = Service(["INPROGRESS"])

        assert list(service.pages(None)) == []
        assert service.asked == []


class TestTables:
    @given(st.lists(CELLS, min_size=1, max_size=4, unique=True), st.data())
    def test_what_was_written_is_read(self, header: list[str], data: st.DataObject):
        row = st.lists(CELLS, min_size=len(header), max_size=len(header))
        rows = data.draw(st.lists(row, max_size=4))
        text = io.StringIO(newline="")
        csv.writer(text, quoting=csv.QUOTE_ALL).writerows([header, *rows])

        told = tabulated({"Content": text.getvalue().encode(), "When": 1}, "Content")

        assert told == {"Content": [dict(zip(header, one, strict=True)) for one in rows], "When": 1}

    def test_a_row_of_another_length_is_none(self):
        told = tabulated({"Content": b"user,arn\r\nada,a,b\r\n\r\ngrace\r\n"}, "Content")

        assert told["Content"] == [["ada", "a", "b"], ["grace"]]

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param({}, id="nothing"),
            pytest.param({"Content": None}, id="null"),
            pytest.param({"Content": "user\nada\n"}, id="text"),
            pytest.param({"Content": b""}, id="empty"),
            pytest.param({"Content": b"\n\n"}, id="no-names"),
            pytest.param({"Content": b"user\n\xff\n"}, id="not-utf-8"),
            pytest.param({"Content": b"user\n" + b"a" * 200_000}, id="a-cell-without-end"),
        ],
    )
    def test_what_is_no_table_is_unreadable_and_not_empty(self, answer: dict[str, Any]):
        with pytest.raises(UnreadableTableError):
            tabulated(answer, "Content")


@dataclass
class Iam:
    """A door to the service that makes credential reports."""

    content: Any
    denied: str = ""

    def call(self, _service: str, _region: str, operation: str, _asked: Mapping[str, Any]) -> Any:
        if operation == self.denied:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
        if operation == "GenerateCredentialReport":
            return {"State": "COMPLETE"}
        return {"Content": self.content}

    def paginator(self, _service: str, _operation: str) -> None:
        return None

    def knows_endpoint(self, _service: str, _region: str) -> bool:
        return True

    home = "us-east-1"


def run(iam: Iam) -> Run:
    context = AnswerContext("aws", "aws", "111122223333", "global")
    return Run(cast("Door", iam), CREDENTIALS, ListingTransform(CREDENTIALS, REDACTOR), context)


class TestARow:
    def test_shows_each_line_and_reports_a_broken_one(self):
        content = b"user,arn,user_creation_time\nada,arn:a,2026-01-02T03:04:05+00:00\ngrace\n"

        [page] = run(Iam(content)).pages()
        assert [o.head.name for o in page.observations if o.head] == ["ada"]
        assert len(page.malformed) == 1

    def test_of_an_account_without_users_is_empty_and_complete(self):
        assert list(run(Iam(b"user,arn\n")).pages()) == [NOTHING_YET]

    def test_without_a_table_proves_nothing(self):
        with pytest.raises(ListingError) as caught:
            list(run(Iam(b"")).pages())
        assert (caught.value.error_class, caught.value.code) == (
            ErrorClass.TRANSIENT,
            "UnreadableAnswer",
        )

    @pytest.mark.parametrize("how", ["pages", "probe"])
    @pytest.mark.parametrize("denied", ["GenerateCredentialReport", "GetCredentialReport"])
    def test_that_must_not_make_or_read_the_report_says_which(self, denied: str, how: str):
        reading = run(Iam(b"user\n", denied))

        with pytest.raises(ListingError) as caught:
            list(reading.pages()) if how == "pages" else reading.probe()
        assert caught.value.permission == f"iam:{denied}"
