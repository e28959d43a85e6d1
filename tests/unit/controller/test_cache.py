"""What the watch delivers is kept once, trimmed, and never replaced by something older."""

from typing import Any

import pytest

from cloudops.controller.cache import LAST_APPLIED, ObjectCache

pytestmark = pytest.mark.unit

KEY = ("platform", "aws")


def document(version: int, **metadata: object) -> dict[str, Any]:
    return {
        "metadata": {
            "namespace": "platform",
            "name": "aws",
            "resourceVersion": str(version),
            **metadata,
        },
        "spec": {"type": "aws"},
    }


@pytest.fixture
def cache() -> ObjectCache:
    return ObjectCache()


def test_what_nobody_reads_is_not_kept(cache):
    annotations = {LAST_APPLIED: "{}", "cloudops.dev/requestedAt": "now"}
    cache.put(document(1, managedFields=[{"manager": "kubectl"}], annotations=annotations))

    assert cache.get(KEY) == document(1, annotations={"cloudops.dev/requestedAt": "now"})


@pytest.mark.parametrize(
    ("version", "news"),
    [
        pytest.param(9, False, id="older"),
        pytest.param(10, False, id="same"),
        pytest.param(11, True, id="younger-with-one-more-digit-or-not"),
        pytest.param(100, True, id="younger"),
    ],
)
def test_only_a_younger_version_is_news(cache, version, news):
    cache.put(document(10))

    assert cache.put(document(version)) is news
    assert cache.versions() == {KEY: max(version, 10)}


def test_removing_spares_what_is_younger_than_the_deletion(cache):
    cache.put(document(10))

    assert not cache.remove(KEY, up_to=9)
    assert cache.get(KEY)
    assert cache.remove(KEY, up_to=10)
    assert cache.get(KEY) is None
    assert not cache.remove(KEY, up_to=99)
