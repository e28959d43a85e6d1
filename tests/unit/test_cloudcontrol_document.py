"""docs/aws/cloud-control.md says of Cloud Control's types what the catalogue says."""

import re
from pathlib import Path

import pytest

from cloudops.collectors.aws.catalogue import CATALOGUE, CLOUD_CONTROL, LISTINGS
from cloudops.collectors.aws.cloudcontrol import table
from cloudops.collectors.aws.policy import reader_policies

pytestmark = pytest.mark.unit

TEXT = (Path(__file__).parents[2] / "docs/aws/cloud-control.md").read_text()
DESCRIBED = {type_ for row in LISTINGS for type_ in row.types}


def generated(name: str) -> list[str]:
    [text] = re.findall(rf"<!-- generated: {name} -->\n(.*?)\n<!-- end", TEXT, re.DOTALL)
    return str(text).strip().splitlines()


def first_cells(name: str) -> list[str]:
    return [line.split("|")[1].strip(" `") for line in generated(name)[2:]]


def counted(pattern: str) -> list[int]:
    [numbers] = re.findall(pattern, "\n".join(generated("cloudcontrol-counts")))
    return [int(number) for number in numbers]


def test_its_counts_are_those_of_the_catalogue_and_add_up():
    [listable, described, renamed, untold, listed, at_once, told, by_parent] = counted(
        r"(\d+) types can be listed\n- (\d+) of them are described, (\d+) under another name"
        r"\n- (\d+) of the others are not listed.*\n- (\d+) are listed: (\d+) at once,"
        r" (\d+) with one word, (\d+) for each parent"
    )

    assert listable == len(table()) == described + untold + listed
    assert described - renamed == len(DESCRIBED & table().keys())
    assert listed == len(CLOUD_CONTROL) == at_once + told + by_parent
    assert by_parent == sum(row.parents is not None for row in CLOUD_CONTROL)


def test_no_answer_is_told_to_be_recorded():
    assert counted(r"answers: (\d+) schema, (\d+) recorded") == [len(CLOUD_CONTROL), 0]


def test_every_type_is_in_one_of_its_tables():
    listed, untold = first_cells("cloudcontrol-types"), first_cells("cloudcontrol-untold")

    assert listed == [row.types[0] for row in CLOUD_CONTROL]
    assert untold == [
        name for name in table() if "needs" in table()[name] and name not in DESCRIBED
    ]


def test_all_of_them_need_as_many_policies_as_it_says():
    assert "All of them make ten\npolicies" in TEXT
    assert len(reader_policies(CATALOGUE)) == 10
