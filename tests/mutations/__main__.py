"""`python -m tests.mutations run [NAME …]`: take each protection out, and see its tests fail.

Each trial copies the repository, changes one text of the copy, and runs the tests named for it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.cluster.paths import REPOSITORY
from tests.cluster.reporting import say
from tests.mutations.table import mutations
from tests.mutations.trial import Trial, worst

BUILD = REPOSITORY / "build"
REPORT = BUILD / "mutations.json"
LOGS = BUILD / "mutations"
_COLOURS = {"killed": "green", "survived": "red", "broken": "yellow"}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    known = mutations()
    if unknown := set(options.names) - set(known):
        say(f"no such mutation: {', '.join(sorted(unknown))}")
        return 2
    chosen = [known[name] for name in options.names or known]
    if options.control:
        tests = tuple(dict.fromkeys(test for row in chosen for test in row.tests))
        return _control(Trial(None, tests), options.patience)
    records = []
    for number, row in enumerate(chosen, 1):
        say(f"[{number}/{len(chosen)}] {row.name}: {len(row.tests)} tests …")
        records.append(_try(Trial(row, row.tests), options.patience))
        _keep(records[-1:])
    _show(records)
    return 0 if all(record["verdict"] == "killed" for record in records) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser("run", help="try them out, and write build/mutations.json")
    run.add_argument("names", nargs="*", metavar="NAME", help="of tests/mutations; default: all")
    run.add_argument(
        "--control", action="store_true", help="take nothing out: the same tests have to pass"
    )
    run.add_argument(
        "--patience", type=float, default=1.0, help="a part of the time that tests wait (1)"
    )
    return parser


def _try(trial: Trial, patience: float) -> dict[str, Any]:
    outcomes, seconds = trial.run(patience, LOGS / f"{trial.name}.log")
    record = {
        "name": trial.name,
        "verdict": worst(outcomes),
        "seconds": round(seconds, 1),
        "patience": patience,
        "tests": [asdict(outcome) for outcome in outcomes],
    }
    say(f"    {record['verdict']} after {seconds:.0f} s")
    return record


def _control(trial: Trial, patience: float) -> int:
    record = _try(trial, patience)
    lasting = [test for test in record["tests"] if test["verdict"] != "survived"]
    for test in lasting:
        say(f"fails with nothing taken out: {test['test']}: {test['said']}")
    return 1 if lasting else 0


def _show(records: Sequence[dict[str, Any]]) -> None:
    table = Table("mutation", "verdict", "seconds", "not killed by")
    for record in records:
        mild = [test for test in record["tests"] if test["verdict"] != "killed"]
        word = record["verdict"]
        table.add_row(
            record["name"],
            f"[{_COLOURS[word]}]{word}",
            f"{record['seconds']:.0f}",
            "\n".join(f"{test['test'].partition('::')[2]} {test['said']}" for test in mild),
        )
    Console().print(table)
    killed = sum(record["verdict"] == "killed" for record in records)
    say(f"{killed} of {len(records)} killed; logs in {LOGS.relative_to(Path.cwd())}")


def _keep(records: Sequence[dict[str, Any]]) -> None:
    """Those that were not tried this time keep what was found before; who left the table goes."""
    before = json.loads(REPORT.read_text()) if REPORT.exists() else []
    found = {record["name"]: record for record in [*before, *records]}
    kept = [found[name] for name in mutations() if name in found]
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
