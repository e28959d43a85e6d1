"""Answers as bytes: mended where the SDK is too strict, refused where it is too lenient."""

import json
import re
from typing import Any, Final

import orjson
from botocore.model import OperationModel

_JSON: Final = frozenset({"json", "rest-json"})
_SUCCESS: Final = 200
_REPLACEMENT: Final = "\ufffd".encode()
# XML 1.0 allows no control characters but tab and line ends, and no surrogates.
# Tags and descriptions may hold them all the same, raw or as a reference.
_ILLEGAL_BYTES: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xed[\xa0-\xbf][\x80-\xbf]")
_REFERENCE: Final = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")


def mend_xml(body: bytes) -> bytes:
    """Put the replacement character in place of what no XML parser accepts."""
    mended = _ILLEGAL_BYTES.sub(_REPLACEMENT, body)
    return _REFERENCE.sub(_mend_reference, mended) if b"&#" in mended else mended


def mend_answer(
    response_dict: dict[str, Any], operation_model: OperationModel | None = None, **_event: object
) -> None:
    """Handle botocore's `before-parse`: what no parser of XML takes is replaced.

    Raises:
        ValueError | TypeError: A success without a byte, or one that should be JSON and is
            not. botocore makes an object without members of both, and there are services
            that say in just this way that there is nothing.
    """
    body = response_dict.get("body")
    if response_dict.get("status_code") == _SUCCESS:
        if body == b"":
            raise ValueError("an empty body")
        if operation_model and operation_model.service_model.resolved_protocol in _JSON:
            _refuse_all_but_an_object(body)
    if isinstance(body, bytes) and body.lstrip()[:1] == b"<":
        response_dict["body"] = mend_xml(body)


def _refuse_all_but_an_object(body: Any) -> None:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = json.loads(body)  # lone surrogates, too, as botocore takes them
    if not isinstance(content, dict):
        raise TypeError("no JSON object")


def _mend_reference(found: re.Match[bytes]) -> bytes:
    code = int(found[1], 16) if found[1] else int(found[2])
    return found[0] if _is_legal(code) else _REPLACEMENT


def _is_legal(code: int) -> bool:
    return code in {0x9, 0xA, 0xD} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0x110000  # noqa: PLR2004  XML's own table
