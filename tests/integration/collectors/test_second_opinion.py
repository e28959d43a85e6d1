"""Every described row against two emulators, neither of which was written by us.

What they agree about we have read as two others understand AWS. Where they differ, one of them
departs from AWS: `tests/data/second_opinion/differences.yaml` says which, and why we think so.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.vocabulary import Access, Listing
from tests.fixtures.aws import empty_moto
from tests.fixtures.ministack import Ministack
from tests.integration.collectors.second_opinion import (
    ACCOUNT,
    ROWS,
    Emulator,
    Reading,
    differences,
    load,
    named_differences,
)

pytestmark = [pytest.mark.integration, pytest.mark.aws]

COMPARED_AT_LEAST = 115

Opinions = Mapping[str, tuple[Reading, Reading]]
"""Row → what it shows of moto, and of ministack."""


@pytest.fixture(scope="module")
def opinions(
    moto_url: str, ministack: Ministack, cloud: AwsCloud, access: Callable[..., Access]
) -> Opinions:
    """The estate, made and read once in each of the two."""

    def opinion(url: str) -> Mapping[str, Reading]:
        with closing(cloud.open(access(url, key=ACCOUNT), ACCOUNT)) as session:
            return Emulator(url, session).readings()

    empty_moto(moto_url)
    ministack.empty()
    with ThreadPoolExecutor() as at_once:
        first, second = at_once.map(opinion, (moto_url, ministack.url))
    return {row.name: (first[row.name], second[row.name]) for row in ROWS}


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_both_show_the_same_but_for_what_is_named(opinions: Opinions, row: Listing):
    """Fails, too, where a difference that is named is there no longer."""
    assert differences(*opinions[row.name]) == named_differences(row.name)


def test_most_rows_have_something_of_the_estate_in_both(opinions: Opinions):
    compared = [name for name, both in opinions.items() if all(one.items for one in both)]

    assert len(compared) >= COMPARED_AT_LEAST


def test_each_named_difference_says_who_departs_from_aws_and_why():
    table = load("differences.yaml")
    named = [one for row in table.values() for one in row]

    assert table.keys() <= {row.name for row in ROWS}
    assert {one["departs"] for one in named} <= {"moto", "ministack", "both"}
    assert all(one["why"] for one in named)
