"""Secrets from a real kube-apiserver, through the worker's own ServiceAccount."""

import base64

import pytest
from kubernetes import client

from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import ErrorClass
from cloudops.worker.secrets import KubernetesSecrets
from tests.cluster.ports import free_port

pytestmark = pytest.mark.integration


@pytest.fixture
def secrets(operator_access, monkeypatch):
    """As the worker that is shipped; it may read those of its own namespace, the test's."""
    monkeypatch.setenv("KUBECONFIG", str(operator_access.worker))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    return KubernetesSecrets()


def make_secret(admin_client, namespace, name="keys", **data):
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    body = client.V1Secret(metadata=client.V1ObjectMeta(name=name), data=encoded or None)
    client.CoreV1Api(admin_client).create_namespaced_secret(namespace, body)


def refusal(secrets, namespace, name="keys"):
    with pytest.raises(AccessError) as refused:
        secrets.read(namespace, name)
    return refused.value


def test_its_values_are_decoded_and_stripped(secrets, admin_client, namespace):
    make_secret(admin_client, namespace, ID=b"AKIAEXAMPLE\n", TEXT="ü".encode(), ODD=b"\xff")

    assert secrets.read(namespace, "keys") == {"ID": "AKIAEXAMPLE", "TEXT": "ü", "ODD": "\ufffd"}


def test_a_changed_secret_is_read_anew(secrets, admin_client, namespace):
    make_secret(admin_client, namespace, ID=b"one")
    assert secrets.read(namespace, "keys") == {"ID": "one"}
    body = {"data": {"ID": base64.b64encode(b"two").decode()}}
    client.CoreV1Api(admin_client).patch_namespaced_secret("keys", namespace, body)

    assert secrets.read(namespace, "keys") == {"ID": "two"}


def test_an_empty_one_holds_nothing(secrets, admin_client, namespace):
    make_secret(admin_client, namespace)

    assert secrets.read(namespace, "keys") == {}


def test_one_that_is_not_there_is_told_with_its_cure(secrets, namespace):
    error = refusal(secrets, namespace)

    assert error.reason == "SecretNotFound"
    assert f"{namespace}/keys does not exist" in str(error)


def test_one_that_may_not_be_read_is_told_with_what_to_grant(secrets, admin_client, make_namespace):
    elsewhere = make_namespace()
    make_secret(admin_client, elsewhere, ID=b"one")

    error = refusal(secrets, elsewhere)

    assert (error.reason, error.error_class) == ("SecretAccessDenied", ErrorClass.IAM_DENY)
    assert error.permission == f"get secrets in {elsewhere}"
    assert "secretNamespaces" in str(error)


def kubeconfig(path, server, token="wrong"):  # noqa: S107  no password
    path.write_text(
        f"""
apiVersion: v1
kind: Config
current-context: it
contexts: [{{name: it, context: {{cluster: it, user: it}}}}]
clusters: [{{name: it, cluster: {{server: "{server}", insecure-skip-tls-verify: true}}}}]
users: [{{name: it, user: {{token: {token}}}}}]
"""
    )
    return str(path)


def test_an_api_server_that_does_not_answer_is_trouble_that_passes(tmp_path, monkeypatch):
    config = kubeconfig(tmp_path / "config", f"https://127.0.0.1:{free_port()}")
    monkeypatch.setenv("KUBECONFIG", config)

    error = refusal(KubernetesSecrets(), "platform")

    assert (error.reason, error.error_class) == ("SecretUnavailable", ErrorClass.TRANSIENT)


def test_no_cluster_at_all_is_trouble_that_passes(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    error = refusal(KubernetesSecrets(), "platform")

    assert (error.reason, error.error_class) == ("SecretUnavailable", ErrorClass.TRANSIENT)
    assert "Kubernetes API" in str(error)
