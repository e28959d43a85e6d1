"""Where the recorded answers lie: in one place, so that a stray folder does not count."""

from pathlib import Path

import pytest

from tests.fakes.aws.recordings import find_pack

pytestmark = pytest.mark.unit

CHECKOUT = Path(__file__).parents[3]


def test_they_lie_beside_the_checkout_where_ci_looks_for_them(monkeypatch):
    monkeypatch.delenv("CLOUDOPS_RECORDINGS", raising=False)

    assert find_pack() == CHECKOUT.parent / "shared" / "recordings"
    assert ":-../shared/recordings}" in (CHECKOUT / ".ci" / "run").read_text()


def test_the_environment_says_otherwise(monkeypatch, tmp_path):
    monkeypatch.setenv("CLOUDOPS_RECORDINGS", str(tmp_path))

    assert find_pack() == tmp_path
