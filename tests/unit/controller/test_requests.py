"""Which annotation asks for a run, and which of two is answered."""

import pytest

from cloudops.controller.requests import answer_to, requested_at

pytestmark = pytest.mark.unit

OURS, FLUX = "cloudops.dev/requestedAt", "reconcile.fluxcd.io/requestedAt"
NOON, LATER = "2026-11-24T12:00:00Z", "2026-11-24T13:00:00Z"


@pytest.mark.parametrize(
    ("annotations", "answer"),
    [
        pytest.param({}, "", id="nobody-asks"),
        pytest.param({"x": NOON}, "", id="something-else"),
        pytest.param({OURS: "now"}, "now", id="ours"),
        pytest.param({FLUX: NOON}, NOON, id="flux"),
        pytest.param({OURS: "", FLUX: "x"}, "x", id="ours-is-empty"),
        pytest.param({OURS: "x", FLUX: ""}, "x", id="flux-is-empty"),
        pytest.param({OURS: LATER, FLUX: NOON}, NOON, id="flux-beside-a-later-one-of-ours"),
        pytest.param({OURS: "x" * 5000}, "x" * 500, id="longer-than-can-be-kept"),
        pytest.param({OURS: "a\0b\nc"}, "a\ufffdb\ufffdc", id="what-no-database-stores"),
        pytest.param({FLUX: "a\nb", OURS: "c"}, "a\ufffdb", id="a-line-break-within"),
    ],
)
def test_the_answer_repeats_the_token_and_of_two_that_of_flux(annotations, answer):
    assert answer_to(requested_at(annotations)) == answer


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({FLUX: NOON}, {FLUX: LATER}, id="alone"),
        pytest.param({OURS: LATER, FLUX: NOON}, {OURS: LATER, FLUX: "x"}, id="flux-beside-a-later"),
        pytest.param({OURS: "x", FLUX: NOON}, {OURS: "y", FLUX: NOON}, id="ours-that-is-no-time"),
        pytest.param({OURS: NOON, FLUX: LATER}, {OURS: LATER, FLUX: LATER}, id="to-the-others"),
        pytest.param({FLUX: NOON}, {FLUX: NOON, OURS: NOON}, id="the-same-by-the-other-way"),
        pytest.param({OURS: NOON, FLUX: LATER}, {OURS: LATER, FLUX: NOON}, id="exchanged"),
    ],
)
def test_any_change_of_either_is_a_request(before, after):
    """Fails if the later one counts: what changes beside it is never seen."""
    assert requested_at(before) != requested_at(after)


def test_both_at_their_longest_fit_into_what_the_plan_keeps():
    """Fails if they are cut together: a change of the second would be cut off."""
    long = {FLUX: "f" * 5000, OURS: "o" * 5000}

    assert len(requested_at(long)) <= 1024
    assert requested_at(long).endswith("o" * 500)
