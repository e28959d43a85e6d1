"""Packages of a lock file of their own, installed into the cache by pip itself."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from tests.cluster.packages import install
from tests.cluster.reporting import ClusterError

pytestmark = pytest.mark.integration


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "cloudops-central"


def lock_of(folder: Path, text: str, *, digest: str = "") -> Path:
    """A lock file for a package `said` with this text in it."""
    wheel = folder / "said-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("said.py", text)
        archive.writestr(
            "said-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: said\nVersion: 1\n"
        )
        archive.writestr(
            "said-1.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("said-1.dist-info/RECORD", "")
    digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = folder / "requirements.txt"
    lock.write_text(f"said @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    return lock


def test_they_are_installed_once_and_anew_where_the_lock_changes(cache: Path, tmp_path: Path):
    lock = lock_of(tmp_path, "first")
    first = install("said", lock)
    (first / "mark").touch()
    again = install("said", lock)
    other = install("said", lock_of(tmp_path, "other"))

    assert first.is_relative_to(cache / "said")
    assert (again / "mark").exists()
    assert ((first / "said.py").read_text(), (other / "said.py").read_text()) == ("first", "other")


def test_what_does_not_fit_its_hash_is_not_installed(cache: Path, tmp_path: Path):
    """Fails without `--require-hashes`, or if a part of it stays behind."""
    with pytest.raises(ClusterError, match=r"said could not be installed(?s:.)*DO NOT MATCH"):
        install("said", lock_of(tmp_path, "forged", digest="0" * 64))

    assert [path.name for path in (cache / "said").iterdir()] == [".lock"]
