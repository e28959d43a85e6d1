"""Which scopes' deletions wait for a person, judged over a whole lease."""

import pytest

from cloudops.domain.provider import DeletionBrake
from cloudops.store.departing import holds
from cloudops.store.sweep import Candidate, held_candidates

pytestmark = pytest.mark.unit

BRAKE = DeletionBrake(percent=30, minimum=20)


@pytest.mark.parametrize(
    ("candidates", "account_live", "held"),
    [
        pytest.param([], 100, set(), id="nothing"),
        pytest.param([Candidate(1, 5, 50)], 100, set(), id="little"),
        pytest.param([Candidate(1, 25, 50), Candidate(2, 5, 50)], 200, {1}, id="one-scope"),
        pytest.param([Candidate(1, 15, 50), Candidate(2, 15, 50)], 60, {1, 2}, id="the-lease"),
        pytest.param([Candidate(n, 1, 1) for n in (1, 2)], 100, set(), id="two-emptied"),
        pytest.param([Candidate(n, 1, 1) for n in (1, 2, 3)], 100, {1, 2, 3}, id="three-emptied"),
        pytest.param(
            [*(Candidate(n, 1, 1) for n in (1, 2, 3)), Candidate(4, 1, 90)],
            100,
            {1, 2, 3, 4},
            id="three-emptied-hold-all",
        ),
    ],
)
def test_what_is_held(candidates, account_live, held):
    assert held_candidates(candidates, account_live, BRAKE) == held


def test_a_persons_consent_releases_all_of_it():
    candidates = [Candidate(number, 1000, 1000) for number in range(5)]

    assert held_candidates(candidates, 5000, DeletionBrake(percent=100)) == set()


@pytest.mark.parametrize(
    ("leaving", "live", "held"),
    [
        pytest.param([5], 100, False, id="a-small-one"),
        pytest.param([20], 20, False, id="the-minimum"),
        pytest.param([21], 60, True, id="more-than-its-share"),
        pytest.param([30], 100, False, id="its-share"),
        pytest.param([16, 16], 100, True, id="together-more-than-their-share"),
        pytest.param([1, 1, 1], 9_000, True, id="three"),
        pytest.param([1, 1, 0], 9_000, False, id="three-of-which-one-is-empty"),
    ],
)
def test_accounts_that_left_their_organization_wait_likewise(leaving, live, held):
    assert holds(BRAKE, leaving, live) is held
    assert not holds(DeletionBrake(percent=100), leaving, live)
