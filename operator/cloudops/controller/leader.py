"""Leader election on a Lease, as client-go does it, with a deadline of our own clock.

The Lease only says who should lead. What protects against two who both believe
so is elsewhere: the epoch fences every write to the database, resourceVersion
every write of status. This module makes the overlap improbable: a leader that
could not renew in time writes no more and ends the process.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cloudops.controller.kube import ConflictError, KubeClient, KubeError, NotFoundError
from cloudops.domain.errors import InvalidInputError
from cloudops.logs import get_logger
from cloudops.metrics import LEADER

log = get_logger(__name__)

LEASES: Final = "/apis/coordination.k8s.io/v1"
EXIT_DEPOSED: Final = 75  # sysexits' "try again": the pod is started again as a standby
MICROTIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
SHORTEST_CALL_SECONDS: Final = 0.5


def boot_seconds() -> float:
    """Seconds since boot, those in suspend included, which `time.monotonic` leaves out."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """Who stands for election, for which Lease, and the three times (15, 10 and 2 s)."""

    namespace: str
    name: str
    identity: str
    lease_seconds: float = 15.0
    renew_seconds: float = 10.0
    retry_seconds: float = 2.0

    def __post_init__(self) -> None:
        if not self.lease_seconds > self.renew_seconds > self.retry_seconds > 0:
            raise InvalidInputError(
                "CLOUDOPS_LEADER_LEASE_SECONDS must be above …_RENEW_SECONDS,"
                " and that above …_RETRY_SECONDS"
            )

    @property
    def path(self) -> str:
        return f"{LEASES}/namespaces/{self.namespace}/leases"


def new_identity(pod_name: str) -> str:
    """Different after every start, so that nobody takes a predecessor's Lease for its own."""
    return f"{pod_name or os.uname().nodename}_{secrets.token_hex(4)}"


