"""Cloud Control: one call that lists any type, as the types' schemas say.

What a type needs to be told, and how an item looks, comes from the product's table of
types, which is made from the schemas. No type was ever seen in a recorded answer.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cloudops.collectors.aws.cloudcontrol import TypeFacts, table
from tests.fakes.aws.bodies import tag_list
from tests.fakes.aws.calls import Call
from tests.fakes.aws.damage import Body, bodies
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.model import CLOUD_CONTROL, GLOBAL, Account, Resource
from tests.fakes.aws.paging import InvalidTokenError, Pager
from tests.fakes.aws.protocols import ApiError
from tests.fakes.aws.replay_items import tail


def other(
    type_: str,
    identifier: str,
    *,
    region: str = "us-east-1",
    tags: Mapping[str, str] | None = None,
    model: Mapping[str, str] | None = None,
    **properties: Any,
) -> Resource:
    """A resource of any type in the table.

    Args:
        type_: `AWS::ApiGateway::ApiKey`.
        identifier: What Cloud Control calls it.
        region: Where it is; of global types that does not count.
        tags: None leaves the property out of the list, as many handlers do.
        model: What has to be asked for to see it: `{"RestApiId": "a1b2c3"}`.
        properties: What else the list brings.
    """
    facts = table()[type_]
    return Resource(
        f"{CLOUD_CONTROL}:{type_}",
        identifier,
        GLOBAL if facts.get("global") else region,
        fields={"tags": tags, "model": dict(model or {}), "properties": properties},
    )


def list_resources(account: Account, call: Call, pager: Pager, faults: Iterable[Fault]) -> Body:
    """`ResourceModel` is needed where a handler asks for it, and selects wherever it is sent."""
    type_ = str(call.parameters.get("TypeName", ""))
    facts = table().get(type_)
    if facts is None:
        raise ApiError("TypeNotFoundException", f"The type '{type_}' cannot be found.")
    model = json.loads(call.parameters.get("ResourceModel", "{}"))
    _require(account, call, type_, facts, model)
    region = GLOBAL if facts.get("global") else call.region

    def asked_for(resource: Resource) -> bool:
        shown: Mapping[str, str] = resource.fields["model"]
        return all(shown.get(name) == value for name, value in model.items())

    index = account.index(f"{CLOUD_CONTROL}:{type_}", region)
    try:
        page = pager.cut(index, call, pager.size(call.operation), faults, asked_for)
    except InvalidTokenError:
        raise ApiError("InvalidRequestException", "Invalid NextToken") from None
    items = [body for _, body in bodies(page, account, _item, lambda _: CLOUD_CONTROL)]
    answer: Body = {"TypeName": type_, "ResourceDescriptions": items}
    return answer | ({"NextToken": page.next_token} if page.next_token else {})


def _require(
    account: Account, call: Call, type_: str, facts: TypeFacts, model: Mapping[str, str]
) -> None:
    """Refuse what names no parent, or one that is not there (any more)."""
    member, parent = facts.get("parent", ("", ""))
    needed = [*facts.get("needs", ()), *facts.get("constant", ()), *([member] if member else ())]
    missing = [name for name in needed if name not in model]
    if missing:
        message = (
            f"Missing or invalid ResourceModel property in {type_} list handler request input. "
            f"Required property:  (#: required key [{missing[0]}] not found)"
        )
        raise ApiError("InvalidRequestException", message)
    region = GLOBAL if facts.get("global") else call.region
    parents = account.index(f"{CLOUD_CONTROL}:{parent}", region).items if parent else {}
    if parent and model[member] not in (name_of(facts, one) for one in parents):
        message = f"{type_} Handler returned status FAILED: not found (HandlerErrorCode: NotFound)"
        raise ApiError("ResourceNotFoundException", message)


def name_of(facts: TypeFacts, parent: str) -> str:
    """What a parent's children are asked for by, of its identifier."""
    return tail(parent) if facts.get("tail") else parent


def _item(resource: Resource, account: Account) -> dict[str, Any]:
    type_ = resource.kind.partition(":")[2]
    facts = table()[type_]
    parts = dict(zip(facts["identifier"], resource.id.split("|"), strict=False))
    tags = resource.fields["tags"]
    shown = {} if tags is None else {facts["tags"]: tag_list(tags)}
    properties = {**parts, **resource.fields["model"], **shown, **resource.fields["properties"]}
    return {"Identifier": resource.id, "Properties": json.dumps(properties)}


OPERATIONS = {"ListResources": list_resources}
