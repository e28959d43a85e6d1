"""Full lists against what the watch delivered: gaps, silence, and providers that are gone."""

import time
from collections.abc import Callable
from typing import Any, cast

import pytest

from cloudops.controller.cache import ObjectCache, trimmed
from cloudops.controller.cloudprovider import to_record
from cloudops.controller.kube import KubeClient, KubeError, KubeUnavailableError, NotFoundError
from cloudops.controller.list_diff import ListDiff, WatchLag, list_all
from tests.fakes.plan import FakePlan
from tests.fixtures.waiting import eventually
from tests.integration.controller.conftest import PLURAL, Providers, requests, sample

pytestmark = pytest.mark.integration


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Diff:
    """A list-diff over one namespace, with its neighbours in reach."""

    def __init__(self, kube: KubeClient, plan: FakePlan, namespaces: tuple[str, ...]) -> None:
        self.kube, self.plan, self.clock = kube, plan, Clock()
        self.cache = ObjectCache()
        self.lag = WatchLag(self.cache, self.clock)
        self.epoch: int | None = plan.claim_epoch("me")
        self.changed: list[tuple[str, str]] = []
        self.diff = ListDiff(
            PLURAL,
            namespaces,
            kube,
            plan,
            cache=self.cache,
            lag=self.lag,
            epoch=lambda: self.epoch,
            on_change=self.changed.append,
            on_rewind=lambda: self.changed.append(("", "rewound")),
            period_seconds=600,
        )

    def watch_delivers(self, document: dict[str, Any]) -> None:
        self.cache.put(trimmed(document))

    def plans(self, document: dict[str, Any]) -> None:
        assert self.epoch is not None
        self.plan.sync_provider(self.epoch, to_record(document, runnable=True))


@pytest.fixture
def diff(kube, plan, namespace) -> Diff:
    return Diff(kube, plan, (namespace,))


def test_a_list_is_read_page_by_page_to_its_end(providers: Providers, kube):
    for number in range(5):
        providers.apply(f"aws-{number}")
    before = requests("GET")
    listed = list_all(kube, PLURAL, [providers.namespace], page_size=2)

    assert len(listed.versions) == 5
    assert requests("GET") == before + 3
    assert listed.version_for(providers.namespace) >= max(listed.versions.values())
    assert listed.version_for("elsewhere") == -1


def test_a_list_of_everything_covers_every_namespace(providers, kube):
    providers.apply()
    listed = list_all(kube, PLURAL, ())

    assert (providers.namespace, "aws") in listed.versions
    assert listed.version_for("any") > 0


def test_what_was_deleted_in_a_watch_gap_is_forgotten(providers, diff):
    diff.watch_delivers(providers.apply("stays"))
    diff.watch_delivers(providers.apply("goes"))
    providers.delete("goes")
    diff.diff.compare()

    assert diff.changed == [(providers.namespace, "goes")]
    assert list(diff.cache.versions()) == [(providers.namespace, "stays")]


