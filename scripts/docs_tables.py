#!/usr/bin/env python3
"""Fill the generated tables in docs/ from the code; with `--check` fail where one is stale.

A table stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`.
"""

import argparse
import difflib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from prometheus_client.metrics import MetricWrapperBase
from ruamel.yaml import YAML

from cloudops import metrics
from cloudops.api.v1alpha1.crd import crd_files
from cloudops.collectors.aws.catalogue import CLOUD_CONTROL, LISTINGS
from cloudops.collectors.aws.cloudcontrol import SAME_AS_DESCRIBED, table
from cloudops.collectors.aws.limits import LIMITS, REST
from cloudops.collectors.limits import DeclaredLimit
from cloudops.collectors.types import type_rows
from cloudops.domain.resource import Facet, TagSource
from cloudops.settings import Settings

ROOT: Final = Path(__file__).resolve().parent.parent
ANSWERS: Final = ("recorded", "emulated", "synthetic")
Row = tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = 0
    for path in sorted(ROOT.glob("docs/**/*.md")):
        before = path.read_text(encoding="utf-8")
        after = _filled(before)
        if before == after:
            continue
        stale += 1
        if check:
            sys.stdout.writelines(
                difflib.unified_diff(
                    before.splitlines(keepends=True), after.splitlines(keepends=True), str(path)
                )
            )
        else:
            path.write_text(after, encoding="utf-8")
            print(path.relative_to(ROOT))
    return 1 if check and stale else 0


def _filled(text: str) -> str:
    def fill(match: re.Match[str]) -> str:
        name = match[1]
        return f"<!-- generated: {name} -->\n\n{TABLES[name]()}\n\n<!-- end of {name} -->"

    return re.sub(r"<!-- generated: (\S+) -->.*?<!-- end of \1 -->", fill, text, flags=re.DOTALL)


