"""Records on disk, and the table at the end of a run."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cloudops.cli.tables import print_table
from tests.cluster.paths import REPOSITORY

FOLDER = REPOSITORY / "build" / "bench"
HEADER = ("FIGURE", "MEASURED", "BASELINE", "RATIO", "AIM", "")

Record = Mapping[str, Any]


def path_of(bench: str) -> Path:
    return FOLDER / f"{bench}.json"


def write(bench: str, records: Sequence[Record]) -> None:
    """Replace what was known of the bench."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path_of(bench).write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n")


def read(bench: str) -> list[Record]:
    """The records of the last run; none if it never ran here."""
    path = path_of(bench)
    records: list[Record] = json.loads(path.read_text()) if path.exists() else []
    return records


def show(records: Sequence[Record]) -> None:
    """One table for all benches."""
    print_table(HEADER, (row(record) for record in records))


def row(record: Record) -> tuple[str, ...]:
    """Name, value, baseline, ratio, aim, verdict, as people read them."""
    unit = record["unit"]
    return (
        record["name"],
        amount(record["value"], unit),
        "" if record["baseline"] is None else amount(record["baseline"], unit),
        "" if record["ratio"] is None else f"{record['ratio']:.3g}",
        record.get("aim", ""),
        _verdict(record),
    )


def amount(value: float | None, unit: str) -> str:
    """`12,345 rows/s`; what could not be measured is shown as such."""
    if value is None:
        return "not measured"
    digits = f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
    return f"{digits} {unit}".rstrip()


def _verdict(record: Record) -> str:
    met = "" if "met" not in record else "met" if record["met"] else "missed"
    return "; ".join(filter(None, (met, record.get("note", ""))))
