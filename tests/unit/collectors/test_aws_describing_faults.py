"""The second call fails: what one broken or denied item may break, and what it may not."""

from dataclasses import replace
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudops.collectors.aws.describing import MAX_DENIALS, PART, Describer
from cloudops.collectors.items import Hole
from cloudops.collectors.vocabulary import DESCRIBED, Describe
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from tests.unit.collectors.things import (
    DENIED,
    FORBIDDEN,
    GONE,
    LISTING,
    ONE_BY_ONE,
    OWN_POLICY,
    REJECTED,
    SLOW_DOWN,
    TOGETHER,
    Service,
    described,
    ids,
    names,
    ticking,
)

pytestmark = pytest.mark.unit


def test_an_item_that_has_gone_meanwhile_is_skipped():
    describer = Describer(LISTING, Service({"t-1": GONE}).one)

    assert ids(described(describer, names(3))) == ["id-t-0", "id-t-2"]
    describer.settle()


def test_one_denied_item_hides_no_other_but_the_listing_is_denied():
    """Fails if the denial breaks off at once, and if it is forgotten at the end."""
    describer = Describer(LISTING, Service({"t-1": DENIED}).one)

    assert ids(described(describer, names(3))) == ["id-t-0", "id-t-2"]
    assert ids(described(describer, names(2, first=3))) == ["id-t-3", "id-t-4"]
    with pytest.raises(ListingError) as caught:
        describer.settle()
    assert caught.value is DENIED


def test_what_is_never_allowed_is_not_asked_for_again_and_again():
    denials = {f"t-{n}": DENIED for n in range(9)}
    service = Service(denials)

    with pytest.raises(ListingError) as caught:
        described(Describer(LISTING, service.one), names(9))

    assert caught.value is DENIED
    assert len(service.calls) == MAX_DENIALS


def test_many_denials_after_a_success_concern_single_items():
    service = Service({f"t-{n}": DENIED for n in range(1, 9)})
    describer = Describer(LISTING, service.one)

    assert ids(described(describer, names(10))) == ["id-t-0", "id-t-9"]
    with pytest.raises(ListingError):
        describer.settle()


def test_items_with_closed_policies_of_their_own_do_not_hide_what_comes_behind_them():
    """Fails if every denial counts as a sign that the action is not granted."""
    service = Service({f"t-{n}": OWN_POLICY for n in range(5)})
    describer = Describer(LISTING, service.one)

    assert ids(described(describer, names(7))) == ["id-t-5", "id-t-6"]
    with pytest.raises(ListingError):
        describer.settle()


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(SLOW_DOWN, id="throttled"),
        pytest.param(REJECTED, id="credentials-rejected"),
        pytest.param(FORBIDDEN, id="scp"),
    ],
)
def test_other_failures_break_off_at_once_and_keep_what_was_read(error: ListingError):
    service = Service({"t-2": error})
    parts = Describer(LISTING, service.one).answers(names(9))

    assert ids(next(parts)[DESCRIBED]) == ["id-t-0", "id-t-1"]
    with pytest.raises(ListingError) as caught:
        next(parts)
    assert caught.value is error
    assert len(service.calls) == 3


@pytest.mark.parametrize("answer", [{}, {"Thing": None}, {"Thing": []}, {"Thing": "t-1"}])
def test_an_answer_that_tells_nothing_spoils_its_own_item_alone(answer: Any):
    describer = Describer(LISTING, Service({"t-1": answer}).one)

    found = described(describer, names(3))
    assert ids([found[0], found[2]]) == ["id-t-0", "id-t-2"]
    assert found[1] == Hole("Thing")
    describer.settle()


@pytest.mark.parametrize("name", [None, "", 7, {"Name": "t-1"}])
@pytest.mark.parametrize("describe", [ONE_BY_ONE, TOGETHER])
def test_an_item_without_a_name_can_not_be_asked_for(describe: Describe, name: Any):
    service = Service()
    ask = service.many if describe.at_once else service.one
    describer = Describer(replace(LISTING, describe=describe), ask)

    found = described(describer, {"Names": ["t-0", name]})

    assert sorted(found, key=repr) == sorted(
        [Hole("Names"), {"Id": "id-t-0"} | ({} if describe.at_once else {"Name": "t-0"})], key=repr
    )
    assert len(service.calls) == 1


def test_what_the_list_tells_is_no_item_without_a_name_to_ask_for():
    """Fails if the list's own words pass for a description: id known, all else forgotten."""
    listing = replace(LISTING, describe=replace(ONE_BY_ONE, items="Things", key="Name"))

    found = described(Describer(listing, Service().one), {"Things": [{"Id": "t-1"}, "t-2"]})

    assert found == [Hole("Things[].Name"), Hole("Things[].Name")]


def test_a_service_may_say_that_some_are_missing():
    describer = Describer(replace(LISTING, describe=TOGETHER), Service({"t-1": "MISSING"}).many)

    assert ids(described(describer, names(5))) == [f"id-t-{n}" for n in (0, 2, 3, 4)]
    describer.settle()


@pytest.mark.parametrize("reason", ["ACCESS_DENIED", None])
def test_an_item_that_a_service_leaves_out_for_another_reason_is_not_gone(reason: str | None):
    """Fails if whoever is not in the answer counts as gone: a live row would be marked."""
    describer = Describer(replace(LISTING, describe=TOGETHER), Service({"t-1": reason}).many)

    assert ids(described(describer, names(5))) == [f"id-t-{n}" for n in (0, 2, 3, 4)]
    with pytest.raises(ListingError, match="1 of 3") as caught:
        describer.settle()
    assert (caught.value.error_class, caught.value.code) == (ErrorClass.INCOMPLETE, "CountMismatch")


@pytest.mark.parametrize("answer", [{}, {"Things": None}, {"Things": {}}])
def test_an_answer_without_the_list_breaks_off(answer: Any):
    describer = Describer(replace(LISTING, describe=TOGETHER), lambda *_: answer)

    with pytest.raises(ListingError, match="no list Things") as caught:
        described(describer, names(2))
    assert caught.value.error_class is ErrorClass.TRANSIENT


FATES = st.lists(
    st.sampled_from(["told", "gone", "denied", "unreadable", "nameless"]), max_size=PART * 3
)


@given(fates=FATES, seconds=st.floats(0, 20))
def test_every_item_is_told_gone_denied_or_reported(fates: list[str], seconds: float):
    """Nothing is lost on the way: what does not come out is why the listing is not complete."""
    fates = ["told", *fates]  # something is allowed, so denials concern single items
    answers = {"gone": GONE, "denied": DENIED, "unreadable": {}}
    service = Service({f"t-{n}": answers[f] for n, f in enumerate(fates) if f in answers})
    listed = [None if f == "nameless" else f"t-{n}" for n, f in enumerate(fates)]
    describer = Describer(LISTING, service.one, clock=ticking(seconds))

    parts = [part[DESCRIBED] for part in describer.answers({"Names": listed})]

    found = list(chain.from_iterable(parts))
    assert max(map(len, parts)) <= PART
    assert ids([item for item in found if not isinstance(item, Hole)]) == [
        f"id-t-{n}" for n, fate in enumerate(fates) if fate == "told"
    ]
    holes = [item for item in found if isinstance(item, Hole)]
    assert len(holes) == fates.count("unreadable") + fates.count("nameless")
    if "denied" in fates:
        with pytest.raises(ListingError):
            describer.settle()
    else:
        describer.settle()
