"""Whose tokens the worker may ask for: those of the ServiceAccounts that are named, and no more."""

import pytest

from scripts.render_manifests import CHART
from tests.fixtures.operator_access import manifest_list
from tests.integration.packaging.conftest import REQUIRED
from tests.unit.packaging.objects import of_kind, rules

pytestmark = pytest.mark.integration

TOKENS = "serviceaccounts/token"


def accounts(*names: str) -> dict[str, list[dict[str, str]]]:
    """The chart's value for names such as `team-a/reader`."""
    pairs = (name.split("/") for name in names)
    return {"serviceAccounts": [{"namespace": space, "name": name} for space, name in pairs]}


def granted(objects):
    return {
        key: rules(role)
        for key, role in of_kind(objects, "ClusterRole", "Role").items()
        if any(TOKENS in rule["resources"] for rule in role["rules"])
    }


def test_by_default_no_token_may_be_asked_for(render):
    assert granted(render()) == {}


def test_each_account_is_named_in_a_role_of_its_namespace(render):
    objects = render(workloadIdentity=accounts("team-b/b", "team-a/one", "team-a/two"))

    assert granted(objects) == {
        ("Role", "team-a", "cloudops-worker-tokens"): [("", TOKENS, "one,two", "create")],
        ("Role", "team-b", "cloudops-worker-tokens"): [("", TOKENS, "b", "create")],
    }
    for namespace in ("team-a", "team-b"):
        binding = of_kind(objects, "RoleBinding")[
            "RoleBinding", namespace, "cloudops-worker-tokens"
        ]
        assert binding["roleRef"]["kind"] == "Role"
        assert binding["subjects"] == [
            {"kind": "ServiceAccount", "name": "cloudops-worker", "namespace": "cloudops-system"}
        ]


def test_the_accounts_themselves_belong_to_their_owners(render):
    objects = render(workloadIdentity=accounts("team-a/one"))

    assert set(of_kind(objects, "ServiceAccount")) == set(of_kind(render(), "ServiceAccount"))


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        pytest.param([{"name": "a"}], "/0", id="no-namespace"),
        pytest.param([{"namespace": "a"}], "/0", id="no-name"),
        pytest.param([{"namespace": "a", "name": "*"}], "/0/name", id="every-account"),
        pytest.param([{"namespace": "a", "name": ""}], "/0/name", id="empty-name"),
        pytest.param([{"namespace": "*", "name": "a"}], "/0/namespace", id="every-namespace"),
        pytest.param([{"namespace": "a", "name": "b", "x": 1}], "/0", id="misspelt"),
        pytest.param([{"namespace": "a", "name": "b"}] * 2, "", id="named-twice"),
        pytest.param(["a/b"], "/0", id="text"),
    ],
)
def test_what_does_not_name_one_account_is_refused(helm, value, complaint):
    values = REQUIRED | {"workloadIdentity": {"serviceAccounts": value}}

    done = helm("template", "cloudops", str(CHART), values=values)

    assert done.returncode != 0
    assert f"at '/workloadIdentity/serviceAccounts{complaint}'" in done.stderr


def test_the_worker_may_ask_for_the_named_tokens_and_for_no_other(
    cluster, make_namespace, operator_access, render
):
    """Fails if `resourceNames` is left out: the worker could then be any ServiceAccount."""
    tenant, home = make_namespace(), operator_access.namespace
    objects = render(home, workloadIdentity=accounts(f"{tenant}/reader"))
    roles = of_kind(objects, "Role", "RoleBinding").values()
    grants = [each for each in roles if each["metadata"]["name"].endswith("-tokens")]
    cluster.run_kubectl("apply", "--server-side", "--filename=-", stdin=manifest_list(grants))

    def may(verb: str, name: str, namespace: str) -> str:
        identity = f"--as=system:serviceaccount:{home}:cloudops-worker"
        question = (verb, f"serviceaccounts/{name}", "--subresource=token")
        asked = ("auth", "can-i", f"--namespace={namespace}", *question, identity)
        return str(cluster.run_kubectl(*asked, check=False).stdout).strip()

    assert len(grants) == 2
    assert may("create", "reader", tenant) == "yes"
    assert may("create", "default", tenant) == "no"
    assert may("get", "reader", tenant) == "no"
    assert may("create", "reader", home) == "no"
    assert may("create", "cloudops-worker", home) == "no"
