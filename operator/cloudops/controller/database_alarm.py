"""Tells once that the operator's own database is away, and once that it is back."""

import threading
from typing import Final

from cloudops.controller.kube import Key, KubeClient, KubeError, object_path
from cloudops.controller.recorder import Happening, Recorder
from cloudops.controller.workers import Reconciler
from cloudops.domain.errors import StoreUnavailableError
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


class DatabaseAlarm:
    """A reconciler around another one: the objects themselves are not told.

    What the database can't say is unknown, so no status is written; the trouble
    belongs to the operator, and there it is shown: on its Deployment.
    """

    def __init__(
        self, inner: Reconciler, settings: Settings, client: KubeClient, recorder: Recorder
    ) -> None:
        self._inner = inner
        self._settings = settings
        self._client = client
        self._recorder = recorder
        self._lock = threading.Lock()
        self._away = False

    def reconcile(self, key: Key) -> float | None:
        """As the inner reconciler."""
        try:
            seconds = self._inner.reconcile(key)
        except StoreUnavailableError:
            self.note(away=True)
            raise
        self.note(away=False)
        return seconds

    def note(self, *, away: bool) -> None:
        """The database is away, or there; only changes are told."""
        with self._lock:
            if self._away == away:
                return
            self._away = away
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
