"""A service whose list tells names only, and what it answers when each is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from botocore.exceptions import ClientError

from cloudops.collectors.aws.describing import Describer
from cloudops.collectors.aws.errors import listing_error
from cloudops.collectors.vocabulary import DESCRIBED, Describe, Emits, Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import Consistency, ErrorClass, PeriodClass
from cloudops.domain.resource import TagSource

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
# As long as AWS lets names be: its reason stands behind what a message has room for.
OWN_POLICY = listing_error(
    ClientError(
        {
            "Error": {
                "Code": "AccessDeniedException",
                "Message": "User: arn:aws:sts::111122223333:assumed-role/cloudops-read/"
                f"cloudops-central is not authorized to perform: test:GetThing on resource: "
                f"arn:aws:test:eu-west-1:111122223333:{'n' * 200}"
                " because no resource-based policy allows the test:GetThing action",
            }
        },
        "GetThing",
    ),
    LISTING,
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


def ticking(seconds: float) -> Callable[[], float]:
    return map(seconds.__mul__, count()).__next__
