"""Kopf's settings, and what a watch event does."""

import itertools
from typing import Any

import kubernetes.client
import pytest

from cloudops.controller.cache import ObjectCache
from cloudops.controller.watch import (
    JitteredBackoffs,
    Watch,
    Watched,
    connection_info,
    kopf_settings,
)

pytestmark = pytest.mark.unit

KEY = ("platform", "aws")


def event(kind: str | None, version: int) -> dict[str, Any]:
    metadata = {"namespace": "platform", "name": "aws", "resourceVersion": str(version)}
    return {"type": kind, "object": {"metadata": metadata}}


@pytest.fixture
def seen() -> list[tuple[str, tuple[str, str]]]:
    return []


@pytest.fixture
def watch(seen) -> Watch:
    return Watch(
        Watched("cloudproviders", (), lambda: True),
        kubernetes.client.Configuration(),
        cache=ObjectCache(),
        on_change=lambda key: seen.append(("change", key)),
        on_delete=lambda key: seen.append(("delete", key)),
    )


@pytest.mark.parametrize("kind", [None, "ADDED", "MODIFIED"])
def test_news_is_told_once(watch, seen, kind):
    watch.receive(event(kind, 5))
    watch.receive(event("MODIFIED", 5))
    watch.receive(event("MODIFIED", 4))

    assert seen == [("change", KEY)]


def test_a_deletion_is_told_to_both(watch, seen):
    watch.receive(event("ADDED", 5))
    seen.clear()
    watch.receive(event("DELETED", 6))

    assert seen == [("delete", KEY), ("change", KEY)]


def test_the_deletion_of_a_predecessor_does_not_hide_its_successor(watch, seen):
    watch.receive(event("ADDED", 9))
    seen.clear()
    watch.receive(event("DELETED", 6))

    assert seen == [("delete", KEY)]


def test_backoffs_are_endless_jittered_and_start_afresh():
    backoffs = JitteredBackoffs()
    first = list(itertools.islice(backoffs, 200))
    second = list(itertools.islice(backoffs, 3))

    assert len(first) == 200
    assert first != sorted(first)
    assert max(first) <= 30
    assert first[0] <= 1
    assert second[0] <= 1


def test_every_setting_that_decides_how_the_watch_survives_is_set():
    settings = kopf_settings()

    assert settings.peering.standalone
    assert not settings.posting.enabled
    assert settings.scanning.disabled
    assert settings.watching.server_timeout == 300
    assert settings.watching.client_timeout == 310
    assert settings.watching.connect_timeout == 30
    assert settings.watching.inactivity_timeout == 70
    assert settings.watching.chunk_size == 500
    assert 1 <= settings.watching.reconnect_backoff <= 2
    assert not settings.watching.initial_streaming
    assert settings.networking.request_timeout == 30
    assert settings.networking.connect_timeout == 5
    assert isinstance(settings.networking.error_backoffs, JitteredBackoffs)
    assert settings.process.ultimate_exiting_timeout is None
    assert settings.persistence.finalizer.startswith("controller.cloudops.dev/")
    assert settings.queueing.worker_limit is None
    assert settings.queueing.idle_timeout < 1
    assert settings.admission.managed is None


def test_a_watch_that_breaks_off_is_started_again():
    class Breaking(Watch):
        runs = 0

        async def _operate(self) -> None:
            self.runs += 1
            if self.runs == 1:
                raise ValueError("unheard-of event")
            self._stop.set()

    watch = Breaking(
        Watched("cloudproviders", (), lambda: True),
        kubernetes.client.Configuration(),
        cache=ObjectCache(),
        on_change=print,
        on_delete=print,
    )
    watch.start()
    watch._thread.join(60)

    assert watch.runs == 2
    assert watch.silent_seconds() >= 0


def test_nothing_is_watched_before_it_is_served():
    """Fails if kopf is started on what it does not find: it never looks for it again."""

    class Counting(Watch):
        runs = 0

        async def _operate(self) -> None:
            self.runs += 1
            self._stop.set()

    given: list[bool | Exception] = [False, ValueError("an answer of nobody's making"), True]
    answers = iter(given)

    def is_served() -> bool:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    watch = Counting(
        Watched("cloudproviders", (), is_served),
        kubernetes.client.Configuration(),
        cache=ObjectCache(),
        on_change=print,
        on_delete=print,
    )
    before = watch.silent_seconds()
    watch.start()
    watch._thread.join(60)

    assert before == 0
    assert watch.runs == 1
    assert next(answers, None) is None


@pytest.mark.parametrize(
    ("key", "scheme", "token"),
    [
        pytest.param("bearer abc", "bearer", "abc", id="service-account"),
        pytest.param("abc", None, "abc", id="bare"),
        pytest.param(None, None, None, id="client-certificate"),
    ],
)
def test_kopf_logs_in_as_our_own_client_does(key, scheme, token):
    configuration = kubernetes.client.Configuration()
    configuration.host = "https://127.0.0.1:6443"
    configuration.cert_file, configuration.key_file = "cert.pem", "key.pem"
    if key:
        configuration.api_key["BearerToken"] = key
    info = connection_info(configuration)

    assert (info.server, info.scheme, info.token) == ("https://127.0.0.1:6443", scheme, token)
    assert (info.certificate_path, info.private_key_path) == ("cert.pem", "key.pem")
    assert info.expiration is not None
