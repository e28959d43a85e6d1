"""The promise of the inventory, held against any order of changes, faults, thefts and edits.

A fake AWS remembers what existed at every moment; a Hypothesis state machine does to it,
to the workers and to the CloudProviders whatever its rules allow. After every run: no row of
a living thing is deleted or marked, each row of the ledger names the fault that was met, a
worker without a lease wrote nothing. At the end faults cease, and two periods later the
inventory is the truth of what the specs select.

Seeds stand in the summary: with `CLOUDOPS_MODEL_SEED` in the environment the same examples run
again. A failing example is shortened, printed step by step, and tried first the next time.
"""

import os
import secrets
import time
from typing import cast

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from cloudops.collectors.aws import AwsCloud
from tests.fixtures.notes import Note
from tests.integration.model.lab import Tally
from tests.integration.model.machine import InventoryMachine

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

STEPS = 2_000
STEPS_AN_EXAMPLE = 60
SEED = os.environ.get("CLOUDOPS_MODEL_SEED", "")
SOAK_MINUTES = float(os.environ.get("CLOUDOPS_SOAK_MINUTES", "0"))


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], note: Note) -> Note:
    """To whoever waits, past pytest's capture, and in the summary."""

    def say(line: str) -> None:
        note(line)
        with capsys.disabled():
            print(f"\n{line}", flush=True)  # noqa: T201  progress of a long run

    return say


def explore(engine: Engine, cloud: AwsCloud, tally: Tally, number: int, examples: int) -> None:
    """Run so many random examples; a failing one is made as short as it gets."""
    # A factory will do; the declared type is too narrow.
    factory = cast("type[InventoryMachine]", lambda: InventoryMachine(engine, cloud, tally))
    run_state_machine_as_test(
        seed(number)(factory),
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS_AN_EXAMPLE,
            deadline=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            # Explaining takes as long as shrinking, and says nothing more.
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        ),
    )


@pytest.mark.timeout(3600)  # only a failure takes so long: it is being shortened
def test_no_order_of_events_deletes_what_lives_or_hides_what_failed(engine, cloud, say):
    tally, number = Tally(), int(SEED or secrets.randbelow(2**32))
    say(f"CLOUDOPS_MODEL_SEED={number}")

    # Examples with many choices end early, so it takes a second, small round.
    for round_ in range(3):
        if tally.steps < STEPS:
            missing = STEPS - tally.steps
            explore(engine, cloud, tally, number + round_, -(-missing // STEPS_AN_EXAMPLE))

    say(str(tally))
    assert tally.steps >= STEPS


@pytest.mark.slow
@pytest.mark.skipif(not SOAK_MINUTES, reason="runs in `make soak`")
@pytest.mark.timeout(0)
def test_nor_does_a_long_run(engine, cloud, say):
    tally, end = Tally(), time.monotonic() + 60 * SOAK_MINUTES
    while time.monotonic() < end:
        number = int(SEED or secrets.randbelow(2**32))
        say(f"CLOUDOPS_MODEL_SEED={number}")
        explore(engine, cloud, tally, number, 10)
        say(f"{tally}; {max(0, end - time.monotonic()) / 60:.0f} minutes left")