class Meanwhile:
    """A client after whose lists something happens before they are looked at."""

    def __init__(self, kube: KubeClient, happen: Callable[[], None]) -> None:
        self._kube = kube
        self._happen = happen

    def get(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        answer = self._kube.get(*arguments, **options)
        self._happen()
        return answer


def test_what_appeared_after_the_list_is_not_taken_for_deleted(
    providers: Providers, kube, plan, namespace
):
    """Nor for a sign that the API server went back in time."""
    appears = Meanwhile(kube, lambda: listing.watch_delivers(providers.apply()))
    listing = Diff(cast("KubeClient", appears), plan, (namespace,))
    listing.diff.compare()

    assert listing.cache.get((namespace, "aws")) is not None
    assert listing.changed == []


def test_namespaces_that_are_not_watched_are_laid_to_rest_and_lose_nothing(providers, diff):
    """Fails if workers read for ever what nobody can see, change or delete."""
    elsewhere = providers.apply()
    elsewhere["metadata"]["namespace"] = "not-watched-any-more"
    diff.watch_delivers(elsewhere)
    diff.plans(elsewhere)
    for _ in range(3):
        diff.diff.compare()

    assert diff.changed == []
    assert diff.plan.vanished == set()
    assert diff.plan.resting == {("not-watched-any-more", "aws")}


def test_a_provider_is_gone_only_when_two_lists_lacked_it(providers, diff):
    diff.plans(providers.apply())
    diff.diff.compare()
    providers.delete()
    diff.diff.compare()

    assert diff.plan.vanished == set()

    diff.diff.compare()

    assert diff.plan.vanished == {(providers.namespace, "aws")}


def test_a_provider_that_comes_back_between_two_lists_is_not_gone(providers, diff):
    document = providers.apply()
    diff.plans(document)
    providers.delete()
    diff.diff.compare()
    providers.apply()
    diff.diff.compare()
    providers.delete()
    diff.diff.compare()

    assert diff.plan.vanished == set()


def test_a_provider_that_the_watch_knows_is_not_gone(providers, diff):
    document = providers.apply()
    diff.plans(document)
    providers.delete()
    younger = {**document["metadata"], "resourceVersion": str(2**60)}
    diff.watch_delivers(document | {"metadata": younger})
    diff.diff.compare()
    diff.diff.compare()

    assert diff.plan.vanished == set()


def test_a_standby_retires_nobody_and_what_it_saw_does_not_count(providers, diff):
    diff.plans(providers.apply())
    providers.delete()
    epoch, diff.epoch = diff.epoch, None
    diff.diff.compare()
    diff.diff.compare()
    diff.epoch = epoch
    diff.diff.compare()

    assert diff.plan.vanished == set()


def test_a_list_that_could_not_be_read_proves_nothing(providers, diff, kube):
    document = providers.apply()
    diff.watch_delivers(document)
    diff.plans(document)
    providers.delete()

    class Broken(KubeClient):
        def get(self, *_, **__):
            raise NotFoundError("404 page not found", 404)

    broken = Diff(object.__new__(Broken), diff.plan, (providers.namespace,))
    broken.watch_delivers(document)
    for _ in range(2):
        with pytest.raises(KubeError):
            broken.diff.compare()

    assert broken.changed == []
    assert diff.plan.vanished == set()


def test_a_page_that_expired_proves_nothing(providers, kube):
    with pytest.raises(KubeError):
        kube.get(providers.path("").rstrip("/"), {"limit": "1", "continue": "bm90LWEtdG9rZW4"})


def test_a_silent_watch_is_noticed_until_it_catches_up(providers, diff):
    document = providers.apply()
    diff.diff.compare()
    diff.clock.now = 130

    assert not diff.lag.was_in_step()
    assert sample("cloudops_watch_lag_seconds") == 130

    diff.diff.compare()  # a later list does not restart the clock

    assert diff.lag.seconds() == 130

    diff.watch_delivers(document)

    assert diff.lag.seconds() == 0
    assert diff.lag.was_in_step()


def test_once_warm_is_always_warm(providers, diff):
    assert not diff.lag.was_in_step()  # nothing was compared yet

    diff.diff.compare()

    assert diff.lag.was_in_step()

    providers.apply()
    diff.diff.compare()

    assert diff.lag.seconds() == 0
    diff.clock.now = 1
    assert diff.lag.seconds() == 1
    assert diff.lag.was_in_step()


def test_a_deletion_that_the_watch_saw_is_confirmed_soon(providers, diff):
    document = providers.apply()
    diff.plans(document)
    diff.diff.start()
    providers.delete()
    diff.diff.deleted((providers.namespace, "aws"))

    assert eventually(lambda: diff.plan.vanished == {(providers.namespace, "aws")})

    diff.diff.stop()


def test_what_a_standby_saw_deleted_is_confirmed_once_it_leads(providers, diff):
    """Fails if it is forgotten: the next list comes ten minutes later, the second after twenty."""
    diff.plans(providers.apply())
    epoch, diff.epoch = diff.epoch, None
    diff.diff.start()
    providers.delete()
    diff.diff.deleted((providers.namespace, "aws"))
    eventually(lambda: diff.lag._compared)

    assert diff.plan.vanished == set()

    diff.epoch = epoch
    diff.diff.compare_soon()

    assert eventually(lambda: diff.plan.vanished == {(providers.namespace, "aws")})

    diff.diff.stop()


def test_a_standby_remembers_a_deletion_until_the_leader_has_retired_it(providers, diff):
    """Fails if it remembers all that was ever deleted, or nothing."""
    diff.plans(providers.apply())
    epoch, diff.epoch = diff.epoch, None
    providers.delete()
    diff.diff.deleted((providers.namespace, "aws"))
    diff.diff.compare()

    assert diff.diff._deleted == {(providers.namespace, "aws")}

    diff.plan.mark_vanished(epoch, [(providers.namespace, "aws")])
    diff.diff.compare()

    assert diff.diff._deleted == set()


def test_the_thread_survives_a_database_that_is_away(providers, diff):
    diff.plans(providers.apply())
    diff.plan.away = True
    diff.diff.start()
    providers.delete()
    diff.diff.deleted((providers.namespace, "aws"))
    eventually(lambda: diff.lag._compared)
    diff.plan.away = False

    assert eventually(lambda: diff.plan.vanished)

    diff.diff.stop()


class Forbidding:
    """A client that may not list one namespace, as when it is gone, and the Role with it."""

    def __init__(self, kube: KubeClient, namespace: str) -> None:
        self._kube = kube
        self._namespace = namespace

    def get(self, path: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        if f"/namespaces/{self._namespace}/" in path:
            raise KubeError(f"GET {path}: 403 forbidden", 403)
        return self._kube.get(path, *arguments, **options)


class TestANamespaceThatMayNotBeListed:
    @pytest.fixture
    def other(self, kube, plan, namespace) -> Diff:
        client = cast("KubeClient", Forbidding(kube, "gone"))
        return Diff(client, plan, ("gone", namespace))

    def test_says_nothing_of_the_others(self, providers: Providers, other):
        """Fails if one refusal ends it all: what is deleted elsewhere would be read for ever."""
        other.plans(providers.apply("stays"))
        other.plans(providers.apply("goes"))
        providers.delete("goes")
        for _ in range(2):
            other.diff.compare()

        assert other.plan.vanished == {(providers.namespace, "goes")}
        assert other.lag.was_in_step()

    def test_loses_nothing_but_what_the_watch_saw_deleted(self, providers: Providers, other):
        for name in ("lost", "kept"):
            document = providers.apply(name)
            document["metadata"]["namespace"] = "gone"
            other.plans(document)
        other.diff.deleted(("gone", "lost"))
        for _ in range(3):
            other.diff.compare()

        assert other.plan.vanished == {("gone", "lost")}

    def test_is_an_error_where_it_is_the_only_one(self, kube):
        with pytest.raises(KubeError):
            list_all(cast("KubeClient", Forbidding(kube, "gone")), PLURAL, ["gone"])


def test_a_first_list_that_fails_is_repeated_soon(providers: Providers, kube, plan, namespace):
    """Fails if it waits for the next period: a rollout would, too, and be rolled back."""
    refusals = iter([KubeUnavailableError("GET /: 503", 503)])
    calls: list[float] = []

    class Stumbling(Forbidding):
        def get(self, *arguments: Any, **options: Any) -> dict[str, Any]:
            calls.append(time.monotonic())
            for refusal in refusals:
                raise refusal
            return super().get(*arguments, **options)

    diff = Diff(cast("KubeClient", Stumbling(kube, "")), plan, (namespace,))
    diff.epoch = None
    diff.diff.start()
    try:
        eventually(lambda: len(calls) > 1, timeout=60, what="another list")
    finally:
        diff.diff.stop()
