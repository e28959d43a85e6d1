"""Tokens from a real kube-apiserver, asked for as the worker's own ServiceAccount."""

import base64
import json

import pytest
from kubernetes import client

from cloudops import logs
from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import ErrorClass
from cloudops.worker.tokens import TOKEN_SECONDS, KubernetesTokens
from tests.cluster.kubeconfig import write_kubeconfig
from tests.cluster.ports import free_port
from tests.fixtures.token_rights import grant_tokens

pytestmark = pytest.mark.integration

AUDIENCE = "sts.amazonaws.com"


@pytest.fixture
def tokens(cluster, operator_access, namespace, monkeypatch):
    """As the worker that is shipped, which was granted the tokens of `cloud-reader`."""
    grant_tokens(cluster, operator_access.namespace, namespace, "cloud-reader")
    return tokens_of(operator_access.worker, monkeypatch)


def tokens_of(kubeconfig, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    return KubernetesTokens()


def make_account(admin_client, namespace, name="cloud-reader"):
    body = client.V1ServiceAccount(metadata=client.V1ObjectMeta(name=name))
    client.CoreV1Api(admin_client).create_namespaced_service_account(namespace, body)


def claims_of(token):
    content = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))


def refusal(tokens, namespace, name="cloud-reader"):
    with pytest.raises(AccessError) as refused:
        tokens.token(namespace, name, AUDIENCE)
    return refused.value


def test_a_token_names_the_account_is_for_one_audience_and_short(tokens, admin_client, namespace):
    make_account(admin_client, namespace)

    claims = claims_of(tokens.token(namespace, "cloud-reader", AUDIENCE))

    assert claims["sub"] == f"system:serviceaccount:{namespace}:cloud-reader"
    assert claims["aud"] == [AUDIENCE]
    assert claims["exp"] - claims["iat"] == TOKEN_SECONDS


def test_each_one_is_new_and_none_gets_into_the_logs(tokens, admin_client, namespace):
    """Fails if tokens are kept; and if the logs do not know a token when they see one."""
    make_account(admin_client, namespace)

    first, second = (tokens.token(namespace, "cloud-reader", AUDIENCE) for _ in range(2))

    assert claims_of(first)["jti"] != claims_of(second)["jti"]
    assert first.split(".")[1] not in logs.clean(f"WebIdentityToken={first}&Version=2011-06-15")


def test_an_account_that_is_not_there_is_told_with_its_cure(tokens, namespace):
    error = refusal(tokens, namespace)

    assert (error.reason, error.permission) == ("ServiceAccountNotFound", "")
    assert f"{namespace}/cloud-reader does not exist: create it" in str(error)


def test_one_whose_tokens_are_not_granted_is_told_with_the_value_to_set(
    admin_client, operator_access, namespace, monkeypatch
):
    make_account(admin_client, namespace)

    error = refusal(tokens_of(operator_access.worker, monkeypatch), namespace)

    assert (error.reason, error.error_class) == ("TokenNotAllowed", ErrorClass.IAM_DENY)
    assert error.permission == f"create serviceaccounts/token of cloud-reader in {namespace}"
    assert (
        f"add {{namespace: {namespace}, name: cloud-reader}} to the chart's value "
        "workloadIdentity.serviceAccounts"
    ) in str(error)


def test_a_request_that_the_api_server_refuses_is_trouble_that_passes(
    cluster, namespace, tmp_path, monkeypatch
):
    """401: the worker's own token was revoked, or the server has just changed its keys."""
    server = json.loads(
        cluster.run_kubectl("config", "view", "--raw", "--minify", "--flatten", "-o=json").stdout
    )["clusters"][0]["cluster"]
    config = tmp_path / "revoked"
    write_kubeconfig(config, server, {"token": "revoked"}, namespace)

    error = refusal(tokens_of(config, monkeypatch), namespace)

    assert (error.reason, error.error_class) == ("TokenUnavailable", ErrorClass.TRANSIENT)
    assert "answered 401" in str(error)


def test_an_api_server_that_does_not_answer_is_trouble_that_passes(tmp_path, monkeypatch):
    server = {"server": f"http://127.0.0.1:{free_port()}"}
    config = tmp_path / "config"
    write_kubeconfig(config, server, {"token": "any"}, "default")

    error = refusal(tokens_of(config, monkeypatch), "platform")

    assert (error.reason, error.error_class) == ("TokenUnavailable", ErrorClass.TRANSIENT)
    assert "does not answer" in str(error)


def test_no_cluster_at_all_is_trouble_that_passes(tmp_path, monkeypatch):
    error = refusal(tokens_of(tmp_path / "none", monkeypatch), "platform")

    assert (error.reason, error.error_class) == ("TokenUnavailable", ErrorClass.TRANSIENT)
    assert "Kubernetes API" in str(error)
