"""docs/aws/types.md says of the catalogue what the catalogue says, and no less than promised."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from cloudops.cli import main
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.vocabulary import DESCRIBED_TIER
from cloudops.domain.resource import Facet

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/aws/types.md"
TEXT = DOCUMENT.read_text()
DESCRIBED = [listing for listing in LISTINGS if listing.facet is Facet.LISTED]
COLUMNS = (
    *("type", "kind", "service", "listing", "tier", "region_rule", "period", "consistency"),
    *("permissions", "tag_source", "edges"),
)


def generated(name: str) -> list[str]:
    [text] = re.findall(rf"<!-- generated: {name} -->\n(.*?)\n<!-- end", TEXT, re.DOTALL)
    return str(text).strip().splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.replace("`", "").strip("|").split("|")]


def counted(pattern: str) -> list[int]:
    [numbers] = re.findall(pattern, "\n".join(generated("aws-counts")))
    return [int(number) for number in numbers]


def answer_of(listing: str) -> str:
    record = json.loads((ROOT / "tests/data/aws" / f"{listing}.json").read_text())
    return str(record["source"]).partition(":")[0]


def test_it_counts_what_the_catalogue_has():
    types = {native_type for listing in DESCRIBED for native_type in listing.types}
    services = {listing.service for listing in DESCRIBED}

    found = counted(r"(\d+) types of (\d+) services, in (\d+) listings")
    assert found == [len(types), len(services), len(LISTINGS)]


def test_the_catalogue_is_as_broad_as_promised():
    types, services, _ = counted(r"(\d+) types of (\d+) services, in (\d+) listings")

    assert types >= 225
    assert services >= 80


def test_at_most_a_quarter_of_the_rows_rests_on_a_made_up_answer():
    recorded, emulated, synthetic = counted(r"(\d+) recorded, (\d+) emulated, (\d+) synthetic")

    words = Counter(answer_of(listing.name) for listing in LISTINGS)
    assert words == {"recorded": recorded, "emulated": emulated, "synthetic": synthetic}
    # Of the described rows alone, which are fewer: a pass must not water the share down.
    assert sum(answer_of(row.name) == "synthetic" for row in DESCRIBED) <= len(DESCRIBED) / 4


def test_it_counts_where_tags_come_from():
    words = ("listed", "tagging", "details", "none", "unread")
    numbers = counted(", ".join(rf"(\d+) {word}" for word in words))

    sources = Counter(str(emits.tag_source) for row in DESCRIBED for emits in row.emits)
    assert numbers == [sources[word] for word in words]


def test_its_rows_are_those_of_the_command():
    printed = CliRunner().invoke(main, ["types", "list", "-o", "json"]).stdout
    told = [
        [", ".join(v) if isinstance(v, list) else str(v) for v in map(row.get, COLUMNS)]
        for row in json.loads(printed)
        if row["tier"] >= DESCRIBED_TIER
        and not row["permissions"].extend(row["detail_permissions"])
    ]

    [_, _, *rows] = map(cells, generated("aws-types"))
    assert [row[:-1] for row in rows] == told


def test_it_says_of_each_type_what_its_row_is_tested_with():
    [header, _, *rows] = map(cells, generated("aws-types"))

    assert (header[3], header[-1]) == ("listing", "answer")
    assert {row[-1] for row in rows} <= {"recorded", "emulated", "synthetic"}
    assert [row for row in rows if row[-1] != answer_of(row[3])] == []


def test_every_listing_is_in_one_of_its_tables():
    named = {row[3] for row in map(cells, generated("aws-types")[2:])}
    named |= {row[0] for row in map(cells, generated("aws-passes")[2:])}

    assert named == {listing.name for listing in LISTINGS}


@pytest.mark.parametrize(
    "page", sorted({ROOT / "README.md", *ROOT.glob("docs/**/*.md")}), ids=lambda page: page.stem
)
def test_links_between_pages_lead_somewhere(page: Path):
    targets = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text())

    for path, anchor in targets:
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
