"""Organizations: the list of accounts, for whoever may see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.aws.calls import Call
from tests.fakes.aws.damage import Body
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.model import GLOBAL, Index, Resource
from tests.fakes.aws.paging import InvalidTokenError, Pager
from tests.fakes.aws.problems import denial
from tests.fakes.aws.protocols import ApiError
from tests.fakes.aws.world import World

_KIND = "organizations:account"
_JOINED = 1_700_000_000.0


@dataclass(slots=True)
class Organization:
    """Accounts under one management account; those of `administrators` may list them, too."""

    id: str
    management: str
    administrators: set[str] = field(default_factory=set)
    members: Index = field(default_factory=Index)

    def put(self, account: str, name: str, state: str) -> None:
        self.members.put(
            account, Resource(_KIND, account, GLOBAL, fields={"Name": name, "State": state})
        )

    def arn(self, account: str, partition: str) -> str:
        head = f"arn:{partition}:organizations::{self.management}"
        return f"{head}:account/{self.id}/{account}"


def list_accounts(
    world: World,
    organizations: Mapping[str, Organization],
    call: Call,
    pager: Pager,
    faults: Iterable[Fault],
) -> Body:
    """Members are denied, whatever their policies say; outsiders hear that there is nothing."""
    mine = next((o for o in organizations.values() if call.account in o.members.items), None)
    if mine is None:
        raise ApiError(
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        )
    if call.account != mine.management and call.account not in mine.administrators:
        error = denial(call)
        error.message = "You don't have permissions to access this resource."
        raise error
    size = pager.size(call.operation)
    try:
        page = pager.cut(mine.members, call, size, faults)
    except InvalidTokenError:
        message = "You provided an invalid NextToken value."
        raise ApiError("InvalidInputException", message) from None
    partition = world.accounts[mine.management].partition
    answer: Body = {"Accounts": [_body(mine, one, partition) for one in page.resources]}
    return answer | ({"NextToken": page.next_token} if page.next_token else {})


def _body(organization: Organization, member: Resource, partition: str) -> dict[str, Any]:
    state = member.fields["State"]
    return {
        "Id": member.id,
        "Arn": organization.arn(member.id, partition),
        "Email": f"{member.id}@example.com",
        "Name": member.fields["Name"],
        "Status": "SUSPENDED" if state == "CLOSED" else state,
        "State": state,
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": _JOINED,
    }
