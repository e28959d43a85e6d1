"""From output shapes to the wire and back: ec2, query, rest-xml, json and rest-json.

Answers are dicts in botocore's output shape. They are written by writers compiled from
botocore's own service models, so that a fake answer can't use a tag that the real API doesn't.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, Shape, StructureShape

Writer = Callable[[Any, list[str]], None]

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


@cache
def service_model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def family(service: str) -> str:
    """Which services answer alike: `ec2`, `rest-xml`, `query`, or `json`, also over REST."""
    protocol = service_model(service).resolved_protocol
    return JSON if protocol == "rest-json" else protocol


def _text(value: Any) -> str:
    """Escaped; a NUL becomes a reference that no XML parser accepts, as a broken API's would."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;").replace("\x00", "&#x0;")


def _write_text(value: Any, out: list[str]) -> None:
    out.append(_text(value))


def _write_timestamp(value: Any, out: list[str]) -> None:
    if isinstance(value, datetime):
        moment = value.astimezone(UTC)
        value = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    out.append(_text(value))


def _structure_writer(shape: StructureShape) -> Writer:
    members: dict[str, tuple[str, str, Writer]] = {}

    def write(value: Any, out: list[str]) -> None:
        if not isinstance(value, Mapping):
            _write_text(value, out)
            return
        for name, content in value.items():
            if content is None:
                continue
            if name not in members:
                member = shape.members[name]
                tag = member.serialization.get("name", name)
                members[name] = (f"<{tag}>", f"</{tag}>", writer(member))
            opening, closing, write_member = members[name]
            out.append(opening)
            write_member(content, out)
            out.append(closing)

    return write


def _list_writer(shape: ListShape) -> Writer:
    tag = shape.member.serialization.get("name", "member")
    opening, closing, write_item = f"<{tag}>", f"</{tag}>", writer(shape.member)

    def write(value: Any, out: list[str]) -> None:
        if not isinstance(value, list | tuple):
            _write_text(value, out)
            return
        for item in value:
            out.append(opening)
            write_item(item, out)
            out.append(closing)

    return write


def writer(shape: Shape) -> Writer:
    """What is not of the shape's type is written as text: malformed items rely on it."""
    if isinstance(shape, StructureShape):
        return _structure_writer(shape)
    if isinstance(shape, ListShape):
        return _list_writer(shape)
    return _write_timestamp if shape.type_name == "timestamp" else _write_text


@cache
def _output_writer(service: str, operation: str) -> Writer:
    shape = service_model(service).operation_model(operation).output_shape
    if shape is None:
        raise LookupError(f"{service}:{operation} has no output")
    return writer(shape)


def _located(service: str, operation: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """`data`, its members called as on the wire: over REST some have another name there."""
    shape = service_model(service).operation_model(operation).output_shape
    members = shape.members if isinstance(shape, StructureShape) else {}
    return {
        members[name].serialization.get("name", name) if name in members else name: value
        for name, value in data.items()
    }


@cache
def _payload(service: str, operation: str) -> str:
    """The member of the output that is the whole body; "" where all are in it."""
    shape = service_model(service).operation_model(operation).output_shape
    return str(shape.serialization.get("payload", "")) if shape is not None else ""


def success(service: str, operation: str, data: Mapping[str, Any]) -> WireResponse:
    """The answer `data`, in the output shape of the operation."""
    request_id = str(uuid4())
    if family(service) == JSON:
        body = json.dumps(_located(service, operation, data), default=datetime.timestamp)
        return _json_response(200, body, {"x-amzn-RequestId": request_id})
    parts: list[str] = []
    _output_writer(service, operation)(data, parts)
    content = "".join(parts)
    payload = _payload(service, operation)
    if payload:  # the body is what this member holds, and says nothing of the member
        content = content.removeprefix(f"<{payload}>").removesuffix(f"</{payload}>")
    if service == "s3":
        name = "ListAllMyBucketsResult"
        body = f'{_XML}<{name} xmlns="{_S3_NAMESPACE}">{content}</{name}>'
        return _xml_response(200, body, _s3_headers())
    version = service_model(service).api_version
    host = "http://ec2" if service == "ec2" else f"https://{service}"
    opening = f'{_XML}<{operation}Response xmlns="{host}.amazonaws.com/doc/{version}/">'
    if service == "ec2":
        content = f"<requestId>{request_id}</requestId>{content}"
    elif family(service) != REST_XML:
        meta = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        content = f"<{operation}Result>{content}</{operation}Result>{meta}"
    return _xml_response(
        200, f"{opening}{content}</{operation}Response>", {"x-amzn-RequestId": request_id}
    )


def failure(service: str, error: ApiError) -> WireResponse:
    """The same error in the envelope of each protocol."""
    request_id = str(uuid4())
    code, message = _text(error.code), _text(error.message)
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
