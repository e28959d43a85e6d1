"""Which Kubernetes a process finds, and that controller and worker find the same."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from kubernetes.config import incluster_config

from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import ErrorClass
from cloudops.kubernetes_access import NoKubernetesError, load_configuration
from cloudops.worker.core_api import CoreApi
from cloudops.worker.secrets import KubernetesSecrets
from cloudops.worker.tokens import KubernetesTokens

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


@pytest.mark.parametrize("text", ["just text", "- a", "a: [", "clusters: 7"])
def test_a_file_that_is_no_kubeconfig_is_told(monkeypatch, tmp_path, text):
    path = tmp_path / "config"
    path.write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(path))

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


@pytest.fixture
def own_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The token that a pod was given, which is read again before every call."""
    token, authority = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("a token")
    authority.write_text("a certificate")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "7")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(authority))
    at_once = SimpleNamespace(datetime=dt.datetime, timedelta=lambda **_: dt.timedelta())
    monkeypatch.setattr(incluster_config, "datetime", at_once)
    return token


def test_a_token_that_this_user_may_not_read_is_no_way_either(
    own_token: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied", str(own_token))

    monkeypatch.setattr(incluster_config.InClusterConfigLoader, "_read_token_file", refuse)

    with pytest.raises(NoKubernetesError, match=r"no way to the Kubernetes API: .*denied"):
        load_configuration()


@pytest.mark.parametrize("connected", [True, False])
@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(Path.unlink, id="gone"),
        pytest.param(lambda token: token.write_text(""), id="empty"),
        pytest.param(lambda token: (token.unlink(), token.mkdir()), id="not-to-be-read"),
    ],
)
def test_without_the_workers_own_token_nothing_is_known_for_now(
    own_token: Path, lose: Callable[[Path], object], *, connected: bool
):
    """Fails if only urllib3's errors are no answer (`NO_ANSWER`): the lease would break off."""
    api = CoreApi()
    if connected:
        api.connect()
    lose(own_token)

    with pytest.raises(AccessError) as unread:
        KubernetesSecrets(api).read("platform", "aws")
    with pytest.raises(AccessError) as no_token:
        KubernetesTokens(api).token("platform", "reader", "sts.amazonaws.com")

    found = [(error.value.reason, error.value.error_class) for error in (unread, no_token)]
    assert found == [
        ("SecretUnavailable", ErrorClass.TRANSIENT),
        ("TokenUnavailable", ErrorClass.TRANSIENT),
    ]
    if connected:
        assert "the worker's own token can't be read" in str(unread.value)
        assert "the worker's own token can't be read" in str(no_token.value)