class Elector:
    """Stands for election in a thread of its own until `stop`.

    Args:
        terms: See `LeaseTerms`.
        client: How to reach the API server.
        on_elected: Called once, in a thread of its own, when the Lease is ours.
        end_process: What a deposed leader does; must not return in production.
        clock: Seconds that never jump and never stand still.
    """

    def __init__(
        self,
        terms: LeaseTerms,
        client: KubeClient,
        *,
        on_elected: Callable[[], None],
        end_process: Callable[[int], Any] = os._exit,
        clock: Callable[[], float] = boot_seconds,
    ) -> None:
        self._terms = terms
        self._client = client
        self._on_elected = on_elected
        self._end_process = end_process
        self._clock = clock
        self._stop = threading.Event()
        self._deadline: float | None = None  # None = does not lead
        self._deposed = False
        self._turned_at: float | None = None
        self._ending = threading.Lock()
        self._seen: tuple[str, str] = ("", "")  # somebody's holder and renewTime
        self._seen_at = 0.0
        self._gauge = LEADER.labels(terms.name)
        self._gauge.set(0)
        self._thread = threading.Thread(target=self._run, name="elector", daemon=True)
        self._watchdog = threading.Thread(target=self._guard, name="lease-watchdog", daemon=True)

    @property
    def identity(self) -> str:
        return self._terms.identity

    def start(self) -> None:
        self._thread.start()
        self._watchdog.start()

    def stop(self) -> None:
        """Stand no more; a held Lease is released, so that a standby takes over at once.

        Call it only when nothing writes any more.
        """
        self._stop.set()
        self._thread.join(self._terms.renew_seconds)
        if self.may_write():
            self._deadline = None
            self._gauge.set(0)
            self._release()

    def leads(self) -> bool:
        """Whether this process was elected and has not noticed otherwise."""
        return self._deadline is not None

    def may_write(self) -> bool:
        """Whether the Lease is surely still ours: ask right before every write.

        A process that was stopped and continued finds out here, before its first write.
        """
        return self._deadline is not None and not self._deposed and self._clock() < self._deadline

    def silent_seconds(self) -> float:
        """Since when the thread has not turned; 0 = it was not started."""
        return 0.0 if self._turned_at is None else self._clock() - self._turned_at

    def depose(self, reason: str) -> None:
        """End the process: somebody else leads. Only the first of many calls does so."""
        with self._ending:
            if self._deposed:
                return
            self._deposed = True
        self._gauge.set(0)
        log.error("leadership is lost; the process ends", reason=reason)
        self._end_process(EXIT_DEPOSED)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._turned_at = started = self._clock()
            held = self._try_to_hold()
            if held:
                self._hold_until(started + self._terms.renew_seconds)
            elif held is False and self._deadline is not None:
                self.depose("another replica holds the Lease")
                return
            self._stop.wait(self._terms.retry_seconds)

    def _try_to_hold(self) -> bool | None:
        """Whether the Lease is ours now; None = nobody knows."""
        try:
            return self._acquire_or_renew()
        except KubeError as error:
            log.warning("could not reach the Lease", error=str(error))
        except Exception:  # the outermost boundary of the thread: the next try may work
            log.exception("the election broke")
        return None

    def _hold_until(self, deadline: float) -> None:
        """The deadline counts from before the call, since nobody knows when it was obeyed."""
        newly = self._deadline is None
        if not newly and not self.may_write():
            return  # too late: the watchdog ends the process
        self._deadline = deadline
        if newly:
            log.info("elected leader", identity=self._terms.identity)
            self._gauge.set(1)
            threading.Thread(target=self._on_elected, name="elected", daemon=True).start()

    def _guard(self) -> None:
        """Ends the process by the deadline even if the elector hangs in a call."""
        while not self._stop.wait(min(0.2, self._terms.retry_seconds / 4)):
            if self._deadline is not None and self._clock() >= self._deadline:
                self.depose("the Lease was not renewed in time")
                return

    def _call_seconds(self) -> float:
        left = self._deadline - self._clock() if self._deadline else self._terms.renew_seconds
        return max(min(left, self._terms.renew_seconds / 2), SHORTEST_CALL_SECONDS)

    def _acquire_or_renew(self) -> bool:
        """Whether the Lease is ours now; False = somebody else's."""
        path, seconds = f"{self._terms.path}/{self._terms.name}", self._call_seconds()
        try:
            lease = self._client.get(path, timeout_seconds=seconds)
        except NotFoundError:
            return self._create()
        spec = lease.get("spec", {})
        ours = spec.get("holderIdentity") == self._terms.identity
        if not ours and not self._is_free(spec):
            return False
        lease["spec"] = self._spec(spec, ours=ours)
        try:
            self._client.put(path, lease, timeout_seconds=self._call_seconds())
        except ConflictError:
            # Somebody wrote between our two calls: the next try sees who, and whether we lead.
            if ours:
                raise
            return False
        return True

    def _create(self) -> bool:
        metadata = {"name": self._terms.name, "namespace": self._terms.namespace}
        lease = {"metadata": metadata, "spec": self._spec({}, ours=False)}
        try:
            self._client.post(self._terms.path, lease, timeout_seconds=self._call_seconds())
        except ConflictError:
            return False
        if self.leads():
            log.warning("the Lease was gone; made anew", identity=self._terms.identity)
        return True

    def _is_free(self, spec: dict[str, Any]) -> bool:
        """Nobody holds it, or its holder has not moved for its whole duration by *our* clock."""
        holder = spec.get("holderIdentity") or ""
        if not holder:
            return True
        seen = (holder, spec.get("renewTime") or "")
        if seen != self._seen:
            self._seen, self._seen_at = seen, self._clock()
        duration = float(spec.get("leaseDurationSeconds") or self._terms.lease_seconds)
        return self._clock() >= self._seen_at + duration

    def _spec(self, old: dict[str, Any], *, ours: bool) -> dict[str, Any]:
        now = datetime.now(UTC).strftime(MICROTIME)
        transitions = int(old.get("leaseTransitions") or 0)
        return {
            "holderIdentity": self._terms.identity,
            "leaseDurationSeconds": max(round(self._terms.lease_seconds), 1),
            "acquireTime": old.get("acquireTime") if ours else now,
            "renewTime": now,
            "leaseTransitions": transitions if ours or not old else transitions + 1,
        }

    def _release(self) -> None:
        path = f"{self._terms.path}/{self._terms.name}"
        try:
            lease = self._client.get(path, timeout_seconds=self._terms.retry_seconds)
            if lease.get("spec", {}).get("holderIdentity") != self._terms.identity:
                return
            lease["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1}
            self._client.put(path, lease, timeout_seconds=self._terms.retry_seconds)
            log.info("released the Lease")
        except KubeError as error:
            log.warning("could not release the Lease; it will expire", error=str(error))
