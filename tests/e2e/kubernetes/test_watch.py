"""The watch breaks in every way that an API server knows; what changed meanwhile is not missed."""

import itertools
from functools import partial

import pytest

from tests.e2e.conftest import Provider, StartWith
from tests.e2e.kubernetes.conftest import NO_COMPARISON, REGION, StartBehind, metric, status_writes
from tests.fakes.aws.builders import bucket, instance
from tests.fakes.aws.script import AccountScript
from tests.fakes.kubernetes_faults import Call, Injected, Refusal
from tests.fakes.kubernetes_proxy import KubernetesProxy
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

FAULTS = {
    "too old, said at once": Refusal.gone(),
    "too old, said in the stream": Refusal.gone(in_stream=True),
    "an error in the stream": Refusal.broken_stream(),
}


def _has_met(injected: Injected) -> bool:
    return injected.hits > 0


def is_watching(call: Call) -> bool:
    """The watch's own list, and what follows it; not the comparison's."""
    return call.path.endswith("/cloudproviders") and not call.is_full_list


def test_an_object_deleted_in_a_gap_is_given_up_only_after_two_complete_lists(
    provider: Provider,
    account: AccountScript,
    start: StartWith,
    start_behind: StartBehind,
    proxy: KubernetesProxy,
):
    """Fails if one complete list is enough, or if a list that broke off counts as one."""
    account.put(instance("i-1", region=REGION), bucket("logs", region=REGION))
    start("worker")
    start_behind("controller", list_diff_seconds="1")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    everything = account.truth()

    proxy.inject(Refusal.unavailable(), is_watching)
    none = proxy.inject(Refusal.unavailable(), lambda call: call.is_full_list)
    proxy.drop_watches()
    eventually(lambda: none.hits, what="the comparison to be refused")
    provider.kubectl("delete", "cloudprovider", "prod", "--timeout=30s")
    lists = itertools.count()
    proxy.clear()
    proxy.inject(Refusal.unavailable(), is_watching)
    all_but_one = proxy.inject(
        Refusal.unavailable(), lambda call: call.is_full_list and next(lists) > 0
    )
    eventually(lambda: all_but_one.hits >= 3, what="one complete list and three that broke off")
    after_one = provider.rows("SELECT vanished_at FROM provider"), provider.live()

    proxy.clear()
    proxy.inject(Refusal.unavailable(), is_watching)
    eventually(lambda: provider.live() == set(), what="the provider to be given up")
    due = provider.rows("SELECT domain FROM lease WHERE next_due_at < 'infinity'")
    deleted = provider.deleted()
    proxy.clear()
    provider.apply()
    provider.wait_condition("InventorySynced", "True")

    assert after_one == ([{"vanished_at": None}], everything)
    assert due == []
    assert deleted == set()
    assert provider.live() == everything
    assert provider.rows("SELECT DISTINCT operation FROM change") == [{"operation": "created"}]


def test_an_object_deleted_and_made_again_in_a_gap_is_taken_for_the_new_one(
    provider: Provider, start_behind: StartBehind, proxy: KubernetesProxy
):
    """Fails if what the watch lists again counts as known (a cache that compares names alone).

    The gap is longer than the API server's memory: no watch event tells of the deletion.
    """
    start_behind("controller", **NO_COMPARISON)
    provider.apply(suspend=True)
    provider.wait_condition("Ready", "True", "Suspended")
    old = provider.read()["metadata"]["uid"]

    away = proxy.inject(Refusal.unavailable(), is_watching)
    proxy.drop_watches()
    eventually(lambda: away.hits, what="the gap to open")
    provider.kubectl("delete", "cloudprovider", "prod", "--timeout=30s")
    provider.apply(suspend=False)
    proxy.clear()
    forgotten = proxy.inject(Refusal.gone(in_stream=True), lambda call: call.is_watch, times=1)
    provider.wait_condition("Ready", "Unknown", "Progressing")

    assert forgotten.hits == 1
    new = provider.read()["metadata"]["uid"]
    assert new != old
    rows = provider.rows("SELECT uid, suspended, vanished_at FROM provider")
    assert rows == [{"uid": new, "suspended": False, "vanished_at": None}]


def test_whatever_ends_a_watch_another_begins_and_nothing_is_missed_or_said_twice(
    provider: Provider, start_behind: StartBehind, proxy: KubernetesProxy
):
    """Fails if kopf is not started again, or is given a flag of threads: it never ends then.

    (Its own SIGKILL, twenty seconds later, would end our whole process.)
    """
    [controller] = start_behind("controller", **NO_COMPARISON)
    provider.apply(suspend=True)
    provider.wait_condition("Ready", "True", "Suspended")
    before = status_writes(controller)

    for suspend, (name, refusal) in zip(itertools.cycle((False, True)), FAULTS.items()):
        met = proxy.inject(refusal, lambda call: call.is_watch, times=1)
        proxy.drop_watches()
        eventually(partial(_has_met, met), what=f"the watch to meet: {name}")
        provider.apply(suspend=suspend)
        provider.wait_condition(
            "Ready", *(("True", "Suspended") if suspend else ("Unknown", "Progressing"))
        )

    assert controller.get("/livez")[0] == 200
    assert status_writes(controller) == before + len(FAULTS)
    assert metric(controller, "cloudops_watch_ends_total") == 2
