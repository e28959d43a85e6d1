"""Answers on the wire: ec2, query, rest-xml, json and rest-json.

Answers are dicts in botocore's output shape; `writers` turns them into XML and JSON.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from botocore.model import Shape, StructureShape

from tests.fakes.aws.writers import (
    as_text,
    as_time,
    is_in_body,
    json_text,
    known_writer,
    output_shape,
    service_model,
)

# Signing name → the SDK's name, which is what rules, logs and tests use.
SERVICES = {
    "ec2": "ec2",
    "s3": "s3",
    "iam": "iam",
    "sts": "sts",
    "tagging": "resourcegroupstaggingapi",
    "dynamodb": "dynamodb",
    "organizations": "organizations",
    "cloudcontrolapi": "cloudcontrol",
}
TAGGING = "resourcegroupstaggingapi"
JSON = "json"
REST_XML = "rest-xml"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class ApiError(Exception):
    """An error answer of the API."""

    def __init__(
        self, code: str, message: str, status: int = 400, retry_after: int | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class WireRequest:
    """What came over the wire; header names in lower case, query as sent."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class WireResponse:
    """What goes over the wire.

    Attributes:
        cut: Announce the whole body, send this many bytes of it, and hang up.
        reset: Send nothing at all but a TCP reset.
        drop: Send nothing at all and close.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    reset: bool = False
    drop: bool = False


def family(service: str) -> str:
    """Which services answer alike: `ec2`, `rest-xml`, `query`, or `json`, also over REST."""
    protocol = service_model(service).resolved_protocol
    return JSON if protocol == "rest-json" else protocol


def success(service: str, operation: str, data: Mapping[str, Any]) -> WireResponse:
    """The answer `data`, in the output shape of the operation."""
    shape = output_shape(service, operation)
    members: Mapping[str, Shape] = shape.members if shape is not None else {}
    outside = {name for name in data if name in members and not is_in_body(members[name])}
    body = {name: value for name, value in data.items() if name not in outside}
    write = _json_success if family(service) == JSON else _xml_success
    response = write(service, operation, shape, body)
    for name in outside:
        _put_outside(response, name, members[name], data[name])
    return response


def _put_outside(response: WireResponse, name: str, member: Shape, value: Any) -> None:
    """Over REST some members are headers, and one may be the status."""
    wire_name = member.serialization.get("name", name)
    match member.serialization["location"]:
        case "statusCode":
            response.status = value
        case "headers":
            named = {f"{wire_name}{key}": _as_header(one) for key, one in value.items()}
            response.headers.update(named)
        case _:
            form = member.serialization.get("timestampFormat", "rfc822")
            timed = as_time(value, form) if member.type_name == "timestamp" else value
            several = isinstance(timed, list | tuple)
            response.headers[wire_name] = ",".join(timed) if several else _as_header(timed)


def _as_header(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _payload(
    shape: StructureShape | None, data: Mapping[str, Any]
) -> tuple[Shape | None, Any, str]:
    """What the body holds: shape, value, and the name of what it is written as."""
    payload = shape.serialization.get("payload") if shape is not None else None
    if shape is None or payload is None:
        return shape, data, ""
    member = shape.members[payload]
    return member, data.get(payload, {}), member.serialization.get("name", member.name)


def _json_success(
    service: str, operation: str, shape: StructureShape | None, data: Mapping[str, Any]
) -> WireResponse:
    inner, value, _ = _payload(shape, data)
    return _json_response(200, json_text(inner, value), {"x-amzn-RequestId": str(uuid4())})


def _xml_success(
    service: str, operation: str, shape: StructureShape | None, data: Mapping[str, Any]
) -> WireResponse:
    if shape is None:
        raise LookupError(f"{service}:{operation} has no output")
    request_id = str(uuid4())
    inner, value, name = _payload(shape, data)
    assert inner is not None
    if inner.type_name == "string":  # such as the policy of a bucket, which is JSON
        return WireResponse(200, _s3_headers(), str(value or "").encode())
    parts: list[str] = []
    known_writer(inner)(value, parts)
    content = "".join(parts)
    if service == "s3":
        name = name or "ListAllMyBucketsResult"
        body = f'{_XML}<{name} xmlns="{_S3_NAMESPACE}">{content}</{name}>'
        return _xml_response(200, body, _s3_headers())
    version = service_model(service).api_version
    host = "http://ec2" if service == "ec2" else f"https://{service}"
    name = name or f"{operation}Response"
    opening = f'{_XML}<{name} xmlns="{host}.amazonaws.com/doc/{version}/">'
    if service == "ec2":
        content = f"<requestId>{request_id}</requestId>{content}"
    elif family(service) != REST_XML:
        wrapper = shape.serialization.get("resultWrapper", f"{operation}Result")
        meta = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        content = f"<{wrapper}>{content}</{wrapper}>{meta}"
    return _xml_response(200, f"{opening}{content}</{name}>", {"x-amzn-RequestId": request_id})


def failure(service: str, error: ApiError) -> WireResponse:
    """The same error in the envelope of each protocol."""
    request_id = str(uuid4())
    code, message = as_text(error.code), as_text(error.message)
    inner = f"<Code>{code}</Code><Message>{message}</Message>"
    headers = {"x-amzn-RequestId": request_id}
    if family(service) == JSON:
        headers["x-amzn-ErrorType"] = error.code
        body = json.dumps({"__type": error.code, "Message": error.message})
        response = _json_response(error.status, body, headers)
    elif service == "s3":
        body = f"<Error>{inner}<RequestId>{request_id}</RequestId><HostId>fake</HostId></Error>"
        response = _xml_response(error.status, _XML + body, _s3_headers())
    elif service == "ec2":
        body = (
            f"<Response><Errors><Error>{inner}</Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
        response = _xml_response(error.status, _XML + body, headers)
    else:
        kind = "Receiver" if error.status >= 500 else "Sender"
        body = (
            f"<ErrorResponse><Error><Type>{kind}</Type>{inner}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        response = _xml_response(error.status, _XML + body, headers)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _xml_response(status: int, body: str, headers: dict[str, str]) -> WireResponse:
    headers["Content-Type"] = "text/xml;charset=UTF-8"
    return WireResponse(status, headers, body.encode("utf-8", "surrogatepass"))


def _json_response(status: int, body: str, headers: dict[str, str]) -> WireResponse:
    headers["Content-Type"] = "application/x-amz-json-1.1"
    return WireResponse(status, headers, body.encode())


def _s3_headers() -> dict[str, str]:
    return {
        "x-amz-request-id": secrets.token_hex(8).upper(),
        "x-amz-id-2": secrets.token_urlsafe(57),
    }


def numbered(parameters: Mapping[str, Any], name: str) -> list[str]:
    """`Name.1`, `Name.2`… of the query protocols, in order."""

    def values() -> Iterator[str]:
        position = 1
        while (value := parameters.get(f"{name}.{position}")) is not None:
            yield str(value)
            position += 1

    return list(values())
