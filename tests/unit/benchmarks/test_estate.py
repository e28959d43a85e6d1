"""The estates of the benches: as large as they say, and nothing in them twice."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.benchmarks.estate import FOLDER, read_estate, spread, things_of

pytestmark = pytest.mark.unit

ESTATES = [path.stem for path in FOLDER.glob("*.yaml")]
ROWS = [row for name in ESTATES for row in read_estate(name, scale=0.002).rows]
SOME = 12


def test_the_mixed_estate_has_20000_resources():
    assert sum(row.count for row in read_estate("mixed").rows) == 20_000


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.listing.name}-{row.of}")
def test_each_thing_of_an_estate_is_one_resource_of_its_own(row):
    estate = read_estate("mixed")

    seen = [thing.seen for _, thing in things_of(replace(row, count=SOME), estate)]

    assert len({one.uid for one in seen}) == SOME


def test_nothing_is_lost_where_it_is_spread():
    weights = {("a", "x"): 5, ("a", "y"): 3, ("b", "x"): 3}

    for count in range(40):
        shares = spread(count, weights)
        assert sum(shares.values()) == count
        assert all(abs(shares[place] - count * weights[place] / 11) < 1 for place in weights)


def test_as_many_are_tagged_as_the_estate_says():
    estate = read_estate("mixed")
    (row,) = [row for row in estate.rows if row.listing.name == "aws.s3.buckets"]

    tagged = Counter(bool(thing.tags) for _, thing in things_of(row, estate))

    assert tagged[True] == int(row.count * (row.tagged or 0))
