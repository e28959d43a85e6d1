"""Resource Groups Tagging API: everything in a region that is, or was, tagged."""

from typing import Any

from tests.fakes.aws.bodies import tag_list
from tests.fakes.aws.calls import Call
from tests.fakes.aws.damage import Body, bodies
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.model import Account, Resource
from tests.fakes.aws.paging import InvalidTokenError, Page, Pager
from tests.fakes.aws.protocols import ApiError

_USUAL_RESOURCES, _MOST_RESOURCES = 50, 100
_TAG_LIMITS = range(100, 501, 100)


def get_resources(account: Account, call: Call, pager: Pager, faults: list[Fault]) -> Body:
    """Buckets appear in their own region; of IAM only customer-managed policies do."""
    parameters = call.parameters
    unsupported = set(parameters) & {"TagFilters", "ResourceARNList"}
    if unsupported:
        raise ApiError("InvalidParameterException", f"the fake can't {sorted(unsupported)}")
    page = _page(account, call, pager, faults, parameters.get("ResourceTypeFilters") or [])
    mappings = [body for _, body in bodies(page, account, _mapping, lambda _: "tagging")]
    return {"PaginationToken": page.next_token, "ResourceTagMappingList": mappings}


def _mapping(resource: Resource, account: Account) -> dict[str, Any]:
    return {
        "ResourceARN": resource.arn(account.id, account.partition),
        "Tags": tag_list(resource.tags),
    }


def _page(
    account: Account, call: Call, pager: Pager, faults: list[Fault], types: list[str]
) -> Page:
    def wanted(resource: Resource) -> bool:
        service = resource.kind.partition(":")[0]
        return not types or service in types or resource.kind in types

    limit = min(pager.size(call.operation), _resources_per_page(call))
    tags = call.parameters.get("TagsPerPage", 0)
    if tags and ("ResourcesPerPage" in call.parameters or tags not in _TAG_LIMITS):
        raise ApiError("InvalidParameterException", "TagsPerPage is not valid")

    def weight(resource: Resource) -> float:
        """A resource without tags counts as one tag; `limit` resources fill every page."""
        return max(len(resource.tags), 1, tags / limit) if tags else 1.0

    index = account.index("tagging", call.region)
    try:
        return pager.cut(index, call, tags or limit, faults, wanted, weight)
    except InvalidTokenError as error:
        if error.expired:
            message = "The PaginationToken has expired"
            raise ApiError("PaginationTokenExpiredException", message) from None
        message = "Invalid pagination token"
        raise ApiError("InvalidParameterException", message) from None


def _resources_per_page(call: Call) -> int:
    value = call.parameters.get("ResourcesPerPage", _USUAL_RESOURCES)
    if not isinstance(value, int) or not 1 <= value <= _MOST_RESOURCES:
        message = f"ResourcesPerPage must be between 1 and {_MOST_RESOURCES}"
        raise ApiError("InvalidParameterException", message)
    return value


OPERATIONS = {"GetResources": get_resources}
