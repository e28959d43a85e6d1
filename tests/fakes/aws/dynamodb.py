"""DynamoDB: a list of names, and a second call for each."""

from collections.abc import Iterable

from tests.fakes.aws.bodies import render
from tests.fakes.aws.calls import Call
from tests.fakes.aws.damage import Body, bodies
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.model import Account
from tests.fakes.aws.paging import InvalidTokenError, Page, Pager
from tests.fakes.aws.protocols import ApiError

TOKEN = "ExclusiveStartTableName"
_KIND = "dynamodb:table"
_LIMITS = range(1, 101)


def list_tables(account: Account, call: Call, pager: Pager, faults: Iterable[Fault]) -> Body:
    """The real token is the last table's name; this one also says for which listing it is good."""
    asked = call.parameters.get("Limit", max(_LIMITS))
    if asked not in _LIMITS:
        raise _invalid("Limit must be between 1 and 100")
    size = min(pager.size(call.operation), asked)
    try:
        page = pager.cut(account.index(_KIND, call.region), call, size, faults)
    except InvalidTokenError:
        raise _invalid("Invalid table name") from None
    names = [
        body.get("TableName")
        for _, body in bodies(page, account, render, lambda _: f"{_KIND}-name")
    ]
    answer: Body = {"TableNames": names}
    return answer | ({"LastEvaluatedTableName": page.next_token} if page.next_token else {})


def describe_table(account: Account, call: Call, pager: Pager, faults: Iterable[Fault]) -> Body:
    del pager
    name = str(call.parameters.get("TableName", ""))
    resource = account.index(_KIND, call.region).items.get(name)
    if resource is None:
        message = f"Requested resource not found: Table: {name} not found"
        raise ApiError("ResourceNotFoundException", message)
    damage = [fault for fault in faults if fault.kind == "malformed"]
    [(_, body)] = bodies(Page([resource], damage=damage), account, render)
    return {"Table": body}


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)


OPERATIONS = {"ListTables": list_tables, "DescribeTable": describe_table}
