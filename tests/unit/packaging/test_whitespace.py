import pytest

from scripts.check_whitespace import main, mistakes

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param("", [], id="empty-file"),
        pytest.param("a\n\nb\n", [], id="clean"),
        pytest.param("a \n", [(1, "trailing blanks")], id="blank-at-the-end-of-a-line"),
        pytest.param("a\n" + "<" * 7 + " ours\n", [(2, "conflict marker")], id="conflict"),
        pytest.param("a\nb", [(2, "no newline at the end of the file")], id="no-last-newline"),
    ],
)
def test_each_mistake_is_named_with_its_line(content, found):
    assert list(mistakes(content)) == found


def test_exit_code_says_whether_a_file_needs_work(tmp_path, capsys):
    clean, dirty = tmp_path / "clean", tmp_path / "dirty"
    clean.write_text("a\n")
    dirty.write_text("a\t\n")

    assert main([str(clean)]) == 0
    assert main([str(clean), str(dirty)]) == 1
    assert capsys.readouterr().out == f"{dirty}:1: trailing blanks\n"
