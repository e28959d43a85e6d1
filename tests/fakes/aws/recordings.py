"""Recorded answers from a folder: `CLOUDOPS_RECORDINGS`, else the shared one beside us.

One file a host's name, `aws/NAME.jsonl`, one record a line: recording, operation, status code
and `data`, what the SDK made of the answer. Nothing here knows which records there are.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from tests.fakes.aws.writers import service_model

_OF_ARN = re.compile(r"arn:[\w-]+:[\w-]*:([a-z]{2}(?:-[a-z]+)+-\d)?:(\d{12})?:")
_OK = 200


def find_pack() -> Path:
    """Where it is, or where it would be; `.ci/run` looks there, too."""
    beside = Path(__file__).parents[4] / "shared" / "recordings"
    return Path(os.environ.get("CLOUDOPS_RECORDINGS") or beside)


@dataclass(frozen=True, slots=True)
class Record:
    """One successful answer; `data` as the SDK gives it, but for its metadata."""

    recording: str
    operation: str
    data: dict[str, Any]


@cache
def records(folder: Path, service: str) -> tuple[Record, ...]:
    """All that is there of the host of `service`, in order; services that share one mix."""
    path = folder / "aws" / f"{service_model(service).endpoint_prefix}.jsonl"
    return tuple(_read(path)) if path.exists() else ()


def _read(path: Path) -> Iterator[Record]:
    for line in path.read_text().splitlines():
        record = json.loads(line, object_hook=revive)
        if record["status_code"] == _OK:
            data = without_metadata(record["data"])
            yield Record(record["recording"], record["operation"], data)


def revive(value: dict[str, Any]) -> Any:
    """Turn what stands for a time into one."""
    if value.pop("__class__", None) == "datetime":
        return datetime(**value, tzinfo=UTC)
    return value


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def fitted(shape: Shape | None, value: Any) -> Any:
    """What of a recorded value the SDK would give today.

    Members that the service has dropped since are left out, and so is what a person wrote
    who made up a recording; times and bytes that were written down as text are themselves.
    """
    if isinstance(shape, StructureShape) and isinstance(value, dict) and shape.members:
        known = shape.members
        return {name: fitted(known[name], one) for name, one in value.items() if name in known}
    if isinstance(shape, MapShape) and isinstance(value, dict):
        told = {name: fitted(shape.value, one) for name, one in value.items()}
        text = shape.value.type_name == "string"
        return {name: one for name, one in told.items() if isinstance(one, str) or not text}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [fitted(shape.member, one) for one in value]
    return _meant(shape, value) if shape is not None and isinstance(value, str) else value


def _meant(shape: Shape, text: str) -> Any:
    """What a text stands for where something else belongs."""
    if shape.type_name == "blob":
        return text.encode()
    if shape.type_name == "timestamp":
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    return text


def texts(value: Any) -> Iterator[str]:
    """Every text inside."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def origin_of(value: Any) -> tuple[str, str]:
    """The account and the region that most ARNs inside name; "" where none does."""
    named = [found for text in texts(value) for found in _OF_ARN.findall(text)]
    regions = Counter(region for region, _ in named if region)
    accounts = Counter(account for _, account in named if account)
    return _most_common(accounts), _most_common(regions)


def _most_common(counts: Counter[str]) -> str:
    return counts.most_common(1)[0][0] if counts else ""


def moved(value: Any, account: str, region: str) -> Any:
    """The same as it would be in another account and region."""
    from_account, from_region = origin_of(value)
    moves = [
        (re.compile(rf"(?<!\d){from_account}(?!\d)"), account, bool(from_account)),
        (re.compile(rf"(?<![\w-]){from_region}(?![\d-])"), region, bool(from_region)),
    ]
    return _rewritten(value, [(pattern, to) for pattern, to, known in moves if known and to])


def renamed(value: Any, names: frozenset[str], number: int) -> Any:
    """A copy in which the `names`, whole or as parts of ARNs and paths, have a number."""
    known = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pattern = re.compile(rf"(?<![^/:])(?:{known})(?![^/:])")
    return _rewritten(value, [(pattern, rf"\g<0>-copy{number}")]) if names else value


def _rewritten(value: Any, rewritings: list[tuple[re.Pattern[str], str]]) -> Any:
    if isinstance(value, dict):
        return {
            _rewritten(name, rewritings): _rewritten(one, rewritings) for name, one in value.items()
        }
    if isinstance(value, list):
        return [_rewritten(one, rewritings) for one in value]
    if isinstance(value, str):
        for pattern, to in rewritings:
            value = pattern.sub(to, value)
    return value
