from typing import Any

import pytest

from cloudops.collectors.paths import cut, find, parse_path

pytestmark = pytest.mark.unit


def document() -> dict[str, Any]:
    return {"A": {"B": 1}, "List": [{"C": 2, "D": 0}, {"C": 3}, "text"], "Map": {"x": 4, "y": 5}}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        pytest.param("A", [{"B": 1}], id="top"),
        pytest.param("A.B", [1], id="nested"),
        pytest.param("List[].C", [2, 3], id="through-a-list"),
        pytest.param("Map.*", [4, 5], id="every-value"),
        pytest.param("List[]", [{"C": 2, "D": 0}, {"C": 3}, "text"], id="elements"),
        pytest.param("A.B.C", [], id="into-a-scalar"),
        pytest.param("A[].B", [], id="a-list-that-is-none"),
        pytest.param("Nothing.C", [], id="missing"),
    ],
)
def test_a_path_finds_what_it_names(path: str, values: list[Any]):
    assert [place.value for place in find(document(), parse_path(path))] == values


def test_cutting_takes_the_values_out_and_leaves_the_rest():
    given = document()

    assert cut(given, parse_path("List[].C")) == [2, 3]
    assert given["List"] == [{"D": 0}, {}, "text"]


def test_cutting_elements_empties_the_list():
    given = {"List": [1, 2, 3]}

    assert cut(given, parse_path("List[]")) == [1, 2, 3]
    assert given == {"List": []}


@pytest.mark.parametrize("text", ["", "A..B", "A[0]", "A.[]", "A[?x]", "A B"])
def test_what_is_no_plain_path_is_refused(text: str):
    with pytest.raises(ValueError, match="not a plain path"):
        parse_path(text)
