"""What benches promise, what is kept of them, and where it stands. Nothing is measured here."""

import re

import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks import document, report
from tests.benchmarks.catalogue import BENCHES, figures
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.cluster.paths import REPOSITORY

pytestmark = pytest.mark.unit

ALL = [figure for name in BENCHES for figure in figures(name)]
PAGE = document.PATH.read_text(encoding="utf-8")
FIGURE = Figure("Rows", "rows/s", "How it is.", "What limits it.", aim=Aim("ratio", at_least=1.5))
MACHINE = {"cpu": "A", "cores": 2, "memory": "4 GiB", "kernel": "Linux", "python": "3.11"}


@pytest.mark.parametrize("figure", ALL, ids=lambda figure: figure.name)
def test_every_figure_has_a_row_and_an_explanation_in_the_document(figure):
    assert f"| {figure.name} |" in PAGE
    assert f"- **{figure.name}**: " in PAGE


@pytest.mark.parametrize("figure", ALL, ids=lambda figure: figure.name)
def test_every_figure_says_in_a_sentence_each_how_and_what_limits_it(figure):
    for sentence in (figure.how, figure.limit):
        assert sentence.endswith(".")
        assert not re.search(r"\.\s+[A-Z]", sentence)


def test_no_two_figures_share_a_name():
    assert len({figure.name for figure in ALL}) == len(ALL)


def test_the_document_has_a_place_for_each_bench_and_for_no_other():
    assert re.findall(r"<!-- measured: (\S+) -->", PAGE) == list(BENCHES)
    assert re.findall(r"<!-- end of (\S+) -->", PAGE) == list(BENCHES)


def test_a_figure_against_a_baseline_says_which():
    for figure in ALL:
        if figure.aim is not None and figure.aim.of == "ratio":
            assert figure.baseline, figure.name


def test_a_record_has_the_members_that_readers_expect():
    record = Measured(FIGURE, 30_000.4, 20_000, "18.6").record(MACHINE)

    assert record == {
        "name": "Rows",
        "unit": "rows/s",
        "value": 30_000,
        "baseline": 20_000,
        "ratio": 1.5,
        "machine": {**MACHINE, "postgres": "18.6"},
        "aim": "≥1.5 of the baseline",
        "met": True,
    }


def test_without_an_aim_nothing_is_met_or_missed():
    record = Measured(Figure("Rows", "", "So.", "So."), 1).record(MACHINE)

    assert not {"aim", "met", "note"} & set(record)


@pytest.mark.parametrize(
    ("aim", "value", "baseline", "met"),
    [
        pytest.param(Aim("value", at_most=60), 60, None, True, id="at-most"),
        pytest.param(Aim("value", at_most=60), 60.1, None, False, id="too-much"),
        pytest.param(Aim("value", at_least=1, at_most=1), 2, None, False, id="not-exactly"),
        pytest.param(Aim("ratio", at_least=1.5), 3, 2, True, id="ratio"),
        pytest.param(Aim("ratio", at_most=0.1), 3, 2, False, id="ratio-too-high"),
        pytest.param(Aim("ratio", at_most=0.1), 3, None, False, id="no-baseline"),
        pytest.param(Aim("value", at_most=60), None, None, False, id="not-measured"),
    ],
)
def test_an_aim_is_met_by_numbers_alone(aim, value, baseline, met):
    figure = Figure("Rows", "", "So.", "So.", "the other", aim)

    assert Measured(figure, value, baseline).met is met


def test_what_could_not_be_measured_says_why():
    record = Measured(FIGURE, None, note="not installed").record(MACHINE)

    assert record["value"] is None
    assert report.row(record)[1] == "not measured"
    assert report.row(record)[-1] == "missed; not installed"


def test_a_try_never_replaces_figures_of_the_full_size():
    tried = Measured(FIGURE, 1, 2, note=f"{document.TRY} 0.1 of the size").record(MACHINE)

    assert document.filled(PAGE, "loader", [tried]) == PAGE


def test_a_bench_that_never_ran_gets_its_rows_all_the_same():
    page = document.filled("<!-- measured: memory -->\n<!-- end of memory -->", "memory", [])

    assert "Not measured yet." in page
    assert f"| {figures('memory')[0].name} | not measured |" in page


def test_unknown_names_and_sizes_are_refused(capsys):
    assert command.main(["run", "nonsense"]) == 2
    assert command.main(["run", "memory", "--scale", "0"]) == 2


def test_make_runs_the_benches_and_writes_the_document():
    makefile = (REPOSITORY / "Makefile").read_text()

    assert "-m tests.benchmarks run" in makefile
    assert "-m tests.benchmarks docs" in makefile
