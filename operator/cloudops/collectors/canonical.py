"""Canonical JSON: one byte string for one meaning, and storable as PostgreSQL `jsonb`."""

import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

import orjson

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 64  # orjson refuses 255 levels; nothing real is deeper than 20
FLAGS_KEY: Final = "cloudops.dev/flags"
TRUNCATED: Final = "truncated"
REPLACED_CHARACTERS: Final = "replaced-characters"
TOO_DEEP: Final = "too-deep"

_INT64: Final = 2**63
_REPLACEMENT: Final = "\ufffd"
_WORTH_CUTTING: Final = 256  # a value's marker is about 100 bytes


def canonical_json(value: Any) -> bytes:
    """Serialise what `Cleaner.clean` returned, with sorted keys."""
    written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    # orjson leaves its answer in the buffer that it wrote to, several times as large.
    return bytes(memoryview(written))


class Cleaner:
    """Copies an SDK's answer into plain, storable JSON values; `flags` says what was lost."""

    def __init__(self) -> None:
        self.flags: set[str] = set()

    def clean(self, value: Any, depth: int = 0) -> Any:
        """Return a deep copy of JSON types only.

        Times become RFC 3339 in UTC, bytes base64, and characters that
        PostgreSQL refuses (NUL, lone surrogates) the replacement character.
        """
        kind = type(value)  # quicker to ask than `isinstance`, and enough for nearly all
        if kind is str:
            return self.text(value)
        if kind is int or kind is bool or value is None:
            return _scalar(value)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (dict, list, Mapping, tuple, set, frozenset)):
            return self._container(value, depth)
        return _scalar(value)

    def text(self, value: str) -> str:
        """Replace what can't be stored."""
        if value.isascii() and "\0" not in value:
            return value
        try:
            value.encode()
        except UnicodeEncodeError:
            self.flags.add(REPLACED_CHARACTERS)
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if "\0" in value:
            self.flags.add(REPLACED_CHARACTERS)
            value = value.replace("\0", _REPLACEMENT)
        return value

    def _container(self, value: Any, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            self.flags.add(TOO_DEEP)
            return {TRUNCATED: True}
        if isinstance(value, Mapping):
            return self._object(value, depth)
        items = [self.clean(item, depth + 1) for item in value]
        return sorted(items, key=canonical_json) if isinstance(value, (set, frozenset)) else items

    def _object(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        text, clean, deeper = self.text, self.clean, depth + 1
        cleaned = {
            text(k) if type(k) is str else text(str(k)): (
                text(v) if type(v) is str else clean(v, deeper)
            )
            for k, v in value.items()
        }
        if len(cleaned) < len(value):  # keys became equal: the order they came in must not matter
            members = sorted(value.items(), key=lambda member: repr(member[0]))
            cleaned = {self.text(str(k)): self.clean(v, depth + 1) for k, v in members}
        return cleaned


def rfc3339(value: datetime) -> str:
    """Format in UTC; a time without a zone is taken as UTC."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        aware = aware.astimezone(UTC)
    except OverflowError:  # within a day of year 1 or 9999 there may be no such UTC time
        aware = aware.replace(tzinfo=UTC)
    return aware.isoformat().replace("+00:00", "Z")


def limited(document: dict[str, Any], max_bytes: int = MAX_BYTES) -> tuple[bytes, bool]:
    """Serialise `document`; over `max_bytes`, its largest values give way to a digest.

    The digest keeps a change inside a cut value visible as a change.

    Returns:
        Canonical JSON of at most `max_bytes`, and whether anything was cut.
    """
    whole = canonical_json(document)
    if len(whole) <= max_bytes:
        return whole, False
    sizes = {key: len(canonical_json(value)) for key, value in document.items()}
    kept = {**document, FLAGS_KEY: sorted({*document.get(FLAGS_KEY, ()), TRUNCATED})}
    excess = len(whole) + 128 - max_bytes
    for key in sorted(sizes, key=lambda k: (-sizes[k], k)):
        if excess <= 0 or sizes[key] < _WORTH_CUTTING:
            break
        marker = _cut_marker(canonical_json(document[key]))
        excess -= sizes[key] - len(canonical_json(marker))
        kept[key] = marker
    short = canonical_json(kept)
    if len(short) > max_bytes:  # very many small values
        short = canonical_json({FLAGS_KEY: [TRUNCATED], "document": _cut_marker(whole)})
    return short, True


def _cut_marker(value: bytes) -> dict[str, Any]:
    digest = blake2b(value, digest_size=16).hexdigest()
    return {TRUNCATED: True, "bytes": len(value), "digest": digest}


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (bytes, bytearray)):
        return b64encode(value).decode("ascii")
    return Cleaner().text(str(value))


def _number(value: Any) -> int | float | str:
    """JSON has no NaN and no infinity, and orjson no integers beyond 64 bits."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return int(value) if -_INT64 <= value < 2 * _INT64 else hex(value)
