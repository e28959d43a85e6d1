"""Walks through docs/adding-a-resource-type.md with exactly the text that stands there."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloudops.collectors import vocabulary
from cloudops.collectors.aws import arns, catalogue
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.vocabulary import DetailCall, Details, Emits, Listing, Parents
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource
from tests.unit.collectors.rows import RECORDED, read, violations

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[3]
PAGE = (REPOSITORY / "docs" / "adding-a-resource-type.md").read_text()
WORDS = {
    "Consistency": Consistency,
    "Emits": Emits,
    "Listing": Listing,
    "PeriodClass": PeriodClass,
    "RegionRule": vocabulary.RegionRule,
    "TagSource": TagSource,
}


def block(language: str, beginning: str = "") -> str:
    [text] = re.findall(rf"```{language}\n({beginning}.*?)```", PAGE, re.DOTALL)
    return str(text)


@pytest.fixture
def row() -> Listing:
    listing = eval(block("python"), dict(WORDS))  # noqa: S307  the page's own example
    assert isinstance(listing, Listing)
    return listing


@pytest.fixture
def record() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(block("json"))
    return answer


def test_the_row_keeps_its_promises_on_the_recorded_answer(row: Listing, record: dict[str, Any]):
    assert violations(row, record) == []


def test_the_row_yields_the_resources_that_the_page_shows(row: Listing, record: dict[str, Any]):
    names = [o.head.name for o in read(row, record).observations if o.head is not None]

    assert names == ["people", None]


def test_the_example_is_not_in_the_catalogue_already(row: Listing):
    assert not {row.name, *row.types} & {n for one in LISTINGS for n in (one.name, *one.types)}


def test_the_details_that_the_page_shows_are_those_of_the_catalogue():
    [tables] = [row for row in LISTINGS if row.name == "aws.dynamodb.tables"]

    words = {"Details": Details, "DetailCall": DetailCall}
    shown = eval(block("py", "Details"), words)  # noqa: S307  the page's own example
    assert tables.details == replace(
        shown,
        **{name: getattr(tables.details, name) for name in ("volatile", "unordered", "edges")},
    )


def test_the_parents_that_the_page_shows_are_those_of_the_catalogue():
    [rules] = [row for row in LISTINGS if row.name == "aws.events.rules"]

    shown = eval(block("py", "Parents"), {"Parents": Parents})  # noqa: S307  the page's own example
    assert rules.parents == shown


def test_the_decision_that_the_page_points_to_is_there():
    pages = re.findall(r"\]\((decisions/[^)]+)\)", PAGE)

    assert pages
    assert all((REPOSITORY / "docs" / page).is_file() for page in pages)


def test_the_files_that_the_page_names_are_where_it_says():
    assert Path(vocabulary.__file__).samefile(
        REPOSITORY / "operator/cloudops/collectors/vocabulary.py"
    )
    assert Path(catalogue.__file__).parent.samefile(
        REPOSITORY / "operator/cloudops/collectors/aws/catalogue"
    )
    assert Path(arns.__file__).name == "arns.py"
    assert RECORDED.samefile(REPOSITORY / "tests/data/aws")


def test_every_field_that_the_page_explains_exists():
    explained = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)

    assert explained
    assert set(explained) <= set(Emits.__dataclass_fields__) | set(Listing.__dataclass_fields__)
