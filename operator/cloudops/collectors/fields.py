"""Head fields of an item: missing is None, a wrong shape is an error, never a guess."""

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from jmespath.exceptions import JMESPathError

from cloudops.collectors.expressions import Expression, compile_expression
from cloudops.collectors.identifiers import ShapeError

_MILLISECONDS_FROM: Final = 1e11  # epoch numbers above it can't be seconds (year 5138)
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_TAG_KEYS: Final = ("Key", "key", "TagKey")
_TAG_VALUES: Final = ("Value", "value", "TagValue")


def compile_optional(text: str) -> Expression | None:
    """A compiled JMESPath, or None where a row leaves the field empty."""
    return compile_expression(text) if text else None


def _search(expression: Expression | None, document: dict[str, Any], field: str) -> Any:
    try:
        return None if expression is None else expression.search(document)
    except JMESPathError as error:
        raise ShapeError(f"{field} has the wrong shape") from error


def service_name(native_type: str) -> str:
    """`AWS::EC2::Instance` → `ec2`; other clouds' types begin with their service."""
    parts = native_type.split("::")
    return parts[1].lower() if len(parts) > 1 else re.split(r"[./]", native_type)[0].lower()


def scalar_text(expression: Expression | None, document: dict[str, Any], field: str) -> str | None:
    """A scalar as text; missing and empty are None, anything else is a wrong shape."""
    value = _search(expression, document, field)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ShapeError(f"{field} is not text")


def last_part(name: str | None) -> str | None:
    """What an ARN names, anything else as it is."""
    return re.split(r"[:/]", name)[-1] if name and name.startswith("arn:") else name


def creation_time(expression: Expression | None, document: dict[str, Any]) -> datetime | None:
    value = _search(expression, document, "created")
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = float(value)  # SQS writes numbers as text
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            seconds = value / 1000 if value > _MILLISECONDS_FROM else value
            moment = datetime.fromtimestamp(seconds, UTC)
        else:
            raise ShapeError("created is not a time")
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ShapeError("created is not a time") from error


def tag_mapping(expression: Expression | None, document: dict[str, Any]) -> dict[str, str]:
    """Tags as a mapping; unreadable tags are an error, since "untagged" must be a fact."""
    value = _search(expression, document, "tags")
    if value is None:
        return {}
    if isinstance(value, dict):
        return {key: _tag_text(inner) for key, inner in value.items()}
    if not isinstance(value, list):
        raise ShapeError("tags are neither a list nor an object")
    return dict(_tag_pair(pair) for pair in value)


def _tag_pair(pair: object) -> tuple[str, str]:
    if not isinstance(pair, dict):
        raise ShapeError("a tag is not an object")
    key = next((pair[name] for name in _TAG_KEYS if name in pair), None)
    if not isinstance(key, str):
        raise ShapeError("a tag has no key")
    return key, _tag_text(next((pair[name] for name in _TAG_VALUES if name in pair), None))


def _tag_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise ShapeError("a tag's value is not text")
    return value if isinstance(value, str) else json.dumps(value)
