"""Rendering the items of a page, spoilt where a fault says so."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from tests.fakes.aws.faults import Fault
from tests.fakes.aws.model import Account, Resource
from tests.fakes.aws.paging import Page

Body = dict[str, Any]
WeakSpot = tuple[str, Body, str]
"""Member with the id, member and value of a wrong type, text member if it has no tags."""
T = TypeVar("T")

# A wrong type in XML is a text that botocore can't parse, and with it the whole page.
_WEAK_SPOTS: dict[str, WeakSpot] = {
    "ec2:instance": ("InstanceId", {"LaunchTime": "yesterday"}, ""),
    "ec2:volume": ("VolumeId", {"Size": "many"}, ""),
    "ec2:security-group": ("GroupId", {"IpPermissions": [{"FromPort": "ssh"}]}, ""),
    "s3:bucket": ("Name", {"CreationDate": "yesterday"}, "BucketRegion"),
    "iam:user": ("Arn", {"CreateDate": "yesterday"}, ""),
    "iam:role": ("Arn", {"CreateDate": "yesterday"}, ""),
    "iam:group": ("Arn", {"CreateDate": "yesterday"}, "Path"),
    "iam:policy": ("Arn", {"CreateDate": "yesterday"}, "Description"),
    "dynamodb:table": ("TableArn", {"CreationDateTime": "yesterday"}, "TableId"),
    "dynamodb:table-name": ("TableName", {"TableName": 7}, "Description"),
    "tagging": ("ResourceARN", {"ResourceARN": 7}, ""),
    "cloudcontrol": ("Identifier", {"Properties": "no JSON"}, "Identifier"),
}
_TEXTS = {
    "nul": "a\x00b",
    "surrogate": "a\ud800b",
    "unicode": "\u202eevil\u2066 \U0001f511 e\u0301 \u200b\u2028" + "ß" * 200,
}


def spoil(spot: WeakSpot, body: Body, how: str) -> Body:
    id_member, wrong_type, text_member = spot
    if how == "missing-id":
        return {key: value for key, value in body.items() if key != id_member}
    if how == "empty-id":
        return body | {id_member: ""}
    if how == "wrong-type":
        return body | wrong_type
    text = _TEXTS.get(how)
    if text_member:
        return body | {text_member: text or ""}
    tag = {"Key": "orphan"} if text is None else {"Key": f"planted-{how}", "Value": text}
    return body | {"Tags": [*body.get("Tags", []), tag]}


def bodies(
    page: Page,
    account: Account,
    render: Callable[[Resource, Account], Body],
    kind_of: Callable[[Resource], str] = lambda resource: resource.kind,
) -> list[tuple[Resource, Body]]:
    """The page's items in order; `kind_of` says where an item is weak."""
    return damaged(
        [(resource, render(resource, account)) for resource in page.resources],
        page.damage,
        lambda item, how: (item[0], spoil(_WEAK_SPOTS[kind_of(item[0])], item[1], how)),
    )


def damaged(items: list[T], damage: Iterable[Fault], spoil_one: Callable[[T, str], T]) -> list[T]:
    """The items as the faults leave them."""
    for fault in damage:
        if fault.kind == "duplicates":
            items += items[: fault.count]
            continue
        for position in range(fault.offset, min(fault.offset + fault.count, len(items))):
            items[position] = spoil_one(items[position], fault.variant)
    return items
