"""Tells once that the operator's own database is away, and once that it is back."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from cloudops.controller.kube import KubeClient, KubeError, object_path
from cloudops.controller.planning import ProviderPlan
from cloudops.controller.recorder import Happening, Recorder
from cloudops.domain.errors import StoreBusyError, StoreUnavailableError
from cloudops.domain.provider import ProviderRecord
from cloudops.domain.snapshot import ProviderSnapshot
from cloudops.logs import get_logger
from cloudops.settings import Settings

log = get_logger(__name__)

AWAY: Final = Happening(
    "Warning",
    "DatabaseUnavailable",
    "The operator's database can't be reached: statuses are not updated until it is back.",
)
BACK: Final = Happening(
    "Normal", "DatabaseAvailable", "The operator's database can be reached again."
)

EVENT_LIFE_SECONDS: Final = 3600
"""After so long Kubernetes forgets an event, and nothing has to be taken back any more."""


class DatabaseAlarm:
    """The plan as reconcilers use it, listened to: only a call that reached it says "back".

    What the database can't say is unknown, so no status is written and the objects
    are not told; the trouble belongs to the operator, and there it is shown: on its
    Deployment. Whoever stands by only remembers: the leader that told of the trouble may
    be gone when it is over.
    """

    def __init__(
        self,
        plan: ProviderPlan,
        settings: Settings,
        client: KubeClient,
        recorder: Recorder,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._client = client
        self._recorder = recorder
        self._lock = threading.Lock()
        self._clock = clock
        self._away = False
        self._forget_at = 0.0  # until then somebody else may have told of an end to come

    def sync_provider(self, epoch: int, record: ProviderRecord) -> ProviderSnapshot | None:
        with self._listening():
            return self._plan.sync_provider(epoch, record)

    def ping(self, *, leads: bool = True) -> None:
        with self._listening(leads=leads):
            self._plan.ping()

    @contextlib.contextmanager
    def _listening(self, *, leads: bool = True) -> Iterator[None]:
        try:
            yield
        except StoreBusyError:
            raise  # it answered, only not with what was wanted
        except StoreUnavailableError:
            self._note(away=True, leads=leads)
            raise
        self._note(away=False, leads=leads)

    def _note(self, *, away: bool, leads: bool) -> None:
        """Only changes are told, and only by who leads."""
        with self._lock:
            now = self._clock()
            if not leads:
                if away:
                    self._forget_at = now + EVENT_LIFE_SECONDS
                return
            told_by_another = not away and now < self._forget_at
            changed = self._away != away or told_by_another
            self._away, self._forget_at = away, 0.0
        if changed:
            self._tell(AWAY if away else BACK)

    def _tell(self, happening: Happening) -> None:
        log.warning(happening.message, reason=happening.reason)
        if not self._settings.deployment_name:
            return
        path = object_path(
            "/apis/apps/v1",
            "deployments",
            self._settings.namespace,
            self._settings.deployment_name,
        )
        try:
            deployment = self._client.get(path)
        except KubeError as error:
            log.warning("could not read our own Deployment", error=str(error))
            return
        self._recorder.record(deployment, happening)
