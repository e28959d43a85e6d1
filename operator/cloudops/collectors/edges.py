"""Edges: where a document names other resources, and which resources those are.

They are read out of the document as it is stored: what is volatile, redacted or
cut off names nobody, and a document that did not change has the same edges.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any, Final

import orjson
import structlog
from jmespath.exceptions import JMESPathError

from cloudops.collectors.expressions import Expression, compile_expression
from cloudops.collectors.identifiers import (
    MAX_ID_BYTES,
    AnswerContext,
    Reference,
    compile_reference,
)
from cloudops.domain.resource import Edge, FindEdges, resource_uid

_log: Final = structlog.get_logger(__name__)
_ARN: Final = "arn:"
_OWNERS: Final = ("account", "region")
_ALL_INSIDE: Final = ":*"  # behind the ARN of a log group: its streams
# An address has another name where its ARN stands in Shield's answers.
_SAME: Final = (":eip-allocation/", ":elastic-ip/")


@dataclass(frozen=True, slots=True)
class To:
    """Where a document names the targets of one relation.

    Attributes:
        path: JMESPath to text, to lists of text, or to objects with the members `id` and,
            where the document tells whose the target is, `account` and `region`.
        id: Template of the targets' ids; several where they may be of several types: the
            first that fits counts. () = nothing but an ARN can be told.
        pattern: Regular expression that finds the targets in longer text; its first group,
            where it has one, is the target.
    """

    path: str
    id: str | tuple[str, ...] = ()
    pattern: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id,) if isinstance(self.id, str) else self.id


@dataclass(frozen=True, slots=True, eq=False)  # one of a rule is only like itself
class _Relation:
    name: str
    path: Expression
    references: tuple[Reference, ...]
    pattern: re.Pattern[str] | None

    def targets(self, document: Any, context: AnswerContext) -> Iterator[tuple[str, AnswerContext]]:
        """What the document writes, and whose it is."""
        for text, owner in _named(self.path.search(document), context):
            if self.pattern is None:
                yield text, owner
            else:
                for found in self.pattern.finditer(text):
                    if name := found[min(found.re.groups, 1)]:
                        yield name, owner

    def target_id(self, text: str, context: AnswerContext) -> str | None:
        """The canonical id of what `text` stands for; None where that can't be told."""
        if text.startswith(_ARN):
            arn = text.removesuffix(_ALL_INSIDE).replace(*_SAME)
            within = (reference.within(arn) for reference in self.references)
            return next((found for found in within if found), arn)
        around = (reference.around(text, context) for reference in self.references)
        return next((found for found in around if found), None)


@dataclass(frozen=True, slots=True)
class EdgeRule:
    """The relations of one type, compiled.

    Attributes:
        digest: 16 bytes over how edges are found; a change makes the next pass write them
            anew, though no document changed.
    """

    type: str
    digest: bytes
    _relations: tuple[_Relation, ...]

    def finder(self, context: AnswerContext, region: str) -> FindEdges:
        """`find` for a resource that lies in `region`, wherever it was listed."""
        own = context if region == context.region else replace(context, region=region)
        return partial(self.find, own)

    def find(self, context: AnswerContext, document: bytes) -> tuple[Edge, ...]:
        """Every edge of `document`, each once, in a stable order.

        Args:
            context: Of the resource, with its own region.
            document: As it is stored.
        """
        known = orjson.loads(document)
        found: dict[Edge, None] = {}
        for relation in self._relations:
            try:
                targets = list(relation.targets(known, context))
            except JMESPathError as error:
                _log.warning(
                    "edges not readable", type=self.type, relation=relation.name, error=str(error)
                )
                continue
            for text, owner in targets:
                found[_edge(relation, text, owner)] = None
        return tuple(found)


def compile_edges(type_: str, edges: Mapping[str, str | To]) -> EdgeRule | None:
    """Parse every path of a row's edges; None where it has none.

    Raises:
        ValueError: A path, a pattern or a template does not parse.
    """
    rules = {name: rule if isinstance(rule, To) else To(rule) for name, rule in edges.items()}
    if not rules:
        return None
    text = repr(sorted(rules.items()))
    return EdgeRule(
        type_,
        blake2b(text.encode(), digest_size=16).digest(),
        tuple(
            _Relation(
                name,
                compile_expression(rule.path),
                tuple(compile_reference(template) for template in rule.ids),
                re.compile(rule.pattern) if rule.pattern else None,
            )
            for name, rule in sorted(rules.items())
        ),
    )


# Many resources name the same network, image and role.
@lru_cache(maxsize=8192)
def _edge(relation: _Relation, text: str, owner: AnswerContext) -> Edge:
    canonical_id = relation.target_id(text, owner)
    known = canonical_id is not None and len(canonical_id.encode()) <= MAX_ID_BYTES
    uid = resource_uid(owner.cloud, canonical_id) if known and canonical_id else None
    return Edge(relation.name, text, uid)


def _named(value: Any, context: AnswerContext) -> Iterator[tuple[str, AnswerContext]]:
    """Texts with the context in which they mean something; what is redacted names nobody."""
    if isinstance(value, str):
        if value:
            yield value, context
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, context)
    elif isinstance(value, dict) and isinstance(value.get("id"), str):
        told = {name: of for name in _OWNERS if isinstance(of := value.get(name), str) and of}
        yield from _named(value["id"], replace(context, **told))
