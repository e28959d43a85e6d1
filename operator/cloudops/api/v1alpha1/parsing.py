"""From a document that a person wrote to a model, or to a message that says what to edit."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cloudops.api.v1alpha1.base import RULES_BROKEN, ApiModel
from cloudops.domain.errors import InvalidInputError

Model = TypeVar("Model", bound=ApiModel)

# Values are never repeated: what stands in the wrong place may be a secret.
_WORDS = {
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "extra_forbidden": "unknown field",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "invalid_key": "keys must be strings",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "missing": "is required",
    "model_type": "must be an object",
    "string_pattern_mismatch": "does not match the pattern {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string_type": "must be a string; numbers and dates need quotes",
    "too_long": "must have at most {max_length} items",
    "too_short": "must have at least {min_length} item(s)",
    "tuple_type": "must be a list",
}


def parse(model: type[Model], document: object) -> Model:
    """Judge `document` as the API server would.

    Raises:
        InvalidInputError: With every mistake as `spec.aws.regions.include: …`, in the
            order of the document, separated by `; `.
    """
    if not isinstance(document, Mapping):
        raise InvalidInputError("the document must be an object with apiVersion and kind")
    try:
        return model.model_validate(dict(document))
    except ValidationError as error:
        details = _worth_saying(error.errors(include_url=False, include_input=False))
    raise InvalidInputError("; ".join(line for detail in details for line in _lines(detail)))


def _worth_saying(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without "too short" of lists whose items are wrong: pydantic does not count those."""
    lists_of_wrong_items = {detail["loc"][:-1] for detail in details}
    return [d for d in details if d["type"] != "too_short" or d["loc"] not in lists_of_wrong_items]


def _lines(detail: ErrorDetails) -> list[str]:
    place = _path(detail["loc"])
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == RULES_BROKEN:
        return [f"{_join(place, below)}: {text}" for below, text in context["violations"]]
    words = _WORDS.get(detail["type"])
    return [f"{place}: {words.format(**context) if words else detail['msg']}"]


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        path = _join(path, f"[{step}]" if isinstance(step, int) else step)
    return path


def _join(path: str, step: str) -> str:
    return f"{path}{step}" if not path or step.startswith("[") else f"{path}.{step}"
