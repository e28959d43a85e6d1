"""EC2: regions, instances, volumes, security groups."""

from collections.abc import Callable
from typing import Any

from tests.fakes.aws.bodies import render
from tests.fakes.aws.calls import Call
from tests.fakes.aws.damage import Body, bodies
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.identity import unique_id
from tests.fakes.aws.model import Account, Resource
from tests.fakes.aws.paging import InvalidTokenError, Page, Pager
from tests.fakes.aws.protocols import ApiError, numbered

# Regions that an account has to opt into; all others can't be switched off.
OPT_IN_REGIONS = frozenset(
    [
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-south-1",
        "eu-south-2",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
    ]
)
_LEAST_RESULTS = 5
# Operation → (kind, parameter that names single items, error for an unknown one).
_LISTINGS = {
    "DescribeInstances": ("ec2:instance", "InstanceId", "InvalidInstanceID.NotFound"),
    "DescribeVolumes": ("ec2:volume", "VolumeId", "InvalidVolume.NotFound"),
    "DescribeSecurityGroups": ("ec2:security-group", "GroupId", "InvalidGroup.NotFound"),
}


def describe_regions(account: Account, call: Call, pager: Pager, faults: list[Fault]) -> Body:
    del pager, faults
    names = numbered(call.parameters, "RegionName")
    everything = call.parameters.get("AllRegions") == "true"
    statuses = dict.fromkeys(account.opted_out, "not-opted-in") if everything or names else {}
    for region in account.regions:
        statuses[region] = "opted-in" if region in OPT_IN_REGIONS else "opt-in-not-required"
    unknown = [name for name in names if name not in statuses]
    if unknown:
        message = f"Invalid region names provided: {', '.join(unknown)}"
        raise ApiError("InvalidParameterValue", message)
    wanted = _opt_in_filter(call)
    suffix = "amazonaws.com.cn" if account.partition == "aws-cn" else "amazonaws.com"
    return {
        "Regions": [
            {"RegionName": name, "Endpoint": f"ec2.{name}.{suffix}", "OptInStatus": status}
            for name, status in sorted(statuses.items())
            if (not names or name in names) and (wanted is None or status in wanted)
        ]
    }


def _opt_in_filter(call: Call) -> list[str] | None:
    name = call.parameters.get("Filter.1.Name")
    if name is None:
        return None
    if name != "opt-in-status" or "Filter.2.Name" in call.parameters:
        raise ApiError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return numbered(call.parameters, "Filter.1.Value")


def _page(account: Account, call: Call, pager: Pager, faults: list[Fault]) -> Page:
    kind, parameter, not_found = _LISTINGS[call.operation]
    index = account.index(kind, call.region)
    if "Filter.1.Name" in call.parameters:
        name = call.parameters["Filter.1.Name"]
        raise ApiError("InvalidParameterValue", f"The filter '{name}' is invalid")
    ids = numbered(call.parameters, parameter)
    size = _size(call, pager, named=bool(ids))
    for name in ids:
        if name not in index.items:
            raise ApiError(not_found, f"The ID '{name}' does not exist")
    wanted: Callable[[Resource], bool] | None = (lambda one: one.id in ids) if ids else None
    try:
        return pager.cut(index, call, size, faults, wanted)
    except InvalidTokenError:
        message = (
            f"Value ( {call.token} ) for parameter nextToken is invalid. The token is invalid."
        )
        raise ApiError("InvalidParameterValue", message) from None


def _size(call: Call, pager: Pager, *, named: bool) -> int:
    limit = pager.size(call.operation)
    asked = call.parameters.get("MaxResults")
    if asked is None:
        return limit
    if named:
        message = "The parameter instancesSet cannot be used with the parameter maxResults"
        raise ApiError("InvalidParameterCombination", message)
    if not asked.isdigit() or int(asked) < _LEAST_RESULTS:
        message = (
            f"Value ( {asked} ) for parameter maxResults is invalid. "
            f"Expecting a value greater than {_LEAST_RESULTS}."
        )
        raise ApiError("InvalidParameterValue", message)
    return min(limit, int(asked))


def describe_instances(account: Account, call: Call, pager: Pager, faults: list[Fault]) -> Body:
    page = _page(account, call, pager, faults)
    reservations: dict[str, dict[str, Any]] = {}
    for resource, body in bodies(page, account, render):
        name = resource.fields.get("ReservationId") or unique_id("r-", resource.id).lower()
        reservation = reservations.setdefault(
            name,
            {"ReservationId": name, "OwnerId": account.id, "Groups": [], "Instances": []},
        )
        reservation["Instances"].append(body)
    return {"Reservations": list(reservations.values()), "NextToken": page.next_token or None}


def describe_volumes(account: Account, call: Call, pager: Pager, faults: list[Fault]) -> Body:
    page = _page(account, call, pager, faults)
    volumes = [body for _, body in bodies(page, account, render)]
    return {"Volumes": volumes, "NextToken": page.next_token or None}


def describe_security_groups(
    account: Account, call: Call, pager: Pager, faults: list[Fault]
) -> Body:
    page = _page(account, call, pager, faults)
    groups = [body for _, body in bodies(page, account, render)]
    return {"SecurityGroups": groups, "NextToken": page.next_token or None}


OPERATIONS = {
    "DescribeRegions": describe_regions,
    "DescribeInstances": describe_instances,
    "DescribeVolumes": describe_volumes,
    "DescribeSecurityGroups": describe_security_groups,
}
