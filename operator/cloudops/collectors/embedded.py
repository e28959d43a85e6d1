"""JSON that stands as text inside an answer, and is stored as what it means."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

import orjson

from cloudops.collectors.canonical import Cleaner
from cloudops.collectors.identifiers import ShapeError
from cloudops.collectors.paths import DocumentPath, find


def decode_json(document: dict[str, Any], paths: Iterable[DocumentPath], cleaner: Cleaner) -> None:
    """Replace strings that hold JSON by what they hold; other strings stay as they are."""
    for path in paths:
        for place in find(document, path):
            if isinstance(place.value, str):
                place.put(_decoded(place.value, cleaner))


def open_body(document: dict[str, Any], member: str, cleaner: Cleaner) -> None:
    """Put the object in place of its JSON text.

    Raises:
        ShapeError: There is a text, and it holds no object: nobody could look for secrets in it.
    """
    text = document.get(member)
    if text is None:
        return
    try:
        # What orjson refuses, such as lone surrogates, may still be read and cleaned.
        content = _loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise ShapeError(f"{member} is no JSON") from error
    if not isinstance(content, dict):
        raise ShapeError(f"{member} is no JSON object")
    document[member] = cleaner.clean(content)


def _loads(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _decoded(text: str, cleaner: Cleaner) -> Any:
    # Once decoded, a document may be URL-encoded no more: try it as it is first. API
    # Gateway writes its policies as they would stand inside quotes.
    for candidate in (text, unquote(text), text.replace('\\"', '"').replace("\\/", "/")):
        try:
            return cleaner.clean(orjson.loads(candidate))
        except orjson.JSONDecodeError:
            continue
    return text
