"""Rules between fields, written once and judged twice: by CEL in the API server, by Python here.

A rule belongs to one model and names fields by their JSON names, dots
leading into members: `costs.export.aws`. Example:

    rules = (
        require(filled("roleARN"), when=equals("source", "WorkloadIdentity")),
        refuse(filled("externalID"), unless=filled("roleARN")),
    )
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

# CEL keywords can't be field names; the API server spells such fields like this.
_CEL_KEYWORDS = frozenset(
    (
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import"),
        *("in", "let", "loop", "namespace", "null", "package", "return", "true", "var", "void"),
        "while",
    )
)


@dataclass(frozen=True, slots=True)
class Term:
    """Something that is true or false of an object.

    Attributes:
        cel: The same as `test`, for the API server; guards every absent member, since a
            `default: {}` is judged before the defaults below it are filled in.
        words: For messages, e.g. `source is Secret`.
        test: Gets the model that the rule belongs to.
        path: The field that it speaks of.
    """

    cel: str
    words: str
    test: Callable[[BaseModel], bool]
    path: str

    def __and__(self, other: "Term") -> "Term":
        return Term(
            cel=f"({self.cel}) && ({other.cel})",
            words=f"{self.words} and {other.words}",
            test=lambda model: self.test(model) and other.test(model),
            path=self.path,
        )

    def __or__(self, other: "Term") -> "Term":
        return Term(
            cel=f"({self.cel}) || ({other.cel})",
            words=f"{self.words} or {other.words}",
            test=lambda model: self.test(model) or other.test(model),
            path=self.path,
        )

    def at(self, path: str) -> "Term":
        """The same, reported at `path`."""
        return Term(cel=self.cel, words=self.words, test=self.test, path=path)


@dataclass(frozen=True, slots=True)
class Rule:
    """Holds for every valid object; `reason` is a word of the API server."""

    cel: str
    message: str
    path: str
    reason: str
    test: Callable[[BaseModel], bool]

    def to_schema(self) -> dict[str, str]:
        """As an item of `x-kubernetes-validations`."""
        return {
            "rule": self.cel,
            "message": self.message,
            "reason": self.reason,
            "fieldPath": f".{self.path}",
        }


def present(path: str) -> Term:
    """The object or number at `path` is there."""
    return Term(
        cel=_guards(path),
        words=f"{path} is set",
        test=lambda model: _value(model, path) is not None,
        path=path,
    )


def filled(path: str) -> Term:
    """The string, list or map at `path` is there and not empty: empty means unset."""
    return Term(
        cel=f"{_guards(path)} && size({_cel_path(path)}) > 0",
        words=f"{path} is set",
        test=lambda model: bool(_value(model, path)),
        path=path,
    )


def equals(path: str, *values: str) -> Term:
    """The string at `path` is one of `values`."""
    choices = " || ".join(f"{_cel_path(path)} == '{value}'" for value in values)
    return Term(
        cel=f"{_guards(path)} && ({choices})"
        if len(values) > 1
        else f"{_guards(path)} && {choices}",
        words=f"{path} is {' or '.join(values)}",
        test=lambda model: _value(model, path) in values,
        path=path,
    )


def require(term: Term, *, when: Term | None = None, unless: Term | None = None) -> Rule:
    """`term` must be true; exactly one of `when` and `unless` limits that."""
    exempt, words = _exemption(when, unless)
    return Rule(
        cel=f"{exempt.cel} || ({term.cel})",
        message=f"needed {words}",
        path=term.path,
        reason="FieldValueRequired",
        test=lambda model: exempt.test(model) or term.test(model),
    )


def refuse(term: Term, *, when: Term | None = None, unless: Term | None = None) -> Rule:
    """`term` must be false; exactly one of `when` and `unless` limits that."""
    exempt, words = _exemption(when, unless)
    return Rule(
        cel=f"{exempt.cel} || !({term.cel})",
        message=f"not allowed {words}",
        path=term.path,
        reason="FieldValueForbidden",
        test=lambda model: exempt.test(model) or not term.test(model),
    )


def only_with(term: Term, condition: Term) -> tuple[Rule, Rule]:
    """`term` if and only if `condition`."""
    return require(term, when=condition), refuse(term, unless=condition)


def must_be(path: str, *values: str, when: Term) -> Rule:
    """The enum at `path` is one of `values` wherever `when` is true."""
    allowed = equals(path, *values)
    return Rule(
        cel=f"!({when.cel}) || ({allowed.cel})",
        message=f"must be {' or '.join(values)} when {when.words}",
        path=path,
        reason="FieldValueInvalid",
        test=lambda model: not when.test(model) or allowed.test(model),
    )


def member_named_by(discriminator: str, **members: str) -> tuple[Rule, ...]:
    """Exactly the member of a flat union that `discriminator` names.

    Args:
        discriminator: JSON name of the required enum.
        members: Value of the enum by JSON name of the member, e.g. `aws="aws"`.
    """
    return tuple(
        rule
        for member, value in members.items()
        for rule in only_with(present(member), equals(discriminator, value))
    )


def _exemption(when: Term | None, unless: Term | None) -> tuple[Term, str]:
    """When a rule does not apply, and its words."""
    if unless is not None:
        return Term(f"({unless.cel})", unless.words, unless.test, ""), f"unless {unless.words}"
    if when is None:
        raise TypeError("a rule says when it applies, or unless what")
    condition = when
    negation = Term(f"!({when.cel})", "", lambda model: not condition.test(model), "")
    return negation, f"when {when.words}"


def _cel_path(path: str) -> str:
    names = (f"__{name}__" if name in _CEL_KEYWORDS else name for name in path.split("."))
    return ".".join(("self", *names))


def _guards(path: str) -> str:
    names = path.split(".")
    parents = (".".join(names[: depth + 1]) for depth in range(len(names)))
    return " && ".join(f"has({_cel_path(parent)})" for parent in parents)


def _value(model: BaseModel, path: str) -> Any:
    """What stands at `path`; None where a member on the way is absent."""
    value: Any = model
    for json_name in path.split("."):
        if value is None:
            return None
        fields = type(value).model_fields
        value = getattr(value, next(n for n, f in fields.items() if f.alias == json_name))
    return value
