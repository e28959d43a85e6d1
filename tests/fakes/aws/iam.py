"""IAM: users, roles, groups and policies in one call."""

from tests.fakes.aws.bodies import render
from tests.fakes.aws.calls import Call
from tests.fakes.aws.damage import Body, bodies
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.model import GLOBAL, Account, Resource
from tests.fakes.aws.paging import InvalidTokenError, Pager
from tests.fakes.aws.protocols import ApiError, numbered

_MOST_ITEMS = 1000
_LISTS = {
    "iam:user": "UserDetailList",
    "iam:group": "GroupDetailList",
    "iam:role": "RoleDetailList",
    "iam:policy": "Policies",
}
_FILTERS = frozenset({"User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"})


def get_account_authorization_details(
    account: Account, call: Call, pager: Pager, faults: list[Fault]
) -> Body:
    """A page holds at most MaxItems over all four lists."""
    filters = numbered(call.parameters, "Filter.member")
    if not set(filters) <= _FILTERS:
        raise ApiError("ValidationError", f"1 validation error detected: Value '{filters}'")
    index = account.index("iam", GLOBAL)
    try:
        page = pager.cut(
            index,
            call,
            _size(call, pager),
            faults,
            lambda one: not filters or _filter_name(one) in filters,
        )
    except InvalidTokenError:
        raise ApiError("ValidationError", f"Invalid Marker: {call.token}") from None
    lists: Body = {name: [] for name in _LISTS.values()}
    for resource, body in bodies(page, account, render):
        lists[_LISTS[resource.kind]].append(body)
    more = {"IsTruncated": bool(page.next_token), "Marker": page.next_token or None}
    return lists | more


def _filter_name(resource: Resource) -> str:
    if resource.kind == "iam:policy":
        return "AWSManagedPolicy" if resource.owner == "aws" else "LocalManagedPolicy"
    return resource.kind.removeprefix("iam:").capitalize()


def _size(call: Call, pager: Pager) -> int:
    """100 where nothing is asked for, as the real one; `page_size` caps both."""
    asked = call.parameters.get("MaxItems", "100")
    if not asked.isdigit() or not 1 <= int(asked) <= _MOST_ITEMS:
        message = (
            f"1 validation error detected: Value '{asked}' at 'maxItems' failed to satisfy "
            f"constraint: Member must have value between 1 and {_MOST_ITEMS}"
        )
        raise ApiError("ValidationError", message)
    return min(pager.size(call.operation), int(asked))


OPERATIONS = {"GetAccountAuthorizationDetails": get_account_authorization_details}
