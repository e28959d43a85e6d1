"""Which Kubernetes a process finds, and that controller and worker find the same."""

import json
from pathlib import Path

import pytest

from cloudops.domain.errors import AccessError
from cloudops.kubernetes_access import NoKubernetesError, load_configuration
from cloudops.worker.secrets import KubernetesSecrets

pytestmark = pytest.mark.unit

NO_WAY = [
    pytest.param({"KUBECONFIG": "/nothing/here"}, id="no-such-kubeconfig"),
    pytest.param({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, id="pod-without-service-account"),
]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("environment", NO_WAY, indirect=True)
def test_no_way_to_the_cluster_is_told(environment):
    with pytest.raises(NoKubernetesError, match="no way to the Kubernetes API"):
        load_configuration()


@pytest.mark.parametrize("environment", NO_WAY, indirect=True)
def test_without_a_cluster_a_secret_is_out_of_reach_for_now(environment):
    with pytest.raises(AccessError, match="no way to the Kubernetes API") as caught:
        KubernetesSecrets().read("platform", "aws")

    assert caught.value.reason == "SecretUnavailable"


def test_a_kubeconfig_that_is_named_comes_before_the_pods_service_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    path = tmp_path / "kubeconfig"
    named = {"name": "c", "cluster": {"server": "https://127.0.0.1:7"}}
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "c",
                "clusters": [named],
                "users": [{"name": "c", "user": {"token": "t"}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
            }
        )
    )
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")

    assert load_configuration().host == "https://127.0.0.1:7"
    with pytest.raises(AccessError, match="does not answer"):  # of port 7, at once
        KubernetesSecrets().read("platform", "aws")