def _table(header: Row, rows: Iterator[Row]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _schema(part: str) -> Mapping[str, Any]:
    text = crd_files()["cloudproviders.cloudops.dev.yaml"]
    document = YAML(typ="safe").load(text)
    schema = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    found: Mapping[str, Any] = schema["properties"][part]
    return found


def _fields(schema: Mapping[str, Any], prefix: str) -> Iterator[Row]:
    for name, field in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield f"`{path}`", _default(field), field.get("description", "")
        yield from _fields(field, f"{path}.")
        yield from _fields(field.get("items", {}), f"{path}[].")


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    return "" if default is None or isinstance(default, dict) else f"`{default}`"


def _spec() -> str:
    return _table(("field", "default", "meaning"), _fields(_schema("spec"), ""))


def _status() -> str:
    rows = ((path, meaning) for path, _, meaning in _fields(_schema("status"), ""))
    return _table(("field", "meaning"), rows)


def _settings() -> str:
    rows = (
        (
            f"`CLOUDOPS_{name.upper()}`",
            "" if field.default in ("", ()) else f"`{field.default}`",
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    )
    return _table(("variable", "default", "meaning"), rows)


def _aws_counts() -> str:
    rows = type_rows("aws", LISTINGS)
    services = {row.service for row in rows}
    tags = Counter(row.tag_source for row in rows)
    answers = Counter(_answer(listing.name) for listing in LISTINGS)
    share = 100 * answers["synthetic"] / len(LISTINGS)
    by_tags = ", ".join(f"{tags[source]} {source}" for source in TagSource)
    by_answer = ", ".join(f"{answers[word]} {word}" for word in ANSWERS)
    return (
        f"- {len(rows)} types of {len(services)} services, in {len(LISTINGS)} listings\n"
        f"- tags of the types: {by_tags}\n"
        f"- answers of the listings: {by_answer} ({share:.1f} %, at most 25 % may be)"
    )


def _aws_types() -> str:
    header = (
        *("type", "kind", "service", "listing", "tier", "where", "period", "consistency"),
        *("permissions", "tags", "edges", "answer"),
    )
    rows = (
        (
            f"`{row.type}`",
            f"`{row.kind}`",
            row.service,
            f"`{row.listing}`",
            str(row.tier),
            row.region_rule,
            row.period,
            row.consistency,
            _code((*row.permissions, *row.detail_permissions)),
            row.tag_source,
            ", ".join(row.edges),
            _answer(row.listing),
        )
        for row in type_rows("aws", LISTINGS)
    )
    return _table(header, rows)


def _aws_passes() -> str:
    """The listings that show no types of their own."""
    rows = (
        (
            f"`{row.name}`",
            f"{row.facet.value} of {len(row.types)} types",
            row.region_rule.value,
            row.period.value,
            row.consistency.value,
            _code(row.permissions),
            _answer(row.name),
        )
        for row in LISTINGS
        if row.facet is not Facet.LISTED
    )
    header = ("listing", "brings", "where", "period", "consistency", "permissions", "answer")
    return _table(header, rows)


def _cloudcontrol_counts() -> str:
    described = {type_ for row in LISTINGS for type_ in row.types}
    others = [name for name in SAME_AS_DESCRIBED if name in table()]
    untold = _untold()
    by_parent = sum(row.parents is not None for row in CLOUD_CONTROL)
    told = sum("ResourceModel" in row.parameters for row in CLOUD_CONTROL)
    known = sum(row.emits[0].tag_source is TagSource.LISTED for row in CLOUD_CONTROL)
    return (
        f"- {len(table())} types can be listed\n"
        f"- {len(described & table().keys()) + len(others)} of them are described, "
        f"{len(others)} under another name\n"
        f"- {len(untold)} of the others are not listed: nobody knows what to tell their lists\n"
        f"- {len(CLOUD_CONTROL)} are listed: {len(CLOUD_CONTROL) - by_parent - told} at once, "
        f"{told} with one word, {by_parent} for each parent\n"
        f"- {known} may bring their tags\n"
        f"- answers: {len(CLOUD_CONTROL)} schema, 0 recorded"
    )


def _untold() -> list[str]:
    known = {type_ for row in (*LISTINGS, *CLOUD_CONTROL) for type_ in row.types}
    return [name for name in table() if name not in {*known, *SAME_AS_DESCRIBED}]


def _cloudcontrol_types() -> str:
    rows = (
        (
            f"`{row.types[0]}`",
            _told(row.types[0]),
            row.region_rule,
            "may be listed" if row.emits[0].tags else "unread",
            _code(row.permissions),
            _code(table()[row.types[0]].get("not_granted", ())),
        )
        for row in CLOUD_CONTROL
    )
    return _table(("type", "told", "where", "tags", "permissions", "not granted"), rows)


def _told(type_: str) -> str:
    facts = table()[type_]
    if "parent" in facts:
        return f"`{facts['parent'][0]}` of each `{facts['parent'][1]}`"
    return ", ".join(f"`{name}`: `{word}`" for name, word in facts.get("constant", {}).items())


def _cloudcontrol_untold() -> str:
    rows = ((f"`{name}`", _code(table()[name]["needs"])) for name in _untold())
    return _table(("type", "needs"), rows)


def _aws_limits() -> str:
    header = ("calls", "a second", "at once", "shared by", "in", "figures")
    return _table(header, (_limit(row) for row in (*LIMITS, REST)))


def _limit(row: DeclaredLimit) -> Row:
    limit = row.limit
    return (
        f"`{limit.service}:{limit.action}`",
        limit.per_second,
        str(limit.burst),
        {"all": "all of them", "service": "those of a service"}.get(
            row.share, "those of an action"
        ),
        "all regions" if row.everywhere else "a region",
        f"[AWS]({row.source})" if row.source else "ours: AWS publishes none",
    )


def _metrics() -> str:
    """The operator's own; the library adds those of the process."""
    declared = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    found = [(one.describe(), one._labelnames) for one in declared]  # noqa: SLF001  told nowhere else
    found.append((metrics.RATE_LIMITS.describe(), metrics.LIMIT_LABELS))
    rows = (
        (
            f"`{metric.name}{'_total' if metric.type == 'counter' else ''}`",
            metric.type,
            _code(labels),
            metric.documentation,
        )
        for described, labels in found
        for metric in described
    )
    return _table(("metric", "type", "labels", "meaning"), iter(sorted(rows)))


def _answer(listing: str) -> str:
    """Where the answer is from on which the row is proven: one of ANSWERS."""
    record = json.loads((ROOT / "tests/data/aws" / f"{listing}.json").read_text(encoding="utf-8"))
    return str(record["source"]).partition(":")[0]


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "cloudprovider-spec": _spec,
    "cloudprovider-status": _status,
    "settings": _settings,
    "aws-counts": _aws_counts,
    "aws-types": _aws_types,
    "aws-passes": _aws_passes,
    "cloudcontrol-counts": _cloudcontrol_counts,
    "cloudcontrol-types": _cloudcontrol_types,
    "cloudcontrol-untold": _cloudcontrol_untold,
    "aws-limits": _aws_limits,
    "metrics": _metrics,
}

if __name__ == "__main__":
    sys.exit(main())
