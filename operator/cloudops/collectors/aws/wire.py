"""Answers as bytes, mended where the SDK would give up on a whole page for one character."""

import re
from typing import Any, Final

_REPLACEMENT: Final = "\ufffd".encode()
# XML 1.0 allows no control characters but tab and line ends, and no surrogates.
# Tags and descriptions may hold them all the same, raw or as a reference.
_ILLEGAL_BYTES: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xed[\xa0-\xbf][\x80-\xbf]")
_REFERENCE: Final = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")


def mend_xml(body: bytes) -> bytes:
    """Put the replacement character in place of what no XML parser accepts."""
    mended = _ILLEGAL_BYTES.sub(_REPLACEMENT, body)
    return _REFERENCE.sub(_mend_reference, mended) if b"&#" in mended else mended


def mend_answer(response_dict: dict[str, Any], **_event: object) -> None:
    """Handle botocore's `before-parse`; answers that are not XML are left alone."""
    body = response_dict.get("body")
    if isinstance(body, bytes) and body.lstrip()[:1] == b"<":
        response_dict["body"] = mend_xml(body)


def _mend_reference(found: re.Match[bytes]) -> bytes:
    code = int(found[1], 16) if found[1] else int(found[2])
    return found[0] if _is_legal(code) else _REPLACEMENT


def _is_legal(code: int) -> bool:
    return code in {0x9, 0xA, 0xD} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0x110000  # noqa: PLR2004  XML's own table
