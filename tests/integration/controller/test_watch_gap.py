"""The network to the API server is cut and mended: what changed meanwhile is not missed."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from tests.fixtures.operator import OperatorAccess
from tests.fixtures.waiting import eventually
from tests.integration.controller.conftest import AWS, sample
from tests.integration.controller.proxy import Proxy

pytestmark = pytest.mark.integration


@pytest.fixture
def proxy(
    operator_access: OperatorAccess, kube: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Proxy]:
    """Stands before the API server of whatever is started after it."""
    yaml = YAML(typ="safe")
    config = yaml.load(operator_access.controller)
    entry = config["clusters"][0]["cluster"]
    server = urlsplit(entry["server"])
    proxy = Proxy((server.hostname or "", server.port or 443))
    entry["server"] = f"https://127.0.0.1:{proxy.port}"
    path = tmp_path / "kubeconfig"
    with path.open("w") as file:
        yaml.dump(config, file)
    monkeypatch.setenv("KUBECONFIG", str(path))
    yield proxy
    proxy.close()


def test_what_changed_while_the_network_was_cut_is_seen_afterwards(
    proxy, providers, start_replica, plan, namespace
):
    start_replica(leader_lease_seconds=300, leader_renew_seconds=200, list_diff_seconds=1)
    for name in ("stays", "changes", "goes"):
        providers.apply(name)
    eventually(lambda: len(plan.records) == 3)
    eventually(lambda: providers.condition("Ready", "goes") == ("Unknown", "Progressing"))
    proxy.cut()
    providers.delete("goes")
    providers.apply("comes")
    providers.apply("changes", spec=AWS | {"suspend": True})
    proxy.mend()

    eventually(lambda: (namespace, "comes") in plan.records)
    eventually(lambda: providers.condition("Ready", "changes") == ("True", "Suspended"))
    eventually(lambda: plan.vanished == {(namespace, "goes")})
    labels = {"kind": "CloudProvider", "namespace": namespace, "type": "Ready", "status": "True"}
    eventually(lambda: sample("cloudops_condition", name="goes", **labels) == -1)
    assert sample("cloudops_condition", name="stays", **labels) == 0
    eventually(lambda: sample("cloudops_watch_lag_seconds") == 0)
