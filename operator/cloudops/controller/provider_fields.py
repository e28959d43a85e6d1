"""How a snapshot reads in the status of a CloudProvider.

A number that nobody has counted yet is absent, never 0.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cloudops.controller.requests import answer_to
from cloudops.controller.status import TIME_FORMAT
from cloudops.domain.conditions import LONGEST_MESSAGE
from cloudops.domain.snapshot import Problem, ProviderSnapshot

MOST_PROBLEMS: Final = 20
LONGEST_PRINCIPAL: Final = 2048
TIMES: Final = frozenset({"oldestCompleteTime", "lastChangeTime", "sinceTime"})
CARRIED_OVER: Final = (
    "lastHandledReconcileAt",
    "identity",
    "accounts",
    "inventory",
    "problems",
    "problemsTotal",
)


def provider_fields(
    snapshot: ProviderSnapshot | None, observed_generation: int, old: Mapping[str, Any]
) -> dict[str, Any]:
    """All fields of the status but `conditions`.

    Args:
        snapshot: None = the ledger does not know the provider; what was said of it stays.
        observed_generation: As judged.
        old: The status as it is.
    """
    fields: dict[str, Any] = {"observedGeneration": observed_generation}
    if snapshot is None:
        return fields | {name: old[name] for name in CARRIED_OVER if name in old}
    if snapshot.handled_request:
        fields["lastHandledReconcileAt"] = answer_to(snapshot.handled_request)
    if snapshot.identity:
        fields["identity"] = _present(
            principal=snapshot.identity.principal[:LONGEST_PRINCIPAL],
            organizationID=_text(snapshot.identity.organization_id),
        )
    if snapshot.discovered_generation:
        fields["accounts"] = {
            "total": snapshot.accounts.total,
            "reachable": snapshot.accounts.reachable,
            "unreachable": snapshot.accounts.unreachable,
        }
    if snapshot.scopes.total:
        fields["inventory"] = _inventory(snapshot)
    fields["problems"] = [_problem(problem) for problem in snapshot.problems[:MOST_PROBLEMS]]
    fields["problemsTotal"] = snapshot.problems_total
    return fields


def _inventory(snapshot: ProviderSnapshot) -> dict[str, Any]:
    counted = snapshot.scopes.complete or snapshot.scopes.partial or snapshot.resources
    scopes = snapshot.scopes
    return _present(
        resources=snapshot.resources if counted else None,
        deletedLast24h=snapshot.deleted_last_24h if counted else None,
        oldestCompleteTime=_time(snapshot.oldest_complete),
        lastChangeTime=_time(snapshot.last_change),
        scopes={
            "total": scopes.total,
            "complete": scopes.complete,
            "partial": scopes.partial,
            "denied": scopes.denied,
            "unsupported": scopes.unsupported,
            "throttled": scopes.throttled,
            "failed": scopes.failed,
            "overdue": scopes.overdue,
        },
    )


def _problem(problem: Problem) -> dict[str, Any]:
    return _present(
        reason=_text(problem.reason) or "Unknown",
        permission=_text(problem.permission),
        listing=_text(problem.listing),
        accounts=problem.accounts,
        regions=problem.regions,
        exampleAccount=_text(problem.example_account),
        exampleRegion=_text(problem.example_region),
        sinceTime=_time(problem.since),
        message=_text(problem.message),
    )


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _text(text: str) -> str | None:
    """Absent rather than empty, and within the API's bounds."""
    shortened = text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"
    return shortened or None


def _time(moment: datetime | None) -> str | None:
    return moment.strftime(TIME_FORMAT) if moment else None
