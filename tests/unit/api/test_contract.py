from typing import Any

import pytest

from cloudops.api.v1alpha1.contract import check_contract, kstatus

pytestmark = pytest.mark.unit


def obj(
    *conditions: tuple[str, str], generation: int = 2, observed: int | None = 2, **metadata: Any
) -> dict[str, Any]:
    """An object with these (type, status); every condition is of the observed generation."""
    status: dict[str, Any] = {
        "conditions": [
            {"type": kind, "status": value, "observedGeneration": observed or 1}
            for kind, value in conditions
        ]
    }
    if observed is not None:
        status["observedGeneration"] = observed
    return {"metadata": {"generation": generation, **metadata}, "status": status}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            obj(("Ready", "True"), deletionTimestamp="2026-11-22T00:00:00Z"),
            "Terminating",
            id="deleted",
        ),
        pytest.param(obj(observed=-1), "InProgress", id="not-yet-seen"),
        pytest.param(obj(("Ready", "True"), observed=1), "InProgress", id="edited"),
        pytest.param(
            obj(("Ready", "False"), ("Reconciling", "True")), "InProgress", id="reconciling"
        ),
        pytest.param(obj(("Ready", "False"), ("Stalled", "True")), "Failed", id="stalled"),
        pytest.param(
            obj(("Stalled", "True"), ("Reconciling", "True")), "Failed", id="stalled-before"
        ),
        pytest.param(
            obj(("Reconciling", "True"), ("Stalled", "True")), "InProgress", id="stalled-after"
        ),
        pytest.param(obj(("Stalled", "False"), ("Ready", "True")), "Current", id="not-stalled"),
        pytest.param(obj(("Ready", "True")), "Current", id="ready"),
        pytest.param(obj(("Ready", "False")), "InProgress", id="not-ready-is-never-failed"),
        pytest.param(obj(("Ready", "Unknown")), "InProgress", id="unknown"),
        pytest.param(obj(("WithinBudget", "False")), "Current", id="other-conditions-only"),
        pytest.param(obj(("Ready", "True"), observed=None), "Current", id="never-observed"),
        pytest.param({"metadata": {"generation": 1}}, "Current", id="without-status"),
    ],
)
def test_kstatus_reads_an_object(value: dict[str, Any], expected: str):
    assert kstatus(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(obj(("Ready", "True"), ("InventorySynced", "False")), id="ready"),
        pytest.param(obj(("Ready", "False"), ("Stalled", "True")), id="stalled"),
        pytest.param(obj(("Ready", "False"), ("Reconciling", "True"), observed=1), id="retrying"),
        pytest.param(obj(("Ready", "Unknown"), ("Reconciling", "True")), id="first-pass"),
    ],
)
def test_a_good_status_breaks_no_rule(value: dict[str, Any]):
    assert check_contract(value) == []


def unstamped(value: dict[str, Any]) -> dict[str, Any]:
    for item in value["status"]["conditions"]:
        del item["observedGeneration"]
    return value


def older_domain_condition() -> dict[str, Any]:
    value = obj(("Ready", "True"), ("InventorySynced", "True"))
    value["status"]["conditions"][1]["observedGeneration"] = 1
    return value


@pytest.mark.parametrize(
    ("value", "broken"),
    [
        pytest.param(
            obj(("Ready", "True"), ("Reconciling", "True")), ["FAIL0001"], id="ready-reconciling"
        ),
        pytest.param(
            obj(("Ready", "True"), ("Stalled", "True")),
            ["FAIL0001", "FAIL0004"],
            id="ready-stalled",
        ),
        pytest.param(obj(("InventorySynced", "True")), ["FAIL0002"], id="no-ready"),
        pytest.param(obj(), ["FAIL0002"], id="no-conditions"),
        pytest.param({"metadata": {"generation": 1}}, ["FAIL0002"], id="no-status"),
        pytest.param(
            obj(("Ready", "False"), ("Reconciling", "True"), ("Stalled", "True")),
            ["FAIL0005"],
            id="both",
        ),
        pytest.param(obj(("Ready", "False"), observed=3), ["FAIL0006"], id="ahead"),
        pytest.param(
            obj(("Ready", "True"), observed=1), ["FAIL0007", "FAIL0008"], id="ready-of-old-spec"
        ),
        pytest.param(older_domain_condition(), ["FAIL0008", "FAIL0009"], id="old-condition"),
        pytest.param(obj(("Ready", "Unknown")), ["FAIL0011"], id="unknown-and-idle"),
        pytest.param(
            obj(("Ready", "False"), ("Reconciling", "False")), ["WARN0003"], id="not-reconciling"
        ),
        pytest.param(obj(("Ready", "False"), ("Stalled", "False")), ["WARN0004"], id="not-stalled"),
        pytest.param(unstamped(obj(("Ready", "False"))), ["WARN0005"], id="no-generation"),
    ],
)
def test_a_bad_status_names_the_rules_it_breaks(value: dict[str, Any], broken: list[str]):
    assert [line.split(":")[0] for line in check_contract(value)] == broken
