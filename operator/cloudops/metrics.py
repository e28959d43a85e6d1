"""Every metric, declared once. Series of an object are removed when it is deleted."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol
from weakref import WeakSet

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

# controller-runtime's and client-go's names, so that existing dashboards work.
RECONCILE_TOTAL: Final = Counter(
    "controller_runtime_reconcile_total",
    "Reconciliations per controller, by result.",
    ("controller", "result"),
)
RECONCILE_ERRORS: Final = Counter(
    "controller_runtime_reconcile_errors_total", "Reconciliations that failed.", ("controller",)
)
RECONCILE_PANICS: Final = Counter(
    "controller_runtime_reconcile_panics_total",
    "Reconciliations that ended in an unexpected exception.",
    ("controller",),
)
RECONCILE_SECONDS: Final = Histogram(
    "controller_runtime_reconcile_time_seconds",
    "Time per reconciliation.",
    ("controller",),
    buckets=SECONDS,
)
RECONCILE_MAX: Final = Gauge(
    "controller_runtime_max_concurrent_reconciles", "Worker threads.", ("controller",)
)
RECONCILE_ACTIVE: Final = Gauge(
    "controller_runtime_active_workers", "Worker threads that are busy.", ("controller",)
)
QUEUE_DEPTH: Final = Gauge("workqueue_depth", "Keys that wait.", ("name",))
QUEUE_ADDS: Final = Counter("workqueue_adds_total", "Keys added.", ("name",))
QUEUE_RETRIES: Final = Counter("workqueue_retries_total", "Keys added again on failure.", ("name",))
QUEUE_SECONDS: Final = Histogram(
    "workqueue_queue_duration_seconds", "Time a key waits.", ("name",), buckets=SECONDS
)
WORK_SECONDS: Final = Histogram(
    "workqueue_work_duration_seconds", "Time a key takes.", ("name",), buckets=SECONDS
)
QUEUE_UNFINISHED: Final = Gauge(
    "workqueue_unfinished_work_seconds", "Seconds of work in progress, summed.", ("name",)
)
QUEUE_LONGEST: Final = Gauge(
    "workqueue_longest_running_processor_seconds", "Age of the longest running key.", ("name",)
)
LEADER: Final = Gauge(
    "leader_election_master_status", "1 on the replica that leads, else 0.", ("name",)
)
REST_REQUESTS: Final = Counter(
    "rest_client_requests_total", "Requests to the Kubernetes API.", ("code", "method", "host")
)

CONDITION: Final = Gauge(
    "cloudops_condition",
    "1 for the current status of a condition, else 0.",
    ("kind", "name", "namespace", "type", "status"),
)
STATUS_WRITES: Final = Counter(
    "cloudops_status_writes_total", "Status applies, by outcome.", ("kind", "result")
)
WATCH_AGE: Final = Gauge(
    "cloudops_watch_lag_seconds",
    "How long the watch has not delivered what a full list shows; 0 = in step.",
)
WATCH_ENDS: Final = Counter(
    "cloudops_watch_ends_total",
    "Watches that ended by themselves, and were started again.",
    ("resource",),
)

PROVIDER_API_CALLS: Final = Counter(
    "cloudops_provider_api_calls_total",
    "Calls to a cloud's API, by outcome (ok, denied, throttled, error).",
    ("cloud", "service", "operation", "status"),
)
LISTINGS: Final = Counter(
    "cloudops_listings_total", "Listings run, by scope status.", ("cloud", "listing", "status")
)
LISTING_SECONDS: Final = Histogram(
    "cloudops_listing_duration_seconds",
    "Time from the first call of a listing to its commit.",
    ("cloud", "listing"),
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300),
)
ROWS_CHANGED: Final = Counter(
    "cloudops_resource_rows_changed_total",
    "Rows of the inventory that sweeps deleted.",
    ("cloud", "change"),
)
LEASES_HELD: Final = Gauge("cloudops_worker_leases", "Leases this worker holds.")
LEASES_LOST: Final = Counter(
    "cloudops_worker_leases_lost_total", "Leases that ended before their work did."
)
DELETIONS_HELD: Final = Gauge(
    "cloudops_deletions_held", "Rows whose deletion a brake holds.", ("namespace", "provider")
)

LIMIT_LABELS: Final = ("cloud", "service", "limit")
RATE_LIMIT_WAIT_SECONDS: Final = Histogram(
    "cloudops_rate_limit_wait_seconds",
    "Time that calls waited for a rate limit of ours; those that did not wait are not counted.",
    LIMIT_LABELS,
    buckets=(0.1, 1, 5, 15, 60, 300),
)
RATE_LIMIT_THROTTLES: Final = Counter(
    "cloudops_rate_limit_throttles_total",
    "Answers of a cloud that asked to slow down, by the limits of ours that the call was under.",
    LIMIT_LABELS,
)


class RateLimitState(NamedTuple):
    """One limit in one quota domain, as it is now; rates in calls per second."""

    cloud: str
    service: str
    limit: str
    rate: float
    declared: float
    tokens: float


class RateLimitSource(Protocol):
    """Knows the limits of a cloud."""

    def states(self) -> Iterator[RateLimitState]:
        """All of them."""
        ...


class RateLimitGauges(Collector):
    """The limits at the time of a scrape, over all quota domains: their number is no label."""

    def __init__(self) -> None:
        self._sources: WeakSet[RateLimitSource] = WeakSet()

    def watch(self, source: RateLimitSource) -> None:
        """Show what `source` knows for as long as it lives."""
        self._sources.add(source)

    def describe(self) -> list[GaugeMetricFamily]:
        return [
            GaugeMetricFamily(
                "cloudops_rate_limit_calls_per_second",
                "Present rate of a limit in the account and region where it is lowest.",
                labels=LIMIT_LABELS,
            ),
            GaugeMetricFamily(
                "cloudops_rate_limit_tokens",
                "Calls that might go at once, in the account and region where fewest might.",
                labels=LIMIT_LABELS,
            ),
            GaugeMetricFamily(
                "cloudops_rate_limit_slowed_domains",
                "Accounts and regions where a limit is below what was declared, until an hour after"
                " the last call there.",
                labels=LIMIT_LABELS,
            ),
        ]

    def collect(self) -> Iterator[Metric]:
        rates, tokens, slowed = self.describe()
        states = defaultdict[tuple[str, str, str], list[RateLimitState]](list)
        for source in list(self._sources):
            for state in source.states():
                states[state.cloud, state.service, state.limit].append(state)
        for labels, found in states.items():
            rates.add_metric(labels, min(state.rate for state in found))
            tokens.add_metric(labels, min(state.tokens for state in found))
            slowed.add_metric(labels, sum(state.rate < state.declared for state in found))
        yield from (rates, tokens, slowed)


RATE_LIMITS: Final = RateLimitGauges()
REGISTRY.register(RATE_LIMITS)
