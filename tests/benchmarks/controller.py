"""The controller meets 10,000 CloudProviders that were there before it."""

import time
from collections import Counter
from datetime import UTC, datetime

from cloudops.controller.kube import Key
from tests.benchmarks.counters import peak_rss_bytes
from tests.benchmarks.figures import Aim, Figure, Measured
from tests.benchmarks.kubernetes import Request, Site, metric, status_writes, stopped_at_the_end
from tests.cluster.reporting import say
from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.waiting import eventually

PROVIDERS = 10_000
MEGABYTE = 1_000_000
LONGEST_SECONDS = 600
# Longer than the pause between two refreshes of counts: whatever follows by itself has followed.
QUIET_SECONDS = 45

FIGURES = (
    Figure(
        "Time until 10,000 statuses are written",
        "s",
        "10,000 suspended CloudProviders are in a real kube-apiserver before the controller process"
        " is started; the time ends with the last first status in the API server's audit log.",
        "Each status is one plan row, one snapshot and one PATCH, and the API server on the same "
        "two cores takes most of the time of those.",
        aim=Aim("value", at_most=60),
    ),
    Figure(
        "Peak memory of the controller",
        "MB",
        "VmHWM of the process after all of this.",
        "Python with its libraries takes a third; the cache keeps each object as trimmed JSON.",
        aim=Aim("value", at_most=250),
    ),
    Figure(
        "PATCHes an object, most",
        "",
        "Status PATCHes in the audit log for the object that got most of them, until 45 s after "
        "the last one.",
        "Nothing but a change of the object or of its ledger leads to another one.",
        aim=Aim("value", at_least=1, at_most=1),
    ),
    Figure(
        "PATCHes an object, fewest",
        "",
        "Likewise, for the object that got fewest.",
        "An object without a status would show here as 0.",
        aim=Aim("value", at_least=1, at_most=1),
    ),
    Figure(
        "PATCHes after a restart with nothing changed",
        "",
        "The controller is stopped and started again; requests to write any CloudProvider until "
        "all are reconciled and 45 s have passed.",
        "The status that is there says what would be written.",
        aim=Aim("value", at_least=0, at_most=0),
    ),
)


def measure(scale: float) -> list[Measured]:
    """All of FIGURES."""
    with Site.running(int(PROVIDERS * scale)) as site:
        version = site.server.version()
        first = site.controller("first")
        with stopped_at_the_end(first):
            seconds, counts = _first_run(site, first)
            memory = peak_rss_bytes(first.pid)
            first.stop()
        second = site.controller("second")
        with stopped_at_the_end(second):
            again = _second_run(site, second)
    most, fewest = max(counts.values()), min(counts.values())
    numbers = (seconds, memory / MEGABYTE, most, fewest, len(again))
    return [
        Measured(figure, value, postgres=version)
        for figure, value in zip(FIGURES, numbers, strict=True)
    ]


def _first_run(site: Site, controller: OperatorProcess) -> tuple[float, dict[Key, int]]:
    """Seconds until the last object had its first status; PATCHes by object."""
    began = datetime.now(UTC)
    controller.start()
    counts: Counter[Key] = Counter(dict.fromkeys(site.estate.keys, 0))
    missing = set(site.estate.keys)
    last = began

    def all_written() -> bool:
        nonlocal last
        for write in status_writes(site.audit.news()):
            counts[write.key] += 1
            if write.key in missing:
                missing.discard(write.key)
                last = max(last, write.at)
        return not missing

    eventually(all_written, timeout=LONGEST_SECONDS, every=0.5, what="every status")
    seconds = (last - began).total_seconds()
    say(f"  {len(counts)} statuses in {seconds:.1f} s")
    counts.update(write.key for write in status_writes(_until_quiet(site)))
    _check_statuses(site)
    return seconds, counts


def _second_run(site: Site, controller: OperatorProcess) -> list[Request]:
    """All attempts to write, whether they were accepted or not."""
    site.audit.skip()
    controller.start()
    count = len(site.estate.keys)
    eventually(
        lambda: metric(controller, "controller_runtime_reconcile_total") >= count,
        timeout=LONGEST_SECONDS,
        every=5,
        what="every object to be reconciled again",
    )
    return [request for request in _until_quiet(site) if request.verb in ("patch", "update")]


def _until_quiet(site: Site) -> list[Request]:
    """What was asked for until nothing was written for a while."""
    requests: list[Request] = []
    since = time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        news = site.audit.news()
        if status_writes(news):
            since = time.monotonic()
        requests += news
        time.sleep(1)
    return requests


def _check_statuses(site: Site) -> None:
    """A figure counts only if what was written is right."""
    for document in site.estate.read():
        status = document["status"]
        ready = {one["type"]: (one["status"], one["reason"]) for one in status["conditions"]}
        current = status["observedGeneration"] == document["metadata"]["generation"]
        if not current or ready["Ready"] != ("True", "Suspended"):
            raise AssertionError(f"{document['metadata']['name']} says {status}")
