"""How a row's `id` becomes a canonical id, and how to recognise one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jmespath.exceptions import JMESPathError

from cloudops.collectors.expressions import Expression, compile_expression
from cloudops.domain.resource import GLOBAL_REGION

MAX_ID_BYTES: Final = 2048  # an entry of the store's index holds 2,704
_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_MEMBERS: Final = re.compile(r"[\w.]+[*/]?")
_ANYTHING: Final = "*"  # ends a placeholder whose value may hold colons and slashes
_LAST: Final = "/"  # ends one of whose value only what follows the last slash counts
_CONTEXT: Final = ("partition", "account", "region")


class ShapeError(ValueError):
    """An item is not what its row promises; the message names fields, never values."""


class _AbsentError(ShapeError):
    """The item does not tell this part of an id."""


@dataclass(frozen=True, slots=True)
class _LastPart:
    """Of a text with slashes, as Route 53 writes its ids, the part behind the last."""

    whole: Expression

    def search(self, value: Any) -> Any:
        found = self.whole.search(value)
        return found.rsplit(_LAST, 1)[-1] if isinstance(found, str) else found


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """Where an answer comes from; fills the placeholders of id templates."""

    cloud: str
    partition: str
    account: str
    region: str


@dataclass(frozen=True, slots=True)
class CanonicalId:
    """What an item is known by.

    Attributes:
        synthetic: It was built from parts, the API does not give it.
    """

    text: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to an id: a JMESPath, or a template with placeholders."""

    parts: tuple[str | Expression, ...]
    synthetic: bool

    def fill(self, item: Mapping[str, Any], context: AnswerContext) -> str:
        return "".join(_fill(part, item, context) for part in self.parts)


@dataclass(frozen=True, slots=True)
class IdRule:
    """A compiled `id`: its ways, of which the first counts that the item tells."""

    text: str
    _ways: tuple[_Way, ...]

    def find(self, item: Mapping[str, Any], context: AnswerContext) -> CanonicalId:
        """The canonical id of `item`, and where it is from.

        Raises:
            ShapeError: A part is missing, is not text, or the id is too long.
        """
        for way in self._ways[:-1]:
            try:
                return CanonicalId(_short(way.fill(item, context)), way.synthetic)
            except _AbsentError:
                continue
        last = self._ways[-1]
        return CanonicalId(_short(last.fill(item, context)), last.synthetic)

    def fill(self, item: Mapping[str, Any], context: AnswerContext) -> str:
        """The canonical id of `item`.

        Raises:
            ShapeError: As in `find`.
        """
        return self.find(item, context).text


def compile_id(texts: str | Sequence[str]) -> IdRule:
    """Read a row's `id`, or several; whatever holds a `{placeholder}` is a template."""
    ways = (texts,) if isinstance(texts, str) else tuple(texts)
    return IdRule(" || ".join(ways), tuple(map(_way, ways)))


def compile_name(text: str) -> Expression | None:
    """Read a row's `name`: a JMESPath, or one placeholder as in ids; None where it is empty."""
    if not text:
        return None
    found = _PLACEHOLDER.fullmatch(text)
    return compile_expression(text) if found is None else _path(found[1])


def compile_shape(template: str) -> re.Pattern[str]:
    """A pattern that matches the ids that `template` can produce."""
    return re.compile(_joined(_PLACEHOLDER.split(template)), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """An id template read the other way round: from what documents write to the id.

    Attributes:
        text: The template.
    """

    text: str
    _whole: re.Pattern[str]
    _span: re.Pattern[str]
    _around: tuple[str, str]
    _last_only: bool

    def within(self, arn: str) -> str | None:
        """The id that `arn` is, or begins with; None where it is of another shape.

        Behind the id may stand what is inside of the resource: a version, a path.
        """
        found = self._whole.match(arn)
        return found[0] if found else None

    def around(self, name: str, context: AnswerContext) -> str | None:
        """The id of what has this name; None where the template can't have it.

        Args:
            name: What stands for the template's placeholders: `vol-1`, `app/web/1234`.
            context: Fills the rest of it.
        """
        if self._last_only:
            name = name.rsplit(_LAST, 1)[-1]
        before, after = _in_context(self._around[0], context), _in_context(self._around[1], context)
        if not self._span.fullmatch(name) or before is None or after is None:
            return None
        return before + name + after


@lru_cache(maxsize=1024)
def compile_reference(template: str) -> Reference:
    """Read a template that has a placeholder beside those of the context.

    Raises:
        ValueError: It has none, so that no name would make a difference; or one is computed by
            an expression, which nothing but the item itself can fill.
    """
    pieces = _PLACEHOLDER.split(template)
    own = [i for i, piece in enumerate(pieces) if i % 2 and piece not in _CONTEXT]
    if not own:
        raise ValueError(f"no name fills {template}")
    if not all(_MEMBERS.fullmatch(pieces[i]) for i in own):
        raise ValueError(f"a part of {template} is computed: no name alone fills it")
    span = _joined(pieces[own[0] : own[-1] + 1], first=own[0])
    around = _literally(pieces[: own[0]]), _literally(pieces[own[-1] + 1 :], first=own[-1] + 1)
    last_only = len(own) == 1 and pieces[own[0]].endswith(_LAST)
    whole = compile_shape(template).pattern + "(?=[:/]|$)"
    return Reference(
        template, re.compile(whole, re.DOTALL), re.compile(span, re.DOTALL), around, last_only
    )


def _joined(pieces: Sequence[str], *, first: int = 0) -> str:
    return "".join(
        _pattern(piece) if i % 2 else re.escape(piece) for i, piece in enumerate(pieces, first)
    )


def _literally(pieces: Sequence[str], *, first: int = 0) -> str:
    return "".join(f"{{{piece}}}" if i % 2 else piece for i, piece in enumerate(pieces, first))


@lru_cache(maxsize=4096)
def _in_context(literal: str, context: AnswerContext) -> str | None:
    """None where only a region would tell, and the context has none."""
    if "{region}" in literal and context.region == GLOBAL_REGION:
        return None
    return literal.format_map({name: getattr(context, name) for name in _CONTEXT})


def _pattern(placeholder: str) -> str:
    return ".*" if placeholder.endswith(_ANYTHING) else "[^:/]*"


def _placeholder(name: str) -> str | Expression:
    if name in _CONTEXT:
        return f"{{{name}}}"
    return _path(name)


def _way(text: str) -> _Way:
    if not _PLACEHOLDER.search(text):
        return _Way((compile_expression(text),), synthetic=False)
    pieces = _PLACEHOLDER.split(text)
    parts = tuple(_placeholder(piece) if i % 2 else piece for i, piece in enumerate(pieces))
    return _Way(parts, synthetic=True)


def _short(filled: str) -> str:
    # Items are judged before they are cleaned, so there may be lone surrogates.
    if len(filled.encode(errors="surrogatepass")) > MAX_ID_BYTES:
        raise ShapeError("the id is too long")
    return filled


def _path(name: str) -> Expression:
    expression = compile_expression(name.rstrip(_ANYTHING + _LAST))
    return _LastPart(expression) if name.endswith(_LAST) else expression


def _fill(part: str | Expression, item: Mapping[str, Any], context: AnswerContext) -> str:
    if isinstance(part, str):
        if part.startswith("{"):
            return str(getattr(context, part[1:-1]))
        return part
    try:
        value = part.search(item)
    except JMESPathError as error:
        raise ShapeError("the id can't be read") from error
    if value is None or value == "":
        raise _AbsentError("the id is missing or not text")
    if not isinstance(value, str):
        raise ShapeError("the id is missing or not text")
    return value
