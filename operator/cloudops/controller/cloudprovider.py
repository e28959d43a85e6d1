"""Reconciles a CloudProvider: spec → plan, ledger → status and events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cloudops.api.v1alpha1.cloudprovider import parse_cloudprovider
from cloudops.controller.cache import Document, ObjectCache
from cloudops.controller.kube import Key
from cloudops.controller.pace import Pace
from cloudops.controller.planning import ProviderPlan
from cloudops.controller.provider_fields import CARRIED_OVER, TIMES, provider_fields
from cloudops.controller.recorder import Recorder
from cloudops.controller.requests import requested_at
from cloudops.controller.status import StatusKind, StatusWriter, Written
from cloudops.controller.story import tell
from cloudops.domain.conditions import ConditionType, ConditionValue, Truth
from cloudops.domain.errors import InvalidInputError
from cloudops.domain.provider import InventorySettings, ProviderRecord
from cloudops.domain.provider_status import (
    Judgement,
    PreviousStatus,
    Refusal,
    SpecFacts,
    judge,
)
from cloudops.domain.snapshot import ProviderSnapshot
from cloudops.logs import get_logger
from cloudops.metrics import DELETIONS_HELD
from cloudops.services.refusals import refuse_aws, refuse_cloud
from cloudops.settings import Settings

log = get_logger(__name__)

KIND: Final = "CloudProvider"
PLURAL: Final = "cloudproviders"


def status_kind(settings: Settings) -> StatusKind:
    return StatusKind(
        kind=KIND,
        plural=PLURAL,
        field_manager="cloudops-cloudprovider",
        conditions=frozenset(ConditionType),
        fields=frozenset({"observedGeneration", *CARRIED_OVER}),
        times=TIMES,
        counts_seconds=settings.poll_seconds,
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What a CloudProvider asks for, as far as it could be understood."""

    refusal: Refusal | None
    sync_period_seconds: int


class CloudProviderReconciler:
    """Thin: everything is decided by `judge`, `refuse_…` and `tell`.

    Args:
        settings: Allow-lists and periods.
        plan: The way to the database.
        epoch: The number under which this leader writes.
        cache: What the watch has delivered.
        writer: Writes status.
        recorder: Writes events.

    Attributes:
        pace: How soon news of the ledger shall lead to a reconcile.
    """

    def __init__(
        self,
        settings: Settings,
        plan: ProviderPlan,
        *,
        epoch: Callable[[], int],
        cache: ObjectCache,
        writer: StatusWriter,
        recorder: Recorder,
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._epoch = epoch
        self._cache = cache
        self._writer = writer
        self._recorder = recorder
        self.pace = Pace(settings.poll_seconds)

    def reconcile(self, key: Key) -> float | None:
        """Plan, judge and tell; returns when to look again without any news."""
        document = self._cache.get(key)
        if document is None:
            self._forget(key)
            return None
        wish = understand(document, self._settings)
        snapshot = self._plan_and_read(key, to_record(document, runnable=wish.refusal is None))
        # The ledger's times are the database's, and so is the moment they are compared with.
        now = snapshot.taken_at if snapshot and snapshot.taken_at else datetime.now(UTC)
        previous = previous_status(document)
        judgement = judge(
            SpecFacts(
                generation=document["metadata"]["generation"],
                suspended=_suspended(document),
                refusal=wish.refusal,
            ),
            snapshot,
            previous,
            now=now,
            grace=timedelta(seconds=self._settings.credentials_grace_seconds),
        )
        fields = provider_fields(
            snapshot, judgement.observed_generation, document.get("status") or {}
        )
        times_seconds = max(wish.sync_period_seconds, self._settings.status_times_seconds)
        written = self._writer.write(
            document, judgement.conditions, fields, times_seconds=times_seconds
        )
        if written.changed:
            self._tell(document, previous, judgement)
        return self._look_again(judgement, written, wish, now)

    def _plan_and_read(self, key: Key, record: ProviderRecord) -> ProviderSnapshot | None:
        began = self.pace.now()
        snapshot = self._plan.sync_provider(self._epoch(), record)
        self.pace.was_read(key, since=began)
        if snapshot:
            DELETIONS_HELD.labels(*key).set(snapshot.held_total)
        return snapshot

    def _forget(self, key: Key) -> None:
        self._recorder.forget(self._writer.forget(key))
        self.pace.forget(key)
        DELETIONS_HELD.remove(*key)

    def _tell(self, document: Document, previous: PreviousStatus, judgement: Judgement) -> None:
        for happening in tell(previous, judgement):
            log.info(happening.message, reason=happening.reason)
            self._recorder.record(document, happening)

    def _look_again(
        self, judgement: Judgement, written: Written, wish: Wish, now: datetime
    ) -> float:
        """News wakes us at once; this covers lost news, and what only time changes."""
        poll = self._settings.poll_seconds
        waits = [max(poll, min(wish.sync_period_seconds, self._settings.list_diff_seconds))]
        if judgement.condition(ConditionType.RECONCILING):
            waits.append(poll)
        if judgement.stalls_at:
            waits.append((judgement.stalls_at - now).total_seconds() + 1)
        if written.wait_seconds is not None:
            waits.append(written.wait_seconds)
        return max(min(waits), 0.1)


def understand(document: Document, settings: Settings) -> Wish:
    """Whether the spec can be acted upon, and how often."""
    default_period = InventorySettings().sync_period_seconds
    cloud = str(document.get("spec", {}).get("type", ""))
    try:
        spec = parse_cloudprovider(document).spec.to_domain()
    except InvalidInputError as error:
        return Wish(Refusal("InvalidSpec", f"Edit the spec: {error}"), default_period)
    refusal = refuse_cloud(cloud)
    if refusal is None and spec.aws is not None:
        refusal = refuse_aws(spec.aws, document["metadata"]["namespace"], settings)
    return Wish(refusal, spec.inventory.sync_period_seconds)


def to_record(document: Document, *, runnable: bool) -> ProviderRecord:
    """The row of the plan for a CloudProvider."""
    metadata, spec = document["metadata"], document.get("spec", {})
    return ProviderRecord(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        generation=metadata["generation"],
        created_at=datetime.fromisoformat(metadata["creationTimestamp"]),
        spec=spec,
        cloud=str(spec.get("type", "")),
        suspended=_suspended(document),
        requested_at=requested_at(metadata.get("annotations") or {}),
        runnable=runnable,
    )


def previous_status(document: Document) -> PreviousStatus:
    """What the object says now, without the conditions of other writers."""
    status: dict[str, Any] = document.get("status") or {}
    conditions = {
        condition["type"]: ConditionValue(
            type=condition["type"],
            status=Truth(condition["status"]),
            reason=condition["reason"],
            message=condition.get("message", ""),
        )
        for condition in status.get("conditions", ())
        if condition["type"] in set(ConditionType)
    }
    return PreviousStatus(status.get("observedGeneration", -1), conditions)


def _suspended(document: Document) -> bool:
    return document.get("spec", {}).get("suspend") is True
