"""Globs and the deletion brake."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudops.domain.provider import DeletionBrake, Globs

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("globs", "names", "selected"),
    [
        pytest.param(Globs(), ("anything",), True, id="default"),
        pytest.param(Globs(("eu-*",)), ("eu-west-1",), True, id="glob"),
        pytest.param(Globs(("eu-*",)), ("us-east-1",), False, id="other"),
        pytest.param(Globs(("*",), ("*-2",)), ("eu-west-2",), False, id="excluded"),
        pytest.param(Globs(("EU-*",)), ("eu-west-1",), False, id="case-counts"),
        pytest.param(
            Globs(("compute.*",)), ("AWS::EC2::Instance", "compute.instance"), True, id="alias"
        ),
        pytest.param(
            Globs(("*",), ("compute.*",)),
            ("AWS::EC2::Instance", "compute.instance"),
            False,
            id="alias-out",
        ),
        pytest.param(Globs(()), ("x",), False, id="nothing-included"),
        pytest.param(Globs(), (), False, id="no-name"),
    ],
)
def test_a_name_is_selected_by_include_and_not_by_exclude(globs, names, selected):
    assert globs.matches(*names) is selected


@pytest.mark.parametrize(
    ("brake", "candidates", "live", "holds"),
    [
        pytest.param(DeletionBrake(30, 20), 20, 20, False, id="minimum-goes"),
        pytest.param(DeletionBrake(30, 20), 21, 21, True, id="one-more"),
        pytest.param(DeletionBrake(30, 20), 30, 100, False, id="percent-goes"),
        pytest.param(DeletionBrake(30, 20), 31, 100, True, id="more-than-percent"),
        pytest.param(DeletionBrake(1, 0), 1, 99, True, id="percent-rounds-down"),
        pytest.param(DeletionBrake(30, 0), 0, 0, False, id="nothing"),
        pytest.param(DeletionBrake(100, 0), 10**6, 10**6, False, id="released"),
    ],
)
def test_what_a_brake_holds(brake, candidates, live, holds):
    assert brake.holds(candidates=candidates, live=live) is holds


@given(st.integers(1, 100), st.integers(0, 10**6), st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_smaller_deletion_is_never_held_where_a_larger_one_is_not(percent, minimum, a, live):
    brake = DeletionBrake(percent, minimum)

    if not brake.holds(candidates=a, live=live):
        assert not brake.holds(candidates=max(0, a - 1), live=live)


@pytest.mark.parametrize(("percent", "released"), [(99, False), (100, True)])
def test_one_hundred_percent_is_a_persons_consent(percent, released):
    assert DeletionBrake(percent).released is released
