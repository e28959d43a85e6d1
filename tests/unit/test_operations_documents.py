"""What docs/operations says of upgrades and alerts, held against what is shipped."""

import re

import pytest
from ruamel.yaml import YAML

from cloudops.domain.conditions import ConditionType, Truth
from cloudops.domain.ledger import ScopeStatus
from tests.unit.packaging.objects import ROOT, load_all

pytestmark = pytest.mark.unit

UPGRADING = (ROOT / "docs/operations/upgrading.md").read_text()
METRICS = (ROOT / "docs/operations/metrics.md").read_text()
KNOWN = set(re.findall(r"^\| `(\w+)` \| (?:gauge|counter|histogram)", METRICS, re.MULTILINE))
[ALERTS] = re.findall(r"```yaml\n(.*?)```", METRICS, re.DOTALL)
RULES = YAML(typ="safe").load(ALERTS)["spec"]["groups"][0]["rules"]
WORDS: dict[str, set[str]] = {
    "type": set(ConditionType),
    "cloudops_condition": set(Truth),
    "cloudops_listings_total": set(ScopeStatus),
}
FUNCTIONS = {"max", "by", "sum", "increase", "or", "vector", "absent", "namespace", "name"}


def test_there_are_alerts_for_stale_data_held_deletions_and_a_missing_leader():
    assert len(RULES) == 4
    assert all(rule["annotations"]["summary"] for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_and_words_that_exist(rule):
    """Fails if a metric, a condition or a status of a scope is renamed."""
    bare = re.sub(r"\{[^}]*\}|\[\w+\]", "", rule["expr"])
    names = set(re.findall(r"[a-z_]{2,}", bare)) - FUNCTIONS

    assert names
    assert names <= KNOWN
    for metric, labels in re.findall(r"(\w+)\{([^}]*)\}", rule["expr"]):
        for label, value in re.findall(r'(\w+)="(\w+)"', labels):
            assert value in WORDS["type" if label == "type" else metric]


def test_the_oldest_kubernetes_is_the_charts():
    [chart] = load_all(ROOT / "helm/cloudops-central/Chart.yaml")
    [oldest] = re.findall(r"^\| Kubernetes \| (\S+) or newer", UPGRADING, re.MULTILINE)

    assert chart["kubeVersion"] == f">={oldest}.0-0"


def test_what_a_refused_schema_is_told_with_is_quoted_as_it_is():
    source = (ROOT / "operator/cloudops/store/migrate.py").read_text()

    for quoted in (
        "it was made by a newer version of cloudops; use that one",
        "this version needs",
    ):
        assert quoted in source
        assert quoted in UPGRADING
