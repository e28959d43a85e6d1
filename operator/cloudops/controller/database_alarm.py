"""Tells once that the operator's own database is away, and once that it is back."""

import contextlib
import threading
from collections.abc import Iterator
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


class DatabaseAlarm:
    """The plan as reconcilers use it, listened to: only a call that reached it says "back".

    What the database can't say is unknown, so no status is written and the objects
    are not told; the trouble belongs to the operator, and there it is shown: on its
    Deployment.
    """

    def __init__(
        self, plan: ProviderPlan, settings: Settings, client: KubeClient, recorder: Recorder
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._client = client
        self._recorder = recorder
        self._lock = threading.Lock()
        self._away = False

    def sync_provider(self, epoch: int, record: ProviderRecord) -> ProviderSnapshot | None:
        with self._listening():
            return self._plan.sync_provider(epoch, record)

    def ping(self) -> None:
        with self._listening():
            self._plan.ping()

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        try:
            yield
        except StoreBusyError:
            raise  # it answered, only not with what was wanted
        except StoreUnavailableError:
            self._note(away=True)
            raise
        self._note(away=False)

    def _note(self, *, away: bool) -> None:
        """Only changes are told."""
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
