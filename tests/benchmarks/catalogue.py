"""Every bench by name, in the order in which they run and stand in docs/performance.md."""

from types import ModuleType

from tests.benchmarks import calls, controller, failover, ledger, loader, memory, plan
from tests.benchmarks.figures import Figure

BENCHES: dict[str, ModuleType] = {
    "controller": controller,
    "failover": failover,
    "loader": loader,
    "plan": plan,
    "ledger": ledger,
    "calls": calls,
    "memory": memory,
}


def figures(bench: str) -> tuple[Figure, ...]:
    """What the bench promises to measure."""
    promised: tuple[Figure, ...] = BENCHES[bench].FIGURES
    return promised
