"""What moves by itself in a document, or has no order, and so is none of its history."""

from collections.abc import Iterable, Mapping
from typing import Any

from cloudops.collectors.canonical import canonical_json
from cloudops.collectors.paths import EACH, DocumentPath, cut, find

Passing = tuple[tuple[DocumentPath, Mapping[str, str]], ...]
"""For each path, words that pass by themselves, and the word that lasts behind each."""


def settle(document: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """Put the lasting word where a passing one is; returns {path: passing word}."""
    passed: dict[str, Any] = {}
    for path, words in passing:
        for place in find(document, path):
            if isinstance(place.value, str) and place.value in words:
                passed[path.text] = place.value
                place.put(words[place.value])
    return passed


def cut_volatile(document: dict[str, Any], paths: Iterable[DocumentPath]) -> dict[str, Any]:
    """{path: value}; for a path through lists, the values sorted, since lists may be."""
    volatile: dict[str, Any] = {}
    for path in paths:
        values = cut(document, path)
        if values:
            many = EACH in path.steps
            volatile[path.text] = sorted(values, key=canonical_json) if many else values[0]
    return volatile


def sort_lists(document: dict[str, Any], paths: Iterable[DocumentPath]) -> None:
    """Give lists without an order one that depends on what they hold alone."""
    for path in paths:
        for place in find(document, path):
            if isinstance(place.value, list):
                place.value.sort(key=canonical_json)
