"""`python -m tests.benchmarks run [NAME …]`: measure, print one table, keep the records.

Records of the full size go into docs/performance.md as well.
"""

import argparse
import sys
import traceback
from collections.abc import Sequence

from tests.benchmarks import document, machine, report
from tests.benchmarks.catalogue import BENCHES, figures
from tests.benchmarks.figures import Measured
from tests.cluster.reporting import say


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    answer: int = options.run(options)
    return answer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser("run", help="measure, and write build/bench/NAME.json")
    run.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    run.add_argument("--scale", type=float, default=1.0, help="a part of the full sizes, to try")
    run.set_defaults(run=_run)
    docs = commands.add_parser("docs", help="put the records into docs/performance.md again")
    docs.set_defaults(run=_docs)
    return parser


def _run(options: argparse.Namespace) -> int:
    """One bench that breaks does not take the others' figures with it."""
    unknown = set(options.names) - set(BENCHES)
    if unknown or not 0 < options.scale <= 1:
        say(f"no such bench: {', '.join(unknown)}" if unknown else "--scale is above 0, at most 1")
        return 2
    shown: list[report.Record] = []
    broken = []
    for name in options.names or BENCHES:
        say(f"measuring {name} …")
        try:
            shown += _measure(name, options.scale)
        except Exception:  # noqa: BLE001  the outermost boundary of one bench
            traceback.print_exc()
            broken.append(name)
    if shown:
        report.show(shown)
    if shown and options.scale == 1:
        document.write()
    if broken:
        say(f"broke off: {', '.join(broken)}")
    return 1 if broken else 0


def _measure(name: str, scale: float) -> list[report.Record]:
    facts = machine.facts()
    measured: list[Measured] = BENCHES[name].measure(scale)
    if tuple(one.figure for one in measured) != figures(name):
        raise AssertionError(f"{name} did not measure what it promises")
    records = [one.record(facts) for one in measured]
    if scale < 1:
        smaller = f"a try at {scale:g} of the size"
        records = [
            record | {"note": "; ".join(filter(None, (smaller, record.get("note", ""))))}
            for record in records
        ]
    report.write(name, records)
    return list(records)


def _docs(_: argparse.Namespace) -> int:
    return document.write()


if __name__ == "__main__":
    sys.exit(main())
