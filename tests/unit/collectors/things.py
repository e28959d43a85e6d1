"""A service whose list tells names only, and what it answers when some are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from cloudops.collectors.aws.describing import Describer
from cloudops.collectors.vocabulary import DESCRIBED, Describe, Emits, Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import Consistency, ErrorClass, PeriodClass
from cloudops.domain.resource import TagSource

TOGETHER = Describe(
    operation="GetThings",
    permission="test:GetThings",
    items="Names",
    parameter="Names",
    result="Things",
    told_key="Id",
    at_once=3,
    missing="Failures[?Reason=='MISSING'].Name",
)
LISTING = Listing(
    name="aws.test.things",
    service="test",
    operation="ListThings",
    region_rule=RegionRule.REGIONAL,
    permissions=("test:ListThings", "test:GetThings"),
    consistency=Consistency.EVENTUAL,
    period=PeriodClass.STANDARD,
    describe=TOGETHER,
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
SLOW_DOWN = ListingError("slow down", error_class=ErrorClass.THROTTLED, code="Throttling")


@dataclass
class Service:
    """Knows every thing but those for which it has another answer."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, Mapping[str, Any], str]] = field(default_factory=list)

    def many(self, operation: str, parameters: Mapping[str, Any], permission: str) -> Any:
        self.calls.append((operation, parameters, permission))
        for name in parameters["Names"]:
            if isinstance(self.answers.get(name), ListingError):
                raise self.answers[name]
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
