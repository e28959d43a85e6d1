"""The second call: what it asks, in which parts it answers, and what one broken item may break."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudops.collectors.aws.describing import MAX_DENIALS, PART, PART_SECONDS, Describer
from cloudops.collectors.items import Hole
from cloudops.collectors.vocabulary import DESCRIBED, Describe, Emits, Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import Consistency, ErrorClass, PeriodClass
from cloudops.domain.resource import TagSource

pytestmark = pytest.mark.unit

ONE_BY_ONE = Describe(
    operation="GetThing",
    permission="test:GetThing",
    items="Names",
    parameter="Name",
    result="Thing",
    parameters={"Detail": "all"},
    gone_codes=("NoSuchThing",),
)
TOGETHER = Describe(
    operation="GetThings",
    permission="test:GetThings",
    items="Names",
    parameter="Names",
    result="Things",
    at_once=3,
    missing="Failures[?Reason=='MISSING'].Name",
)
LISTING = Listing(
    name="aws.test.things",
    service="test",
    operation="ListThings",
    region_rule=RegionRule.REGIONAL,
    permissions=("test:ListThings", "test:GetThing"),
    consistency=Consistency.EVENTUAL,
    period=PeriodClass.STANDARD,
    describe=ONE_BY_ONE,
    emits=(
        Emits(
            type="AWS::Test::Thing",
            kind="test.thing",
            items=DESCRIBED,
            id="Id",
            tag_source=TagSource.NONE,
        ),
    ),
)
DENIED = ListingError("no", error_class=ErrorClass.IAM_DENY, code="AccessDenied")
OWN_POLICY = ListingError(
    "GetThing: me is not authorized to perform: test:GetThing on resource: thing"
    " because no resource-based policy allows the test:GetThing action",
    error_class=ErrorClass.IAM_DENY,
    code="AccessDeniedException",
)
GONE = ListingError("gone", error_class=ErrorClass.TRANSIENT, code="NoSuchThing")
SLOW_DOWN = ListingError("slow down", error_class=ErrorClass.THROTTLED, code="Throttling")
REJECTED = ListingError("who?", error_class=ErrorClass.IAM_DENY, code="ExpiredToken")
FORBIDDEN = ListingError("no", error_class=ErrorClass.SCP_DENY, code="AccessDenied")


@dataclass
class Service:
    """Knows every thing but those for which it has another answer."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, Mapping[str, Any], str]] = field(default_factory=list)

    def one(self, operation: str, parameters: Mapping[str, Any], permission: str) -> Any:
        self.calls.append((operation, parameters, permission))
        name = parameters["Name"]
        answer = self.answers.get(name, {"Thing": {"Id": f"id-{name}"}})
        if isinstance(answer, ListingError):
            raise answer
        return answer

    def many(self, operation: str, parameters: Mapping[str, Any], permission: str) -> Any:
        self.calls.append((operation, parameters, permission))
        known = [name for name in parameters["Names"] if name not in self.answers]
        failures = [
            {"Name": name, "Reason": self.answers[name]}
            for name in parameters["Names"]
            if self.answers.get(name)
        ]
        return {"Things": [{"Id": f"id-{name}"} for name in known], "Failures": failures}


def described(describer: Describer, answer: Mapping[str, Any]) -> list[Any]:
    return list(chain.from_iterable(part[DESCRIBED] for part in describer.answers(answer)))


def names(number: int, first: int = 0) -> dict[str, Any]:
    return {"Names": [f"t-{n}" for n in range(first, first + number)]}


def ids(items: list[Any]) -> list[str]:
    return [item["Id"] for item in items]


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


def test_a_name_that_stands_twice_is_asked_for_once():
    service = Service()
    describer = Describer(replace(LISTING, describe=TOGETHER), service.many)

    assert len(described(describer, {"Names": ["t-0", "t-0", "t-1"]})) == 2
    describer.settle()


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


def ticking(seconds: float) -> Callable[[], float]:
    return map(seconds.__mul__, count()).__next__
