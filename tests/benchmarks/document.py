"""docs/performance.md: what stands between its markers comes from build/bench.

A bench's part stands between `<!-- measured: NAME -->` and `<!-- end of NAME -->`. It is
replaced where the bench was run at full size here, and left alone otherwise.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.benchmarks import report
from tests.benchmarks.catalogue import BENCHES, figures
from tests.benchmarks.figures import Figure, Measured
from tests.cluster.paths import REPOSITORY
from tests.cluster.reporting import say

PATH = REPOSITORY / "docs" / "performance.md"
HEADER = ("figure", "measured", "baseline", "ratio", "aim", "")
TRY = "a try at"


def write() -> int:
    """Bring the document in line with the records; the exit code of the command."""
    text = PATH.read_text(encoding="utf-8")
    for name in BENCHES:
        text = filled(text, name, report.read(name))
    PATH.write_text(text, encoding="utf-8")
    return 0


def filled(text: str, name: str, records: Sequence[report.Record]) -> str:
    """`text` with what `records` say of the bench.

    Raises:
        ValueError: There is no place for it.
    """
    pattern = re.compile(rf"<!-- measured: {name} -->(.*?)<!-- end of {name} -->", re.DOTALL)
    found = pattern.search(text)
    if found is None:
        raise ValueError(f"{PATH.name} has no place for {name}")
    part = _part(name, records, told_before="|" in found[1])
    if part is None:
        say(f"{name}: not measured at full size here, its part stays as it is")
        return text
    return text[: found.start(1)] + f"\n\n{part}\n\n" + text[found.end(1) :]


def _part(name: str, records: Sequence[report.Record], *, told_before: bool) -> str | None:
    """None = what stands there is better."""
    if records and not any(TRY in record.get("note", "") for record in records):
        return _body(name, _measured_on(name, records), records)
    if told_before:
        return None
    unmeasured = [Measured(figure, None).record({}) for figure in figures(name)]
    for record in unmeasured:
        record.pop("met", None)  # what nobody has tried has not failed
    return _body(name, "Not measured yet.", unmeasured)


def _body(name: str, heading: str, records: Sequence[report.Record]) -> str:
    lines = [HEADER, tuple("---" for _ in HEADER), *map(report.row, records)]
    table = "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)
    told = "\n".join(_told(figure) for figure in figures(name))
    return f"{heading}\n\n{table}\n\n{told}"


def _measured_on(name: str, records: Sequence[report.Record]) -> str:
    facts = records[0]["machine"]
    day = datetime.fromtimestamp(report.path_of(name).stat().st_mtime, UTC)
    servers = " and ".join(dict.fromkeys(filter(None, (r["machine"]["postgres"] for r in records))))
    return (
        f"Measured on {day:%Y-%m-%d} on {facts['cpu']}, {facts['cores']} cores, "
        f"{facts['memory']}, {facts['kernel']}, Python {facts['python']}"
        + (f", PostgreSQL {servers}." if servers else ".")
    )


def _told(figure: Figure) -> str:
    against = f" Baseline: {figure.baseline}." if figure.baseline else ""
    return f"- **{figure.name}**: {figure.how} {figure.limit}{against}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
