"""The second call: what it asks, and in which parts it answers."""

from dataclasses import replace
from itertools import chain

import pytest

from cloudops.collectors.aws.describing import PART, PART_SECONDS, Describer
from cloudops.collectors.vocabulary import DESCRIBED
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from tests.unit.collectors.things import (
    LISTING,
    ONE_BY_ONE,
    TOGETHER,
    Service,
    described,
    ids,
    names,
    ticking,
)

pytestmark = pytest.mark.unit


def test_a_listing_without_a_second_call_is_left_alone():
    describer = Describer(replace(LISTING, describe=None), Service().one)
    answer = {"Things": [{"Id": "t-1"}]}

    assert list(describer.answers(answer)) == [answer]
    describer.settle()


def test_each_item_is_asked_for_by_its_name():
    service = Service()

    found = described(Describer(LISTING, service.one), names(2))

    assert found == [{"Name": "t-0", "Id": "id-t-0"}, {"Name": "t-1", "Id": "id-t-1"}]
    assert service.calls == [
        ("GetThing", {"Detail": "all", "Name": f"t-{n}"}, "test:GetThing") for n in range(2)
    ]


def test_what_the_second_call_tells_wins_over_the_list():
    listing = replace(LISTING, describe=replace(ONE_BY_ONE, items="Things", key="Name"))
    answer = {"Things": [{"Name": "t-1", "Id": "short", "Made": 1}]}

    assert described(Describer(listing, Service().one), answer) == [
        {"Name": "t-1", "Id": "id-t-1", "Made": 1}
    ]


def test_several_items_are_asked_for_at_once():
    service = Service()
    describer = Describer(replace(LISTING, describe=TOGETHER), service.many)

    assert len(described(describer, names(7))) == 7
    assert [len(parameters["Names"]) for _, parameters, _ in service.calls] == [3, 3, 1]
    describer.settle()


def test_an_empty_list_needs_no_second_call():
    service = Service()

    assert list(Describer(LISTING, service.one).answers({"Names": []})) == []
    assert service.calls == []


def test_a_list_that_is_left_out_is_empty_only_where_the_row_says_so():
    metadata = {"ResponseMetadata": {"HTTPStatusCode": 200}}

    assert described(Describer(replace(LISTING, omits_empty=True), Service().one), metadata) == []
    for listing, answer in (
        (LISTING, metadata),
        (replace(LISTING, omits_empty=True), metadata | {"Other": []}),
        (LISTING, {"Names": None}),
        (LISTING, {"Names": "t-1"}),
    ):
        with pytest.raises(ListingError, match="no list Names") as caught:
            described(Describer(listing, Service().one), answer)
        assert caught.value.error_class is ErrorClass.TRANSIENT


def test_items_come_in_parts():
    """Whoever waits for signs of life does not wait for a thousand calls."""
    service = Service()
    parts = Describer(LISTING, service.one).answers(names(PART * 2 + 1))

    assert len(next(parts)[DESCRIBED]) == PART
    assert len(service.calls) == PART
    assert [len(part[DESCRIBED]) for part in parts] == [PART, 1]


def test_a_slow_service_gives_smaller_parts():
    """Fails with parts by count alone: 50 calls of 3 seconds outlast a listing's deadline."""
    describer = Describer(LISTING, Service().one, clock=ticking(3))

    parts = [part[DESCRIBED] for part in describer.answers(names(20))]

    assert max(map(len, parts)) * 3 <= PART_SECONDS + 3
    assert ids(list(chain.from_iterable(parts))) == [f"id-t-{n}" for n in range(20)]


def test_a_name_that_stands_twice_is_asked_for_once():
    service = Service()
    describer = Describer(replace(LISTING, describe=TOGETHER), service.many)

    assert len(described(describer, {"Names": ["t-0", "t-0", "t-1"]})) == 2
    describer.settle()
