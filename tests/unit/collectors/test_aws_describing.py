"""The second call: what it asks, in which parts it answers, and how it fails."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudops.collectors.aws.describing import Describer
from cloudops.collectors.items import Hole
from cloudops.collectors.vocabulary import DESCRIBED
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from tests.unit.collectors.things import (
    DENIED,
    LISTING,
    SLOW_DOWN,
    TOGETHER,
    Service,
    described,
    ids,
    names,
)

pytestmark = pytest.mark.unit


def test_a_listing_without_a_second_call_is_left_alone():
    describer = Describer(replace(LISTING, describe=None), Service().many)
    answer = {"Things": [{"Id": "t-1"}]}

    assert list(describer.answers(answer)) == [answer]
    describer.settle()


def test_several_items_are_asked_for_at_once():
    service = Service()
    describer = Describer(LISTING, service.many)

    assert len(described(describer, names(7))) == 7
    assert [len(parameters["Names"]) for _, parameters, _ in service.calls] == [3, 3, 1]
    assert service.calls[2] == ("GetThings", {"Names": ["t-6"]}, "test:GetThings")
    describer.settle()


def test_an_empty_list_needs_no_second_call():
    service = Service()

    assert list(Describer(LISTING, service.many).answers({"Names": []})) == []
    assert service.calls == []


def test_a_list_that_is_left_out_is_empty_only_where_the_row_says_so():
    metadata = {"ResponseMetadata": {"HTTPStatusCode": 200}}

    assert described(Describer(replace(LISTING, omits_empty=True), Service().many), metadata) == []
    for listing, answer in (
        (LISTING, metadata),
        (replace(LISTING, omits_empty=True), metadata | {"Other": []}),
        (LISTING, {"Names": None}),
        (LISTING, {"Names": "t-1"}),
    ):
        with pytest.raises(ListingError, match="no list Names") as caught:
            described(Describer(listing, Service().many), answer)
        assert caught.value.error_class is ErrorClass.TRANSIENT


def test_a_name_that_stands_twice_is_asked_for_once():
    describer = Describer(LISTING, Service().many)

    assert len(described(describer, {"Names": ["t-0", "t-0", "t-1"]})) == 2
    describer.settle()


@pytest.mark.parametrize("error", [DENIED, SLOW_DOWN])
def test_a_failure_breaks_off_at_once_and_keeps_what_was_read(error: ListingError):
    service = Service({"t-4": error})
    parts = Describer(LISTING, service.many).answers(names(9))

    assert ids(next(parts)[DESCRIBED]) == ["id-t-0", "id-t-1", "id-t-2"]
    with pytest.raises(ListingError) as caught:
        next(parts)
    assert caught.value is error
    assert len(service.calls) == 2


@pytest.mark.parametrize("name", [None, "", 7, {"Name": "t-1"}])
def test_an_item_without_a_name_can_not_be_asked_for(name: Any):
    service = Service()
    describer = Describer(LISTING, service.many)

    found = described(describer, {"Names": ["t-0", name]})

    assert found == [Hole("Names"), {"Id": "id-t-0"}]
    assert len(service.calls) == 1


def test_what_the_list_tells_is_no_item_without_a_name_to_ask_for():
    """Fails if the list's own words pass for a description: id known, all else forgotten."""
    listing = replace(LISTING, describe=replace(TOGETHER, items="Things", key="Name"))

    found = described(Describer(listing, Service().many), {"Things": [{"Id": "t-1"}, "t-2"]})

    assert found == [Hole("Things[].Name"), Hole("Things[].Name")]


def test_a_service_may_say_that_some_are_missing():
    describer = Describer(LISTING, Service({"t-1": "MISSING"}).many)

    assert ids(described(describer, names(5))) == [f"id-t-{n}" for n in (0, 2, 3, 4)]
    describer.settle()


@pytest.mark.parametrize("reason", ["ACCESS_DENIED", None])
def test_an_item_that_a_service_leaves_out_for_another_reason_is_not_gone(reason: str | None):
    """Fails if whoever is not in the answer counts as gone: a live row would be marked."""
    describer = Describer(LISTING, Service({"t-1": reason}).many)

    assert ids(described(describer, names(5))) == [f"id-t-{n}" for n in (0, 2, 3, 4)]
    with pytest.raises(ListingError, match="1 of 3") as caught:
        describer.settle()
    assert (caught.value.error_class, caught.value.code) == (ErrorClass.INCOMPLETE, "CountMismatch")


def test_an_item_that_is_told_twice_hides_no_other():
    """Fails if answers are counted and not items: what was left out would be marked."""
    told = {"Things": [{"Id": "id-t-0"}, {"Id": "id-t-0"}, {"Id": "id-t-1"}]}
    describer = Describer(LISTING, lambda *_: told)

    assert len(described(describer, names(3))) == 3
    with pytest.raises(ListingError, match="1 of 3"):
        describer.settle()


@pytest.mark.parametrize("answer", [{}, {"Things": None}, {"Things": {}}])
def test_an_answer_without_the_list_breaks_off(answer: Any):
    describer = Describer(LISTING, lambda *_: answer)

    with pytest.raises(ListingError, match="no list Things") as caught:
        described(describer, names(2))
    assert caught.value.error_class is ErrorClass.TRANSIENT


@given(fates=st.lists(st.sampled_from(["told", "gone", "left out", "nameless"]), max_size=40))
def test_every_item_is_told_gone_or_reported(fates: list[str]):
    """Nothing is lost on the way: what does not come out is why the listing is not complete."""
    words = {"gone": "MISSING", "left out": None}
    service = Service({f"t-{n}": words[f] for n, f in enumerate(fates) if f in words})
    listed = [None if f == "nameless" else f"t-{n}" for n, f in enumerate(fates)]
    describer = Describer(LISTING, service.many)

    found = described(describer, {"Names": listed})

    told = [item for item in found if not isinstance(item, Hole)]
    assert ids(told) == [f"id-t-{n}" for n, fate in enumerate(fates) if fate == "told"]
    assert len(found) - len(told) == fates.count("nameless")
    if "left out" in fates:
        with pytest.raises(ListingError):
            describer.settle()
    else:
        describer.settle()
