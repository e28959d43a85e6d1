"""Every bench by name, in the order in which they run and stand in docs/performance.md."""

from types import ModuleType

from tests.benchmarks import (
    calls,
    controller,
    failover,
    inventory_calls,
    inventory_cpu,
    inventory_memory,
    inventory_pace,
    ledger,
    loader,
    memory,
    plan,
)
from tests.benchmarks.figures import Figure

BENCHES: dict[str, ModuleType] = {
    "controller": controller,
    "failover": failover,
    "loader": loader,
    "plan": plan,
    "ledger": ledger,
    "calls": calls,
    "memory": memory,
    "inventory_calls": inventory_calls,
    "inventory_cpu": inventory_cpu,
    "inventory_pace": inventory_pace,
    "inventory_memory": inventory_memory,
}


def figures(bench: str) -> tuple[Figure, ...]:
    """What the bench promises to measure."""
    promised: tuple[Figure, ...] = BENCHES[bench].FIGURES
    return promised
