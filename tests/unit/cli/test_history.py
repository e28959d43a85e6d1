"""What a table of changes shows of long values."""

import pytest

from cloudops.cli.history import _clipped

pytestmark = pytest.mark.unit

LONG = "x" * 100


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        pytest.param("a", "b", ("a", "b"), id="short"),
        pytest.param("x" * 60, "", ("x" * 60, ""), id="just-fits"),
        pytest.param(LONG, "", ("x" * 59 + "…", ""), id="removed"),
        pytest.param("", LONG, ("", "x" * 59 + "…"), id="added"),
        pytest.param(
            LONG + "a", LONG + "b", ("…" + "x" * 10 + "a", "…" + "x" * 10 + "b"), id="end"
        ),
        pytest.param(LONG, LONG + "b", ("…" + "x" * 10, "…" + "x" * 10 + "b"), id="longer"),
        pytest.param(
            "xa" + LONG, "xb" + LONG, ("xa" + "x" * 57 + "…", "xb" + "x" * 57 + "…"), id="beginning"
        ),
    ],
)
def test_a_long_value_is_shown_from_where_it_differs(old, new, shown):
    assert _clipped(old, new) == shown
    assert max(map(len, shown)) <= 60
