"""etcd was restored from an older backup: what the watch delivered before must not outlive it."""

from typing import Any, cast

import pytest

from cloudops.controller.cache import ObjectCache
from cloudops.controller.kube import KubeClient
from cloudops.controller.list_diff import ListDiff, WatchLag
from tests.fakes.plan import FakePlan

pytestmark = pytest.mark.unit

KEY = ("platform", "aws")


def document(version: int) -> dict[str, Any]:
    namespace, name = KEY
    return {"metadata": {"namespace": namespace, "name": name, "resourceVersion": str(version)}}


class ApiServer:
    """Implements what a list needs of `KubeClient`."""

    def __init__(self, taken_at: int, *versions: int) -> None:
        self._page = {
            "metadata": {"resourceVersion": str(taken_at)},
            "items": [document(version) for version in versions],
        }

    def get(self, *_: Any, **__: Any) -> dict[str, Any]:
        return self._page


@pytest.mark.parametrize(
    ("taken_at", "versions", "rewound"),
    [
        pytest.param(321, (321,), 0, id="in-step"),
        pytest.param(400, (350,), 0, id="the-watch-lags"),
        pytest.param(400, (), 0, id="deleted"),
        pytest.param(280, (280,), 1, id="restored"),
        pytest.param(400, (280,), 1, id="restored-and-overtaken-by-others"),
        pytest.param(280, (), 1, id="restored-from-before-it-was-made"),
    ],
)
def test_a_list_older_than_what_was_delivered_starts_everything_afresh(taken_at, versions, rewound):
    """Fails if only single objects are compared: all would look as if the watch led the list."""
    cache, told = ObjectCache(), list[str]()
    cache.put(document(321))
    diff = ListDiff(
        "cloudproviders",
        (),
        cast("KubeClient", ApiServer(taken_at, *versions)),
        FakePlan(),
        cache=cache,
        lag=WatchLag(cache),
        epoch=lambda: None,
        on_change=lambda _: None,
        on_rewind=lambda: told.append("rewound"),
        period_seconds=600,
    )

    diff.compare()

    assert len(told) == rewound
